"""Organizations and waiting requests by the thousand, written in bulk: for benchmarks, and tests about many at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.catalogs import native
from bot.domain.catalog import Catalog
from bot.domain.ids import new_id
from bot.domain.people import Person
from bot.store import tables as t
from bot.store.unit import Unit

TEAM = "T111"
ASKER = Person(team=TEAM, user="U0ASKER")
CHUNK = 5_000
"""Rows of each table in one statement."""
NEVER = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Place:
    """Where requests come in: an organization with a channel, and what it offers under approval."""

    channel: str
    organization_id: str
    offer_id: str
    api_version_id: str
    plan_version_id: str


def catalog(organizations: int) -> Catalog:
    """Return a catalog of organizations 0, 1, …, each with a channel C0000, an owner UA0000 and a developer UD0000."""
    lines = ["version: 1", f"team: {TEAM}", "organizations:"]
    for number in range(organizations):
        lines += [
            f"  - name: Organization {number}",
            f"    approval_channel: C{number:04}",
            "    members:",
            f"      - {{user: UA{number:04}, roles: [Owner]}}",
            f"      - {{user: UD{number:04}, roles: [Client Developer]}}",
            '    plans: [{name: Gold, version: "1.0"}]',
            f'    apis: [{{name: Payments, version: "1.0", description: Pay., endpoint: "https://{number}.example",',
            "      status: Published, visibility: everyone,",
            '      plans: [{plan: Gold, version: "1.0", requires_approval: true}]}]',
        ]
    return native.parse("\n".join(lines)).catalog


def places(unit: Unit) -> list[Place]:
    """Return every place of the catalog that was applied, by channel."""
    query = (
        sa.select(
            t.organizations.c.approval_channel,
            t.organizations.c.id,
            t.offers.c.id,
            t.offers.c.api_version_id,
            t.offers.c.plan_version_id,
        )
        .join(t.apis, t.apis.c.organization_id == t.organizations.c.id)
        .join(t.api_versions, t.api_versions.c.api_id == t.apis.c.id)
        .join(t.offers, t.offers.c.api_version_id == t.api_versions.c.id)
        .order_by(t.organizations.c.approval_channel)
    )
    return [Place(*row) for row in unit.connection.execute(query)]


def client_versions(unit: Unit, count: int) -> Iterator[tuple[str, Place]]:
    """Write clients, each with a version that signed up for nothing yet; yield these versions, each with a place."""
    person, where = unit.people.id_of(ASKER), places(unit)
    for number in range(count):
        place, client, version = where[number % len(where)], new_id(), new_id()
        key, made = f"free{number}", {"created_at": unit.now, "created_by": person}
        named = {"key": key, "folded": key, "name": key, "sort_name": key}
        unit.connection.execute(
            sa.insert(t.clients), {"id": client, "organization_id": place.organization_id} | named | made
        )
        state = {"id": version, "client_id": client, "version": "1.0", "status": "Created"}
        unit.connection.execute(sa.insert(t.client_versions), state | made)
        yield version, place


def waiting_values(place: Place, version_id: str, person_id: str, now: datetime) -> dict[str, Any]:
    """Return the columns of a request that waits, as signing up writes them, without its schedule."""
    joined = {"api_version_id": place.api_version_id, "plan_version_id": place.plan_version_id}
    joined |= {"client_version_id": version_id, "organization_id": place.organization_id}
    terms = {"terms_url": "", "terms_version": "", "terms_accepted_at": None}
    said = {"reason": "We sell shoes and want to be paid.", "decision_reason": "", "status": "AwaitingApproval"}
    return joined | terms | said | {"requested_by": person_id, "requested_at": now}


def timestamp(number: int) -> str:
    """Return the Slack timestamp of the message about a request."""
    return f"{1_700_000_000 + number}.000100"


def ask(unit: Unit, asked: Iterable[tuple[int, Place]], *, remind_at: datetime) -> None:
    """Write waiting requests by their numbers, each from a client of its own and with its delivered message."""
    person, waiting = unit.people.id_of(ASKER), list(asked)
    for start in range(0, len(waiting), CHUNK):
        _ask(unit, waiting[start : start + CHUNK], person, remind_at)


def _ask(unit: Unit, asked: list[tuple[int, Place]], person: str, remind_at: datetime) -> None:
    at = remind_at - timedelta(days=1)
    clients, versions, contracts, copies = [], [], [], []
    for number, place in asked:
        client, version, contract = new_id(), new_id(), new_id()
        key, made = f"client{number}", {"created_at": at, "created_by": person}
        named = {"key": key, "folded": key, "name": key, "sort_name": key}
        clients.append({"id": client, "organization_id": place.organization_id} | named | made)
        versions.append({"id": version, "client_id": client, "version": "1.0", "status": "AwaitingApproval"} | made)
        joined = {"api_version_id": place.api_version_id, "plan_version_id": place.plan_version_id}
        joined |= {"client_version_id": version, "organization_id": place.organization_id}
        begun = {"requested_by": person, "requested_at": at + timedelta(milliseconds=number)}
        due = {"remind_at": remind_at, "escalate_at": remind_at + NEVER, "expires_at": remind_at + NEVER}
        state = {"revision": 1, "status": "AwaitingApproval", "history": []}
        contracts.append({"id": contract} | joined | begun | due | state)
        sent = {"state": "sent", "wanted": 1, "shown": 1, "attempts": 1, "ts": timestamp(number), "created_at": at}
        stands = {"destination_type": "channel", "destination": place.channel, "channel": place.channel}
        copies.append({"id": new_id(), "contract_id": contract, "kind": "request"} | sent | stands)
    for table, rows in ((t.clients, clients), (t.client_versions, versions), (t.contracts, contracts)):
        unit.connection.execute(sa.insert(table), rows)
    unit.connection.execute(sa.insert(t.notifications), copies)
