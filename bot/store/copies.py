"""Which messages of a request the bot knows of, and those it learns of by a press on them (RELIABILITY C.4, B16)."""

import zlib
from datetime import datetime

import sqlalchemy as sa

from bot.domain.ids import new_id
from bot.domain.notifications import DestinationType, Kind, Notification, State
from bot.store.outbox import as_notification
from bot.store.tables import contracts, notifications, organizations
from bot.store.upsert import insert_or_ignore


class CopyRows:
    """Reads and writes copies through one open transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now

    def of(self, team: str, contract_id: str, kind: Kind) -> list[Notification]:
        """Return the messages of a kind about a contract of this team, wherever they stand or are to stand."""
        query = (
            sa.select(notifications)
            .join(contracts, contracts.c.id == notifications.c.contract_id)
            .join(organizations, organizations.c.id == contracts.c.organization_id)
            .where(notifications.c.contract_id == contract_id, notifications.c.kind == kind)
            .where(organizations.c.team == team)
            .order_by(notifications.c.number)
        )
        return [as_notification(row) for row in self._connection.execute(query).mappings()]

    def is_recorded(self, channel: str, ts: str, user: str) -> bool:
        """Return whether a message is known as that of any notification to this channel or person."""
        query = sa.select(notifications.c.id).where(
            notifications.c.destination.in_((channel, user)),
            notifications.c.channel == channel,
            notifications.c.ts == ts,
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def add_extra(self, home: Notification, channel: str, ts: str) -> bool:
        """Owe a look at a message that is not the recorded one of its home; False if that is owed already."""
        where = {"destination_type": DestinationType.CHANNEL, "destination": channel, "channel": channel, "ts": ts}
        # Which one of several in a channel; one that shares its number with another has its turn at the next press.
        number = zlib.crc32(ts.encode()) >> 1
        shown = {"state": State.PENDING, "wanted": home.wanted, "shown": 0, "attempts": 0, "last_error": ""}
        named = {"id": new_id(), "contract_id": home.contract_id, "kind": Kind.EXTRA, "number": number}
        times = {"due_at": self._now, "created_at": self._now}
        return insert_or_ignore(self._connection, notifications, **named, **where, **shown, **times, parent_id=home.id)

    def move(self, extra: Notification) -> bool:
        """Make an extra message its home's copy, to be drawn at once; False if the home is just being sent, or was.

        What is being sent may be this very message, only not written down yet. Whoever is drawing the former message
        at this moment writes nothing more: the claim is gone.
        """
        if extra.thread:
            free = notifications.c.ts == extra.thread
        else:
            unclaimed = sa.or_(notifications.c.lease_until.is_(None), notifications.c.lease_until < self._now)
            free = sa.and_(notifications.c.ts.is_(None), unclaimed)
        moved = sa.update(notifications).where(notifications.c.id == extra.parent_id, free)
        place = {"channel": extra.channel, "ts": extra.ts, "card_id": None, "state": State.SENT}
        nothing = {"lease_until": None, "posting_since": None, "last_error": ""}
        drawn = {"shown": 0, "due_at": self._now}
        return self._connection.execute(moved.values(**place, **nothing, **drawn)).rowcount == 1
