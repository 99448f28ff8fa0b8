"""The wizard that signs a client up for an API, one short handler for each thing a person can do in it (SPEC 4)."""

from typing import Any

from blocks import kit
from blocks import sign_up as wizard
from blocks.apis import SIGN_UP
from blocks.client_wizard import organization_options
from bot.desk import Desk
from bot.domain.contracts import TERMS_CHANGED, SignUpDraft
from bot.domain.sign_up import SignUp
from bot.errors import Refusal
from handlers.home import Homes
from handlers.opening import Windows, turning
from handlers.payloads import Click, Closed, Submission, Suggestion, View
from handlers.places import edition_after
from handlers.replies import Reply
from handlers.switchboard import Switchboard

Json = dict[str, Any]


def register(board: Switchboard, desk: Desk, slack: Windows, homes: Homes) -> None:
    """Put the wizard's handlers on the board."""

    async def start(click: Click, offer_id: str, *, offering: bool = True) -> Json:
        profile = await desk.profile(click.person, click.home_team)
        begun = await desk.begin_sign_up(profile, offer_id)
        if begun.offered and offering:
            return wizard.offer_view(begun.offer, begun.draft, begun.offered)
        return wizard.client_step(_step(begun))

    async def typed(payload: Submission | Click | Suggestion) -> SignUpDraft:
        """Return the draft of this window with what stands in the window now."""
        shown = _view(payload)
        window = kit.read_metadata(wizard.Window, shown.metadata)
        fresh = SignUpDraft(id=window.draft, offer=window.offer, kind=window.kind, organization=window.organization)
        draft = wizard.read_client(shown.values, await desk.recall_sign_up(payload.person, fresh))
        return draft.model_copy(update={"edition": edition_after(payload, window.edition)})

    async def look_again(payload: Submission | Click, draft: SignUpDraft) -> SignUp:
        profile = await desk.known_profile(payload.person, payload.home_team)
        return await desk.look_again(profile, draft)

    @board.action(SIGN_UP)
    async def begin(click: Click) -> Reply:
        return await turning(click, slack, lambda: start(click, click.value))

    @board.action(wizard.CONTINUE)
    async def go_on(click: Click) -> Reply:
        async def build() -> Json:
            window = kit.read_metadata(wizard.Window, _view(click).metadata)
            draft = await desk.continue_sign_up(click.person, window.offered, window.draft)
            return wizard.client_step(_step(await look_again(click, draft)))

        return await turning(click, slack, build)

    @board.action(wizard.START_OVER)
    async def start_over(click: Click) -> Reply:
        async def build() -> Json:
            window = kit.read_metadata(wizard.Window, _view(click).metadata)
            await desk.start_sign_up_over(click.person)
            return await start(click, window.offer, offering=False)

        return await turning(click, slack, build)

    @board.action(wizard.KIND)
    @board.action(wizard.ORGANIZATION)
    @board.action(wizard.CHOOSE_CLIENT)
    async def chosen(click: Click) -> Reply:
        """A choice that other fields depend on: draw the step anew around it."""

        async def build() -> Json:
            draft = await typed(click)
            await desk.keep_sign_up(click.person, draft)
            return wizard.client_step(_step(await look_again(click, draft)))

        return await turning(click, slack, build)

    @board.action(wizard.CHOOSE_VERSION)
    @board.action(wizard.ACCEPT)
    async def noted(click: Click) -> Reply:
        return Reply.nothing()

    @board.options(wizard.ORGANIZATION)
    async def suggest_organizations(typing: Suggestion) -> Reply:
        profile = await desk.known_profile(typing.person, typing.home_team)
        return Reply(organization_options(await desk.organizations(profile, typing.text)))

    @board.options(wizard.CHOOSE_CLIENT)
    async def suggest_clients(typing: Suggestion) -> Reply:
        draft = await typed(typing)
        found = await desk.client_choices(typing.person, draft.organization, typing.text)
        return Reply(wizard.client_options(found.shown, found.total))

    @board.submission(wizard.CLIENT)
    async def client_chosen(submission: Submission) -> Reply:
        draft = await typed(submission)
        if not _is_drawn(submission.view, draft):
            return Reply.show(wizard.client_step(_step(await look_again(submission, draft))))
        profile = await desk.known_profile(submission.person, submission.home_team)
        board.beside(desk.freshen(submission.person))
        sign_up, problems = await desk.check_client_step(profile, draft)
        if problems:
            return _at_their_fields(submission.view, sign_up, problems)
        return Reply.show(_after_client(sign_up))

    @board.submission(wizard.TERMS)
    async def terms_answered(submission: Submission) -> Reply:
        draft = await typed(submission)
        profile = await desk.known_profile(submission.person, submission.home_team)
        board.beside(desk.freshen(submission.person))
        state = await desk.accept_terms(profile, draft, wizard.read_ticked(submission.view.values))
        if not state.draft.accepts(state.offer):
            return Reply.show(wizard.terms_step(_step(state), TERMS_CHANGED))
        return Reply.show(wizard.summary_step(_step(state)))

    @board.submission(wizard.SUMMARY)
    async def sign_up(submission: Submission) -> Reply:
        draft = await typed(submission)
        profile = await desk.profile(submission.person, submission.home_team)
        try:
            contract = await desk.sign_up(profile, draft.id)
        except Refusal as refusal:
            if not refusal.field:
                raise
            return _back_to(refusal, await look_again(submission, draft))
        board.beside(desk.check_approvers(contract))
        body = Reply.show(wizard.result_view(contract)).body
        return Reply(body, lambda: homes.refresh(submission))

    @board.action(wizard.BACK)
    async def back(click: Click) -> Reply:
        async def build() -> Json:
            draft = await typed(click)
            step = _step(await look_again(click, draft))
            if _view(click).callback == wizard.SUMMARY and step.offer.terms_url:
                return wizard.terms_step(step)
            return wizard.client_step(step)

        return await turning(click, slack, build)

    async def closed(window: Closed) -> Reply:
        """Cancel leaves nothing; the ✕ keeps the draft."""
        if not window.cleared:
            draft_id = kit.read_metadata(wizard.Window, window.view.metadata).draft
            await desk.forget_sign_up(window.person, draft_id)
        return Reply.nothing()

    for step in (wizard.CLIENT, wizard.TERMS, wizard.SUMMARY):
        board.closed(step)(closed)


def _step(sign_up: SignUp) -> wizard.Step:
    return wizard.Step(
        offer=sign_up.offer,
        draft=sign_up.draft,
        needs_approval=sign_up.needs_approval,
        several_organizations=sign_up.organizations.total > 1,
        has_clients=sign_up.has_clients,
        versions=sign_up.versions,
    )


def _after_client(sign_up: SignUp) -> Json:
    step = _step(sign_up)
    return wizard.terms_step(step) if sign_up.offer.terms_url else wizard.summary_step(step)


def _view(payload: Submission | Click | Suggestion) -> View:
    if payload.view is None:
        raise Refusal("This button belongs to a window that is gone: press Sign Up on the plan again.")
    return payload.view


def _fields(view: View) -> dict[str, str]:
    """Return the block_id of each field that is drawn as an input now."""
    ids = [str(block.get("block_id", "")) for block in view.blocks if block.get("type") == "input"]
    return {id_.split("__r")[0]: id_ for id_ in ids}


def _is_drawn(view: View, draft: SignUpDraft) -> bool:
    """Whether the fields on the screen are those of the chosen kind: the choice may come with the submit alone."""
    return ("name" in _fields(view)) == (draft.kind != wizard.EXISTING)


def _at_their_fields(view: View, sign_up: SignUp, problems: dict[str, Refusal]) -> Reply:
    fields = _fields(view)
    if set(problems) <= set(fields):
        return Reply.errors({fields[field]: str(problem) for field, problem in problems.items()})
    said = " ".join(str(problem) for problem in problems.values())
    return Reply.show(wizard.client_step(_step(sign_up), said))


def _back_to(refusal: Refusal, sign_up: SignUp) -> Reply:
    """Show the step where the problem can be put right, with every entry kept."""
    step = _step(sign_up)
    draw = wizard.terms_step if refusal.field == "terms" else wizard.client_step
    return Reply.show(draw(step, str(refusal)))
