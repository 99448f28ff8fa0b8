"""The outbox: notifications as rows before they are calls, claimed under a lease, marked by their outcome."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.clients import ContractStatus
from bot.domain.ids import new_id
from bot.domain.notifications import DestinationType, Kind, Notification, State
from bot.store.bursts import STANDS, BurstRows, still_waits
from bot.store.tables import contracts, notifications
from bot.store.upsert import insert_or_ignore

LEASE = timedelta(seconds=15)
"""How long a claim holds: longer than any call to Slack (5 s), short enough for a killed process (RELIABILITY C.4)."""


class OutboxRows:
    """Reads and writes notifications through one open transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now
        self.added = False
        """Whether this transaction left something to be delivered."""

    def add(self, contract_id: str, kind: Kind, type_: DestinationType, destination: str, revision: int) -> bool:
        """Owe a message to a destination; False if it is owed already."""
        self.added = True
        return insert_or_ignore(
            self._connection, notifications, **self._row(contract_id, kind, type_, destination, revision)
        )

    def _row(
        self, contract_id: str, kind: Kind, type_: DestinationType, destination: str, revision: int
    ) -> dict[str, Any]:
        return {
            "id": new_id(),
            "contract_id": contract_id,
            "kind": kind,
            "destination_type": type_,
            "destination": destination,
            "state": State.PENDING,
            "wanted": revision,
            "shown": 0,
            "due_at": self._now,
            "attempts": 0,
            "last_error": "",
            "created_at": self._now,
        }

    def add_reply(self, copy: Notification, kind: Kind, number: int, revision: int, due: datetime) -> bool:
        """Owe a message in the thread of a copy; False if this number of its kind is owed already."""
        self.added = True
        row = self._row(copy.contract_id, kind, copy.destination_type, copy.destination, revision)
        extra = {"number": number, "parent_id": copy.id, "due_at": due}
        return insert_or_ignore(self._connection, notifications, **row | extra)

    def add_numbered(self, contract_id: str, kind: Kind, number: int, user: str, revision: int) -> bool:
        """Owe somebody a direct message of which there may be several."""
        self.added = True
        row = self._row(contract_id, kind, DestinationType.USER, user, revision)
        return insert_or_ignore(self._connection, notifications, **row | {"number": number})

    def copies(self, contract_id: str) -> list[Notification]:
        """Return the copies of a request that stand somewhere in Slack."""
        query = sa.select(notifications).where(
            notifications.c.contract_id == contract_id,
            notifications.c.kind == Kind.REQUEST,
            STANDS,
        )
        return [as_notification(row) for row in self._connection.execute(query).mappings()]

    def waiting_count(self, destination: str, most: int) -> int:
        """Return how many requests wait at a destination, counting no further than ``most``."""
        some = self._waiting_at(destination).limit(most).subquery()
        return self._connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()

    def waiting_at(self, destination: str, limit: int) -> list[str]:
        """Return the contracts that wait at a destination, oldest first."""
        query = self._waiting_at(destination).order_by(notifications.c.created_at, notifications.c.id).limit(limit)
        return [row.contract_id for row in self._connection.execute(query)]

    def _waiting_at(self, destination: str) -> "sa.Select[Any]":
        return sa.select(notifications.c.contract_id).where(
            notifications.c.destination == destination, notifications.c.kind == Kind.REQUEST, still_waits
        )

    def drop(self, claimed: Notification) -> None:
        """Forget a notification that has nothing to say any more."""
        mine = (notifications.c.id == claimed.id, notifications.c.lease_until == claimed.lease_until)
        self._connection.execute(sa.delete(notifications).where(*mine))

    def redraw(self, contract_id: str, revision: int, kinds: Collection[Kind]) -> None:
        """Have every copy of these kinds show this revision; failed ones stay failed."""
        self.added = True
        copies = sa.update(notifications).where(
            notifications.c.contract_id == contract_id,
            notifications.c.kind.in_(kinds),
            notifications.c.state != State.FAILED,
        )
        # Whoever looked before a decision and writes after it must not take back what is wanted by now.
        # What the requester reads of trouble changes without the contract: it counts by itself (``ReachRows``).
        newest = sa.case(
            (notifications.c.kind == Kind.TROUBLE, notifications.c.wanted + 1),
            (notifications.c.wanted > revision, notifications.c.wanted),
            else_=revision,
        )
        # What a burst card stands for is shown by drawing the card.
        joined = notifications.c.card_id.is_not(None)
        drawn = copies.values(
            wanted=newest,
            shown=sa.case((joined, newest), else_=notifications.c.shown),
            due_at=sa.case((joined, notifications.c.due_at), else_=self._now),
        )
        cards = set(self._connection.execute(drawn.returning(notifications.c.card_id)).scalars()) - {None}
        if cards:
            BurstRows(self._connection, self._now).touch(cards)

    def redraw_at(self, destination: str) -> None:
        """Have everything drawn again that asks at a destination, as if it had changed."""
        self.added = True
        asks = sa.or_(notifications.c.kind == Kind.BURST, sa.and_(notifications.c.kind == Kind.REQUEST, still_waits))
        copies = sa.update(notifications).where(notifications.c.destination == destination, asks)
        stands = (notifications.c.state == State.SENT, notifications.c.ts.is_not(None))
        self._connection.execute(copies.where(*stands).values(due_at=self._now))

    def claim(self, limit: int, others: int | None = None) -> list[Notification]:
        """Take due notifications, oldest first; nobody else gets them until the lease ends or they are marked.

        Those that ask for a decision come before all others, which may be thousands after a busy hour.

        Args:
            limit: how many at most.
            others: how many at most that ask for no decision; None: no fewer than ``limit``.
        """
        rows = self._due(_asks, limit)
        room = limit - len(rows) if others is None else min(others, limit - len(rows))
        if room:
            rows += self._due(_others, room)
        if not rows:
            return []
        claimed = sa.update(notifications).where(notifications.c.id.in_([row["id"] for row in rows]))
        posting = sa.case(
            (notifications.c.ts.is_(None), sa.func.coalesce(notifications.c.posting_since, self._now)), else_=None
        )
        until = self._now + LEASE
        self._connection.execute(claimed.values(lease_until=until, attempts=_COUNTED_ON, posting_since=posting))
        return [as_notification(row, attempts=_counted_on(row), lease_until=until) for row in rows]

    def _due(self, kinds: sa.TextClause, limit: int) -> list[Any]:
        free = sa.or_(notifications.c.lease_until.is_(None), notifications.c.lease_until < self._now)
        query = (
            sa.select(notifications, *_THREAD)
            .select_from(_WITH_THREAD)
            .where(notifications.c.due_at.is_not(None), notifications.c.due_at <= self._now, free, kinds)
            .order_by(notifications.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=notifications)
        )
        return list(self._connection.execute(query).mappings())

    def end_leases(self) -> None:
        """Let every claim end now: for whoever is the only one to deliver, and holds none. The attempts still count."""
        held = sa.update(notifications).where(
            notifications.c.due_at.is_not(None), notifications.c.lease_until > self._now
        )
        self._connection.execute(held.values(lease_until=self._now - timedelta(seconds=1)))

    def renew(self, claimed: Notification) -> Notification | None:
        """Hold a claim for a whole lease from now on; None if somebody else has it by now."""
        renewed = claimed.model_copy(update={"lease_until": self._now + LEASE})
        mine = _held(claimed).values(lease_until=renewed.lease_until)
        return renewed if self._connection.execute(mine).rowcount else None

    def mark_found(self, claimed: Notification, channel: str, ts: str) -> None:
        """Remember where a message stands whose post got no answer; what it shows is not known: draw it again."""
        self._mark(
            claimed, state=State.SENT, channel=channel, ts=ts, posting_since=None, due_at=self._now, last_error=""
        )

    def mark_sent(self, claimed: Notification, channel: str, ts: str) -> None:
        """Remember where the message stands and what it shows; if more is wanted by now, it is due at once."""
        more = sa.case((notifications.c.wanted > claimed.wanted, self._now), else_=None)
        self._mark(
            claimed,
            state=State.SENT,
            shown=claimed.wanted,
            channel=channel,
            ts=ts,
            posting_since=None,
            due_at=more,
            last_error="",
        )

    def mark_again(
        self, claimed: Notification, after: timedelta, error: str, *, unsure: bool = False, counts: bool = True
    ) -> None:
        """Try again later.

        Args:
            claimed: the claim.
            after: how much later.
            error: what went wrong, for ``outbox list``.
            unsure: the message may be there, so it has to be looked for first.
            counts: whether the attempt counts; it doesn't where nothing was wrong with this notification.
        """
        since = claimed.posting_since or self._now
        self._mark(
            claimed,
            due_at=self._now + after,
            attempts=notifications.c.attempts - (0 if counts else 1),
            last_error=error[:200],
            posting_since=since if unsure and claimed.ts is None else None,
        )

    def postpone(self, claimed: Notification, after: timedelta) -> None:
        """Give a claim back unused: it was not this one's turn. The attempt does not count."""
        self._mark(
            claimed,
            due_at=self._now + after,
            attempts=notifications.c.attempts - 1,
            posting_since=claimed.posting_since if claimed.unsure else None,
        )

    def mark_failed(self, claimed: Notification, error: str) -> None:
        """Set a notification aside for good: this destination can't be reached.

        A burst card is due once more: what it stood for has to be released (``BurstRows.release``).
        """
        due = self._now if claimed.kind is Kind.BURST else None
        self._mark(claimed, state=State.FAILED, due_at=due, posting_since=None, last_error=error[:200])

    def settle(self, claimed: Notification) -> None:
        """There is nothing to do for it any more."""
        self._mark(claimed, shown=claimed.wanted, due_at=None, posting_since=None)

    def mark_gone(self, claimed: Notification, error: str, *, post_again: bool) -> None:
        """The message was deleted in Slack: post a fresh one, or let it be."""
        fresh: dict[str, Any] = {"shown": claimed.wanted}
        if post_again:
            fresh = {"state": State.PENDING, "channel": None, "ts": None, "shown": 0}
        due = self._now if post_again else None
        self._mark(claimed, due_at=due, posting_since=None, last_error=error[:200], **fresh)

    def reached(self, contract_id: str, kind: Kind) -> int:
        """Return to how many destinations of a kind a message went or may still go."""
        query = sa.select(sa.func.count()).where(
            notifications.c.contract_id == contract_id,
            notifications.c.kind == kind,
            notifications.c.state != State.FAILED,
        )
        return self._connection.execute(query).scalar_one()

    def undelivered(self, limit: int) -> list[Notification]:
        """Return notifications that are not where they should be, longest waiting first (``outbox list``)."""
        query = (
            sa.select(notifications)
            .where(sa.or_(notifications.c.due_at.is_not(None), notifications.c.state == State.FAILED))
            .order_by(notifications.c.created_at)
            .limit(limit)
        )
        return [as_notification(row) for row in self._connection.execute(query).mappings()]

    def retry(self, ids: Collection[str]) -> list[str]:
        """Try these again now, failed ones afresh; return the ids that exist. What is under way is not disturbed."""
        self.added = True
        again = sa.update(notifications).where(notifications.c.id.in_(ids))
        failed = notifications.c.state == State.FAILED
        changed = again.values(
            due_at=self._now,
            attempts=sa.case((failed, 0), else_=notifications.c.attempts),
            state=sa.case((failed, State.PENDING), else_=notifications.c.state),
        )
        return list(self._connection.execute(changed.returning(notifications.c.id)).scalars())

    def depth(self) -> tuple[int, float]:
        """Return how many notifications are to be delivered, and for how many seconds the oldest one has been.

        Those that are only to be sent later, such as a reminder after the night, are not among them.
        """
        late = sa.or_(notifications.c.due_at <= self._now, notifications.c.attempts > 0)
        query = sa.select(sa.func.count(), sa.func.min(notifications.c.created_at).label("oldest")).where(
            notifications.c.due_at.is_not(None), late, notifications.c.state == State.PENDING
        )
        row = self._connection.execute(query).one()
        return row[0], (self._now - row.oldest).total_seconds() if row.oldest else 0.0

    def delete_before(self, moment: datetime) -> int:
        """Forget delivered notifications older than ``moment`` and return how many there were.

        What still waits keeps its copies, which have to be drawn again, and a copy stays as long as its replies.
        """
        waiting = sa.select(contracts.c.id).where(contracts.c.status == ContractStatus.AWAITING_APPROVAL)
        replies = notifications.alias("replies")
        joined = notifications.alias("joined")
        old = sa.delete(notifications).where(
            notifications.c.created_at < moment,
            notifications.c.due_at.is_(None),
            notifications.c.state == State.SENT,
            notifications.c.contract_id.not_in(waiting),
            ~sa.exists().where(replies.c.parent_id == notifications.c.id),
            ~sa.exists().where(joined.c.card_id == notifications.c.id),
        )
        return self._connection.execute(old).rowcount

    def _mark(self, claimed: Notification, **values: Any) -> None:
        """Write an outcome down, unless somebody claimed it anew meanwhile (F17)."""
        self._connection.execute(_held(claimed).values(lease_until=None, **values))


def _held(claimed: Notification) -> sa.Update:
    """The row, if the claim still holds: no two claims of it end at the same moment."""
    return sa.update(notifications).where(
        notifications.c.id == claimed.id, notifications.c.lease_until == claimed.lease_until
    )


_parent, _card = notifications.alias("parent"), notifications.alias("card")
_WITH_THREAD = notifications.outerjoin(_parent, _parent.c.id == notifications.c.parent_id).outerjoin(
    _card, _card.c.id == _parent.c.card_id
)
_THREAD = (
    sa.func.coalesce(_parent.c.ts, _card.c.ts).label("thread"),
    sa.func.coalesce(_parent.c.channel, _card.c.channel).label("thread_channel"),
)
# Spelled out as in the index: a partial one serves only a query whose plan can see that it fits.
_asks = sa.text("notifications.kind IN ('request', 'burst')")
_others = sa.text("notifications.kind NOT IN ('request', 'burst')")
_DONE = sa.and_(
    notifications.c.state == State.SENT, notifications.c.last_error == "", notifications.c.lease_until.is_(None)
)
_COUNTED_ON = sa.case((_DONE, 1), else_=notifications.c.attempts + 1)
"""After a success the attempts at the next change begin anew: many redraws are no sign of trouble."""


def _counted_on(row: Any) -> int:
    done = row["state"] == State.SENT and not row["last_error"] and row["lease_until"] is None
    return 1 if done else int(row["attempts"]) + 1


def as_notification(row: Any, **changes: Any) -> Notification:
    """Return a row of ``notifications`` as the value that leaves the store."""
    fields = {name: row[name] for name in Notification.model_fields if name in row}
    return Notification(**fields | changes, unsure=row["posting_since"] is not None)
