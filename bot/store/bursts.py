"""Burst cards: where many requests come into one channel at once, one card stands for those that would queue up.

Slack takes about one message a second in a channel, so 200 requests would take minutes; a card with their number,
edited in place, shows all of them within a second (PERFORMANCE, facts: burst).

Rows are locked in one order, request before card, and whatever comes from the other side skips what is locked.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.clients import ContractStatus
from bot.domain.ids import new_id
from bot.domain.notifications import DestinationType, Kind, Notification, State
from bot.store.tables import IN_LINE, contracts, notifications

LINE = 5
"""Requests that wait for their turn in a channel when a card is made for them: a few get messages of their own."""
OPEN = timedelta(minutes=5)
"""How long a card takes in more requests: after that a new one is nearer to the channel's end."""
GATHERED_AT_ONCE = 500
"""Requests that join a card in one transaction."""

_card = notifications.alias("card")
STANDS = sa.or_(
    notifications.c.ts.is_not(None),
    sa.exists().where(_card.c.id == notifications.c.card_id, _card.c.ts.is_not(None)),
)
"""Whether a request stands somewhere in Slack: as a message of its own, or on a burst card."""
_in_line = sa.text(IN_LINE)


class BurstRows:
    """Reads and writes burst cards through one open transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now

    def gather(self, channel: str, claimed: Collection[Notification], due: datetime) -> bool:
        """Let a channel's line join its card; False if the line is short and there is no card, or none to be had now.

        Args:
            channel: id of the channel; its turns must be locked, so that nobody else does this at the same moment.
            claimed: those of the line that the caller holds.
            due: when the card may be drawn.
        """
        line = self._line(channel, claimed)
        card = self._open_card(channel)
        if card is None and len(line) < LINE:
            return False
        if card is None:
            self._join(line, self._new_card(line[0], due))
        elif not self._lock(card) or not line:
            return False
        else:
            self._join(line, card)
            self.touch([card], due)
        return True

    def _line(self, channel: str, claimed: Collection[Notification]) -> list[Any]:
        mine = [
            sa.and_(notifications.c.id == one.id, notifications.c.lease_until == one.lease_until) for one in claimed
        ]
        # What was tried before without an answer has to be looked for, and that goes one by one.
        free = sa.and_(notifications.c.lease_until.is_(None), notifications.c.posting_since.is_(None))
        query = (
            sa.select(notifications)
            .where(notifications.c.destination == channel, _in_line, sa.or_(free, *mine))
            .order_by(notifications.c.created_at)
            .limit(GATHERED_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        return list(self._connection.execute(query).mappings())

    def _open_card(self, channel: str) -> str | None:
        query = (
            sa.select(notifications.c.id)
            .where(
                notifications.c.destination == channel,
                notifications.c.kind == Kind.BURST,
                notifications.c.created_at > self._now - OPEN,
                notifications.c.state != State.FAILED,
            )
            .order_by(notifications.c.created_at.desc())
            .limit(1)
        )
        return self._connection.execute(query).scalar_one_or_none()

    def _lock(self, card_id: str) -> bool:
        query = (
            sa.select(notifications.c.id)
            .where(notifications.c.id == card_id, notifications.c.state != State.FAILED)
            .with_for_update(skip_locked=True)
        )
        return self._connection.execute(query).first() is not None

    def _new_card(self, oldest: Any, due: datetime) -> str:
        card_id = new_id()
        row = {
            "id": card_id,
            "contract_id": oldest["contract_id"],
            "kind": Kind.BURST,
            "destination_type": DestinationType.CHANNEL,
            "destination": oldest["destination"],
            "state": State.PENDING,
            "wanted": 1,
            "shown": 0,
            "due_at": due,
            "attempts": 0,
            "last_error": "",
            "created_at": self._now,
        }
        self._connection.execute(sa.insert(notifications).values(**row))
        return card_id

    def _join(self, line: list[Any], card_id: str) -> None:
        """From here on the card is what has to be delivered; these rows have nothing to do themselves."""
        joined = sa.update(notifications).where(notifications.c.id.in_([row["id"] for row in line]))
        nothing: dict[str, Any] = {"due_at": None, "lease_until": None, "posting_since": None, "last_error": ""}
        self._connection.execute(
            joined.values(card_id=card_id, state=State.SENT, shown=notifications.c.wanted, **nothing)
        )

    def touch(self, card_ids: Collection[str], due: datetime | None = None) -> None:
        """Have cards drawn again, at their next turn or when they are due anyway."""
        cards = sa.update(notifications).where(notifications.c.id.in_(card_ids))
        first = sa.func.coalesce(notifications.c.due_at, due or self._now)
        self._connection.execute(cards.values(wanted=notifications.c.wanted + 1, due_at=first))

    def waiting(self, card_id: str, limit: int) -> list[str]:
        """Return the contracts of a card that still wait, oldest first."""
        query = self._waiting(card_id).order_by(notifications.c.created_at).limit(limit)
        return [row.contract_id for row in self._connection.execute(query)]

    def waiting_count(self, card_id: str, most: int) -> int:
        """Return how many requests of a card wait, counting no further than ``most``."""
        some = self._waiting(card_id).limit(most).subquery()
        return self._connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()

    def _waiting(self, card_id: str) -> "sa.Select[Any]":
        return (
            sa.select(notifications.c.contract_id)
            .select_from(notifications.join(contracts, contracts.c.id == notifications.c.contract_id))
            .where(notifications.c.card_id == card_id, contracts.c.status == ContractStatus.AWAITING_APPROVAL)
        )

    def error(self, card_id: str) -> str | None:
        """Return why a card can't be shown; None if it can."""
        query = sa.select(notifications.c.last_error).where(
            notifications.c.id == card_id, notifications.c.state == State.FAILED
        )
        return self._connection.execute(query).scalar_one_or_none()

    def release(self, card: Notification) -> int:
        """Let each request of a card that can't be shown go its own way; return how many there were."""
        joined = sa.update(notifications).where(
            notifications.c.card_id == card.id,
            notifications.c.state != State.FAILED,
            notifications.c.due_at.is_(None),
        )
        return self._connection.execute(joined.values(due_at=self._now)).rowcount
