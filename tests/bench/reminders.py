"""What reminders cost (PERFORMANCE.md P9): ``python -m tests.bench.reminders``.

Adding: a reminder is three columns of the request's own row, so what they add to the insert is measured, side by side
with a job of APScheduler for each reminder, in a job store on SQLite as it is ordinarily used.

Overdue: a bot starts, and thousands of reminders are due, spread over channels of which none gets more than five. A
task that sleeps a millisecond again and again in the bot's own loop tells how long anything kept the loop from going
on. Afterwards a local Slack, a process of its own, is asked for the reply in each thread.
"""

import argparse
import asyncio
import gc
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import sqlalchemy as sa
import uvloop
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from bot import logs
from bot.bootstrap import Runtime, build
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules
from bot.settings import Settings, load
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.tables import contracts
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from bot.usecases.schedule import schedule
from tests import postgres, stock
from tests.bench import processes, threads, traffic

ADD_GOAL, STALL_GOAL = 40.0, 50.0
"""Microseconds to add one; milliseconds of the longest stall (P9)."""
PLACES = 200
"""Organizations over which the requests of the first part are spread."""
LEFT = timedelta(minutes=15)
"""Most time for everything to arrive."""
RULES = HouseRules()
Figures = dict[tuple[str, str], list[float]]
"""(database, what) → microseconds of CPU, one value a round."""


class _Undo(Exception):
    """Takes a round's rows back, so that every round finds the same."""


# -- adding ------------------------------------------------------------------------------------------------------------


def adding(url: str, kind: str, rounds: int, requests: int, figures: Figures) -> None:
    """Measure the insert of requests without and with their schedule, in turn."""
    with _stocked(url, PLACES) as store:
        versions = store.write.run(lambda unit: list(stock.client_versions(unit, requests)))
        for _ in range(rounds):
            for what in ("without", "with"):
                figures[kind, what].append(_inserted(store, versions, scheduled=what == "with"))


def _inserted(store: Store, versions: list[tuple[str, stock.Place]], *, scheduled: bool) -> float:
    """Return the microseconds of CPU that one of these requests takes."""
    took: list[float] = []

    def work(unit: Unit) -> None:
        person, ways = unit.people.id_of(stock.ASKER), unit.organizations.approval_ways(versions[0][1].organization_id)
        begun = time.thread_time()
        for version, place in versions:
            values = stock.waiting_values(place, version, person, unit.now)
            unit.contracts.create(values | (schedule(RULES, ways, unit.now) if scheduled else {}))
        took.append((time.thread_time() - begun) / len(versions) * 1e6)
        raise _Undo

    try:
        store.write.run(work)
    except _Undo:
        return took[0]
    raise RuntimeError("a round was not taken back")


def add_jobs(folder: Path, rounds: int, jobs: int, figures: Figures) -> None:
    """Measure a job of APScheduler for each reminder."""
    for number in range(rounds):
        scheduler = BackgroundScheduler(timezone=UTC)
        scheduler.add_jobstore(SQLAlchemyJobStore(f"sqlite:///{folder}/jobs-{number}.db"))
        scheduler.start(paused=True)
        at, begun = datetime.now(UTC) + timedelta(days=1), time.thread_time()
        for job in range(jobs):
            scheduler.add_job(remind_of, "date", (f"contract-{job}",), run_date=at)
        figures["SQLite", "APScheduler"].append((time.thread_time() - begun) / jobs * 1e6)
        scheduler.shutdown()


def remind_of(contract: str) -> None:
    """Stand for what an ordinary bot would do: a job store wants something that it can import."""


# -- overdue -----------------------------------------------------------------------------------------------------------


@dataclass
class Overdue:
    """How a start with overdue reminders went; times in seconds, stalls in milliseconds."""

    owed: float = 0.0
    arrived: float = 0.0
    stalls: list[tuple[float, float]] = field(default_factory=list)
    """How long the loop did not go on, and how long of that its thread waited for a core."""
    lost: int = 0
    doubled: int = 0
    broken: int = 0


async def overdue(url: str, channels: int, each: int) -> Overdue:
    """Start a bot with that many overdue reminders and watch until all have arrived."""
    with _stocked(url, channels) as store:
        store.write.run(lambda unit: _overdue(unit, each))
    with threads.standing(channels, each) as slack:
        runtime = await build(_settings(url, slack.api))
        went = await _watched(runtime, channels * each)
        found = await asyncio.to_thread(slack.found)
    replies = found["replies"]
    went.lost = channels * each - len(replies)
    went.doubled = sum(count > 1 for count in replies.values()) + len(found["others"])
    went.broken = found["broken"]
    return went


def _overdue(unit: Unit, each: int) -> None:
    """Ask so often at each place, a day and an hour ago, where it is day for the approvers just now."""
    noon = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    for number, _ in enumerate(places := stock.places(unit)):
        person = Person(team=stock.TEAM, user=f"UA{number:04}")
        unit.people.save_profile(Profile(person=person, name="Ada", home_team=stock.TEAM, tz=noon), unit.now)
    unit.people.bind_team(stock.TEAM, unit.now)
    stock.ask(unit, enumerate(places * each), remind_at=unit.now - timedelta(hours=1))


async def _watched(runtime: Runtime, reminders: int) -> Overdue:
    went = Overdue()
    gc.collect()
    gc.freeze()  # as serving does
    watching = asyncio.create_task(_watch(went.stalls))
    await asyncio.sleep(1)
    went.stalls.clear()
    begun = time.perf_counter()
    try:
        await runtime.start()
        went.owed = await _until(runtime, lambda unit: _reminded(unit) == reminders) - begun
        went.arrived = await _until(runtime, lambda unit: not unit.outbox.undelivered(1)) - begun
    finally:
        watching.cancel()
        await runtime.stop()
        gc.unfreeze()
    return went


async def _watch(stalls: list[tuple[float, float]]) -> None:
    while True:
        begun, waited = time.perf_counter(), _waited()
        await asyncio.sleep(0.001)
        stalls.append(((time.perf_counter() - begun - 0.001) * 1000, _waited() - waited))


def _waited() -> float:
    """Return the milliseconds that this thread got no core though it could have run (docs.kernel.org/scheduler)."""
    try:
        told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(told.split()[1]) / 1e6


async def _until(runtime: Runtime, done: Callable[[Unit], bool]) -> float:
    """Return when it was done: looked for twice a second, beside what the bot does."""
    async with asyncio.timeout(LEFT.total_seconds()):
        while not await asyncio.wrap_future(runtime.store.read.submit(done)):  # noqa: ASYNC110 - asked of a database
            await asyncio.sleep(0.5)
    return time.perf_counter()


def _reminded(unit: Unit) -> int:
    query = sa.select(sa.func.count()).where(contracts.c.reminders == 1)
    return int(unit.connection.execute(query).scalar_one())


def _settings(url: str, api: str) -> Settings:
    return load(
        _env_file=None,
        SLACK_BOT_TOKEN=processes.TOKEN,
        SLACK_SIGNING_SECRET=traffic.SECRET,
        SLACK_API_URL=api,
        GATEHOUSE_DATABASE_URL=url,
        GATEHOUSE_SECRET_KEY="a-key-for-benchmarks-that-protects-nothing",
    )


@contextmanager
def _stocked(url: str, organizations: int) -> Iterator[Store]:
    """Give an open store with that many organizations."""
    store = open_store(url, patient=True)
    try:
        schema.upgrade(store.engine)
        store.write.run(lambda unit: apply_catalog(unit, stock.catalog(organizations), str))
        yield store
    finally:
        store.close()


# -- telling -----------------------------------------------------------------------------------------------------------


def added(figures: Figures) -> str:
    """Return the medians of the first part as a Markdown table, and the goal beside what was reached."""
    middle = {key: statistics.median(values) for key, values in figures.items()}
    lines = ["| database | what | CPU µs |", "|---|---|---|"]
    lines += [f"| {kind} | {what} | {value:.1f} |" for (kind, what), value in middle.items()]
    lines += ["", "| # | what | goal | reached |", "|---|---|---|---|"]
    for kind in dict.fromkeys(kind for kind, what in middle if what == "with"):
        pairs = zip(figures[kind, "with"], figures[kind, "without"], strict=True)
        cost = statistics.median(one - other for one, other in pairs)
        missed = "" if cost <= ADD_GOAL else " (missed)"
        lines.append(f"| P9 | adding a reminder, {kind} | ≤ {ADD_GOAL:.0f} µs | {cost:.1f} µs{missed} |")
    return "\n".join(lines)


def row(kind: str, reminders: int, went: Overdue) -> str:
    """Return one start as a line of a Markdown table."""
    stalls = sorted(stall for stall, _ in went.stalls)
    p99, longest = stalls[len(stalls) * 99 // 100], stalls[-1]
    ours = max(stall - waited for stall, waited in went.stalls)
    counts = f"{went.lost} | {went.doubled} | {went.broken}"
    over = "" if longest <= STALL_GOAL else " (over)"
    times = f"{went.owed:.1f} | {went.arrived:.1f} | {p99:.1f} | {longest:.1f}{over} | {ours:.1f}"
    return f"| {kind} | {reminders:,} | {counts} | {times} |"


HEAD = """Stalls of the loop in milliseconds; the last column without what its thread waited for a core.

| database | reminders | lost | doubled | rules broken | owed, s | there, s | stall p99 | longest | but for waiting |
|---|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    """Measure and print; exit code 1 if a reminder was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of adding")
    parser.add_argument("--requests", type=int, default=10_000, help="added in a round")
    parser.add_argument("--jobs", type=int, default=1_000, help="of APScheduler, added in a round")
    parser.add_argument("--channels", type=int, default=2_000, help="over which the overdue ones are spread")
    parser.add_argument("--each", type=int, default=5, help="overdue in each channel; of six on there is one digest")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--only", choices=["adding", "overdue"])
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {1})
    logs.configure("json", "error")
    figures: Figures = defaultdict(list)
    breaches = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = dict(_databases(options.database, folder, stack))
        if options.only != "overdue":
            add_jobs(folder, options.rounds, options.jobs, figures)
            for kind, url in urls.items():
                adding(url(), kind, options.rounds, options.requests, figures)
            print(added(figures), end="\n\n", flush=True)
        if options.only != "adding":
            print(HEAD)
            for kind, url in urls.items():
                went = uvloop.run(overdue(url(), options.channels, options.each))
                print(row(kind, options.channels * options.each, went), flush=True)
                breaches += went.lost + went.doubled + went.broken
    sys.exit(1 if breaches else 0)


def _databases(wanted: str, folder: Path, stack: ExitStack) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield kinds, and what gives the address of a fresh database of the kind each time."""
    if wanted != "postgresql":
        numbers = count(1)
        yield "SQLite", lambda: f"sqlite:///{folder}/{next(numbers)}.db"
    if wanted != "sqlite":
        server = stack.enter_context(postgres.running(postgres.DURABLE))
        yield "PostgreSQL", lambda: stack.enter_context(server.database())


if __name__ == "__main__":
    main()
