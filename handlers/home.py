"""App Home: drawn each time it is opened, and after what changes it while somebody may be looking at it."""

from collections import OrderedDict

from blocks import home as view
from bot.desk import Desk
from bot.domain.people import Person
from bot.errors import Refusal
from handlers.opening import Windows
from handlers.payloads import Event, Payload
from handlers.replies import Reply
from handlers.switchboard import Switchboard

SHOWN = 3
"""Waiting requests in App Home: the rest is one button away."""
REMEMBERED = 10_000
"""People whose App Home is kept fresh by this process; whoever is forgotten sees it fresh at their next visit."""


class Homes:
    """Draws App Homes. Only those that were opened are drawn after a change: Slack asks anew at each visit anyway."""

    def __init__(self, desk: Desk, slack: Windows) -> None:
        self._desk, self._slack = desk, slack
        self._opened: OrderedDict[Person, None] = OrderedDict()

    async def show(self, payload: Payload) -> None:
        """Publish the App Home of somebody who has just opened it."""
        self._opened[payload.person] = None
        self._opened.move_to_end(payload.person)
        if len(self._opened) > REMEMBERED:
            self._opened.popitem(last=False)
        await self._publish(payload)

    async def refresh(self, payload: Payload) -> None:
        """Publish somebody's App Home as things are now, if they may be looking at it."""
        if payload.person in self._opened:
            await self._publish(payload)

    async def _publish(self, payload: Payload) -> None:
        try:
            profile = await self._desk.profile(payload.person, payload.home_team)
            drawn = view.home_view(*await self._desk.home(profile, waiting=SHOWN))
        except Refusal as refusal:
            drawn = view.refused_view(str(refusal))
        await self._slack.publish_home(payload.person.user, drawn)


def register(board: Switchboard, desk: Desk, homes: Homes) -> None:
    """Put App Home on the board."""

    @board.event("app_home_opened")
    async def opened(event: Event) -> Reply:
        if event.event.get("tab", "home") != "home":
            return Reply.nothing()
        return Reply.later(lambda: homes.show(event))

    @board.event("user_change")
    async def account_changed(event: Event) -> Reply:
        profile = await desk.account_changed(event.person.team, event.event.get("user"))
        if profile is None or profile.is_member:
            return Reply.nothing()
        return Reply.later(lambda: desk.replace_approver(profile))
