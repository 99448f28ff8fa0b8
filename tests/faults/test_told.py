"""The oracle of the lying Slack goes red for everything that it is there to see."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.clients import ContractStatus
from bot.domain.notifications import Kind, State
from bot.sandbox.records import Message
from bot.sandbox.workspace import Workspace
from tests.faults.country import Organization, organizations
from tests.faults.lying_plan import Lies, Shares
from tests.faults.told import Told, differences, of_row, unheard
from tests.sandbox.conftest import manifest

ROW = {"id": "N1", "kind": Kind.REQUEST, "destination": "C1", "state": State.SENT, "last_error": "", "card_id": None}
BUTTONS = {"type": "actions", "elements": []}


def contract(status: ContractStatus, decider: str = "") -> Any:
    """Return as much of a contract as is looked at."""
    waits = status is ContractStatus.AWAITING_APPROVAL
    by = SimpleNamespace(user=decider) if decider else None
    return SimpleNamespace(status=status, is_waiting=waits, client="Till", client_version="1.0", decided_by=by)


WAITING, APPROVED = contract(ContractStatus.AWAITING_APPROVAL), contract(ContractStatus.ACTIVE, "U0PAT")
ASKS = "Approval request: Till 1.0 wants Payments"
SAYS = "Approval request: Approved: Till 1.0 wants Payments"
BY_PAT = [{"type": "context", "text": "<@U0PAT>"}]


def row(**changes: Any) -> Any:
    """Return a row of the outbox that was delivered."""
    return SimpleNamespace(**ROW | {"channel": "C1", "ts": "1.0"} | changes)


def message(text: str = ASKS, blocks: list[Any] | None = None, ts: str = "1.0") -> Message:
    """Return a message as it should stand there while the request waits."""
    return Message(ts, "C1", "U0BOT", text=text, blocks=[BUTTONS] if blocks is None else blocks)


def found(*standing: Message) -> Told:
    return Told([], {"N1": list(standing)} if standing else {})


def test_a_message_that_stands_there_once_and_says_what_is_so_is_fine() -> None:
    assert list(of_row(row(), WAITING, found(message()), exactly_once=True)) == []
    assert list(of_row(row(), APPROVED, found(message(SAYS, BY_PAT)), exactly_once=True)) == []


@pytest.mark.parametrize(
    ("about", "standing", "problem"),
    [
        (row(), [message(), message(ts="2.0")], "stands there 2 times"),
        (row(), [], "stands there 0 times"),
        (row(ts="3.0"), [message()], "is not where its row says"),
        (row(state=State.PENDING, last_error="ratelimited"), [], "is not delivered: ratelimited"),
        (row(state=State.FAILED, last_error="odd_error"), [], "failed: odd_error"),
        (row(state=State.FAILED, last_error="is_archived"), [message()], "failed: is_archived"),
        (row(last_error="message_not_found"), [], "stands there 0 times"),
        (row(card_id="N2"), [message()], "on a card with others"),
    ],
)
def test_a_message_too_many_too_few_or_elsewhere_is_seen(about: Any, standing: list[Message], problem: str) -> None:
    assert problem in "; ".join(of_row(about, WAITING, found(*standing), exactly_once=True))


@pytest.mark.parametrize(
    ("shown", "stored", "problem"),
    [
        (message(), APPROVED, "has buttons too many"),
        (message(SAYS, []), WAITING, "begins with"),
        (message(ASKS, BY_PAT), WAITING, "has no buttons"),
        (message(ASKS, BY_PAT), APPROVED, "begins with"),
        (message(SAYS, [{"type": "context", "text": "<@U0ADA>"}]), APPROVED, "does not say who decided"),
        (message(ASKS.replace("Till", "Kiosk")), WAITING, "names another client"),
    ],
)
def test_a_message_that_says_something_else_than_the_database_is_seen(
    shown: Message, stored: Any, problem: str
) -> None:
    assert problem in "; ".join(differences(shown, row(), stored))


def test_what_is_there_twice_is_let_pass_where_nobody_can_look_and_counted() -> None:
    twice = found(message(), message(ts="2.0"))
    assert list(of_row(row(), WAITING, twice, exactly_once=False)) == []
    assert twice.doubled == {"N1": 1}


def test_a_destination_that_is_owed_nothing_and_a_request_nobody_heard_of_are_seen() -> None:
    one = Organization(0)
    asked = row(destination=one.channel.id)
    assert unheard(one, [asked], found(message())) == [f"{one.requester.id} is owed nothing"]
    both = [asked, row(destination=one.requester.id, kind=Kind.WAITING)]
    assert unheard(one, both, found()) == ["nobody was asked about the request of Organization 0"]
    assert unheard(one, both, found(message())) == []


def test_a_lie_that_was_planned_and_not_told_is_named() -> None:
    workspace, there = Workspace(manifest=manifest()), organizations(100)
    lies = Lies(workspace, Shares(dead=0.0), seed=1, looks_up=True)
    lies.prepare(there)
    assert len(lies.silent()) == len(lies.planned) > 20
    for fault, times in lies.planned:
        for _ in range(times):
            workspace.faults.take(fault.method, fault.about)
    assert lies.silent() == []
