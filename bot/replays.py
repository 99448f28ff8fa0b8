"""Which requests and events came before (RELIABILITY B12, F12): memory first, then what all processes share.

Both caches tell at most "it came before": a key that can't be looked up counts as new. That is the safe side, because
work behind a key is idempotent on its own and needs the same database (docs/decisions/0011-replays.md).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import structlog

from bot.edge import REMEMBERED, MemoryReplayCache
from bot.errors import Unavailable
from bot.store.engine import Store
from bot.store.seen import fingerprint
from bot.store.unit import Unit, Writer
from handlers.patience import Patience

KEPT = timedelta(seconds=2 * REMEMBERED)
"""How long a key is kept: twice as long as it can be replayed, so that a replica whose clock is wrong by less than the
300 s that Slack's requests allow clears none away too early."""
WAIT = 0.2
"""Seconds an acknowledgement waits for the shared keys at most."""
REST = 1.0
"""Seconds for which nobody asks again after the database did not answer."""
BATCH = 200
"""Most keys in one statement."""
LATER = 0.2
"""Seconds after which keys are written that no other transaction took along."""

Claim = Callable[[list[str], datetime], set[str]]

log = structlog.get_logger(__name__)


class SharedReplays:
    """Keys of all replicas on one PostgreSQL. Requests that arrive together share one statement.

    Args:
        claim: notes keys until a moment and returns the new ones; called in a thread.
        memory: the keys this process knows; one that is there needs no query.
        seconds: never goes backwards.
    """

    def __init__(
        self, claim: Claim, memory: MemoryReplayCache | None = None, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._claim = claim
        self._memory = memory or MemoryReplayCache()
        self._seconds = seconds
        self._patience = Patience(WAIT)
        self._waiting: deque[tuple[str, asyncio.Future[bool]]] = deque()
        self._working: asyncio.Task[None] | None = None
        self._resting_until = 0.0
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replays")

    async def seen(self, key: str, now: datetime) -> bool:
        """Return whether ``key`` came before, here or at another replica, and remember it."""
        hashed = fingerprint(key)
        if await self._memory.seen(hashed, now):
            return True
        if self._seconds() < self._resting_until:
            return False
        known: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((hashed, known))
        if self._working is None:
            self._working = asyncio.create_task(self._work_off(now + KEPT))
        try:
            async with self._patience.limit():
                return await known
        except TimeoutError:
            self._rest()
            return False

    async def _work_off(self, until: datetime) -> None:
        try:
            while self._waiting and not self._closed:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH))]
                new = await self._claimed([hashed for hashed, _ in batch], until)
                for hashed, known in batch:
                    if not known.done():
                        known.set_result(hashed not in new)
        finally:
            self._working = None

    async def _claimed(self, keys: list[str], until: datetime) -> set[str]:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._claim, keys, until)
        except Unavailable:
            self._rest()
            return set(keys)

    def _rest(self) -> None:
        if self._seconds() >= self._resting_until:
            log.warning("replays at other replicas can't be noticed: the database did not answer")
        self._resting_until = self._seconds() + REST

    async def recall(self) -> None:
        """Connect: the first request would not wait for it. What the others know is asked for each time."""
        await self._claimed([], datetime.now(UTC))

    def close(self) -> None:
        """Let the last statement end, and ask no more."""
        self._closed = True
        self._thread.shutdown(wait=True, cancel_futures=True)


class LastingReplays:
    """Keys of the one process that serves from an SQLite file, known again after a restart.

    A key is written with the next transaction, so a work that is on the disk has its key there; reading alone leaves
    it to a short while later. No acknowledgement waits for it.

    Args:
        store: the file.
        writer: what writes to it.
        memory: the keys this process knows.
    """

    def __init__(self, store: Store, writer: Writer, memory: MemoryReplayCache | None = None) -> None:
        self._store = store
        self._memory = memory or MemoryReplayCache()
        self._fresh: deque[tuple[str, datetime]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        writer.first = self._note

    async def recall(self) -> None:
        """Fill the memory with what the former process knew."""
        latest = await asyncio.wrap_future(self._store.read.submit(lambda unit: unit.seen.latest(self._memory.most)))
        for hashed, until in latest:
            await self._memory.seen(hashed, until - KEPT)

    async def seen(self, key: str, now: datetime) -> bool:
        """Return whether ``key`` came before, in this process or the one before it, and remember it."""
        hashed = fingerprint(key)
        if await self._memory.seen(hashed, now) or (self._memory.overflowed and await self._written(hashed)):
            return True
        self._fresh.append((hashed, now + KEPT))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LATER, self._write)
        return False

    async def _written(self, hashed: str) -> bool:
        """Return whether a key that the memory had no room for is in the file."""
        try:
            return await asyncio.wrap_future(self._store.read.submit(lambda unit: unit.seen.has(hashed)))
        except Unavailable:
            return False

    def _write(self) -> None:
        self._timer = None
        if self._fresh:
            self._store.write.submit(lambda _: None)

    def _note(self, unit: Unit) -> None:
        """Write what is fresh; part of every transaction, in the writer's thread."""
        while self._fresh:
            some = [self._fresh.popleft() for _ in range(min(len(self._fresh), BATCH))]
            unit.seen.note([hashed for hashed, _ in some], some[-1][1])

    def close(self) -> None:
        """Write what is left."""
        if self._timer:
            self._timer.cancel()
        self._write()


Replays = SharedReplays | LastingReplays


def replays_of(store: Store) -> Replays:
    """Return the cache that fits an open database."""
    if isinstance(store.write, Writer):
        return LastingReplays(store, store.write)
    assert store.register
    return SharedReplays(store.register.claim)
