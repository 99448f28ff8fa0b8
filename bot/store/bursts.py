"""Burst cards: where many requests come into one channel at once, one card stands for those that would queue up.

Slack takes about one message a second in a channel, so 200 requests would take minutes; a card with their number,
edited in place, shows all of them within a second (PERFORMANCE, facts: burst).

Rows are locked in one order, request before card, and whatever comes from the other side skips what is locked.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from bot.domain.clients import ContractStatus
from bot.domain.ids import new_id
from bot.domain.notifications import DestinationType, Kind, Notification, State
from bot.domain.pacing import Pacing
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
# Not a join: a planner that knows little would begin with all requests that wait anywhere.
still_waits = (
    sa.select(contracts.c.status).where(contracts.c.id == notifications.c.contract_id).scalar_subquery()
    == ContractStatus.AWAITING_APPROVAL
)
"""Whether the request that a notification is about still waits."""


class Joined(NamedTuple):
    """What cards stand for now that they didn't before."""

    channels: set[str]
    ids: set[str]
    """Of the requests."""


class BurstRows:
    """Reads and writes burst cards through one open transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now

    def gather(self, turns: Mapping[str, Pacing], crowd: Collection[Notification], drawn: Collection[str]) -> Joined:
        """Let channels' lines join their cards, where the line is not too short to make one, nor the card to be had.

        Args:
            turns: the turns of each channel; locked, so that nobody else does this at the same moment.
            crowd: those of the lines that the caller holds.
            drawn: ids of cards that the caller draws in this transaction, after this.
        """
        lines = self._lines(turns, crowd)
        if not lines:
            return Joined(set(), set())
        cards = self._cards_for(lines, turns)
        lines = {channel: line for channel, line in lines.items() if channel in cards}
        self._join(lines, cards)
        self._touch({channel: turns[channel].free_at for channel in lines if cards[channel] not in drawn}, cards)
        return Joined(set(lines), {row["id"] for line in lines.values() for row in line})

    def _lines(self, channels: Collection[str], crowd: Collection[Notification]) -> dict[str, list[Any]]:
        # What was tried before without an answer has to be looked for, and that goes one by one.
        free = sa.and_(notifications.c.lease_until.is_(None), notifications.c.posting_since.is_(None))
        mine = notifications.c.id.in_([one.id for one in crowd])
        query = (
            sa.select(notifications)
            .where(notifications.c.destination.in_(channels), _in_line, sa.or_(free, mine))
            .order_by(notifications.c.created_at)
            .limit(GATHERED_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        lines: dict[str, list[Any]] = defaultdict(list)
        for row in self._connection.execute(query).mappings():
            lines[row["destination"]].append(row)
        return lines

    def _cards_for(self, lines: Mapping[str, list[Any]], turns: Mapping[str, Pacing]) -> dict[str, str]:
        """Return the card of each line that can have one."""
        opened = self._open_cards(lines)
        locked = self._locked(opened.values())
        cards = {channel: card for channel, card in opened.items() if card in locked}
        for channel, line in lines.items():
            if channel not in opened and len(line) >= LINE:
                cards[channel] = self._new_card(line[0], turns[channel].free_at)
        return cards

    def _open_cards(self, channels: Collection[str]) -> dict[str, str]:
        query = (
            sa.select(notifications.c.destination, notifications.c.id)
            .where(*self._open(channels))
            .order_by(notifications.c.created_at)
        )
        return {row.destination: row.id for row in self._connection.execute(query)}

    def _open(self, channels: Collection[str]) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            notifications.c.destination.in_(channels),
            notifications.c.kind == Kind.BURST,
            notifications.c.created_at > self._now - OPEN,
            notifications.c.state != State.FAILED,
        )

    def _locked(self, cards: Collection[str]) -> set[str]:
        query = (
            sa.select(notifications.c.id)
            .where(notifications.c.id.in_(cards), notifications.c.state != State.FAILED)
            .with_for_update(skip_locked=True)
        )
        return set(self._connection.execute(query).scalars()) if cards else set()

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

    def _join(self, lines: Mapping[str, list[Any]], cards: Mapping[str, str]) -> None:
        """From here on the cards are what has to be delivered; these rows have nothing to do themselves."""
        if not lines:
            return
        ids = [row["id"] for line in lines.values() for row in line]
        card = sa.case({channel: cards[channel] for channel in lines}, value=notifications.c.destination)
        nothing: dict[str, Any] = {"due_at": None, "lease_until": None, "posting_since": None, "last_error": ""}
        joined = sa.update(notifications).where(notifications.c.id.in_(ids))
        self._connection.execute(joined.values(card_id=card, state=State.SENT, shown=notifications.c.wanted, **nothing))

    def _touch(self, due: Mapping[str, datetime], cards: Mapping[str, str]) -> None:
        if due:
            times = {channel: sa.literal(time, notifications.c.due_at.type) for channel, time in due.items()}
            self.touch([cards[channel] for channel in due], sa.case(times, value=notifications.c.destination))

    def touch(self, card_ids: Collection[str], due: "datetime | sa.ColumnElement[datetime] | None" = None) -> None:
        """Have cards drawn again, at their next turn or when they are due anyway."""
        cards = sa.update(notifications).where(notifications.c.id.in_(card_ids))
        first = sa.func.coalesce(notifications.c.due_at, self._now if due is None else due)
        self._connection.execute(cards.values(wanted=notifications.c.wanted + 1, due_at=first))

    def to_be_drawn(self, channels: Collection[str]) -> set[str]:
        """Return the channels whose open card does not show yet what it should."""
        query = sa.select(notifications.c.destination).where(*self._open(channels), notifications.c.due_at.is_not(None))
        return set(self._connection.execute(query).scalars())

    def waiting(self, card_id: str, limit: int) -> list[str]:
        """Return the contracts of a card that still wait, oldest first."""
        query = self._waiting(card_id).order_by(notifications.c.created_at).limit(limit)
        return [row.contract_id for row in self._connection.execute(query)]

    def waiting_count(self, card_id: str, most: int) -> int:
        """Return how many requests of a card wait, counting no further than ``most``."""
        some = self._waiting(card_id).limit(most).subquery()
        return self._connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()

    def _waiting(self, card_id: str) -> "sa.Select[Any]":
        return sa.select(notifications.c.contract_id).where(notifications.c.card_id == card_id, still_waits)

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
