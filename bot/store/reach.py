"""How far requests got: what requesters and platform admins are told if a destination can't be reached (SPEC 5.1)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.clients import ContractStatus
from bot.domain.ids import new_id
from bot.domain.notifications import DestinationType, Kind, State
from bot.domain.reach import Reach
from bot.store.pacing import ALERT
from bot.store.tables import contracts, notifications, turns
from bot.store.upsert import insert_or_ignore

SETTLED_IN = timedelta(seconds=2)
"""How long the word to the requester waits for those who are asked instead, so that it can say how many were told."""


class ReachRows:
    """Reads and writes through one open transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now

    def of(self, contract_id: str) -> Reach:
        """Return how far a request got."""
        rows = self._connection.execute(_asked(contract_id)).all()
        lost = next((row for row in rows if _is_channel(row) and row.state == State.FAILED), None)
        people = [row.state for row in rows if not _is_channel(row)]
        return Reach(
            channel=lost.destination if lost else "",
            reason=lost.last_error if lost else "",
            told=people.count(State.SENT),
            pending=people.count(State.PENDING),
            informed=bool(lost and self._is_alerted(lost.destination)),
        )

    def _is_alerted(self, channel: str) -> bool:
        query = sa.select(turns.c.free_at).where(turns.c.destination == channel, turns.c.method == ALERT)
        return self._connection.execute(query).first() is not None

    def standing(self, contract_id: str) -> tuple[bool, set[str]]:
        """Return whether a request stands in a channel or may still get there, and the same of people, by Slack id."""
        rows = [row for row in self._connection.execute(_asked(contract_id)) if row.state != State.FAILED]
        return any(map(_is_channel, rows)), {row.destination for row in rows if not _is_channel(row)}

    def tell_requester(self, contract_id: str, user: str, revision: int) -> None:
        """Owe the requester a word about who could not be reached; what it says already is drawn again."""
        due = self._now + SETTLED_IN
        if self._owe(contract_id, Kind.TROUBLE, user, 0, revision, due):
            return
        again = _one(contract_id, Kind.TROUBLE).values(
            wanted=notifications.c.wanted + 1, due_at=sa.func.coalesce(notifications.c.due_at, due)
        )
        self._connection.execute(again)

    def tell_admin(self, contract_id: str, user: str, revision: int) -> None:
        """Owe a platform admin a word about a channel; one about each request and hour at most."""
        hour = int(self._now.timestamp()) // 3600
        self._owe(contract_id, Kind.ALERT, user, hour, revision, self._now)

    def _owe(self, contract_id: str, kind: Kind, user: str, number: int, revision: int, due: datetime) -> bool:
        where = {"destination_type": DestinationType.USER, "destination": user, "number": number}
        shown = {"state": State.PENDING, "wanted": revision, "shown": 0, "attempts": 0, "last_error": ""}
        times = {"due_at": due, "created_at": self._now}
        owed: dict[str, Any] = {"id": new_id(), "contract_id": contract_id, "kind": kind} | where | shown | times
        return insert_or_ignore(self._connection, notifications, **owed)

    def waiting_unnoticed(self, organization_ids: Collection[str], limit: int) -> list[str]:
        """Return the oldest contracts that wait for these organizations and don't say that nobody can be reached."""
        query = (
            sa.select(contracts.c.id)
            .where(contracts.c.organization_id.in_(organization_ids))
            .where(contracts.c.status == ContractStatus.AWAITING_APPROVAL, contracts.c.unreachable.is_(False))
            .order_by(contracts.c.requested_at)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())


def _asked(contract_id: str) -> "sa.Select[Any]":
    """Where a request was sent to; of each kind of destination there are as many as the organization has approvers."""
    columns = ("destination_type", "destination", "state", "last_error")
    return sa.select(*(notifications.c[name] for name in columns)).where(
        notifications.c.contract_id == contract_id, notifications.c.kind == Kind.REQUEST
    )


def _one(contract_id: str, kind: Kind) -> sa.Update:
    return sa.update(notifications).where(notifications.c.contract_id == contract_id, notifications.c.kind == kind)


def _is_channel(row: Any) -> bool:
    return bool(row.destination_type == DestinationType.CHANNEL)
