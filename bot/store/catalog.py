"""Organizations with everything they own, loaded and written in bulk for catalog files.

A :class:`Book` holds what the database knows of the organizations a file names: a fixed number of queries for each
500 of them, however much they own. Additions are collected and written table by table when the book is closed.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from bot.domain.apis import age
from bot.domain.ids import new_id
from bot.store.search_index import SearchIndex
from bot.store.tables import api_versions, apis, members, offers, organizations, plan_versions, plans

Key = tuple[str, str]
BATCH = 500
"""Ids in one query: far under the 32,766 parameters SQLite takes (sqlite.org/limits.html)."""


class Shelf(Enum):
    """What a book keeps side by side; the order is the order in which rows can be inserted."""

    ORGANIZATION = organizations
    PLAN = plans
    PLAN_VERSION = plan_versions
    API = apis
    API_VERSION = api_versions
    OFFER = offers


_KEYS: dict[Shelf, Key] = {
    Shelf.ORGANIZATION: ("team", "folded"),
    Shelf.PLAN: ("organization_id", "folded"),
    Shelf.PLAN_VERSION: ("plan_id", "version"),
    Shelf.API: ("organization_id", "folded"),
    Shelf.API_VERSION: ("api_id", "version"),
    Shelf.OFFER: ("api_version_id", "plan_version_id"),
}
"""The two columns that together name a row of each shelf."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as the database holds it, or will after the book is closed."""

    id: str
    values: dict[str, Any]


class Book:
    """What is known of some organizations, and what is to be added."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._shelves: dict[Shelf, dict[Key, Stored]] = {shelf: {} for shelf in Shelf}
        self._added: dict[Shelf, list[dict[str, Any]]] = {shelf: [] for shelf in Shelf}
        self._roles: dict[Key, set[str]] = {}
        self._added_roles: list[dict[str, str]] = []
        self._showing: set[str] = set()
        """APIs that have to be found in another way than before."""

    def find(self, shelf: Shelf, key: Key) -> Stored | None:
        """Return what stands on a shelf under a key, or None."""
        return self._shelves[shelf].get(key)

    def add(self, shelf: Shelf, **values: Any) -> Stored:
        """Put a new row on a shelf."""
        stored = Stored(new_id(), values)
        self._shelve(shelf, stored)
        self._added[shelf].append(values | {"id": stored.id})
        self._shows(shelf, stored)
        return stored

    def change(self, shelf: Shelf, stored: Stored, **changes: Any) -> None:
        """Set columns of a row that is in the database already."""
        table: sa.Table = shelf.value
        self._connection.execute(sa.update(table).where(table.c.id == stored.id).values(**changes))
        self._shelve(shelf, Stored(stored.id, stored.values | changes))
        self._shows(shelf, stored)

    def roles(self, organization_id: str, person_id: str) -> frozenset[str]:
        """Return the roles somebody has in an organization."""
        return frozenset(self._roles.get((organization_id, person_id), ()))

    def set_roles(self, organization: Stored, person_id: str, roles: Collection[str]) -> None:
        """Give somebody exactly these roles."""
        held = self.roles(organization.id, person_id)
        if gone := held - set(roles):
            one = (members.c.organization_id == organization.id) & (members.c.person_id == person_id)
            self._connection.execute(sa.delete(members).where(one, members.c.role.in_(gone)))
        sort_name = organization.values["sort_name"]
        for role in sorted(set(roles) - held):
            row = {"organization_id": organization.id, "person_id": person_id, "role": role, "sort_name": sort_name}
            self._added_roles.append(row)
        self._roles[organization.id, person_id] = set(roles)

    def close(self) -> None:
        """Write everything that was added, and what all of it is found by."""
        for shelf in Shelf:
            if rows := self._added[shelf]:
                self._connection.execute(sa.insert(shelf.value), rows)
        if self._added_roles:
            self._connection.execute(sa.insert(members), self._added_roles)
        index = SearchIndex(self._connection)
        index.index_organizations([row["id"] for row in self._added[Shelf.ORGANIZATION]])
        index.index_apis(self._showing)

    def _shows(self, shelf: Shelf, stored: Stored) -> None:
        if shelf is Shelf.API_VERSION:
            self._showing.add(stored.values["api_id"])

    def load(self, team: str, folded: Sequence[str]) -> None:
        """Read the named organizations of a team and all they own."""
        for some in _batches(folded):
            rows = sa.select(organizations).where(organizations.c.team == team, organizations.c.folded.in_(some))
            self._load(Shelf.ORGANIZATION, rows)
        for some in _batches([stored.id for stored in self._shelves[Shelf.ORGANIZATION].values()]):
            self._load_owned(some)

    def _load_owned(self, ids: list[str]) -> None:
        own_plans = sa.select(plans.c.id).where(plans.c.organization_id.in_(ids))
        own_apis = sa.select(apis.c.id).where(apis.c.organization_id.in_(ids))
        own_versions = sa.select(api_versions.c.id).where(api_versions.c.api_id.in_(own_apis))
        self._load(Shelf.PLAN, sa.select(plans).where(plans.c.organization_id.in_(ids)))
        self._load(Shelf.PLAN_VERSION, sa.select(plan_versions).where(plan_versions.c.plan_id.in_(own_plans)))
        self._load(Shelf.API, sa.select(apis).where(apis.c.organization_id.in_(ids)))
        self._load(Shelf.API_VERSION, sa.select(api_versions).where(api_versions.c.api_id.in_(own_apis)))
        self._load(Shelf.OFFER, sa.select(offers).where(offers.c.api_version_id.in_(own_versions)))
        for row in self._connection.execute(sa.select(members).where(members.c.organization_id.in_(ids))):
            self._roles.setdefault((row.organization_id, row.person_id), set()).add(row.role)

    def _load(self, shelf: Shelf, query: "sa.Select[Any]") -> None:
        for row in self._connection.execute(query).mappings():
            self._shelve(shelf, Stored(row["id"], dict(row)))

    def _shelve(self, shelf: Shelf, stored: Stored) -> None:
        first, second = _KEYS[shelf]
        self._shelves[shelf][stored.values[first], stored.values[second]] = stored


class CatalogRows:
    """Opens books through one open transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def open(self, team: str, folded: Sequence[str]) -> Book:
        """Return a book of the organizations with these folded ids."""
        book = Book(self._connection)
        book.load(team, folded)
        return book

    def newest_plan(self, team: str, organization: str, plan: str) -> tuple[str, str] | None:
        """Return name and version of the version of a plan that was locked last, by folded ids, or None."""
        query = (
            sa.select(plans.c.name, plan_versions.c.version)
            .select_from(plan_versions.join(plans).join(organizations))
            .where(organizations.c.team == team, organizations.c.folded == organization)
            .where(plans.c.folded == plan, plan_versions.c.locked.is_(True))
        )
        found = [(name, version) for name, version in self._connection.execute(query)]
        return max(found, key=lambda one: age(one[1]), default=None)


def _batches(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), BATCH):
        yield list(values[start : start + BATCH])
