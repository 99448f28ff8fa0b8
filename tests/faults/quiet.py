"""The world at rest: how long it takes to get there, and what must hold there; and how long orphans wait meanwhile."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from bot.errors import GatehouseError
from bot.store.outbox import LEASE
from bot.store.tables import notifications
from bot.store.unit import Unit
from tests.faults.squad import Squad
from tests.faults.town import Town

LONGEST_QUIET = 60.0
"""Seconds after the last fault in which nothing may be left to do (RELIABILITY I10)."""
LOOK = 0.1
ORPHAN_LOOK = 0.25


class NotQuiet(Exception):
    """Something was still to be delivered when the time was over."""


async def backlog(at: Town) -> int:
    """Return how many notifications are to be delivered or being delivered, now or later."""
    busy = sa.or_(notifications.c.due_at.is_not(None), notifications.c.lease_until.is_not(None))
    query = sa.select(sa.func.count()).where(busy).select_from(notifications)

    def count(unit: Unit) -> int:
        return unit.connection.execute(query).scalar_one()

    return await asyncio.wrap_future(at.store.read.submit(count))


async def quiet(at: Town, squad: Squad, since: Callable[[], float], most: float) -> float:
    """Wait until nothing is left to be delivered and leave every process standing still; return how long that took.

    Args:
        at: the town.
        squad: the processes; ``go_on`` lets them go on.
        since: gives when the last fault struck or somebody last did something, on the clock that never goes backwards.
        most: seconds from then until it has to be quiet.

    Raises:
        NotQuiet: it did not become quiet.
    """
    while True:
        while left := await backlog(at):
            if time.monotonic() > since() + most:
                raise NotQuiet(f"I10 backlog: {left} notifications are still to be delivered")
            await asyncio.sleep(LOOK)
        passed = time.monotonic() - since()
        _send_all(squad, signal.SIGSTOP)
        await asyncio.sleep(0.05)  # what they had sent by then is on its way
        if not await backlog(at):
            return passed
        go_on(squad)
        await asyncio.sleep(LOOK)


def go_on(squad: Squad) -> None:
    """Let every process go on as if nothing had happened."""
    _send_all(squad, signal.SIGCONT)


def _send_all(squad: Squad, number: signal.Signals) -> None:
    for replica in squad.replicas:
        with contextlib.suppress(ProcessLookupError):
            if replica.runs:
                replica.signal(number)


class Orphans:
    """Claims whose lease passed, and how long after each claim somebody took the row again (RELIABILITY G13).

    A lease ends a fixed time after its claim, so both can be told from the rows alone; from the kill, which came after
    the claim, it was less.
    """

    def __init__(self) -> None:
        self.again: list[float] = []
        """Seconds from each abandoned claim to the next one."""
        self._held: dict[str, datetime] = {}

    async def watch(self, at: Town) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(ORPHAN_LOOK)
            with contextlib.suppress(GatehouseError, sa.exc.SQLAlchemyError):
                self._note(*await asyncio.wrap_future(at.store.read.submit(_leases)))

    def _note(self, now: datetime, leases: dict[str, datetime]) -> None:
        for id_, until in self._held.items():
            ended = leases.get(id_, now + LEASE)
            if ended != until and until < now and ended - until >= LEASE:
                self.again.append((ended - until).total_seconds())
        self._held = leases

    @property
    def longest(self) -> float:
        return max(self.again, default=0.0)


def _leases(unit: Unit) -> tuple[datetime, dict[str, datetime]]:
    query = sa.select(notifications.c.id, notifications.c.lease_until).where(notifications.c.lease_until.is_not(None))
    return unit.now, {row.id: row.lease_until for row in unit.connection.execute(query)}


@contextmanager
def watching(task: asyncio.Task[None]) -> Iterator[None]:
    """Let a task run while the block lasts."""
    try:
        yield
    finally:
        task.cancel()
