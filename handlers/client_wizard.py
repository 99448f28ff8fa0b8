"""The wizard that creates a client, one short handler for each thing a person can do in it (SPEC 2)."""

from typing import Any

from blocks import client_wizard as wizard
from blocks import clients as view
from blocks import kit
from bot.desk import Desk
from bot.domain.clients import ClientDraft
from bot.domain.people import Profile
from bot.errors import Refusal
from handlers.home import Homes
from handlers.opening import Windows, opening, turning
from handlers.payloads import Click, Closed, Command, Payload, Shortcut, Submission, Suggestion, View
from handlers.places import edition_after
from handlers.replies import Reply
from handlers.switchboard import Switchboard

Json = dict[str, Any]


def register(board: Switchboard, desk: Desk, slack: Windows, homes: Homes) -> None:
    """Put the wizard's handlers on the board."""

    async def start(payload: Payload, *, text: str = "", organization: str = "", offering: bool = True) -> Json:
        profile = await desk.profile(payload.person, payload.home_team)
        begun = await desk.begin_client(profile, text=text, organization_id=organization)
        if begun.offered and offering:
            return wizard.offer(begun.draft, begun.offered, organization, text)
        if (text or organization) and not begun.problem:
            return wizard.details_step(begun.draft)
        return wizard.organization_step(begun.draft, begun.problem)

    async def typed(payload: Submission | Click, profile: Profile) -> ClientDraft:
        """Return the draft of this window with what stands in the window now."""
        shown = _view(payload)
        window = kit.read_metadata(wizard.Wizard, shown.metadata)
        draft = await desk.recall_draft(profile, window.draft, window.organization)
        draft = wizard.read_details(shown.values, wizard.read_organization(shown.values, draft))
        return draft.model_copy(update={"edition": edition_after(payload, window.edition)})

    @board.command("/create-client")
    async def by_command(command: Command) -> Reply:
        return await opening(command, slack, lambda: start(command, text=command.text))

    @board.shortcut(view.CREATE)
    async def by_shortcut(shortcut: Shortcut) -> Reply:
        return await opening(shortcut, slack, lambda: start(shortcut))

    @board.action(view.CREATE)
    async def by_button(click: Click) -> Reply:
        organization = "" if click.value == "any" else click.value
        return await turning(click, slack, lambda: start(click, organization=organization))

    @board.action(wizard.CONTINUE)
    async def go_on(click: Click) -> Reply:
        async def build() -> Json:
            offered = kit.read_metadata(wizard.Wizard, _view(click).metadata)
            draft = await desk.continue_draft(click.person, offered.offered, offered.draft)
            return wizard.details_step(draft) if draft.organization else wizard.organization_step(draft)

        return await turning(click, slack, build)

    @board.action(wizard.START_OVER)
    async def start_over(click: Click) -> Reply:
        async def build() -> Json:
            offered = kit.read_metadata(wizard.Wizard, _view(click).metadata)
            await desk.start_over(click.person)
            return await start(click, text=offered.text, organization=offered.organization, offering=False)

        return await turning(click, slack, build)

    @board.options(wizard.CHOOSE)
    async def suggest(typing: Suggestion) -> Reply:
        profile = await desk.known_profile(typing.person, typing.home_team)
        return Reply(wizard.organization_options(await desk.organizations(profile, typing.text)))

    @board.action(wizard.CHOOSE)
    async def chosen(click: Click) -> Reply:
        return Reply.nothing()

    @board.submission(wizard.ORGANIZATION)
    async def organization_chosen(submission: Submission) -> Reply:
        profile = await desk.known_profile(submission.person, submission.home_team)
        draft = await typed(submission, profile)
        board.beside(desk.freshen(submission.person))
        return Reply.show(wizard.details_step(await desk.choose_organization(profile, draft)))

    @board.submission(wizard.DETAILS)
    async def details_entered(submission: Submission) -> Reply:
        profile = await desk.known_profile(submission.person, submission.home_team)
        draft = await typed(submission, profile)
        board.beside(desk.freshen(submission.person))
        try:
            problems = await desk.check_details(profile, draft)
        except Refusal as refusal:
            return _back_to(refusal, draft)
        if problems:
            return Reply.errors({field: str(problem) for field, problem in problems.items()})
        return Reply.show(wizard.summary_step(draft))

    @board.submission(wizard.SUMMARY)
    async def create(submission: Submission) -> Reply:
        window = kit.read_metadata(wizard.Wizard, submission.view.metadata)
        profile = await desk.profile(submission.person, submission.home_team)
        try:
            client = await desk.create_client(profile, window.draft)
        except Refusal as refusal:
            return _back_to(refusal, await typed(submission, profile))
        body = Reply.show(view.details_view(client, view.Place(), said=f"{client.name} was created.")).body
        return Reply(body, lambda: homes.refresh(submission))

    @board.action(wizard.BACK)
    async def back(click: Click) -> Reply:
        async def build() -> Json:
            draft = await typed(click, await desk.known_profile(click.person, click.home_team))
            await desk.keep_draft(click.person, draft)
            if _view(click).callback == wizard.SUMMARY:
                return wizard.details_step(draft)
            return wizard.organization_step(draft)

        return await turning(click, slack, build)

    async def closed(window: Closed) -> Reply:
        """Cancel leaves nothing; the ✕ keeps the draft (SPEC 2.5)."""
        if not window.cleared:
            draft_id = kit.read_metadata(wizard.Wizard, window.view.metadata).draft
            await desk.forget_draft(window.person, draft_id)
        return Reply.nothing()

    for step in (wizard.ORGANIZATION, wizard.DETAILS, wizard.SUMMARY):
        board.closed(step)(closed)


def _view(payload: Submission | Click) -> View:
    if payload.view is None:
        raise Refusal("This button belongs to a window that is gone: start again with /create-client.")
    return payload.view


def _back_to(refusal: Refusal, draft: ClientDraft) -> Reply:
    """Show the step where the problem can be put right, with every entry kept (SPEC 2.6)."""
    if refusal.field == "organization":
        lost = draft.model_copy(update={"organization": "", "organization_name": ""})
        return Reply.show(wizard.organization_step(lost, str(refusal)))
    if refusal.field in ("name", "version", "description"):
        return Reply.show(wizard.details_step(draft, str(refusal)))
    raise refusal
