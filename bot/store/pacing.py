"""Whose turn it is in a conversation, as rows: all processes together send about one message a second there."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from bot.domain.notifications import Notification
from bot.domain.pacing import Pacing
from bot.store.tables import turns
from bot.store.upsert import insert_missing

POST, UPDATE = "post", "update"
"""What is paced: messages are spaced, redrawing is not; Slack's 429 holds each by itself."""
ALERT = "alert"
"""A word to the platform admins about a channel that can't be reached: its turns are an hour apart."""


class Turns(NamedTuple):
    """Whose turn it is of those that were claimed."""

    waits: dict[str, timedelta]
    """How long those have to wait whose turn it is not, by id."""
    before: dict[str, Pacing]
    """Where the turns of each destination stood before; they are locked."""
    after: dict[str, Pacing]
    """Where they stand now."""


class PaceRows:
    """Gives turns through one open transaction; rows are locked in one order, so that nobody waits in a circle."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now

    def take_turns(self, claimed: list[Notification]) -> "Turns":
        """Take turns for claimed notifications, in their order, as far as there are any."""
        posts = [one for one in claimed if one.takes_turn]
        turns = self._take(posts) if posts else Turns({}, {}, {})
        if updates := [one for one in claimed if one.ts and one.id not in turns.waits]:
            turns.waits.update(self._held(updates))
        return turns

    def _take(self, posts: list[Notification]) -> "Turns":
        before = self.lock({one.destination for one in posts})
        standing, waits = dict(before), {}
        for one in posts:
            standing[one.destination], wait = standing[one.destination].turn(self._now)
            if wait:
                waits[one.id] = wait
        self._write(POST, standing)
        return Turns(waits, before, standing)

    def lock(self, destinations: Collection[str]) -> dict[str, Pacing]:
        """Hold destinations' turns until the end of the transaction, and return where they stand."""
        standing = self._standing(destinations)
        if missing := set(destinations) - set(standing):
            self._begin(POST, missing)
            standing |= self._standing(missing)
        return standing

    def _standing(self, destinations: Collection[str]) -> dict[str, Pacing]:
        query = (
            sa.select(turns)
            .where(turns.c.destination.in_(destinations), turns.c.method == POST)
            .order_by(turns.c.destination)
            .with_for_update()
        )
        return {row.destination: Pacing(row.free_at, row.promised_until) for row in self._connection.execute(query)}

    def _begin(self, method: str, destinations: Collection[str]) -> None:
        always = {"method": method, "free_at": self._now, "promised_until": self._now}
        insert_missing(self._connection, turns, [{"destination": one, **always} for one in sorted(destinations)])

    def _write(self, method: str, standing: dict[str, Pacing]) -> None:
        one = sa.update(turns).where(turns.c.destination == sa.bindparam("where"), turns.c.method == method)
        changed = [{"where": destination, **pacing._asdict()} for destination, pacing in sorted(standing.items())]
        self._connection.execute(one, changed)

    def _held(self, updates: list[Notification]) -> dict[str, timedelta]:
        query = sa.select(turns.c.destination, turns.c.free_at).where(
            turns.c.destination.in_({one.destination for one in updates}),
            turns.c.method == UPDATE,
            turns.c.free_at > self._now,
        )
        held = {row.destination: row.free_at - self._now for row in self._connection.execute(query)}
        return {one.id: held[one.destination] for one in updates if one.destination in held}

    def hold(self, destination: str, method: str, until: datetime) -> None:
        """Let nothing go to a destination before ``until``; ``method`` is POST or UPDATE."""
        self._begin(method, [destination])
        later = sa.update(turns).where(turns.c.destination == destination, turns.c.method == method)
        self._connection.execute(later.where(turns.c.free_at < until).values(free_at=until))

    def take(self, destination: str, method: str, spacing: timedelta) -> bool:
        """Take a turn and let the next one come ``spacing`` later; False if it is not yet time."""
        self._begin(method, [destination])
        due = sa.update(turns).where(turns.c.destination == destination, turns.c.method == method)
        taken = due.where(turns.c.free_at <= self._now).values(free_at=self._now + spacing)
        return self._connection.execute(taken).rowcount == 1

    def forget(self, destination: str, method: str) -> None:
        """Let the next turn come at once."""
        self._connection.execute(sa.delete(turns).where(turns.c.destination == destination, turns.c.method == method))

    def forget_promises(self, standing: dict[str, Pacing]) -> None:
        """Let destinations' turns stand like this, with nobody waiting for one any more."""
        if standing:
            self._write(POST, {one: pacing._replace(promised_until=pacing.free_at) for one, pacing in standing.items()})

    def delete_before(self, moment: datetime) -> int:
        """Forget conversations where nothing was sent since ``moment``, and return how many there were."""
        old = sa.delete(turns).where(turns.c.free_at < moment, turns.c.promised_until < moment)
        return self._connection.execute(old).rowcount
