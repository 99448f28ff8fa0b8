"""The feeder of ``tests.bench.burst``: commits sign-ups as other replicas do, faster than people could.

``python -m tests.bench.burst_feed URL NUMBER SECONDS`` prints when those of each channel were committed, as JSON.
"""

import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.catalogs import native
from bot.domain.ids import new_id
from bot.domain.people import Person, Profile
from bot.store import schema
from bot.store import tables as t
from bot.store.engine import open_store
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog

CHANNELS = 50
BATCHES = 100
"""Transactions in a second."""


def _catalog() -> str:
    lines = ["version: 1", "team: T111", "organizations:"]
    for number in range(CHANNELS):
        lines += [
            f"  - name: Organization {number}",
            f"    approval_channel: C{number:04}",
            "    members:",
            f"      - {{user: UA{number:04}, roles: [Owner]}}",
            '    plans: [{name: Gold, version: "1.0"}]',
            f'    apis: [{{name: Payments, version: "1.0", description: Pay., endpoint: "https://{number}.example",',
            "      status: Published, visibility: everyone,",
            '      plans: [{plan: Gold, version: "1.0", requires_approval: true}]}]',
        ]
    return "\n".join(lines)


def prepare(url: str, requesters: int) -> None:
    """Make a database with the organizations and everybody who will ask."""
    store = open_store(url, patient=True)
    try:
        schema.upgrade(store.engine)
        catalog = native.parse(_catalog()).catalog
        store.write.run(lambda unit: apply_catalog(unit, catalog, str))
        store.write.run(lambda unit: _know(unit, requesters))
    finally:
        store.close()


def _know(unit: Unit, requesters: int) -> None:
    for number in range(CHANNELS):
        person = Person(team="T111", user=f"UA{number:04}")
        unit.people.save_profile(Profile(person=person, name="Ada Approver", home_team="T111"), unit.now)
    rows = [
        {"id": new_id(), "team": "T111", "user": f"UD{number:05}", "name": f"Dana {number}", "seen_at": unit.now}
        for number in range(requesters)
    ]
    unit.connection.execute(sa.insert(t.people), rows)


@dataclass(frozen=True)
class Ask:
    """What everybody asks for in one organization."""

    organization: str
    channel: str
    api: str
    plan: str


def _asks(unit: Unit) -> list[Ask]:
    query = (
        sa.select(t.organizations.c.id, t.organizations.c.approval_channel, t.api_versions.c.id, t.plan_versions.c.id)
        .select_from(t.organizations.join(t.apis).join(t.api_versions))
        .join(t.plans, t.plans.c.organization_id == t.organizations.c.id)
        .join(t.plan_versions, t.plan_versions.c.plan_id == t.plans.c.id)
        .order_by(t.organizations.c.approval_channel)
    )
    return [Ask(*row) for row in unit.connection.execute(query)]


def feed(url: str, number: int, seconds: float) -> dict[str, list[float]]:
    """Commit sign-ups at an even rate; return when those of each channel were committed."""
    store = open_store(url, patient=True)
    asks = store.read.run(_asks)
    people = store.read.run(
        lambda unit: list(
            unit.connection.execute(sa.select(t.people.c.id).where(t.people.c.user.like("UD%"))).scalars()
        )
    )
    committed: dict[str, list[float]] = defaultdict(list)
    batches = int(BATCHES * seconds)
    started = time.perf_counter()
    for batch in range(batches):
        numbers = range(batch * number // batches, (batch + 1) * number // batches)
        time.sleep(max(0.0, started + batch / BATCHES - time.perf_counter()))
        store.write.run(lambda unit, some=numbers: _sign_up(unit, asks, people, some))  # type: ignore[misc]
        now = time.perf_counter()
        for each in numbers:
            committed[asks[each % len(asks)].channel].append(now)
    store.close()
    return committed


def _sign_up(unit: Unit, asks: list[Ask], people: list[str], numbers: range) -> None:
    rows: dict[sa.Table, list[dict[str, Any]]] = defaultdict(list)
    for number in numbers:
        for table, row in _rows(unit, asks[number % len(asks)], number, people[number % len(people)]):
            rows[table].append(row)
    for table in (t.clients, t.client_versions, t.contracts, t.notifications):
        unit.connection.execute(sa.insert(table), rows[table])
    unit.outbox.added = True


def _rows(unit: Unit, ask: Ask, number: int, person: str) -> list[tuple[sa.Table, dict[str, Any]]]:
    """Return what one sign-up leaves, but for its audit."""
    client, version, contract = new_id(), new_id(), new_id()
    key, made = f"shop{number}", {"created_at": unit.now, "created_by": person}
    named = {"organization_id": ask.organization, "key": key, "folded": key, "name": key, "sort_name": key}
    joined = {"client_version_id": version, "api_version_id": ask.api, "plan_version_id": ask.plan}
    asked = {"organization_id": ask.organization, "requested_by": person, "requested_at": unit.now, "history": []}
    owed = {"contract_id": contract, "state": "pending", "wanted": 1, "shown": 0, "attempts": 0, "due_at": unit.now}
    to_channel = {"kind": "request", "destination_type": "channel", "destination": ask.channel}
    to_requester = {"kind": "waiting", "destination_type": "user", "destination": f"UD{number:05}"}
    return [
        (t.clients, {"id": client} | named | made),
        (
            t.client_versions,
            {"id": version, "client_id": client, "version": "1.0", "status": "AwaitingApproval"} | made,
        ),
        (t.contracts, {"id": contract, "status": "AwaitingApproval", "revision": 1} | joined | asked),
        (t.notifications, {"id": new_id(), "created_at": unit.now} | owed | to_channel),
        (t.notifications, {"id": new_id(), "created_at": unit.now} | owed | to_requester),
    ]


if __name__ == "__main__":
    print(json.dumps(feed(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
