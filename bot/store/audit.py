"""The audit trail: one hash chain an organization, written in the transaction of the change itself (SPEC 9)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.audit import Actor, ActorKind, AuditRow, Change, digest
from bot.domain.people import Person
from bot.store.tables import audit, audit_heads
from bot.store.upsert import insert_or_ignore


class AuditTrail:
    """Writes and reads audit rows through one open transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now

    def record(self, scope: str, actor: Actor, *changes: Change) -> None:
        """Append changes to the chain of ``scope``, the id of an organization."""
        if not changes:
            return
        last, previous = self._lock_head(scope)
        rows = []
        for number, change in enumerate(changes, last + 1):
            row = AuditRow(scope=scope, number=number, at=self._now, actor=actor, change=change, previous_hash=previous)
            previous = digest(row)
            rows.append(_values(row) | {"hash": previous})
        self._connection.execute(sa.insert(audit), rows)
        head = sa.update(audit_heads).where(audit_heads.c.scope == scope)
        self._connection.execute(head.values(number=last + len(changes), hash=previous))

    def hold(self, *scopes: str) -> None:
        """Take several chains until the commit, always in the same order: nobody waits for somebody who waits for them.

        Whoever writes into more than one of them, in whatever order, holds them first.
        """
        for scope in sorted(set(scopes)):
            self._lock_head(scope)

    def rows(self) -> Iterator[AuditRow]:
        """Yield all rows, chain by chain, each in order."""
        query = sa.select(audit).order_by(audit.c.scope, audit.c.number).execution_options(yield_per=1_000)
        for row in self._connection.execute(query).mappings():
            yield _row(row)

    def heads(self) -> dict[str, tuple[int, str]]:
        """Return the number and hash of the last row of each chain."""
        rows = self._connection.execute(sa.select(audit_heads))
        return {scope: (number, last) for scope, number, last in rows}

    def _lock_head(self, scope: str) -> tuple[int, str]:
        query = sa.select(audit_heads.c.number, audit_heads.c.hash).where(audit_heads.c.scope == scope)
        found = self._connection.execute(query.with_for_update()).one_or_none()
        if found is None:
            insert_or_ignore(self._connection, audit_heads, scope=scope, number=0, hash="")
            found = self._connection.execute(query.with_for_update()).one()
        return found.number, found.hash


def _values(row: AuditRow) -> dict[str, Any]:
    person = row.actor.person
    return {
        "scope": row.scope,
        "number": row.number,
        "at": row.at,
        "actor_team": person.team if person else "",
        "actor_user": person.user if person else "",
        "actor_kind": row.actor.kind,
        "what": row.change.what,
        "entity": row.change.entity,
        "entity_key": row.change.key,
        "before": row.change.before,
        "after": row.change.after,
        "previous_hash": row.previous_hash,
    }


def _row(row: Any) -> AuditRow:
    person = Person(team=row["actor_team"], user=row["actor_user"]) if row["actor_user"] else None
    return AuditRow(
        scope=row["scope"],
        number=row["number"],
        at=row["at"],
        actor=Actor(kind=ActorKind(row["actor_kind"]), person=person),
        change=Change(
            what=row["what"],
            entity=row["entity"],
            key=row["entity_key"],
            before=row["before"],
            after=row["after"],
        ),
        previous_hash=row["previous_hash"],
        hash=row["hash"],
    )


def broken_rows(rows: Sequence[AuditRow] | Iterator[AuditRow], heads: dict[str, tuple[int, str]]) -> list[str]:
    """Return a sentence for each place where the trail was altered; none: the trail is whole."""
    problems: list[str] = []
    last: dict[str, AuditRow] = {}
    for row in rows:
        before = last.get(row.scope)
        if row.number != (before.number if before else 0) + 1:
            problems.append(f"Chain {row.scope}: a row is missing before number {row.number}.")
        elif row.previous_hash != (before.hash if before else "") or row.hash != digest(row):
            problems.append(f"Chain {row.scope}: row {row.number} was altered.")
        last[row.scope] = row
    for scope, (number, hash_) in heads.items():
        end = last.get(scope)
        if (end.number if end else 0, end.hash if end else "") != (number, hash_):
            problems.append(f"Chain {scope}: its end is missing; {number} rows were written.")
    return problems
