"""The whole state, read out in one go for ``gatehouse export`` (INTERFACE 5)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.contracts import Contract
from bot.domain.notifications import State
from bot.store import tables as t
from bot.store.audit import AuditTrail
from bot.store.contracts import ContractRows

Json = dict[str, Any]
CHUNK = 1_000
"""Rows fetched at a time, so that a large installation is never in memory as a whole."""


class ExportRows:
    """Reads everything through one open transaction: a snapshot that fits together."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now

    def section(self, name: str) -> Iterator[Json]:
        """Yield the entries of one section of the export document."""
        readers = {
            "organizations": self._organizations,
            "members": self._members,
            "plans": self._plans,
            "apis": self._apis,
            "clients": self._clients,
            "contracts": self._contracts,
            "notifications": self._notifications,
            "audit": self._audit,
        }
        return readers[name]()

    def _rows(self, query: "sa.Select[Any]") -> Iterator[Any]:
        return iter(self._connection.execute(query.execution_options(yield_per=CHUNK)).mappings())

    def _organizations(self) -> Iterator[Json]:
        columns = (
            t.organizations.c[n] for n in ("team", "key", "name", "description", "approval_channel", "approvals")
        )
        query = sa.select(*columns, t.organizations.c.personal_of.is_not(None).label("personal"))
        for row in self._rows(query.order_by(t.organizations.c.team, t.organizations.c.sort_name)):
            entry = dict(row)
            yield {"id": entry.pop("key"), **entry, "personal": bool(row["personal"])}

    def _members(self) -> Iterator[Json]:
        query = (
            sa.select(t.organizations.c.key, t.people.c.team, t.people.c.user, t.people.c.email, t.members.c.role)
            .select_from(t.members.join(t.organizations).join(t.people, t.people.c.id == t.members.c.person_id))
            .order_by(t.organizations.c.sort_name, t.organizations.c.id, t.people.c.id, t.members.c.role)
        )
        held: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for row in self._rows(query):
            held[row["key"], row["team"], row["user"] or "", row["email"] or ""].append(row["role"])
        for (organization, team, user, email), roles in held.items():
            person = {"team": team, "user": user} if user else {"team": team, "email": email}
            yield {"organization": organization, "person": person, "roles": roles}

    def _plans(self) -> Iterator[Json]:
        query = (
            sa.select(
                t.organizations.c.key.label("organization"),
                t.plans.c.key.label("id"),
                t.plans.c.name,
                t.plan_versions.c.version,
                t.plan_versions.c.description,
                t.plan_versions.c.locked,
            )
            .select_from(t.plan_versions.join(t.plans).join(t.organizations))
            .order_by(t.organizations.c.sort_name, t.plans.c.folded, t.plan_versions.c.version)
        )
        return map(dict, self._rows(query))

    def _apis(self) -> Iterator[Json]:
        offers = self._offers()
        version = t.api_versions
        names = ("version", "status", "visibility", "description", "endpoint", "documentation", "tags")
        query = (
            sa.select(
                t.organizations.c.key.label("organization"),
                t.apis.c.key.label("id"),
                t.apis.c.name,
                *(version.c[name] for name in names),
                version.c.terms_url,
                version.c.terms_version,
                version.c.id.label("version_id"),
            )
            .select_from(version.join(t.apis).join(t.organizations))
            .order_by(t.organizations.c.sort_name, t.apis.c.folded, version.c.version)
        )
        for row in self._rows(query):
            entry = dict(row)
            url, stated = entry.pop("terms_url"), entry.pop("terms_version")
            entry["terms"] = {"url": url, "version": stated} if url else None
            yield {**entry, "plans": offers.get(entry.pop("version_id"), [])}

    def _offers(self) -> dict[str, list[Json]]:
        query = (
            sa.select(
                t.offers.c.api_version_id,
                t.plans.c.key.label("plan"),
                t.plan_versions.c.version,
                t.offers.c.requires_approval,
            )
            .select_from(t.offers.join(t.plan_versions).join(t.plans))
            .order_by(t.offers.c.api_version_id, t.offers.c.position)
        )
        found: dict[str, list[Json]] = defaultdict(list)
        for row in self._rows(query):
            entry = dict(row)
            found[entry.pop("api_version_id")].append(entry)
        return found

    def _clients(self) -> Iterator[Json]:
        versions = self._client_versions()
        query = (
            sa.select(
                t.clients.c.id.label("client_id"),
                t.organizations.c.key.label("organization"),
                t.clients.c.key.label("id"),
                t.clients.c.name,
                t.clients.c.description,
                t.clients.c.created_at,
                t.people.c.team,
                t.people.c.user,
            )
            .select_from(t.clients.join(t.organizations).outerjoin(t.people, t.people.c.id == t.clients.c.created_by))
            .order_by(t.organizations.c.sort_name, t.clients.c.sort_name, t.clients.c.id)
        )
        for row in self._rows(query):
            by = {"team": row["team"], "user": row["user"]} if row["user"] else None
            entry = {name: row[name] for name in ("organization", "id", "name", "description")}
            made = {"created_at": rfc3339(row["created_at"]), "created_by": by}
            yield {**entry, **made, "versions": versions.get(row["client_id"], [])}

    def _client_versions(self) -> dict[str, list[Json]]:
        version = t.client_versions
        query = sa.select(version.c.client_id, version.c.version, version.c.status)
        found: dict[str, list[Json]] = defaultdict(list)
        for row in self._rows(query.order_by(version.c.client_id, version.c.created_at, version.c.id)):
            found[row["client_id"]].append({"version": row["version"], "status": row["status"]})
        return found

    def _contracts(self) -> Iterator[Json]:
        keys = dict_of(self._connection, t.organizations)
        ids = self._rows(sa.select(t.contracts.c.id).order_by(t.contracts.c.requested_at, t.contracts.c.id))
        rows = ContractRows(self._connection)
        for some in batched([row["id"] for row in ids], CHUNK):
            found = rows.many(some)
            for contract in (found[id_] for id_ in some):
                yield _contract(contract, keys)

    def _notifications(self) -> Iterator[Json]:
        one, card = t.notifications, t.notifications.alias("card")
        # What a burst card stands for is where the card is, and has arrived when the card has.
        on_card = sa.and_(one.c.card_id.is_not(None), one.c.state != State.FAILED)
        query = sa.select(
            *(one.c[name] for name in ("id", "contract_id", "kind", "destination_type", "destination", "attempts")),
            sa.case((on_card, card.c.state), else_=one.c.state).label("state"),
            sa.case((on_card, card.c.channel), else_=one.c.channel).label("channel"),
            sa.case((on_card, card.c.ts), else_=one.c.ts).label("ts"),
        ).select_from(one.outerjoin(card, card.c.id == one.c.card_id))
        for row in self._rows(query.order_by(one.c.created_at, one.c.id)):
            message = {"channel": row["channel"], "ts": row["ts"]} if row["ts"] else None
            yield {
                "id": row["id"],
                "contract": row["contract_id"],
                "kind": row["kind"],
                "destination": {"type": row["destination_type"], "id": row["destination"]},
                "state": row["state"],
                "attempts": row["attempts"],
                "message": message,
            }

    def _audit(self) -> Iterator[Json]:
        scopes = dict_of(self._connection, t.organizations)
        for row in AuditTrail(self._connection, self._now).rows():
            by = row.actor.person.model_dump() if row.actor.person else None
            yield {
                "organization": scopes.get(row.scope, row.scope),
                "number": row.number,
                "at": rfc3339(row.at),
                "actor": {"kind": row.actor.kind, "person": by},
                **row.change.model_dump(),
                "hash": row.hash,
            }


def dict_of(connection: sa.Connection, table: sa.Table) -> dict[str, str]:
    """Return the key of each row by its opaque id."""
    return {row.id: row.key for row in connection.execute(sa.select(table.c.id, table.c.key))}


def batched(values: list[str], size: int) -> Iterator[list[str]]:
    """Yield ``values`` in lists of at most ``size``."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _contract(contract: Contract, keys: dict[str, str]) -> Json:
    client, api = keys[contract.client_organization_id], keys[contract.organization_id]
    return {
        "id": contract.id,
        "client": {"organization": client, "id": contract.client_key, "version": contract.client_version},
        "api": {"organization": api, "id": contract.api_key, "version": contract.api_version},
        "plan": {"id": contract.plan_key, "version": contract.plan_version},
        "status": contract.status,
        "requested_by": contract.requested_by.model_dump() if contract.requested_by.user else None,
        "requested_at": rfc3339(contract.requested_at),
        "decided_by": contract.decided_by.model_dump() if contract.decided_by else None,
        "decided_at": rfc3339(contract.decided_at) if contract.decided_at else None,
        "reason": contract.reason,
        "decision_reason": contract.decision_reason,
        "terms": {"url": contract.terms_url, "version": contract.terms_version} if contract.terms_url else None,
    }


def rfc3339(at: datetime) -> str:
    """Return a moment as RFC 3339 in UTC: ``2026-03-02T09:00:00.000000Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
