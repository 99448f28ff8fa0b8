"""What keeps a waiting request moving: reminders, the digest, questions and their answers (SPEC 5.9, 5.10, 6)."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from slack_sdk.models.blocks import Block, InputBlock, PlainTextObject, StaticSelectElement

from blocks import approvals, kit
from blocks.approvals import Card
from bot.domain.contracts import COUNTED, Contract, Offer, Word

Json = dict[str, Any]

EDIT = "approval.edit"
QUESTION, CHANGES = "approval.question", "approval.changes"
PLAN = "approval.plan"


class Editing(BaseModel):
    """Which request is being changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    contract: str = Field(max_length=kit.MOST_ID)


def reminder_card(contract: Contract, number: int) -> Card:
    """Return a reply in the thread of a copy: it still waits; ``number`` tells the second reminder from the first."""
    text = f"Reminder{f' {number}' if number > 1 else ''}: {approvals.asked(contract)} still waits for a decision."
    said = kit.note(f"Requested {kit.moment(contract.requested_at)}", *approvals.expires(contract))
    return _card(text, [kit.paragraph(text), said])


def digest_card(waiting: Sequence[Contract], total: int) -> Card:
    """Return the one message of the day for whoever has many requests waiting."""
    text = f"{_counted(total)} requests are waiting for your approval."
    blocks = _oldest(text, [(one, f"since {kit.moment(one.requested_at)}") for one in waiting])
    return _card(text, [*blocks, kit.note("This comes once a day, in place of reminders, while more than five wait.")])


def burst_card(contract: Contract, waiting: Sequence[Contract], total: int) -> Card:
    """Return the one message for many requests that came into a channel at once; in the end it has no button.

    Args:
        contract: the one that the card is known by.
        waiting: the oldest of those that wait.
        total: how many wait.
    """
    if not total:
        text = "All of the requests that came at once are decided."
        return _card(text, [kit.paragraph(text)])
    came = "request that came with many others waits" if total == 1 else "requests that came at once wait"
    text = f"{_counted(total)} {came} for approval."
    oldest = [(one, f"requested by {kit.escape(one.requested_by_name)}") for one in waiting]
    return _card(text, _oldest(text, oldest, contract.id))


def _counted(total: int) -> str:
    return f"more than {COUNTED:,}" if total > COUNTED else f"{total:,}"


def _oldest(text: str, waiting: Sequence[tuple[Contract, str]], known_by: str = "all") -> list[Block]:
    """Return a list of the oldest requests, with the button that opens all of them; what is said is mrkdwn."""
    blocks: list[Block] = [kit.header(text.rstrip(".")), kit.paragraph("The oldest:")]
    for one, said in waiting:
        blocks += [kit.paragraph(approvals.asked(one)), kit.note(f"{kit.escape(one.client_organization)}, {said}")]
    return [*blocks, kit.buttons(kit.button("Open queue", approvals.TO_QUEUE, known_by, style="primary"))]


def question_card(contract: Contract, number: int) -> Card:
    """Return a reply in the thread of a copy: an approver asks for changes."""
    word = _word(contract, number)
    text = f"{word.name} asks for changes to {approvals.asked(contract)}: {word.text}"
    return _card(text, [kit.paragraph(text)])


def asked_card(contract: Contract, number: int) -> Card:
    """Return the requester's message: what an approver asks; with a button while it is not answered."""
    word = _word(contract, number)
    text = f"Changes asked for: {approvals.asked(contract)}. {word.name}: {word.text}"
    blocks: list[Block] = [
        kit.paragraph(f"Changes asked for: {approvals.asked(contract)}."),
        kit.facts([(word.name, word.text)]),
    ]
    if contract.is_waiting and contract.question and number == len(contract.history):
        blocks.append(kit.buttons(kit.button("Edit request", EDIT, contract.id, style="primary")))
    else:
        blocks.append(kit.note("Answered." if contract.is_waiting else approvals.state(contract)))
    return _card(text, blocks)


def answer_card(contract: Contract, number: int) -> Card:
    """Return a reply in the thread of a copy: the requester sent the request again."""
    word = _word(contract, number)
    text = f"{word.name} sent the request again, {approvals.asked(contract)}: {word.text}"
    return _card(text, [kit.paragraph(text)])


def question_view(contract: Contract, place: approvals.Place) -> Json:
    """Return the form in which an approver asks for changes."""
    blocks: list[Block] = [
        kit.facts(approvals.request_facts(contract)),
        kit.text_input(
            "question",
            "Question",
            hint="The requester reads it and can send the request again. At most 1,000 characters.",
            multiline=True,
            focus=True,
        ),
    ]
    metadata = place.model_copy(update={"contract": contract.id})
    return kit.modal("Ask for changes", blocks, callback=QUESTION, metadata=metadata, submit="Ask", close="Cancel")


def read_question(values: Json) -> str:
    """Return the question as typed."""
    return kit.entered(values, "question") or ""


def edit_view(contract: Contract, offers: Sequence[Offer]) -> Json:
    """Return the form in which the requester changes a request: reason, plan, the client's description."""
    options = [kit.option(_offered(offer), offer.id) for offer in offers[: kit.MENU]]
    now = (contract.plan_key, contract.plan_version)
    current = [offer.id for offer in offers if (offer.plan_key, offer.plan_version) == now]
    element = StaticSelectElement(
        action_id=PLAN,
        options=options,
        initial_option=next((option for option in options if option.value in current), None),
    )
    blocks: list[Block] = [
        kit.paragraph(approvals.asked(contract)),
        *([kit.facts([("Question", contract.question)])] if contract.question else []),
        kit.text_input("reason", "Reason", value=contract.reason, multiline=True, hint="At most 1,000 characters."),
        InputBlock(label=PlainTextObject(text="Plan"), element=element, block_id="plan"),
        kit.text_input("description", "Description", value=contract.client_description, optional=True, multiline=True),
    ]
    metadata = Editing(contract=contract.id)
    return kit.modal("Edit request", blocks, callback=CHANGES, metadata=metadata, submit="Send again", close="Cancel")


def read_changes(values: Json) -> tuple[str, str, str]:
    """Return reason, offer id and description as they stand in the form."""
    typed = (kit.entered(values, "reason"), kit.chosen(values, "plan", PLAN), kit.entered(values, "description"))
    reason, offer_id, description = (value or "" for value in typed)
    return reason, offer_id, description


def sent_view(contract: Contract) -> Json:
    """Return the end of the form."""
    said = "The approvers are told." if contract.is_waiting else "No approval is needed for this plan."
    text = f"{approvals.state(contract)}: {approvals.asked(contract)}. {said}"
    return kit.modal("Edit request", [kit.paragraph(text)], callback=CHANGES, metadata=Editing(contract=contract.id))


def _offered(offer: Offer) -> str:
    return (
        f"{offer.plan} {offer.plan_version}: {'Approval required' if offer.requires_approval else 'No approval needed'}"
    )


def _word(contract: Contract, number: int) -> Word:
    """Return one turn of the talk; number 1 is the first."""
    return contract.history[number - 1]


def _card(text: str, blocks: list[Block]) -> Card:
    return kit.escape(text), [block.to_dict() for block in blocks]
