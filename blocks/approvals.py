"""A request for approval as people see it: the approvers' card, the requester's message, the queue, the reject form."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from slack_sdk.models.blocks import Block, DividerBlock

from blocks import kit
from bot.domain.contracts import COUNTED, Contract, Queue, Status

Json = dict[str, Any]
Card = tuple[str, list[Json]]
"""Fallback text, already escaped, and blocks of a message."""

CLAIM, ASK = "approval.claim", "approval.ask"
APPROVE, REJECT, WITHDRAW = "approval.approve", "approval.reject", "approval.withdraw"
QUEUE, REASON, DONE = "approval.queue", "approval.reason", "approval.done"
PREVIOUS, NEXT, TO_QUEUE = "approval.previous", "approval.next", "approval.queue"

BEGINNINGS = {
    Status.AWAITING_APPROVAL: "Waiting for approval",
    Status.ACTIVE: "Approved",
    Status.REJECTED: "Rejected",
    Status.WITHDRAWN: "Withdrawn",
    Status.EXPIRED: "Expired",
    Status.BROKEN: "Ended",
}
"""How the requester's direct messages begin (INTERFACE 6)."""


class Place(BaseModel):
    """Where a request was pressed: the page of the queue, if it was the queue."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    contract: str = Field(default="", max_length=kit.MOST_ID)
    page: int = Field(default=0, ge=0, le=kit.MOST_PAGE)
    from_queue: bool = False


def request_card(contract: Contract) -> Card:
    """Return what approvers see: who asks for what and why, with buttons while it waits, else who decided."""
    title = "Approval request" if contract.is_waiting else f"Approval request: {state(contract)}"
    blocks: list[Block] = [kit.header(_stands(title, contract)), kit.facts(request_facts(contract)), _history(contract)]
    if contract.is_waiting:
        blocks.append(_buttons(contract))
    elif contract.decision_reason:
        blocks.append(kit.facts([("Reason of the decision", contract.decision_reason)]))
    return kit.escape(_in_words(title, contract)), [block.to_dict() for block in blocks]


def _stands(title: str, contract: Contract) -> str:
    """Return a request's title with what is special about it while it waits, for whoever only glances at it."""
    if contract.is_waiting and contract.question:
        return f"{title}: changes asked for"
    if contract.is_waiting and contract.escalation:
        return f"{title}: nobody decided in time"
    return title


def _in_words(title: str, contract: Contract) -> str:
    """Return what stands in notifications, and all there is where Slack refuses the blocks (RELIABILITY F10)."""
    wish = f"{contract.client} {contract.client_version} wants {contract.api} {contract.api_version}"
    text = f"{title}: {wish} under {contract.plan} {contract.plan_version}"
    if not contract.is_waiting:
        return text
    of = contract.client_organization
    who = f"{contract.requested_by_name} of {of}" if contract.requested_by_name else of
    return f"{text}, asked for by {who}. /approvals lists it with buttons."


def request_facts(contract: Contract) -> list[tuple[str, str]]:
    """Return what approvers have to know."""
    facts = [
        ("Client", f"{contract.client} {contract.client_version}"),
        ("Organization", contract.client_organization),
        ("API", f"{contract.api} {contract.api_version} of {contract.organization}"),
        ("Plan", f"{contract.plan} {contract.plan_version}"),
        ("Reason", contract.reason),
    ]
    return facts + ([("Accepted terms", contract.terms_version or contract.terms_url)] if contract.terms_url else [])


def _history(contract: Contract) -> Block:
    if contract.is_waiting:
        return kit.note(_made(contract), *expires(contract), *_looking(contract))
    return kit.note(_made(contract), _decision(contract))


def _made(contract: Contract) -> str:
    return f"Requested by {kit.mention(contract.requested_by.user)} {kit.moment(contract.requested_at)}"


def expires(contract: Contract) -> list[str]:
    """Return when a waiting request expires, as mrkdwn."""
    return [f"Expires {kit.moment(contract.expires_at)}" if contract.expires_at else "Does not expire"]


def _looking(contract: Contract) -> list[str]:
    """Return who is at it: somebody who claimed it, others who were asked beyond the approvers, the requester."""
    said = []
    if contract.claimed_by and contract.claimed_until:
        who = kit.mention(contract.claimed_by.user)
        said.append(f"{who} is looking at it, until {kit.moment(contract.claimed_until)}")
    if contract.escalation:
        also = "owners" if contract.escalation == 1 else "owners and platform admins"
        said.append(f"Nobody decided in time: the {also} were asked, too")
    if contract.unreachable:
        said.append("No approver can be reached")
    if contract.question:
        said.append("Changes were asked for: waiting for the requester")
    return said


def _decision(contract: Contract) -> str:
    who = f" by {kit.mention(contract.decided_by.user)}" if contract.decided_by else ""
    at = f" {kit.moment(contract.decided_at)}" if contract.decided_at else ""
    return f"{state(contract)}{who}{at}"


def state(contract: Contract) -> str:
    """Return where a request stands, as messages about it begin."""
    return BEGINNINGS[contract.status]


def _buttons(contract: Contract) -> Block:
    # A block of its own for each revision: Slack keeps what belongs to a block_id.
    return kit.buttons(
        kit.button("Approve", APPROVE, contract.id, style="primary"),
        kit.button("Reject", REJECT, contract.id, style="danger"),
        kit.button("Claim", CLAIM, contract.id),
        kit.button("Ask for changes", ASK, contract.id),
        block_id=f"approval_{contract.id}_{contract.revision}",
    )


def waiting_card(contract: Contract) -> Card:
    """Return the requester's message at the beginning; in the end it only says so: another message tells the rest."""
    text = f"{state(contract)}: {asked(contract)}"
    if not contract.is_waiting:
        # Slack keeps a message with rich text from becoming one without (block_mismatch).
        end: list[Block] = [kit.facts([(state(contract), asked(contract))]), kit.note("See the message below.")]
        return kit.escape(text), [block.to_dict() for block in end]
    blocks: list[Block] = [
        kit.paragraph(f"{text}. You get another message when it is decided."),
        kit.facts(_mine(contract, "Your reason")),
        _history(contract),
        kit.buttons(kit.button("Withdraw", WITHDRAW, contract.id)),
    ]
    return kit.escape(text), [block.to_dict() for block in blocks]


def outcome_card(contract: Contract) -> Card:
    """Return what the requester and the client's admins are told in the end."""
    said = state(contract)
    blocks: list[Block] = [kit.paragraph(f"{said}: {asked(contract)}."), kit.facts(_mine(contract, "Reason"))]
    if contract.decision_reason:
        blocks.append(kit.facts([("Reason of the decision", contract.decision_reason)]))
    if contract.status is Status.ACTIVE:
        blocks.append(kit.paragraph("The client may call the API now. See /my-clients."))
    if contract.status is Status.EXPIRED:
        blocks.append(kit.paragraph("Nobody decided in time. If you still need it, sign up again: see /apis."))
    decided = contract.decided_at is not None or contract.status is Status.EXPIRED
    blocks.append(kit.note(_made(contract), _decision(contract) if decided else "No approval was needed."))
    why = f" Reason: {contract.decision_reason}" if contract.decision_reason else ""
    return kit.escape(f"{said}: {asked(contract)}.{why}"), [block.to_dict() for block in blocks]


def asked(contract: Contract) -> str:
    """Return what was asked for, in one line."""
    api = f"{contract.api} {contract.api_version}"
    return f"{contract.client} {contract.client_version} for {api} under {contract.plan} {contract.plan_version}"


def _mine(contract: Contract, reason: str) -> list[tuple[str, str]]:
    """Return what the client's side has to know; ``reason`` is what the reason is called."""
    facts = [("Organization", contract.client_organization), ("Provider", contract.organization)]
    facts += [(reason, contract.reason)] if contract.reason else []
    return facts + ([("Endpoint", contract.endpoint)] if contract.endpoint and contract.status is Status.ACTIVE else [])


def queue_view(queue: Queue) -> Json:
    """Return what waits for somebody's decision, oldest first."""
    blocks: list[Block] = [block for contract in queue.contracts for block in waiting_blocks(contract)]
    if blocks:
        blocks += [kit.note(counted(queue)), *_pages(queue)]
    else:
        blocks = [kit.paragraph("Nothing is waiting for your approval.")]
    return kit.modal("Approvals", blocks, callback=QUEUE, metadata=Place(page=queue.page, from_queue=True))


def waiting_blocks(contract: Contract) -> list[Block]:
    """Return a request in a list, with the same buttons as its message."""
    return [kit.facts(request_facts(contract)), _history(contract), _buttons(contract), DividerBlock()]


def counted(queue: Queue) -> str:
    """Return which of how many requests a page shows: ``1–5 of 240``."""
    total = f"more than {COUNTED:,}" if queue.total > COUNTED else f"{queue.total:,}"
    return f"{queue.first}–{queue.last} of {total}"


def _pages(queue: Queue) -> list[Block]:
    elements = [kit.button("Previous page", PREVIOUS, str(queue.page - 1))] if queue.page else []
    if queue.last < queue.total:
        elements.append(kit.button("Next page", NEXT, str(queue.page + 1)))
    return [kit.buttons(*elements, block_id=f"approval_pages_{queue.page}")] if elements else []


def reject_view(contract: Contract, place: Place) -> Json:
    """Return the form that asks for the reason of a rejection."""
    blocks: list[Block] = [
        kit.facts(request_facts(contract)),
        kit.text_input(
            "reason",
            "Reason",
            hint="The requester reads it. At most 1,000 characters.",
            multiline=True,
            focus=True,
        ),
    ]
    place = place.model_copy(update={"contract": contract.id})
    return kit.modal("Reject", blocks, callback=REASON, metadata=place, submit="Reject", close="Cancel")


def done_view(contract: Contract, said: str = "") -> Json:
    """Return the end of a rejection: what became of the request, or who was faster."""
    sentence = said or f"{state(contract)}: {asked(contract)}. The requester is told."
    return kit.modal("Reject", [kit.paragraph(sentence)], callback=DONE, metadata=Place(contract=contract.id))


def read_reason(values: Json) -> str:
    """Return the reason as typed."""
    return kit.entered(values, "reason") or ""
