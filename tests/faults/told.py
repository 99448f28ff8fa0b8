"""Who was told of what: the rows of the outbox held against the messages that stand in the workspace.

An oracle of its own: it draws nothing and asks the product nothing, so a mistake there can't hide here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.clients import ContractStatus
from bot.domain.contracts import Contract
from bot.domain.notifications import Kind, State
from bot.outbox.outcomes import GONE, PERMANENT
from bot.sandbox.records import Message
from bot.sandbox.workspace import Workspace
from bot.store.engine import Store
from bot.store.tables import contracts, notifications
from bot.store.unit import Unit
from tests.faults.country import Organization

BEGINNINGS = {
    ContractStatus.ACTIVE: "Approved",
    ContractStatus.REJECTED: "Rejected",
    ContractStatus.WITHDRAWN: "Withdrawn",
    ContractStatus.EXPIRED: "Expired",
    ContractStatus.AWAITING_APPROVAL: "Waiting for approval",
}
WITH_BUTTONS = {Kind.REQUEST, Kind.WAITING}
"""What has buttons for as long as the request waits."""
CHECKED = {*WITH_BUTTONS, Kind.OUTCOME}
"""What tells the state of the request, so that it can be wrong."""


@dataclass
class Told:
    """What was found.

    Attributes:
        rows: of the outbox.
        messages: by delivery id, those that stand in the workspace.
        breaches: everything that must not be, as sentences.
    """

    rows: list[Any]
    messages: dict[str, list[Message]]
    breaches: list[str] = field(default_factory=list)

    @property
    def sent(self) -> list[Any]:
        """Rows whose message was delivered."""
        return [row for row in self.rows if row.state == State.SENT]

    @property
    def doubled(self) -> dict[str, int]:
        """Return by delivery id how many messages there are too many."""
        return {id_: len(found) - 1 for id_, found in self.messages.items() if len(found) > 1}

    def seconds(self, destinations: Iterable[str], asked: dict[str, datetime]) -> list[float]:
        """Return how long after the sign-up each of these destinations had its first message of it, sorted."""
        wanted = set(destinations)
        return sorted(
            float(found[0].ts) - asked[row.contract_id].timestamp()
            for row in self.sent
            if row.destination in wanted and row.contract_id in asked and row.kind in WITH_BUTTONS
            for found in [self.messages.get(row.id)]
            if found
        )


def messages(workspace: Workspace) -> dict[str, list[Message]]:
    """Return by delivery id the messages that stand in the workspace, oldest first."""
    found: dict[str, list[Message]] = defaultdict(list)
    for channel in workspace.channels.values():
        for message in channel.messages:
            carried = (message.metadata or {}).get("event_payload") or {}
            if id_ := carried.get("delivery_id"):
                found[id_].append(message)
    return found


def rows(unit: Unit) -> list[Any]:
    """Return all rows of the outbox."""
    return list(unit.connection.execute(sa.select(notifications)))


def look(store: Store, workspace: Workspace, there: dict[str, Organization], *, exactly_once: bool) -> Told:
    """Hold everything against each other when nothing is under way any more.

    Args:
        store: the database.
        workspace: what stands there, and what people deleted.
        there: the organization of each contract.
        exactly_once: whether a message may not be there twice; without a history scope it may.
    """
    found = Told(store.read.run(rows), messages(workspace))
    known = store.read.run(lambda unit: unit.contracts.many([id_ for (id_,) in unit.connection.execute(_IDS)]))
    by_contract: dict[str, list[Any]] = defaultdict(list)
    for row in found.rows:
        by_contract[row.contract_id].append(row)
    for id_, organization in there.items():
        found.breaches += unheard(organization, by_contract[id_], found)
    for row in found.rows:
        found.breaches += of_row(row, known[row.contract_id], found, exactly_once=exactly_once)
    return found


_IDS = sa.select(contracts.c.id)


def unheard(organization: Organization, mine: list[Any], found: Told) -> list[str]:
    """Who should have been told and was not, and requests that nobody who could decide has heard of."""
    named = {row.destination for row in mine}
    told = [f"{place.id} is owed nothing" for place in organization.told if place.id not in named]
    reached = [row for row in mine if row.kind == Kind.REQUEST and row.state == State.SENT]
    if not any(found.messages.get(row.id) for row in reached) and not any(row.last_error in GONE for row in reached):
        told.append(f"nobody was asked about the request of {organization.name}")
    return told


def of_row(row: Any, contract: Contract, found: Told, *, exactly_once: bool) -> list[str]:
    """What is wrong with one notification."""
    where = f"{row.kind} at {row.destination}"
    if row.card_id:
        return [f"{where} stands on a card with others: too many were asked at once"]
    stand = found.messages.get(row.id, [])
    if row.state == State.FAILED:
        return [] if row.last_error in PERMANENT and not stand else [f"{where} failed: {row.last_error}"]
    if row.state == State.PENDING:
        return [f"{where} is not delivered: {row.last_error}"]
    if row.last_error in GONE and not contract.is_waiting and not (stand and exactly_once):
        return []  # somebody deleted it, and it has nothing to ask any more
    wrong = [] if len(stand) == 1 or (stand and not exactly_once) else [f"{where} stands there {len(stand)} times"]
    recorded = [message for message in stand if (message.channel, message.ts) == (row.channel, row.ts)]
    wrong += [] if recorded else [f"{where} is not where its row says"]
    shown = recorded if row.kind in CHECKED else []
    return wrong + [f"{where} {problem}" for message in shown for problem in differences(message, row, contract)]


def differences(message: Message, row: Any, contract: Contract) -> list[str]:
    """Return how a message differs from what is stored (RELIABILITY I7)."""
    problems = []
    shown, said = str(message.blocks), message.text
    if f"{contract.client} {contract.client_version}" not in said:
        problems.append("names another client")
    is_asking = row.kind in WITH_BUTTONS and contract.is_waiting
    has_buttons = any(block["type"] == "actions" for block in message.blocks)
    if has_buttons != (is_asking and bool(message.blocks)):
        problems.append("has buttons too many" if has_buttons else "has no buttons")
    begins, ends = BEGINNINGS[contract.status], [f"Approval request: {state}:" for state in BEGINNINGS.values()]
    if row.kind == Kind.REQUEST:
        begins = "Approval request" if contract.is_waiting else f"Approval request: {begins}"
    if not said.startswith(f"{begins}:") or (contract.is_waiting and said.startswith(tuple(ends))):
        problems.append(f"begins with {said[:40]!r}, not {begins!r}")
    decider = contract.decided_by.user if contract.decided_by else ""
    if row.kind in (Kind.REQUEST, Kind.OUTCOME) and decider and message.blocks and decider not in shown:
        problems.append("does not say who decided")
    return problems


def states(found: Told) -> Counter[str]:
    """Return how many rows are in which state."""
    return Counter(str(row.state) for row in found.rows)
