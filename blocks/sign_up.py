"""The wizard that signs a client up for an API: client, terms, summary, result, in one modal (SPEC 4).

Each step is built and read side by side; block_ids are the fields of ``SignUpDraft``. A field that has to forget what
was typed when something before it changes carries what it depends on in its block_id, after ``__r``.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    ExternalDataSelectElement,
    InputBlock,
    Option,
    PlainTextObject,
    RadioButtonsElement,
    StaticSelectElement,
)

from blocks import kit
from blocks.client_wizard import organization_option
from bot.domain.contracts import Contract, Offer, SignUpDraft, Status
from bot.domain.organizations import Choice

Json = dict[str, Any]

TITLE = "Sign Up"
OFFER, CLIENT, TERMS, SUMMARY, RESULT = (
    "sign_up.offer",
    "sign_up.client",
    "sign_up.terms",
    "sign_up.summary",
    "sign_up.result",
)
BACK, CONTINUE, START_OVER = "sign_up.back", "sign_up.continue", "sign_up.start_over"
KIND, ORGANIZATION, CHOOSE_CLIENT, CHOOSE_VERSION, ACCEPT = (
    "sign_up.kind",
    "sign_up.organization",
    "sign_up.client",
    "sign_up.version",
    "sign_up.accept",
)
NEW, EXISTING = "new", "existing"
ACCEPTED = "I accept the terms and conditions"
_KINDS = {NEW: "New client", EXISTING: "Existing client"}


class Window(BaseModel):
    """What a window of the wizard carries: ids only."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    draft: str = Field(max_length=kit.MOST_ID)
    offer: str = Field(max_length=kit.MOST_ID)
    offered: str = Field(default="", max_length=kit.MOST_ID)
    kind: str = Field(default="", max_length=10)
    organization: str = Field(default="", max_length=kit.MOST_ID)
    """What the window was opened with, until the draft is written down."""
    edition: int = Field(default=0, ge=0, le=kit.MOST_EDITIONS)
    """Of the draft that the window shows."""


class Step(BaseModel):
    """What the client step needs to be drawn."""

    model_config = ConfigDict(frozen=True)

    offer: Offer
    draft: SignUpDraft
    needs_approval: bool
    several_organizations: bool
    has_clients: bool
    versions: tuple[tuple[str, str], ...] = ()


def offer_view(offer: Offer, draft: SignUpDraft, offered: SignUpDraft) -> Json:
    """Return the choice between a sign-up that was not finished and a fresh start."""
    blocks: list[Block] = [
        kit.paragraph(f"You began to sign up for {offer.titled} and didn't finish. Do you want to go on with it?"),
        kit.buttons(
            kit.button("Continue", CONTINUE, offered.id, style="primary"),
            kit.button("Start over", START_OVER, draft.id),
        ),
    ]
    window = Window(draft=draft.id, offer=offer.id, offered=offered.id)
    return kit.modal(TITLE, blocks, callback=OFFER, metadata=window, close="Cancel")


def client_step(step: Step, problem: str = "") -> Json:
    """Return the first step: with which client."""
    fields = _existing(step) if step.draft.kind == EXISTING else _new(step)
    return _view([_kind(step), *fields, _reason(step)], step, callback=CLIENT, submit="Next", problem=problem)


def _kind(step: Step) -> Block:
    options = [Option(text=PlainTextObject(text=words), value=kind) for kind, words in _KINDS.items()]
    chosen = options[list(_KINDS).index(step.draft.kind or NEW)]
    element = RadioButtonsElement(action_id=KIND, options=options, initial_option=chosen)
    return InputBlock(label="Client to sign up", element=element, block_id="kind", dispatch_action=True)


def _new(step: Step) -> list[Block]:
    draft = step.draft
    menu = [_organization(step, hint="A client belongs to one organization for good.")]
    return [
        *(menu if step.several_organizations else []),
        kit.text_input("name", "Name", value=draft.name, hint="1 to 80 characters. The name can't be changed later."),
        kit.text_input("version", "Version", value=draft.version, hint="Letters, digits and _ . - without spaces."),
        kit.text_input("description", "Description", value=draft.description, optional=True, multiline=True),
    ]


def _existing(step: Step) -> list[Block]:
    draft = step.draft
    if not step.has_clients:
        return [kit.paragraph("You have no client yet that could sign up: choose “New client”.")]
    chosen = kit.option(draft.client_name, draft.client) if draft.client and draft.client_name else None
    element = ExternalDataSelectElement(
        action_id=CHOOSE_CLIENT,
        placeholder=PlainTextObject(text="Type to search"),
        initial_option=chosen,
        min_query_length=0,
    )
    client = InputBlock(
        label="Client", element=element, block_id=f"client__r{draft.organization}"[:255], dispatch_action=True
    )
    menu = [_organization(step, hint="Narrows the list of clients.", optional=True)]
    version = [_version(step)] if len(step.versions) > 1 else []
    return [*(menu if step.several_organizations else []), client, *version]


def _organization(step: Step, *, hint: str, optional: bool = False) -> Block:
    draft = step.draft
    chosen = organization_option(Choice(id=draft.organization, name=draft.organization_name))
    element = ExternalDataSelectElement(
        action_id=ORGANIZATION,
        placeholder=PlainTextObject(text="Type to search"),
        initial_option=chosen if draft.organization and draft.organization_name else None,
        min_query_length=0,
    )
    # A new client's organization only has to be known at Next; the list of clients changes with it at once.
    return InputBlock(
        label="Organization",
        element=element,
        block_id=f"organization__r{draft.kind}",
        hint=hint,
        optional=optional,
        dispatch_action=optional,
    )


def _version(step: Step) -> Block:
    options = [kit.option(name, version_id) for version_id, name in step.versions[: kit.MENU]]
    chosen = next((option for option in options if option.value == step.draft.client_version), None)
    element = StaticSelectElement(action_id=CHOOSE_VERSION, options=options, initial_option=chosen)
    return InputBlock(label="Version", element=element, block_id=f"client_version__r{step.draft.client}")


def _reason(step: Step) -> Block:
    hint = "The approvers read it. " if step.needs_approval else ""
    return kit.text_input(
        "reason",
        "Reason",
        value=step.draft.reason,
        hint=f"{hint}At most 1,000 characters.",
        optional=not step.needs_approval,
        multiline=True,
    )


def read_client(values: Json, draft: SignUpDraft) -> SignUpDraft:
    """Return the draft with what stands in the client step, exactly as typed.

    Choosing another organization lets go of a client of the former one, and another client of its version.
    """
    changes: dict[str, str] = {}
    for field in ("name", "version", "description", "reason"):
        typed = kit.entered(values, field)
        if typed is not None:
            changes[field] = typed
    for field, action_id in (
        ("kind", KIND),
        ("organization", ORGANIZATION),
        ("client", CHOOSE_CLIENT),
        ("client_version", CHOOSE_VERSION),
    ):
        chosen = _chosen(values, field, action_id)
        if chosen is not None and (field != "kind" or chosen in _KINDS):
            # What is longer than any id was not offered by us, and chooses nothing.
            changes[field] = chosen if len(chosen) <= kit.MOST_ID else ""
    return _settled(draft, changes)


def _settled(draft: SignUpDraft, changes: dict[str, str]) -> SignUpDraft:
    if changes.get("organization", draft.organization) != draft.organization:
        changes["organization_name"] = ""
        if draft.organization and changes.get("client", draft.client) == draft.client:
            changes["client"] = ""
    if changes.get("client", draft.client) != draft.client:
        changes["client_name"] = ""
        if changes.get("client_version", draft.client_version) == draft.client_version:
            changes["client_version"] = ""
    return draft.model_copy(update=changes)


def _chosen(values: Json, field: str, action_id: str) -> str | None:
    """Return what is chosen in a field whatever its block's revision is."""
    for block_id in values:
        if block_id.split("__r")[0] == field:
            return kit.chosen(values, block_id, action_id)
    return None


def terms_step(step: Step, problem: str = "") -> Json:
    """Return the second step, only for an API that has terms."""
    offer = step.offer
    version = f", version {kit.escape(offer.terms_version)}" if offer.terms_version else ""
    address = kit.escape(offer.terms_url.replace("|", "%7C"))
    link = f"<{address}|Terms and conditions of {kit.escape(offer.organization)}{version}>"
    option = Option(text=PlainTextObject(text=ACCEPTED), value="accepted")
    box = CheckboxesElement(action_id=ACCEPT, options=[option])
    blocks: list[Block] = [
        kit.linked(link) if len(link) <= kit.SECTION else kit.paragraph(offer.terms_url),
        InputBlock(label="Terms", element=box, block_id=f"terms__r{offer.terms_mark}"),
        _back(step.draft),
    ]
    return _view(blocks, step, callback=TERMS, submit="Next", problem=problem)


def read_ticked(values: Json) -> str:
    """Return the mark of the terms whose box is ticked; empty if it isn't."""
    for block_id, entries in values.items():
        field, _, mark = block_id.partition("__r")
        if field == "terms" and (entries.get(ACCEPT) or {}).get("selected_options"):
            return mark
    return ""


def summary_step(step: Step, problem: str = "") -> Json:
    """Return the third step: what is going to happen, to read only."""
    offer, draft = step.offer, step.draft
    new = draft.kind != EXISTING
    version = draft.version if new else next((name for id_, name in step.versions if id_ == draft.client_version), "")
    facts = [
        ("API", f"{offer.api} {offer.api_version}"),
        ("Provider", offer.organization),
        ("Plan", f"{offer.plan} {offer.plan_version}"),
        ("Approval", "Approval required" if step.needs_approval else "No approval needed"),
        ("Client", f"{draft.name} (new)" if new else draft.client_name),
        ("Version", version),
    ]
    facts += [("Organization", draft.organization_name)] if draft.organization_name else []
    facts += [("Description", draft.description)] if new and draft.description else []
    facts += [("Reason", draft.reason)] if draft.reason else []
    facts += [("Terms", f"accepted, version {offer.terms_version}")] if offer.terms_url else []
    blocks: list[Block] = [kit.facts(facts, block_id="summary"), _back(draft)]
    return _view(blocks, step, callback=SUMMARY, submit=TITLE, problem=problem)


def result_view(contract: Contract) -> Json:
    """Return what became of it."""
    title = f"{contract.client} {contract.client_version} → {contract.api} {contract.api_version}"
    if contract.status is Status.AWAITING_APPROVAL:
        said = "Waiting for approval. You get a direct message when it is decided."
    else:
        said = "Approved. The contract is active: the client may call the API now."
    facts = [("Plan", f"{contract.plan} {contract.plan_version}"), ("Organization", contract.client_organization)]
    facts += [("Endpoint", contract.endpoint)] if contract.status is Status.ACTIVE and contract.endpoint else []
    blocks: list[Block] = [kit.header(title), kit.paragraph(said), kit.facts(facts)]
    return kit.modal(TITLE, blocks, callback=RESULT, metadata=Window(draft="", offer=""))


def client_options(shown: tuple[Choice, ...], total: int) -> Json:
    """Return the answer to somebody typing in the menu of clients."""
    options = [kit.option(choice.name, choice.id).to_dict() for choice in shown[: kit.MENU]]
    if total <= len(options):
        return {"options": options}
    label = f"{len(options)} of {total:,}: type more to find others"
    return {"option_groups": [{"label": {"type": "plain_text", "text": label}, "options": options}]}


def _view(blocks: list[Block], step: Step, *, callback: str, submit: str, problem: str) -> Json:
    offer = step.offer
    approval = "Approval required" if step.needs_approval else "No approval needed"
    top: list[Block] = [kit.warning(problem)] if problem else []
    top.append(kit.note(f"{kit.escape(offer.titled, 250)}  ·  {approval}"))
    draft = step.draft
    window = Window(
        draft=draft.id, offer=offer.id, kind=draft.kind, organization=draft.organization, edition=draft.edition
    )
    return kit.modal(
        TITLE,
        [*top, *blocks],
        callback=callback,
        metadata=window,
        submit=submit,
        close="Cancel",
        told_on_close=True,
    )


def _back(draft: SignUpDraft) -> Block:
    return kit.buttons(kit.button("Back", BACK, draft.id), block_id="back")
