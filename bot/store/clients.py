"""Clients and their versions as rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain import names
from bot.domain.clients import Client, ClientStatus, ClientVersion, NewClient
from bot.domain.ids import new_id
from bot.domain.ordering import sort_key
from bot.domain.organizations import Choice, Choices
from bot.domain.people import Person
from bot.domain.policy import Permission, roles_with
from bot.store.tables import client_versions, clients, members, organizations, people
from bot.store.upsert import insert_or_ignore


class ClientRows:
    """Reads and writes clients through one open transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def is_free(self, organization_id: str, key: str) -> bool:
        """Return whether no client of the organization has this id, upper and lower case alike."""
        query = sa.select(clients.c.id).where(
            clients.c.organization_id == organization_id, clients.c.folded == names.fold(key)
        )
        return self._connection.execute(query).scalar_one_or_none() is None

    def create(self, organization_id: str, new: NewClient, created_by: str | None, now: datetime) -> str | None:
        """Insert a client with its first version and return its id; None if the name is taken."""
        client_id = new_id()
        made = insert_or_ignore(
            self._connection,
            clients,
            id=client_id,
            organization_id=organization_id,
            key=new.key,
            folded=names.fold(new.key),
            name=new.name,
            sort_name=sort_key(new.name),
            description=new.description,
            created_at=now,
            created_by=created_by,
        )
        if not made:
            return None
        version = {"id": new_id(), "client_id": client_id, "version": new.version, "status": ClientStatus.CREATED}
        statement = sa.insert(client_versions).values(**version, created_at=now, created_by=created_by)
        self._connection.execute(statement)
        return client_id

    def get(self, team: str, client_id: str, *, lock: bool = False) -> Client | None:
        """Return a client of this team with its versions, or None; ``lock`` keeps its row until the commit."""
        query = _WITH_ORGANIZATION.where(organizations.c.team == team, clients.c.id == client_id)
        if lock:
            query = query.with_for_update(of=clients)
        row = self._connection.execute(query).mappings().one_or_none()
        return self._filled([row])[0] if row else None

    def ensure(self, organization_id: str, key: str, name: str, description: str, now: datetime) -> tuple[str, bool]:
        """Return the id of the client with this key, and whether it had to be made, without a version."""
        folded = names.fold(key)
        mine = (clients.c.organization_id == organization_id, clients.c.folded == folded)
        found = self._connection.execute(sa.select(clients.c.id).where(*mine)).scalar_one_or_none()
        if found:
            return found, False
        client_id = new_id()
        values = {"key": key, "folded": folded, "name": name, "sort_name": sort_key(name), "description": description}
        statement = sa.insert(clients).values(id=client_id, organization_id=organization_id, created_at=now, **values)
        self._connection.execute(statement)
        return client_id, True

    def add_version(self, client_id: str, version: str, status: ClientStatus, now: datetime) -> None:
        """Insert a version of a client."""
        row = {"id": new_id(), "client_id": client_id, "version": version, "status": status, "created_at": now}
        self._connection.execute(sa.insert(client_versions).values(**row))

    def version_names(self, client_id: str) -> set[str]:
        """Return the names of a client's versions."""
        query = sa.select(client_versions.c.version).where(client_versions.c.client_id == client_id)
        return set(self._connection.execute(query).scalars())

    def version_ids(self, client_id: str) -> list[str]:
        """Return the ids of a client's versions, newest first."""
        query = sa.select(client_versions.c.id).where(client_versions.c.client_id == client_id)
        return list(self._connection.execute(query.order_by(client_versions.c.created_at.desc())).scalars())

    def choices(
        self, person: Person, *, everywhere: bool = False, organization_id: str = "", text: str = "", limit: int = 100
    ) -> Choices:
        """Return clients somebody may sign up with, because they hold ``clientEdit``: by name, at most ``limit``.

        Clients whose versions are all retired are left out (SPEC 4.2).

        Args:
            everywhere: a platform admin, who may sign up with any client of the team.
            organization_id: only of this organization; empty: of all.
            text: part of the name, upper and lower case alike; empty: all.
        """
        live = sa.select(client_versions.c.id).where(
            client_versions.c.client_id == clients.c.id, client_versions.c.status != ClientStatus.RETIRED
        )
        ours = sa.select(organizations.c.id).where(organizations.c.team == person.team)
        theirs = ours if everywhere else _held_by(person, Permission.CLIENT_EDIT)
        found = sa.select(clients.c.id, clients.c.name, clients.c.sort_name).where(
            clients.c.organization_id.in_(theirs), live.exists()
        )
        if organization_id:
            found = found.where(clients.c.organization_id == organization_id)
        if text:
            found = found.where(clients.c.sort_name.contains(sort_key(text), autoescape=True))
        total = self._connection.execute(sa.select(sa.func.count()).select_from(found.subquery())).scalar_one()
        rows = self._connection.execute(found.order_by(clients.c.sort_name, clients.c.id).limit(limit))
        return Choices(shown=tuple(Choice(id=row.id, name=row.name) for row in rows), total=total)

    def describe(self, client_id: str, description: str) -> None:
        """Set a client's description."""
        self._connection.execute(sa.update(clients).where(clients.c.id == client_id).values(description=description))

    def page(
        self, person: Person, *, everywhere: bool, organization_id: str = "", offset: int = 0, limit: int = 10
    ) -> tuple[tuple[Client, ...], int]:
        """Return some of the clients somebody may see, by organization and name, and how many there are.

        Args:
            everywhere: a platform admin, who sees all clients of the team.
            organization_id: narrows the list to one organization; empty: all.
        """
        condition = organizations.c.team == person.team
        if not everywhere:
            condition &= clients.c.organization_id.in_(_visible_to(person))
        if organization_id:
            condition &= clients.c.organization_id == organization_id
        counted = sa.select(sa.func.count()).select_from(_CLIENTS).where(condition)
        total = self._connection.execute(counted).scalar_one()
        query = _WITH_ORGANIZATION.where(condition)
        query = query.order_by(organizations.c.sort_name, clients.c.sort_name, clients.c.id)
        rows = self._connection.execute(query.offset(offset).limit(limit)).mappings().all()
        return self._filled(rows), total

    def _filled(self, rows: Sequence[Any]) -> tuple[Client, ...]:
        query = (
            sa.select(client_versions)
            .where(client_versions.c.client_id.in_([row["id"] for row in rows]))
            .order_by(client_versions.c.created_at.desc(), client_versions.c.id)
        )
        versions: dict[str, list[ClientVersion]] = {row["id"]: [] for row in rows}
        for version in self._connection.execute(query).mappings():
            versions[version["client_id"]].append(_version(version))
        return tuple(_client(row, versions[row["id"]]) for row in rows)


_CLIENTS = clients.join(organizations, organizations.c.id == clients.c.organization_id)


def _visible_to(person: Person) -> "sa.Select[tuple[str]]":
    return _held_by(person, Permission.CLIENT_VIEW)


def _held_by(person: Person, permission: Permission) -> "sa.Select[tuple[str]]":
    query = sa.select(members.c.organization_id).join(people, people.c.id == members.c.person_id)
    query = query.where(people.c.team == person.team, people.c.user == person.user)
    return query.where(members.c.role.in_(roles_with(permission)))


def _with_organization() -> "sa.Select[Any]":
    columns = [clients.c[name] for name in ("id", "organization_id", "key", "name", "description", "created_at")]
    creator = people.alias("creator")
    return sa.select(
        *columns,
        organizations.c.name.label("organization"),
        creator.c.team.label("creator_team"),
        creator.c.user.label("creator_user"),
    ).select_from(_CLIENTS.outerjoin(creator, creator.c.id == clients.c.created_by))


def _client(row: Any, versions: list[ClientVersion]) -> Client:
    creator = Person(team=row["creator_team"], user=row["creator_user"]) if row["creator_user"] else None
    fields = ("id", "organization_id", "organization", "key", "name", "description", "created_at")
    return Client(**{field: row[field] for field in fields}, created_by=creator, versions=tuple(versions))


def _version(row: Any) -> ClientVersion:
    status = ClientStatus(row["status"])
    return ClientVersion(id=row["id"], version=row["version"], status=status, created_at=row["created_at"])


_WITH_ORGANIZATION = _with_organization()
