"""App Home: drawn each time it is opened, and after whatever changes it."""

from blocks import home as view
from bot.desk import Desk
from bot.errors import NotAllowed
from handlers.opening import Windows
from handlers.payloads import Event, Payload
from handlers.replies import Reply
from handlers.switchboard import Switchboard

SHOWN = 3
"""Waiting requests in App Home: the rest is one button away."""


def register(board: Switchboard, desk: Desk, slack: Windows) -> None:
    """Put App Home on the board."""

    @board.event("app_home_opened")
    async def opened(event: Event) -> Reply:
        if event.event.get("tab", "home") != "home":
            return Reply.nothing()
        return Reply.later(lambda: redraw_home(desk, slack, event))

    @board.event("user_change")
    async def account_changed(event: Event) -> Reply:
        await desk.account_changed(event.person.team, event.event.get("user"))
        return Reply.nothing()


async def redraw_home(desk: Desk, slack: Windows, payload: Payload) -> None:
    """Publish somebody's App Home as things are now."""
    try:
        profile = await desk.profile(payload.person, payload.home_team)
        drawn = view.home_view(*await desk.home(profile, waiting=SHOWN))
    except NotAllowed as refusal:
        drawn = view.refused_view(str(refusal))
    await slack.publish_home(payload.person.user, drawn)
