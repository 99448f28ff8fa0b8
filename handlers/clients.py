"""Clients after they are made: the list, the details, the description (SPEC 7)."""

from typing import Any

from blocks import clients as view
from blocks import home, kit
from blocks.client_wizard import organization_options
from bot.desk import Desk
from handlers.home import Homes
from handlers.opening import Windows, opening, turning
from handlers.payloads import Click, Command, Payload, Submission, Suggestion
from handlers.places import page_of, place_of
from handlers.replies import Reply
from handlers.switchboard import Switchboard

Json = dict[str, Any]


def register(board: Switchboard, desk: Desk, slack: Windows, homes: Homes) -> None:
    """Put the handlers of the list, the details and the description on the board."""

    async def listed(payload: Payload, *, page: int = 0, organization: str = "") -> Json:
        profile = await desk.profile(payload.person, payload.home_team)
        return view.list_view(await desk.list_clients(profile, page=page, organization_id=organization))

    async def detailed(click: Click, client_id: str) -> Json:
        profile = await desk.known_profile(click.person, click.home_team)
        return view.details_view(await desk.client_details(profile, client_id), place_of(click, view.Place()))

    @board.command("/my-clients")
    async def by_command(command: Command) -> Reply:
        return await opening(command, slack, lambda: listed(command))

    @board.action(home.ALL)
    async def from_home(click: Click) -> Reply:
        return await turning(click, slack, lambda: listed(click))

    @board.action(view.PREVIOUS)
    @board.action(view.NEXT)
    async def turn_page(click: Click) -> Reply:
        page = page_of(click)
        return await turning(
            click, slack, lambda: listed(click, page=page, organization=place_of(click, view.Place()).organization)
        )

    @board.action(view.TO_LIST)
    async def to_list(click: Click) -> Reply:
        place = view.Place() if click.value == "all" else place_of(click, view.Place())
        return await turning(click, slack, lambda: listed(click, page=place.page, organization=place.organization))

    @board.options(view.NARROW)
    async def suggest(typing: Suggestion) -> Reply:
        profile = await desk.known_profile(typing.person, typing.home_team)
        return Reply(organization_options(await desk.visible_organizations(profile, typing.text)))

    @board.action(view.NARROW)
    async def narrow(click: Click) -> Reply:
        return await turning(click, slack, lambda: listed(click, organization=click.value))

    @board.action(view.OPEN)
    @board.action(view.TO_DETAILS)
    async def details(click: Click) -> Reply:
        return await turning(click, slack, lambda: detailed(click, click.value))

    @board.action(view.EDIT)
    async def edit(click: Click) -> Reply:
        async def build() -> Json:
            profile = await desk.known_profile(click.person, click.home_team)
            client = await desk.client_details(profile, click.value)
            return view.describe_view(client, place_of(click, view.Place()))

        return await turning(click, slack, build)

    @board.submission(view.DESCRIBE)
    async def describe(submission: Submission) -> Reply:
        place = kit.read_metadata(view.Place, submission.view.metadata)
        profile = await desk.profile(submission.person, submission.home_team)
        client = await desk.edit_description(profile, place.client, view.read_description(submission.view.values))
        body = Reply.show(view.details_view(client, place, said="The description was saved.")).body
        return Reply(body, lambda: homes.refresh(submission))
