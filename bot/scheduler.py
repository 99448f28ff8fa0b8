"""The clock's part: APScheduler ticks, and the rows say what is due (SPEC 6).

The ticker lives in memory only: two processes on one job store would run everything twice (RELIABILITY A6).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.errors import Unavailable

Job = Callable[[], Awaitable[int]]
MEET_EVERY = timedelta(seconds=10)
"""Until then a request does not reach an approver whom a catalog file applied meanwhile names by an address."""
TIDY_EVERY = timedelta(minutes=10)
MOST_PASSES = 1_000
"""Passes of one job at a tick: 100,000 reminders; whatever is left then is due at the next tick."""

log = structlog.get_logger(__name__)


class Scheduler:
    """Calls plain functions again and again; each finds out from the database what there is to do.

    Args:
        tick: how often it looks for due work (GATEHOUSE_TICK).
        deliver: has the outbox look for due notifications.
        chase: jobs by name that look after waiting requests; each returns how many it found due.
        meet: asks Slack about members it was never asked about, and returns how many became known.
        tidy: clears away what is past its time, and returns how much.
        seconds: tells seconds that never go backwards.
    """

    def __init__(
        self,
        tick: timedelta,
        *,
        deliver: Callable[[], None],
        chase: Mapping[str, Job],
        meet: Job,
        tidy: Job,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tick, self._deliver, self._seconds = tick, deliver, seconds
        self._chase, self._meet, self._tidy = chase, meet, tidy
        self._ticked = seconds()
        settings = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        executors = {"default": _Executor()}
        self._apscheduler = AsyncIOScheduler(timezone=UTC, job_defaults=settings, executors=executors)

    def start(self) -> None:
        """Begin to tick, in the running loop."""
        add_job = self._apscheduler.add_job
        add_job(self._beat, "interval", seconds=self._tick.total_seconds())
        for name, job in self._chase.items():
            add_job(self._catch_up, "interval", (name, job), seconds=self._tick.total_seconds())
        add_job(self._run, "interval", ("tidy", self._tidy), seconds=TIDY_EVERY.total_seconds())
        soon = datetime.now(UTC)
        meeting = {"seconds": MEET_EVERY.total_seconds(), "next_run_time": soon}
        add_job(self._run, "interval", ("meet", self._meet), **meeting)
        self._apscheduler.start()
        self._deliver()

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
        self._deliver()

    async def _catch_up(self, name: str, job: Job) -> None:
        """Run a job until it finds nothing due: what piled up while no process ran does not wait for more ticks."""
        for _ in range(MOST_PASSES):
            if not await self._run(name, job):
                return

    async def _run(self, name: str, job: Job) -> int:
        try:
            done = await job()
        except Unavailable:
            log.warning("a job did not reach the database; its next run will", job=name)
            return 0
        except asyncio.CancelledError:
            return 0  # the process stops; APScheduler would log that as an error of the job, with a traceback
        log.debug("job done", job=name, rows=done)
        return done


class _Executor(AsyncIOExecutor):  # type: ignore[misc]
    """Cancels what is under way when the process stops; APScheduler would log that as an error, with a traceback."""

    def _run_job_error(self, job_id: str, exc: BaseException, traceback: object = None) -> None:
        if not isinstance(exc, asyncio.CancelledError):
            super()._run_job_error(job_id, exc, traceback)
