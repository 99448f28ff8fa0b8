"""The clock's part: APScheduler ticks, and the rows say what is due (SPEC 6).

The ticker lives in memory only: two processes on one job store would run everything twice (RELIABILITY A6).
"""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.errors import Unavailable

TIDY_EVERY = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class Scheduler:
    """Calls plain functions again and again; each finds out from the database what there is to do.

    Args:
        tick: how often it looks for due work (GATEHOUSE_TICK).
        tidy: clears away what is past its time and returns how much that was.
        seconds: tells seconds that never go backwards.
    """

    def __init__(
        self,
        tick: timedelta,
        tidy: Callable[[], Awaitable[int]],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tick, self._tidy, self._seconds = tick, tidy, seconds
        self._ticked = seconds()
        settings = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._apscheduler = AsyncIOScheduler(timezone=UTC, job_defaults=settings)

    def start(self) -> None:
        """Begin to tick, in the running loop."""
        self._apscheduler.add_job(self._beat, "interval", seconds=self._tick.total_seconds())
        self._apscheduler.add_job(self._tidy_up, "interval", seconds=TIDY_EVERY.total_seconds())
        self._apscheduler.start()

    def stop(self) -> None:
        """Tick no more."""
        if self._apscheduler.running:
            self._apscheduler.shutdown(wait=False)

    async def ready(self) -> str | None:
        """Return what is wrong for ``/readyz``: no tick within three of them (INTERFACE 3)."""
        silent = self._seconds() - self._ticked
        return None if silent <= 3 * self._tick.total_seconds() else f"no tick for {silent:.0f} s"

    async def _beat(self) -> None:
        self._ticked = self._seconds()

    async def _tidy_up(self) -> None:
        try:
            gone = await self._tidy()
        except Unavailable:
            log.warning("tidy: the database did not answer, the next run will do it")
        else:
            log.debug("tidied", drafts=gone)
