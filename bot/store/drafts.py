"""Drafts: what somebody typed in a wizard so far, kept so that nothing is lost and nothing is made twice."""

from datetime import datetime
from typing import Generic, TypeVar

import sqlalchemy as sa

from bot.domain.clients import ClientDraft
from bot.domain.contracts import SignUpDraft
from bot.store.tables import drafts
from bot.store.upsert import insert_or_ignore

D = TypeVar("D", ClientDraft, SignUpDraft)


class DraftRows(Generic[D]):
    """Reads and writes the drafts of one wizard through one open transaction; each belongs to one person.

    Args:
        connection: of the transaction.
        kind: which wizard's.
        model: what a draft of it holds.
        result: the column that says what it became.
    """

    def __init__(self, connection: sa.Connection, kind: str, model: type[D], result: str) -> None:
        self._connection, self._kind = connection, kind
        self._model: type[D] = model
        self._result = drafts.c[result]

    def get(self, person_id: str, draft_id: str) -> D | None:
        """Return somebody's draft, or None if it is unknown, past its time or somebody else's."""
        entries = self._connection.execute(
            sa.select(drafts.c.entries).where(*self._one(person_id, draft_id))
        ).scalar_one_or_none()
        return None if entries is None else self._model(id=draft_id, **entries)

    def save(self, person_id: str, draft: D, now: datetime) -> bool:
        """Write a draft down; False if its id belongs to somebody else, it is finished, or a later edition is kept."""
        entries = draft.model_dump(exclude={"id"})
        kept = sa.func.coalesce(drafts.c.entries["edition"].as_integer(), 0)
        mine = sa.update(drafts).where(*self._one(person_id, draft.id), self._result.is_(None), kept <= draft.edition)
        if self._connection.execute(mine.values(entries=entries, updated_at=now)).rowcount:
            return True
        row = {"id": draft.id, "person_id": person_id, "kind": self._kind, "entries": entries, "updated_at": now}
        return insert_or_ignore(self._connection, drafts, **row, set_aside=False)

    def lock_result(self, person_id: str, draft_id: str) -> str | None:
        """Return the id of what this draft became, or None; a twin submit waits here for the first one."""
        query = sa.select(self._result).where(*self._one(person_id, draft_id))
        return self._connection.execute(query.with_for_update()).scalar_one_or_none()

    def finish(self, draft_id: str, result_id: str, now: datetime) -> None:
        """Remember what the draft became, for the same submit arriving twice (SPEC 2.6)."""
        made = sa.update(drafts).where(drafts.c.id == draft_id)
        self._connection.execute(made.values({self._result.name: result_id, "updated_at": now}))

    def latest(self, person_id: str, since: datetime) -> D | None:
        """Return the newest unfinished draft changed after ``since``, or None."""
        query = (
            sa.select(drafts.c.id, drafts.c.entries)
            .where(drafts.c.person_id == person_id, drafts.c.kind == self._kind, drafts.c.updated_at > since)
            .where(self._result.is_(None), drafts.c.set_aside.is_(False))
            .order_by(drafts.c.updated_at.desc())
            .limit(1)
        )
        row = self._connection.execute(query).one_or_none()
        return self._model(id=row.id, **row.entries) if row else None

    def set_aside(self, person_id: str) -> None:
        """Offer none of somebody's drafts again; a window that still shows one can go on with it."""
        mine = sa.update(drafts).where(drafts.c.person_id == person_id, drafts.c.kind == self._kind)
        self._connection.execute(mine.values(set_aside=True))

    def delete(self, person_id: str, draft_id: str) -> None:
        """Forget a draft, unless it is finished."""
        self._connection.execute(sa.delete(drafts).where(*self._one(person_id, draft_id), self._result.is_(None)))

    def delete_before(self, moment: datetime) -> int:
        """Forget drafts of every kind not touched since ``moment`` and return how many there were."""
        return self._connection.execute(sa.delete(drafts).where(drafts.c.updated_at < moment)).rowcount

    def _one(self, person_id: str, draft_id: str) -> tuple[sa.ColumnElement[bool], ...]:
        return drafts.c.id == draft_id, drafts.c.person_id == person_id, drafts.c.kind == self._kind
