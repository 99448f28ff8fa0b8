"""Organizations, their members, and which of them somebody may choose."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain import names
from bot.domain.ids import new_id
from bot.domain.ordering import sort_key
from bot.domain.organizations import ApprovalWays, Choice, Choices, Organization
from bot.domain.people import Person
from bot.domain.policy import Permission, Role, roles_with
from bot.store.search import SearchRows
from bot.store.search_index import SearchIndex
from bot.store.tables import members, organization_uses, organizations, people
from bot.store.upsert import insert_or_ignore

MOST_COUNTED = 10_000
"""Organizations that are counted for a menu: so many must work (SPEC 2.2); of more it says that there are more."""


class OrganizationRows:
    """Reads and writes organizations through one open transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, team: str, organization_id: str) -> Organization | None:
        """Return an organization of this team by its opaque id, or None."""
        return self._one(organizations.c.team == team, organizations.c.id == organization_id)

    def by_text(self, team: str, text: str) -> Organization | None:
        """Return the organization whose id is written as ``text`` would be, upper and lower case alike, or None."""
        folded = names.fold(names.identifier(text))
        return self._one(organizations.c.team == team, organizations.c.folded == folded) if folded else None

    def personal_of(self, person_id: str) -> Organization | None:
        """Return somebody's personal organization, or None."""
        return self._one(organizations.c.personal_of == person_id)

    def roles(self, person: Person, organization_id: str, *, lock: bool = False) -> frozenset[Role]:
        """Return the roles somebody has in an organization; with ``lock`` they can't be taken away meanwhile."""
        asked = person.model_dump() | {"organization_id": organization_id}
        return frozenset(Role(role) for role in self._connection.execute(_ROLES[lock], asked).scalars())

    def holders(self, organization_id: str, permission: Permission) -> list[str]:
        """Return the Slack ids of the active members who hold ``permission`` in an organization."""
        return self._active(organization_id, roles_with(permission))

    def unchecked(self, organization_id: str, permission: Permission, since: datetime, limit: int) -> list[Person]:
        """Return holders of ``permission`` whom Slack was last asked about before ``since``, the longest ago first."""
        query = (
            sa.select(people.c.team, people.c.user)
            .where(people.c.id.in_(sa.select(members.c.person_id).where(*_holding(organization_id, permission))))
            .where(people.c.seen_at < since, *FIT)
            .order_by(people.c.seen_at)
            .limit(limit)
        )
        return [Person(team=row.team, user=row.user or "") for row in self._connection.execute(query)]

    def _active(self, organization_id: str, roles: Sequence[Role]) -> list[str]:
        query = (
            sa.select(people.c.user)
            .join(members, members.c.person_id == people.c.id)
            .where(members.c.organization_id == organization_id, members.c.role.in_(roles))
            .where(*FIT)
            .distinct()
            .order_by(people.c.user)
        )
        return [user for user in self._connection.execute(query).scalars() if user]

    def owners(self, organization_id: str) -> list[str]:
        """Return the Slack ids of the active owners of an organization."""
        return self._active(organization_id, (Role.OWNER,))

    def zones(self, team: str, users: Sequence[str]) -> dict[str, str]:
        """Return the time zones of accounts, as Slack names them."""
        query = sa.select(people.c.user, people.c.tz).where(people.c.team == team, people.c.user.in_(users))
        return {row.user: row.tz for row in self._connection.execute(query)}

    def where_holding(self, person: Person, permission: Permission) -> list[str]:
        """Return the ids of all organizations where somebody holds ``permission``."""
        query = (
            sa.select(members.c.organization_id)
            .join(people, people.c.id == members.c.person_id)
            .where(people.c.team == person.team, people.c.user == person.user)
            .where(members.c.role.in_(roles_with(permission)))
            .distinct()
        )
        return list(self._connection.execute(query).scalars())

    def approval_ways(self, organization_id: str) -> ApprovalWays:
        """Return how the approvers of an organization want to be told."""
        return as_ways(self._connection.execute(_WAYS, {"id": organization_id}).one())

    def create(
        self,
        team: str,
        name: str,
        now: datetime,
        *,
        description: str = "",
        personal_of: str | None = None,
    ) -> Organization | None:
        """Insert an organization and return it; None if its id is taken in this team."""
        key = names.identifier(name)
        organization = Organization(id=new_id(), team=team, key=key, name=name, description=description)
        made = insert_or_ignore(
            self._connection,
            organizations,
            **organization.model_dump(),
            folded=names.fold(key),
            sort_name=sort_key(name),
            personal_of=personal_of,
            created_at=now,
        )
        if made:
            SearchIndex(self._connection).index_organizations([organization.id])
        return organization if made else None

    def add_member(self, organization: Organization, person_id: str, role: Role) -> None:
        """Give somebody a role; a no-op if they have it."""
        insert_or_ignore(
            self._connection,
            members,
            organization_id=organization.id,
            person_id=person_id,
            role=role,
            sort_name=sort_key(organization.name),
        )

    def choices(
        self, person: Person, permission: Permission, *, everywhere: bool, text: str = "", limit: int = 100
    ) -> Choices:
        """Return organizations where somebody holds ``permission``: recently used first, then by name.

        Where a platform admin types something, the best hits come instead of the first names.

        Args:
            everywhere: a platform admin, who may choose any organization of the team.
            text: part of the name or id, upper and lower case alike; empty: all.
            limit: most to show; ``total`` counts the rest too.
        """
        if everywhere and text:
            found = SearchRows(self._connection).find_organizations(person, text, limit=limit)
            hits = self._allowed(person, permission, everywhere=True).where(organizations.c.id.in_(found.ids))
            best = list(dict.fromkeys([*self._recent(person, hits, limit), *found.ids]))
            return Choices(shown=self._named(best), total=found.total, is_floor=found.is_floor)
        allowed = self._allowed(person, permission, everywhere=everywhere)
        if text:
            pattern = f"%{_literal(sort_key(text))}%"
            allowed = allowed.where(allowed.selected_columns.sort_name.like(pattern, escape="\\"))
        by_name, total = self._by_name(allowed, limit)
        ids = list(dict.fromkeys([*self._recent(person, allowed, limit), *by_name]))[:limit]
        return Choices(shown=self._named(ids), total=min(total, MOST_COUNTED), is_floor=total > MOST_COUNTED)

    def _by_name(self, allowed: "sa.Select[tuple[str, str]]", limit: int) -> tuple[list[str], int]:
        """Return the first of what is allowed, and how many there are."""
        columns = allowed.selected_columns
        first = allowed.order_by(columns.sort_name, columns.id).limit(limit)
        ids = [row.id for row in self._connection.execute(first)]
        if len(ids) < limit:
            return ids, len(ids)
        every = allowed.limit(MOST_COUNTED + 1).subquery()
        return ids, self._connection.execute(sa.select(sa.func.count()).select_from(every)).scalar_one()

    def _allowed(self, person: Person, permission: Permission, *, everywhere: bool) -> "sa.Select[tuple[str, str]]":
        if everywhere:
            return sa.select(organizations.c.id, organizations.c.sort_name).where(organizations.c.team == person.team)
        held = sa.select(members.c.organization_id.label("id"), members.c.sort_name).join(
            people, people.c.id == members.c.person_id
        )
        held = held.where(people.c.team == person.team, people.c.user == person.user)
        return held.where(members.c.role.in_(roles_with(permission))).distinct()

    def _recent(self, person: Person, allowed: "sa.Select[tuple[str, str]]", limit: int) -> list[str]:
        """Return what somebody used last, each looked up by itself: they use few of the thousands they may use."""
        used = organization_uses.c.organization_id
        still = allowed.where(allowed.selected_columns.id == used).correlate(organization_uses)
        query = (
            sa.select(used)
            .join(people, people.c.id == organization_uses.c.person_id)
            .where(people.c.team == person.team, people.c.user == person.user)
            .where(still.exists())
            .order_by(organization_uses.c.used_at.desc())
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def _named(self, ids: list[str]) -> tuple[Choice, ...]:
        query = sa.select(organizations.c.id, organizations.c.name).where(organizations.c.id.in_(ids))
        named = {id_: name for id_, name in self._connection.execute(query)}  # noqa: C416 - typed as tuples here
        return tuple(Choice(id=id_, name=named[id_]) for id_ in ids)

    def _one(self, *conditions: sa.ColumnElement[bool]) -> Organization | None:
        columns = [organizations.c[field] for field in Organization.model_fields]
        row = self._connection.execute(sa.select(*columns).where(*conditions)).mappings().one_or_none()
        return Organization(**row) if row else None


_HELD = (
    sa.select(members.c.role)
    .join(people, people.c.id == members.c.person_id)
    .where(people.c.team == sa.bindparam("team"), people.c.user == sa.bindparam("user"))
    .where(members.c.organization_id == sa.bindparam("organization_id"))
)
_ROLES = {False: _HELD, True: _HELD.with_for_update(read=True, of=members)}
"""Built once: every decision about a right asks this, and building takes as long as asking."""


def _holding(organization_id: str, permission: Permission) -> tuple[sa.ColumnElement[bool], ...]:
    return members.c.organization_id == organization_id, members.c.role.in_(roles_with(permission))


_WAYS = sa.select(organizations.c.approval_channel, organizations.c.approvals).where(
    organizations.c.id == sa.bindparam("id")
)
_UNFIT = ("is_guest", "is_bot", "is_deactivated", "is_stranger")
"""Whoever is one of these is told nothing and decides nothing (RELIABILITY B3–B5)."""
FIT = (people.c.user.is_not(None), *(people.c[flag].is_(False) for flag in _UNFIT))
"""Conditions on people: accounts that can be told and can decide."""


def as_ways(row: Any) -> ApprovalWays:
    """Return how approvers want to be told, out of a row with ``approval_channel`` and ``approvals``."""
    said = row.approvals or {}
    return ApprovalWays(
        channel=row.approval_channel or "",
        notify=said.get("notify") or "channel",
        remind_after=said.get("remind_after"),
        escalate_after=said.get("escalate_after"),
        expire_after=said.get("expire_after"),
    )


def _literal(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
