"""People and the workspace: accounts Slack vouches for, the team this database belongs to, recent organizations."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.ids import new_id
from bot.domain.people import Person, Profile, Stranger
from bot.store.search_index import SearchIndex
from bot.store.tables import members, organization_uses, organizations, people, workspace
from bot.store.upsert import insert_or_ignore, insert_or_update

UNBOUND = ""
"""Team of rows from catalog files applied before the first start (INTERFACE 4)."""


class PeopleRows:
    """Reads and writes people through one open transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def team(self) -> str:
        """Return the team this database is bound to, or UNBOUND."""
        return self._connection.execute(sa.select(workspace.c.team)).scalar_one_or_none() or UNBOUND

    def bind_team(self, team: str, now: datetime) -> None:
        """Bind the database and everything applied so far to a team; a no-op if it is bound already."""
        if insert_or_ignore(self._connection, workspace, id=1, team=team, bound_at=now):
            for table in (people, organizations):
                self._connection.execute(sa.update(table).where(table.c.team == UNBOUND).values(team=team))
            SearchIndex(self._connection).move(UNBOUND, team)

    def id_of(self, person: Person) -> str:
        """Return the row id of a person, made if they were never seen."""
        found = self.find(person)
        if found is None:
            insert_or_ignore(self._connection, people, id=new_id(), **person.model_dump(), **_UNSEEN)
            found = self.find(person)
        assert found is not None
        return found

    def find(self, person: Person) -> str | None:
        """Return the row id of a person, or None."""
        return self._connection.execute(_ID, person.model_dump()).scalar_one_or_none()

    def id_of_email(self, team: str, email: str) -> str:
        """Return the row id of whoever has this address, made if nobody is known to."""
        query = sa.select(people.c.id).where(people.c.team == team, people.c.email == email)
        found = self._connection.execute(query).scalar_one_or_none()
        if found is None:
            found = new_id()
            self._connection.execute(sa.insert(people).values(id=found, team=team, user=None, email=email, **_UNSEEN))
        return found

    def stand_in(self, team: str, name: str) -> str:
        """Return the row id of somebody who is no Slack account and has only a name, made if missing."""
        query = sa.select(people.c.id).where(
            people.c.team == team, people.c.user.is_(None), people.c.email.is_(None), people.c.name == name
        )
        found = self._connection.execute(query).scalar_one_or_none()
        if found is None:
            found = new_id()
            values = _UNSEEN | {"name": name}
            self._connection.execute(sa.insert(people).values(id=found, team=team, user=None, email=None, **values))
        return found

    def profile(self, person: Person) -> tuple[Profile, datetime] | None:
        """Return what Slack last said about a person and when, or None if it was never asked."""
        row = self._connection.execute(_ROW, person.model_dump()).mappings().one_or_none()
        if row is None or row["seen_at"] is None:
            return None
        return _profile(row), row["seen_at"]

    def save_profile(self, profile: Profile, now: datetime) -> None:
        """Remember what Slack says; whoever a catalog file named by this address becomes this person."""
        person_id = self.id_of(profile.person)
        email = profile.email.lower() or None
        if email:
            self._take_over(email, profile.person.team, person_id)
        values = profile.model_dump(exclude={"person"}) | {"seen_at": now, "email": email}
        self._connection.execute(sa.update(people).where(people.c.id == person_id).values(**values))

    def _take_over(self, email: str, team: str, person_id: str) -> None:
        """Move the memberships of a row that was only an address; an address that moved leaves its former account."""
        query = sa.select(people.c.id, people.c.user).where(
            people.c.team == team, people.c.email == email, people.c.id != person_id
        )
        other = self._connection.execute(query).one_or_none()
        if other is None:
            return
        if other.user is not None:
            self._connection.execute(sa.update(people).where(people.c.id == other.id).values(email=None))
            return
        held = self._connection.execute(sa.select(members).where(members.c.person_id == other.id)).mappings().all()
        self._connection.execute(sa.delete(members).where(members.c.person_id == other.id))
        for row in held:
            insert_or_ignore(self._connection, members, **(dict(row) | {"person_id": person_id}))
        self._connection.execute(sa.delete(people).where(people.c.id == other.id))

    def never_asked(self, besides: Collection[str], limit: int) -> list[Stranger]:
        """Return members of organizations whom Slack was never asked about, but not those with these ids."""
        query = (
            sa.select(people.c.id, people.c.team, people.c.user, people.c.email)
            .where(people.c.seen_at.is_(None), people.c.team != UNBOUND, people.c.id.not_in(list(besides)))
            .where(sa.or_(people.c.user.is_not(None), people.c.email.is_not(None)))
            .where(people.c.id.in_(sa.select(members.c.person_id)))
            .order_by(people.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(query).mappings()
        return [Stranger(**{name: value or "" for name, value in row.items()}) for row in rows]

    def emails_without_account(self, limit: int) -> list[str]:
        """Return addresses that catalog files named and that no account is known for yet."""
        waiting = people.c.user.is_(None) & people.c.email.is_not(None)
        query = sa.select(people.c.email).where(waiting).order_by(people.c.email).limit(limit)
        return [email for email in self._connection.execute(query).scalars() if email]

    def used(self, person_id: str, organization_id: str, now: datetime) -> None:
        """Remember that somebody has just worked in an organization: it is offered first next time (SPEC 2.2)."""
        insert_or_update(
            self._connection,
            organization_uses,
            key=("person_id", "organization_id"),
            person_id=person_id,
            organization_id=organization_id,
            used_at=now,
        )


_SAME_PERSON = (people.c.team == sa.bindparam("team"), people.c.user == sa.bindparam("user"))
_ID = sa.select(people.c.id).where(*_SAME_PERSON)
_ROW = sa.select(people).where(*_SAME_PERSON)
"""Built once: every interaction asks these, and building takes as long as asking."""

_UNSEEN = {"name": "", "tz": "UTC", "locale": "en-US", "home_team": ""} | dict.fromkeys(
    ("is_guest", "is_bot", "is_deactivated", "is_stranger"), False
)


def _profile(row: Any) -> Profile:
    flags = {flag: row[flag] for flag in ("is_guest", "is_bot", "is_deactivated", "is_stranger")}
    return Profile(
        person=Person(team=row["team"], user=row["user"]),
        name=row["name"],
        email=row["email"] or "",
        tz=row["tz"],
        locale=row["locale"],
        home_team=row["home_team"],
        **flags,
    )
