"""Holds what is stored, and what stands in Slack, against the model of a story."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.sandbox.records import Message
from tests.faults.expected import WAITING, Expected, Request
from tests.faults.stage import Stage
from tests.journeys.signing import buttons

Json = dict[str, Any]
CONTRACTS = """
SELECT contracts.id, contracts.status, reason, reminders, remind_at, escalate_at, escalation, expires_at, question,
    claimed_until, history, unreachable, requester.user AS requester, decider.user AS decided_by,
    claimer.user AS claimed_by, clients.name AS client, home.name AS organization, apis.name AS api, plans.name AS plan
FROM contracts
JOIN client_versions ON client_versions.id = contracts.client_version_id JOIN clients ON clients.id = client_id
JOIN organizations AS home ON home.id = clients.organization_id
JOIN api_versions ON api_versions.id = contracts.api_version_id JOIN apis ON apis.id = api_id
JOIN plan_versions ON plan_versions.id = contracts.plan_version_id JOIN plans ON plans.id = plan_id
JOIN people AS requester ON requester.id = contracts.requested_by
LEFT JOIN people AS decider ON decider.id = contracts.decided_by
LEFT JOIN people AS claimer ON claimer.id = contracts.claimed_by
ORDER BY contracts.rowid
"""
CLIENTS = """
SELECT organizations.name AS organization, clients.name AS client, client_versions.status FROM clients
JOIN organizations ON organizations.id = organization_id JOIN client_versions ON client_id = clients.id
"""
BEGINNINGS = {
    WAITING: "Waiting for approval",
    "Active": "Approved",
    "Rejected": "Rejected",
    "Withdrawn": "Withdrawn",
    "Expired": "Expired",
}
"""INTERFACE 6."""
DECIDING = {"Approve", "Reject", "Claim", "Ask for changes"}
KEPT = timedelta(days=89)
"""Delivered notifications are forgotten after 90 days (SPEC 6)."""


def compare(on: Stage, model: Expected) -> None:
    """Hold the rows against the model."""
    rows = on.rows(CONTRACTS)
    assert len(rows) == len(model.requests), f"{len(rows)} contracts are stored, {len(model.requests)} were made"
    for row, request in zip(rows, model.requests, strict=True):
        request.id = row["id"]
        stored, expected = _stored(row), _expected(request)
        different = {key: (stored[key], expected[key]) for key in stored if stored[key] != expected[key]}
        assert not different, f"{request.client.name} for {request.api.name}, stored and expected: {different}"
    clients = {(row["organization"], row["client"]): row["status"] for row in on.rows(CLIENTS)}
    wanted = {(one.organization, one.name): model.client_status(one) for one in model.clients.values()}
    assert clients == wanted, f"clients {clients}, expected {wanted}"


def _stored(row: Json) -> Json:
    times = ("remind_at", "escalate_at", "expires_at", "claimed_until")
    plain = ("status", "reason", "reminders", "escalation", "question", "requester", "decided_by", "claimed_by")
    ends = ("client", "organization", "api", "plan")
    waits = row["status"] == WAITING
    kept = {key: row[key] for key in (*plain, *ends)} | {key: _moment(row[key]) for key in times if waits}
    return kept | {"words": len(json.loads(row["history"])), "unreachable": bool(row["unreachable"])}


def _expected(request: Request) -> Json:
    times = ("remind_at", "escalate_at", "expires_at", "claimed_until")
    plain = ("status", "reason", "reminders", "escalation", "question", "requester", "decided_by", "claimed_by")
    waits = request.status == WAITING
    told = {key: getattr(request, key) for key in (*plain, "plan", "words", "unreachable", *(times if waits else ()))}
    client = request.client
    return told | {"client": client.name, "organization": client.organization, "api": request.api.name}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def compare_messages(on: Stage, model: Expected) -> None:
    """Hold what stands in Slack against the model: each message once, as it should be, and no other."""
    at, now = on.house.workspace, on.house.clock.at
    messages = {(one.channel, one.ts): one for channel in at.channels.values() for one in channel.messages}
    rows = on.rows("SELECT * FROM notifications")
    deliveries = Counter(_delivery(one) for one in messages.values())
    twice = [id_ for id_, count in deliveries.items() if count > 1]
    assert not twice, f"{len(twice)} messages stand twice"
    if now - on.begun < KEPT:
        strange = set(deliveries) - {row["id"] for row in rows}
        assert not strange, f"{len(strange)} messages that nobody owes"
    by_contract: dict[str, list[Json]] = {}
    for row in rows:
        by_contract.setdefault(row["contract_id"], []).append(row)
    for request in model.requests:
        mine = by_contract.get(request.id, [])
        _compare_destinations(request, mine, is_old=now - on.begun >= KEPT)
        for row in mine:
            _compare_message(on, request, row, messages)


def _delivery(message: Message) -> str:
    return str(((message.metadata or {}).get("event_payload") or {}).get("delivery_id"))


def _compare_destinations(request: Request, rows: list[Json], *, is_old: bool) -> None:
    found = {kind: {_place(row) for row in rows if row["kind"] == kind} for kind in ("request", "outcome", "waiting")}
    told = request.told if request.status != WAITING else set[str]()
    wanted = {"request": request.asked, "outcome": told, "waiting": {request.requester} if request.waited else set()}
    for kind, places in found.items():
        missing, more = wanted[kind] - places, places - wanted[kind]
        assert not more and (not missing or is_old), f"{kind} at {sorted(places)}, expected {sorted(wanted[kind])}"


def _place(row: Json) -> str:
    return "channel" if row["destination_type"] == "channel" else str(row["destination"])


def _compare_message(on: Stage, request: Request, row: Json, messages: dict[tuple[str, str], Message]) -> None:
    kind, due = row["kind"], _moment(row["due_at"])
    if due is not None and due > on.house.clock.at:
        assert kind in ("reminder", "digest"), f"{kind} is not delivered yet: {row['last_error']}"
        return
    message = messages.get((row["channel"], row["ts"]))
    assert row["state"] == "sent" and message, f"{kind} for {row['destination']}: {row['state']} {row['last_error']}"
    wrong = list(_wrong_words(request, row, message))
    assert not wrong, f"{kind} at {_place(row)} while {request.status}: {wrong}: {message.text!r}"
    if kind in ("request", "waiting", "asked"):
        on.remember(request.id, message)


def _wrong_words(request: Request, row: Json, message: Message) -> Iterator[str]:
    waits, kind = request.status == WAITING, row["kind"]
    if kind == "request":
        yield from _wrong_card(request, message)
    elif kind in ("waiting", "outcome") and not message.text.startswith(BEGINNINGS[request.status]):
        yield "another beginning"
    label = {"waiting": "Withdraw", "asked": "Edit request"}.get(kind, "")
    is_open = waits and (kind != "asked" or (bool(request.question) and row["number"] == request.words))
    if label and (label in buttons(message)) != is_open:
        yield f"{label} is {'gone' if is_open else 'there'}"


def _wrong_card(request: Request, message: Message) -> Iterator[str]:
    """Find what is wrong with the approvers' copy of a request."""
    waits, shown, said = request.status == WAITING, set(buttons(message)), str(message.blocks)
    if shown & DECIDING != (DECIDING if waits else set()):
        yield f"buttons {sorted(shown)}"
    if waits and request.reason not in said:
        yield "another reason"
    if waits and (f"<@{request.claimed_by}> is looking" in said) != (request.claimed_by is not None):
        yield "another claim"


async def compare_views(on: Stage, model: Expected, user: str) -> None:
    """Hold what somebody is shown against the model: their queue, their clients, the APIs they may see."""
    desk = on.house.runtime.desk
    profile = await desk.profile(on.identity(user))
    queue = await desk.queue(profile, size=100)
    assert [one.id for one in queue.contracts] == [one.id for one in model.queue(user)], f"the queue of {user}"
    clients = [one for page in range(3) for one in (await desk.list_clients(profile, page=page)).clients]
    found = {(one.organization, one.name.lower()) for one in clients}
    assert found == model.visible_clients(user), f"the clients of {user}: {found}"
    shown = {one.name for one in (await desk.find_apis(profile)).apis}
    hidden = {api.name for api in model.apis if not model.sees(user, api)}
    assert not shown & hidden, f"{user} finds {shown & hidden}"
    published = {api.name for api in model.apis if api.status == "Published"} - hidden
    assert published <= shown, f"{user} does not find {published - shown}"
