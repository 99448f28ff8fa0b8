"""Drafts: what somebody typed in a wizard so far, kept so that nothing is lost and nothing is made twice."""

from datetime import datetime

import sqlalchemy as sa

from bot.domain.clients import ClientDraft
from bot.store.tables import drafts
from bot.store.upsert import insert_or_ignore

CLIENT = "client"


class DraftRows:
    """Reads and writes client drafts through one open transaction; each belongs to one person."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, person_id: str, draft_id: str) -> ClientDraft | None:
        """Return somebody's draft, or None if it is unknown, past its time or somebody else's."""
        query = sa.select(drafts.c.entries).where(drafts.c.id == draft_id, drafts.c.person_id == person_id)
        entries = self._connection.execute(query).scalar_one_or_none()
        return None if entries is None else ClientDraft(id=draft_id, **entries)

    def save(self, person_id: str, draft: ClientDraft, now: datetime) -> bool:
        """Write a draft down; False if its id belongs to somebody else or its client is already made."""
        entries = draft.model_dump(exclude={"id"})
        mine = sa.update(drafts).where(
            drafts.c.id == draft.id, drafts.c.person_id == person_id, drafts.c.client_id.is_(None)
        )
        if self._connection.execute(mine.values(entries=entries, updated_at=now)).rowcount:
            return True
        row = {"id": draft.id, "person_id": person_id, "kind": CLIENT, "entries": entries, "updated_at": now}
        return insert_or_ignore(self._connection, drafts, **row, set_aside=False)

    def lock_result(self, person_id: str, draft_id: str) -> str | None:
        """Return the id of the client this draft became, or None; a twin submit waits here for the first one."""
        query = sa.select(drafts.c.client_id).where(drafts.c.id == draft_id, drafts.c.person_id == person_id)
        return self._connection.execute(query.with_for_update()).scalar_one_or_none()

    def finish(self, draft_id: str, client_id: str, now: datetime) -> None:
        """Remember what the draft became, for the same submit arriving twice (SPEC 2.6)."""
        made = sa.update(drafts).where(drafts.c.id == draft_id)
        self._connection.execute(made.values(client_id=client_id, updated_at=now))

    def latest(self, person_id: str, since: datetime) -> ClientDraft | None:
        """Return the newest unfinished draft changed after ``since``, or None."""
        query = (
            sa.select(drafts.c.id, drafts.c.entries)
            .where(drafts.c.person_id == person_id, drafts.c.kind == CLIENT, drafts.c.updated_at > since)
            .where(drafts.c.client_id.is_(None), drafts.c.set_aside.is_(False))
            .order_by(drafts.c.updated_at.desc())
            .limit(1)
        )
        row = self._connection.execute(query).one_or_none()
        return ClientDraft(id=row.id, **row.entries) if row else None

    def set_aside(self, person_id: str) -> None:
        """Offer none of somebody's drafts again; a window that still shows one can go on with it."""
        mine = sa.update(drafts).where(drafts.c.person_id == person_id, drafts.c.kind == CLIENT)
        self._connection.execute(mine.values(set_aside=True))

    def delete(self, person_id: str, draft_id: str) -> None:
        """Forget a draft, unless it became a client."""
        gone = sa.delete(drafts).where(drafts.c.id == draft_id, drafts.c.person_id == person_id)
        self._connection.execute(gone.where(drafts.c.client_id.is_(None)))

    def delete_before(self, moment: datetime) -> int:
        """Forget drafts not touched since ``moment`` and return how many there were."""
        return self._connection.execute(sa.delete(drafts).where(drafts.c.updated_at < moment)).rowcount
