"""The wizard that creates a client: three steps in one modal, and the offer to go on with a draft (SPEC 2).

Each step is built and read side by side; block_ids are the fields of ``ClientDraft``.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from slack_sdk.models.blocks import Block, ExternalDataSelectElement, InputBlock, PlainTextObject

from blocks import kit
from bot.domain.clients import ClientDraft
from bot.domain.organizations import PERSONAL, Choice, Choices

Json = dict[str, Any]

TITLE = "Create Client"
OFFER, ORGANIZATION, DETAILS, SUMMARY = "client.offer", "client.organization", "client.details", "client.summary"
BACK, CONTINUE, START_OVER = "client.back", "client.continue", "client.start_over"
CHOOSE = "client.choose"


class Wizard(BaseModel):
    """What a window of the wizard carries: ids only; what was typed stays in the database."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    draft: str = Field(max_length=kit.MOST_ID)
    offered: str = Field(default="", max_length=kit.MOST_ID)
    organization: str = Field(default="", max_length=kit.MOST_ID)
    """The organization it was opened for, until the draft names one."""
    edition: int = Field(default=0, ge=0, le=kit.MOST_EDITIONS)
    """Of the draft that the window shows."""
    text: str = Field(default="", max_length=80)


def offer(start: ClientDraft, offered: ClientDraft, organization: str, text: str) -> Json:
    """Return the choice between a draft from before and a fresh start with ``organization`` and ``text``."""
    wizard = Wizard(draft=start.id, offered=offered.id, organization=organization[: kit.MOST_ID], text=text[:80])
    named = f"“{kit.cut(offered.name, 80)}”" if offered.name else "a client"
    place = f" in {_shown(offered)}" if offered.organization_name else ""
    blocks: list[Block] = [
        kit.paragraph(f"You began to create {named}{place} and didn't finish. Do you want to go on with it?"),
        kit.buttons(
            kit.button("Continue", CONTINUE, offered.id, style="primary"),
            kit.button("Start over", START_OVER, start.id),
        ),
    ]
    return kit.modal(TITLE, blocks, callback=OFFER, metadata=wizard, close="Cancel")


def organization_step(draft: ClientDraft, problem: str = "") -> Json:
    """Return step 1: in which organization."""
    element = ExternalDataSelectElement(
        action_id=CHOOSE,
        placeholder=PlainTextObject(text="Type to search"),
        initial_option=organization_option(Choice(id=draft.organization, name=draft.organization_name))
        if draft.organization_name
        else None,
        min_query_length=0,
    )
    field = InputBlock(
        label="Organization",
        element=element,
        block_id="organization",
        hint="A client belongs to one organization for good.",
    )
    return _step(1, [field], draft, callback=ORGANIZATION, submit="Next", problem=problem)


def read_organization(values: Json, draft: ClientDraft) -> ClientDraft:
    """Return the draft with the organization that is chosen in step 1."""
    organization = kit.chosen(values, "organization", CHOOSE)
    if organization is None or organization == draft.organization:
        return draft
    return draft.model_copy(update={"organization": organization, "organization_name": ""})


def details_step(draft: ClientDraft, problem: str = "") -> Json:
    """Return step 2: name, version, description."""
    blocks: list[Block] = [
        kit.text_input(
            "name",
            "Name",
            value=draft.name,
            hint="1 to 80 characters. The name can't be changed later.",
            placeholder="For example Web shop",
            focus=True,
        ),
        kit.text_input(
            "version",
            "Version",
            value=draft.version,
            hint="Letters, digits and _ . - without spaces.",
            placeholder="For example 1.0",
        ),
        kit.text_input(
            "description",
            "Description",
            value=draft.description,
            hint="What the application does, in at most 512 characters. Can be changed later.",
            optional=True,
            multiline=True,
        ),
        _back(draft),
    ]
    return _step(2, blocks, draft, callback=DETAILS, submit="Next", problem=problem)


def read_details(values: Json, draft: ClientDraft) -> ClientDraft:
    """Return the draft with what stands in step 2, exactly as typed."""
    typed = {field: kit.entered(values, field) for field in ("name", "version", "description")}
    return draft.model_copy(update={field: text for field, text in typed.items() if text is not None})


def summary_step(draft: ClientDraft, problem: str = "") -> Json:
    """Return step 3: what will be created, to read only."""
    shown = [
        ("Organization", _shown(draft)),
        ("Name", draft.name),
        ("Version", draft.version),
        ("Description", draft.description),
    ]
    blocks: list[Block] = [kit.facts(shown, block_id="summary"), _back(draft)]
    return _step(3, blocks, draft, callback=SUMMARY, submit="Create Client", problem=problem)


def organization_option(choice: Choice) -> Any:
    """Return an organization as an entry of the menu."""
    return kit.option(f"{choice.name} (personal)" if choice.id == PERSONAL else choice.name, choice.id)


def organization_options(choices: Choices) -> Json:
    """Return the answer to somebody typing in the menu; a list that had to be cut says so in its heading."""
    options = [organization_option(choice).to_dict() for choice in choices.shown[: kit.MENU]]
    if choices.total <= len(options):
        return {"options": options}
    more = " or more" if choices.is_floor else ""
    label = f"{len(options)} of {choices.total:,}{more}: type more to find others"
    return {"option_groups": [{"label": {"type": "plain_text", "text": label}, "options": options}]}


def _step(number: int, blocks: list[Any], draft: ClientDraft, *, callback: str, submit: str, problem: str) -> Json:
    where = f"  ·  {kit.escape(_shown(draft), 200)}" if number == 2 else ""
    top: list[Block] = [kit.warning(problem)] if problem else []
    top.append(kit.note(f"Step {number} of 3{where}"))
    return kit.modal(
        TITLE,
        [*top, *blocks],
        callback=callback,
        metadata=Wizard(draft=draft.id, organization=draft.organization[: kit.MOST_ID], edition=draft.edition),
        submit=submit,
        close="Cancel",
        told_on_close=True,
    )


def _back(draft: ClientDraft) -> Block:
    return kit.buttons(kit.button("Back", BACK, draft.id), block_id="back")


def _shown(draft: ClientDraft) -> str:
    return f"{draft.organization_name} (personal)" if draft.organization == PERSONAL else draft.organization_name
