"""Contracts as rows, with the names of everything they join; offers, and what waits for somebody's approval."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.clients import ClientStatus, ContractStatus
from bot.domain.contracts import COUNTED, Contract, Offer
from bot.domain.ids import new_id
from bot.domain.people import Person
from bot.store.tables import (
    api_versions,
    apis,
    client_versions,
    clients,
    contracts,
    offers,
    organizations,
    people,
    plan_versions,
    plans,
)
from bot.store.upsert import insert_or_ignore

_requester = people.alias("requester")
_decider = people.alias("decider")
_claimer = people.alias("claimer")
_client_organization = organizations.alias("client_organization")
_JOINED = (
    contracts.join(client_versions, client_versions.c.id == contracts.c.client_version_id)
    .join(clients, clients.c.id == client_versions.c.client_id)
    .join(_client_organization, _client_organization.c.id == clients.c.organization_id)
    .join(api_versions, api_versions.c.id == contracts.c.api_version_id)
    .join(apis, apis.c.id == api_versions.c.api_id)
    .join(plan_versions, plan_versions.c.id == contracts.c.plan_version_id)
    .join(plans, plans.c.id == plan_versions.c.plan_id)
    .join(organizations, organizations.c.id == contracts.c.organization_id)
    .join(_requester, _requester.c.id == contracts.c.requested_by)
    .outerjoin(_decider, _decider.c.id == contracts.c.decided_by)
    .outerjoin(_claimer, _claimer.c.id == contracts.c.claimed_by)
)
_OWN = (
    "id",
    "status",
    "revision",
    "client_version_id",
    "api_version_id",
    "organization_id",
    "reason",
    "terms_url",
    "terms_version",
    "terms_accepted_at",
    "requested_at",
    "expires_at",
    "decided_at",
    "decision_reason",
    "reminders",
    "escalation",
    "unreachable",
    "claimed_until",
    "question",
    "history",
)
_NAMED: dict[str, sa.ColumnElement[Any]] = {
    "client_id": clients.c.id,
    "client": clients.c.name,
    "client_key": clients.c.key,
    "client_version": client_versions.c.version,
    "client_description": clients.c.description,
    "client_organization_id": _client_organization.c.id,
    "client_organization": _client_organization.c.name,
    "api": apis.c.name,
    "api_key": apis.c.key,
    "api_version": api_versions.c.version,
    "endpoint": api_versions.c.endpoint,
    "plan": plans.c.name,
    "plan_key": plans.c.key,
    "plan_version": plan_versions.c.version,
    "organization": organizations.c.name,
    "requester_team": _requester.c.team,
    "requester_user": _requester.c.user,
    "requested_by_name": _requester.c.name,
    "decider_team": _decider.c.team,
    "decider_user": _decider.c.user,
    "decided_by_name": _decider.c.name,
    "claimer_team": _claimer.c.team,
    "claimer_user": _claimer.c.user,
    "claimed_by_name": _claimer.c.name,
}
_SELECT = sa.select(
    *(contracts.c[name] for name in _OWN), *(column.label(name) for name, column in _NAMED.items())
).select_from(_JOINED)


class ContractRows:
    """Reads and writes contracts through one open transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def offer(self, team: str, offer_id: str, *, lock: bool = False) -> Offer | None:
        """Return an offer of this team, or None; ``lock`` keeps API, plan and offer as they are until the commit."""
        query = _OFFER.where(organizations.c.team == team, offers.c.id == offer_id)
        if lock:
            query = query.with_for_update(read=True, of=[offers, api_versions, plan_versions])
        row = self._connection.execute(query).mappings().one_or_none()
        return Offer(**row) if row else None

    def offers_of(self, api_version_id: str) -> tuple[Offer, ...]:
        """Return the offers of an API version that can be signed up for, in the provider's order."""
        query = _OFFER.where(offers.c.api_version_id == api_version_id, plan_versions.c.locked.is_(True))
        rows = self._connection.execute(query.order_by(offers.c.position, plans.c.folded)).mappings()
        return tuple(Offer(**row) for row in rows)

    def client_version(self, team: str, version_id: str) -> tuple[str, str, ClientStatus] | None:
        """Return client id, organization id and status of a client version of this team, kept until the commit."""
        query = (
            sa.select(clients.c.id, clients.c.organization_id, client_versions.c.status)
            .select_from(client_versions.join(clients).join(organizations))
            .where(organizations.c.team == team, client_versions.c.id == version_id)
            .with_for_update(of=client_versions)
        )
        row = self._connection.execute(query).one_or_none()
        return (row[0], row[1], ClientStatus(row[2])) if row else None

    def create(self, values: dict[str, Any]) -> str | None:
        """Insert a contract and return its id; None if a live one joins the same two versions (SPEC 4.4)."""
        contract_id = new_id()
        made = insert_or_ignore(self._connection, contracts, id=contract_id, revision=1, **values)
        return contract_id if made else None

    def get(self, team: str, contract_id: str, *, lock: bool = False) -> Contract | None:
        """Return a contract of this team, or None; ``lock`` keeps it as it is until the commit."""
        query = _SELECT.where(organizations.c.team == team, contracts.c.id == contract_id)
        if lock:
            query = query.with_for_update(of=contracts)
        row = self._connection.execute(query).mappings().one_or_none()
        return _contract(row) if row else None

    def hold(self, contract_id: str) -> None:
        """Keep a contract as it is until the commit."""
        one = sa.select(contracts.c.id).where(contracts.c.id == contract_id)
        self._connection.execute(one.with_for_update())

    def many(self, ids: Collection[str]) -> dict[str, Contract]:
        """Return contracts by id."""
        rows = self._connection.execute(_SELECT.where(contracts.c.id.in_(ids))).mappings()
        return {row["id"]: _contract(row) for row in rows}

    def settle(self, contract_id: str, status: ContractStatus, by: str | None, at: datetime, reason: str = "") -> bool:
        """Decide a waiting contract; False if it no longer waits: one guarded update, so one winner (SPEC 5.4)."""
        waiting = sa.update(contracts).where(
            contracts.c.id == contract_id, contracts.c.status == ContractStatus.AWAITING_APPROVAL
        )
        values = {"status": status, "decided_by": by, "decided_at": at, "decision_reason": reason}
        return bool(self._connection.execute(waiting.values(**values, revision=contracts.c.revision + 1)).rowcount)

    def statuses(self, client_version_id: str) -> list[ContractStatus]:
        """Return the statuses of all contracts of a client version."""
        query = sa.select(contracts.c.status).where(contracts.c.client_version_id == client_version_id)
        return [ContractStatus(status) for status in self._connection.execute(query).scalars()]

    def set_client_status(self, client_version_id: str, status: ClientStatus) -> None:
        """Set the status of a client version."""
        one = sa.update(client_versions).where(client_versions.c.id == client_version_id)
        self._connection.execute(one.values(status=status))

    def due(self, column: str, now: datetime, limit: int) -> list[Contract]:
        """Take waiting contracts whose time has come, the longest due first; another scheduler passes them over.

        Args:
            column: ``remind_at``, ``escalate_at`` or ``expires_at``.
            now: the time.
            limit: how many.
        """
        at = contracts.c[column]
        taken = (
            sa.select(contracts.c.id)
            .where(_WAITS, at.is_not(None), at <= now)
            .order_by(at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(self._connection.execute(taken).scalars())
        found = self.many(ids) if ids else {}
        return [found[id_] for id_ in ids]

    def change(self, contract_id: str, *, shows: bool, **values: Any) -> None:
        """Set columns of a contract; ``shows``: its copies in Slack have to be drawn again."""
        revision = {"revision": contracts.c.revision + 1} if shows else {}
        self._connection.execute(sa.update(contracts).where(contracts.c.id == contract_id).values(**values, **revision))

    def joined(
        self, team: str, *, client: tuple[str, str, str], api: tuple[str, str, str], plan: tuple[str, str]
    ) -> dict[str, str] | None:
        """Return the ids that a contract between these would join, or None if one of them is missing.

        Args:
            team: whose.
            client: folded ids of organization and client, and the version.
            api: folded ids of organization and API, and the version.
            plan: folded id of a plan of the API's organization, and the version.
        """
        mine = sa.select(client_versions.c.id).select_from(client_versions.join(clients).join(organizations))
        mine = mine.where(organizations.c.team == team, organizations.c.folded == client[0])
        mine = mine.where(clients.c.folded == client[1], client_versions.c.version == client[2])
        theirs = (
            sa.select(api_versions.c.id, organizations.c.id, plan_versions.c.id)
            .select_from(
                api_versions.join(apis)
                .join(organizations, organizations.c.id == apis.c.organization_id)
                .join(plans, plans.c.organization_id == organizations.c.id)
                .join(plan_versions, plan_versions.c.plan_id == plans.c.id)
            )
            .where(organizations.c.team == team, organizations.c.folded == api[0])
            .where(apis.c.folded == api[1], api_versions.c.version == api[2])
            .where(plans.c.folded == plan[0], plan_versions.c.version == plan[1])
        )
        version_id = self._connection.execute(mine).scalar_one_or_none()
        other = self._connection.execute(theirs).one_or_none()
        if version_id is None or other is None:
            return None
        names = ("api_version_id", "organization_id", "plan_version_id")
        return {"client_version_id": version_id, **dict(zip(names, other, strict=True))}

    def exists(self, client_version_id: str, api_version_id: str, plan_version_id: str) -> bool:
        """Return whether a contract joins these three, whatever became of it."""
        query = sa.select(contracts.c.id).where(
            contracts.c.client_version_id == client_version_id,
            contracts.c.api_version_id == api_version_id,
            contracts.c.plan_version_id == plan_version_id,
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def is_live(self, client_version_id: str, api_version_id: str) -> bool:
        """Return whether a live contract joins these two versions, whatever the plan."""
        query = sa.select(contracts.c.id).where(
            contracts.c.client_version_id == client_version_id,
            contracts.c.api_version_id == api_version_id,
            contracts.c.status.in_((ContractStatus.AWAITING_APPROVAL, ContractStatus.ACTIVE)),
        )
        return self._connection.execute(query).first() is not None

    def waiting(
        self, team: str, organization_ids: Collection[str] | None, *, offset: int, limit: int
    ) -> tuple[tuple[Contract, ...], int]:
        """Return waiting contracts, oldest first, and how many there are, at most COUNTED + 1.

        Each organization gives only as many as can be on the page, so a long queue costs no more than a short one.

        Args:
            team: whose.
            organization_ids: whose approvers are asked; None: all of the team.
            offset: how many to pass over.
            limit: how many to return.
        """
        if organization_ids is None:
            mine = contracts.c.organization_id.in_(sa.select(organizations.c.id).where(organizations.c.team == team))
            first = [_oldest(mine, offset + limit)]
        elif organization_ids:
            mine = contracts.c.organization_id.in_(organization_ids)
            first = [_oldest(contracts.c.organization_id == id_, offset + limit) for id_ in organization_ids]
        else:
            return (), 0
        found = self._merged(first, offset, limit)
        some = sa.select(contracts.c.id).where(mine, _WAITS).limit(COUNTED + 1).subquery()
        total = self._connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
        by_id = self.many(found)
        return tuple(by_id[id_] for id_ in found), total

    def waiting_by_age(self, now: datetime) -> dict[str, int]:
        """Return how many requests wait for how long (INTERFACE 3); at most AGED of them are looked at."""
        some = sa.select(contracts.c.requested_at).where(_WAITS).limit(AGED).subquery()
        day, third = (some.c.requested_at > now - timedelta(hours=hours) for hours in (24, 72))
        bracket = sa.case((day, "<24h"), (third, "24h-72h"), else_=">72h")
        found = self._connection.execute(sa.select(bracket.label("age"), sa.func.count().label("many")).group_by("age"))
        return dict.fromkeys(("<24h", "24h-72h", ">72h"), 0) | {row.age: row.many for row in found}

    def _merged(self, some: list["sa.Select[Any]"], offset: int, limit: int) -> list[str]:
        """Return the ids of one page out of the oldest of each organization."""
        rows = []
        for start in range(0, len(some), UNION):
            part = some[start : start + UNION]
            merged = sa.union_all(*part) if len(part) > 1 else part[0]
            rows += [(at, id_) for id_, at in self._connection.execute(merged)]
        return [id_ for _, id_ in sorted(rows)[offset : offset + limit]]


_WAITS = contracts.c.status == ContractStatus.AWAITING_APPROVAL
AGED = 100_000
"""Waiting requests whose age is looked at for the metrics: bounds what reading them costs."""
UNION = 100
"""Selects in one statement: under the 500 that SQLite joins (sqlite.org/limits.html)."""


def _oldest(where: sa.ColumnElement[bool], limit: int) -> "sa.Select[Any]":
    some = (
        sa.select(contracts.c.id, contracts.c.requested_at)
        .where(where, _WAITS)
        .order_by(contracts.c.requested_at, contracts.c.id)
        .limit(limit)
        .subquery()
    )
    return sa.select(some.c.id, some.c.requested_at)


_OFFER = sa.select(
    offers.c.id,
    offers.c.api_version_id,
    offers.c.plan_version_id,
    offers.c.requires_approval,
    organizations.c.id.label("organization_id"),
    organizations.c.name.label("organization"),
    apis.c.name.label("api"),
    apis.c.key.label("api_key"),
    api_versions.c.version.label("api_version"),
    api_versions.c.status.label("api_status"),
    api_versions.c.terms_url,
    api_versions.c.terms_version,
    api_versions.c.endpoint,
    plans.c.name.label("plan"),
    plans.c.key.label("plan_key"),
    plan_versions.c.version.label("plan_version"),
    plan_versions.c.description.label("plan_description"),
    plan_versions.c.locked.label("plan_locked"),
).select_from(
    offers.join(api_versions, api_versions.c.id == offers.c.api_version_id)
    .join(apis, apis.c.id == api_versions.c.api_id)
    .join(plan_versions, plan_versions.c.id == offers.c.plan_version_id)
    .join(plans, plans.c.id == plan_versions.c.plan_id)
    .join(organizations, organizations.c.id == apis.c.organization_id)
)


def _contract(row: Any) -> Contract:
    values = {name: value for name, value in row.items() if name.split("_")[0] not in _ACTORS}
    for named in ("decided_by_name", "claimed_by_name"):
        values[named] = row[named] or ""
    by = {f"{verb}_by": _account(row, actor) for actor, verb in _ACTORS.items()}
    by["requested_by"] = Person(team=row["requester_team"], user=row["requester_user"] or "")
    return Contract.model_validate(values | by)


_ACTORS = {"requester": "requested", "decider": "decided", "claimer": "claimed"}


def _account(row: Any, actor: str) -> Person | None:
    user = row[f"{actor}_user"]
    return Person(team=row[f"{actor}_team"], user=user) if user else None
