"""Finding an API and looking at it (SPEC 3)."""

from typing import Any

from blocks import apis as view
from blocks import kit
from bot.desk import Desk
from handlers.opening import Windows, opening, turning
from handlers.payloads import Click, Command, Payload, Shortcut, Submission
from handlers.places import page_of, place_of
from handlers.replies import Reply
from handlers.switchboard import Switchboard

Json = dict[str, Any]


def register(board: Switchboard, desk: Desk, slack: Windows) -> None:
    """Put the handlers of the list and the details on the board."""

    async def listed(payload: Payload, *, text: str = "", page: int = 0) -> Json:
        profile = await desk.profile(payload.person, payload.home_team)
        return view.list_view(await desk.find_apis(profile, text=text, page=page))

    async def detailed(click: Click) -> Json:
        profile = await desk.profile(click.person, click.home_team)
        return view.details_view(await desk.api_details(profile, click.value), place_of(click, view.Place()))

    @board.command("/apis")
    async def by_command(command: Command) -> Reply:
        text = command.text[: view.LONGEST_TEXT]
        return await opening(command, slack, lambda: listed(command, text=text))

    @board.shortcut(view.FIND)
    async def by_shortcut(shortcut: Shortcut) -> Reply:
        return await opening(shortcut, slack, lambda: listed(shortcut))

    @board.action(view.FIND)
    async def by_button(click: Click) -> Reply:
        return await turning(click, slack, lambda: listed(click))

    @board.action(view.SEARCH)
    async def by_enter(click: Click) -> Reply:
        text = click.value.strip()[: view.LONGEST_TEXT]
        return await turning(click, slack, lambda: listed(click, text=text))

    @board.submission(view.LIST)
    async def by_submit(submission: Submission) -> Reply:
        typed = view.read_search(submission.view.values)
        place = kit.read_metadata(view.Place, submission.view.metadata)
        return Reply.show(await listed(submission, text=place.text if typed is None else typed))

    @board.action(view.PREVIOUS)
    @board.action(view.NEXT)
    async def turn_page(click: Click) -> Reply:
        page = page_of(click)
        return await turning(click, slack, lambda: listed(click, text=place_of(click, view.Place()).text, page=page))

    @board.action(view.TO_LIST)
    async def to_list(click: Click) -> Reply:
        place = place_of(click, view.Place())
        return await turning(click, slack, lambda: listed(click, text=place.text, page=place.page))

    @board.action(view.OPEN)
    @board.action(view.SWITCH)
    async def details(click: Click) -> Reply:
        return await turning(click, slack, lambda: detailed(click))

    @board.action(view.DOCUMENTATION)
    async def documentation(_click: Click) -> Reply:
        # Slack opens the page by itself and only wants to know that we heard of it.
        return Reply.nothing()
