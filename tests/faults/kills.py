"""Processes that are killed at every kind of moment while people sign up and decide (RELIABILITY G1, G2, C.1, C.2).

``python -m tests.faults.kills --kills 1000 --sign-ups 5000 --replicas 3 --slack-faults 2000 --cuts 200 --restarts 20``
runs on a PostgreSQL of its own, ``--database sqlite --kills 500 --sign-ups 2000`` on an SQLite file. Everything that
happens passes the driver: Slack is the local workspace, requests and statements go through taps, so each kill strikes
at exactly its moment, and one that did not strike makes the run invalid (exit code 2). A breach of an invariant is
exit code 1. Figures go to standard output, progress to standard error.
"""

import argparse
import asyncio
import contextlib
import logging
import random
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

from bot.errors import GatehouseError
from tests import postgres
from tests.faults.front import Front
from tests.faults.invariants import broken
from tests.faults.lies import Lies
from tests.faults.market import Market
from tests.faults.people import Deciders, Gate, walkers
from tests.faults.points import ON_SQLITE, Hunter, Point
from tests.faults.quiet import NotQuiet, Orphans, go_on, quiet
from tests.faults.slackside import WatchedSlack
from tests.faults.squad import Squad
from tests.faults.toll import Options, Result
from tests.faults.town import HISTORY, Town, town
from tests.faults.world import observe

REMIND_AFTER = "2s"
AGAIN = 3
"""How often a point that nobody came to is tried again."""
LAST_PATIENCE = 600.0
"""Seconds after which even a look that is late is made, whatever is left to be delivered."""
LAST_WORDS = 6_000
"""Characters of the logs that are shown where a run breaks off."""
STUCK = 1.0
"""Seconds without a hit after which more people come."""


class Run:
    """One run: the people, the processes, and who kills them."""

    def __init__(self, at: Town, options: Options, server: postgres.Server | None, logs: Path) -> None:
        self.at, self.options, self._server = at, options, server
        self.chance = random.Random(options.seed)  # noqa: S311 - repeatable, not secret
        self.market = Market(options.shops)
        self.result, self.gate, self.orphans = Result(), Gate(), Orphans()
        self.wal = Path(f"{at.database_url.removeprefix('sqlite:///')}-wal") if server is None else None
        self.hunter = Hunter(self.chance, self.wal)
        self.front = Front(self.hunter.sent, self.hunter.answered)
        settings = {"GATEHOUSE_REMIND_AFTER": REMIND_AFTER, "GATEHOUSE_LOG_LEVEL": "info"}
        seen = self.hunter.seen if server and options.taps else None
        self.squad = self.hunter.squad = Squad(at, self.front, options.replicas, seen, logs, settings)
        self.deciders = Deciders(at, self.market, self.result.told, random.Random(options.seed))  # noqa: S311
        self.lies = Lies(at.workspace, options.slack_faults, self.chance)
        self._last_fault = 0.0
        self._begun = time.monotonic()

    async def go(self) -> Result:
        """Do everything, look at the end, and return what happened."""
        assert isinstance(self.at.slack, WatchedSlack)
        self.at.slack.ask = self.hunter.called
        self.at.workspace.ack_seconds = max(self.options.slowest, 3.0)
        await self.squad.open()
        self.at.slack.events_url = await self.front.open()
        people = [
            walker.walk(self.gate) for walker in walkers(self.at, self.market, self.result.told, self.options.seed)
        ]
        beside = (*people, self.deciders.decide(), self.orphans.watch(self.at))
        tasks = [asyncio.create_task(work) for work in beside]
        try:
            async with asyncio.timeout(self.options.whole):
                await self._all()
        except Exception as error:  # noqa: BLE001 - the figures so far of half an hour are worth more than its type
            traceback.print_exc()
            self.result.breaches.append(f"the run broke off: {error!r}")
            with contextlib.suppress(GatehouseError):  # the database may be what is gone
                self._say_what_is_left()
        finally:
            for task in tasks:
                task.cancel()
            self.front.close()
            await self.squad.close()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                self.result.breaches.append(f"somebody stumbled: {outcome!r}")
        return self._summed()

    async def _all(self) -> None:
        await self.squad.full(self.options.replicas)
        self._begun = time.monotonic()
        for number, step in enumerate(self._steps(), 1):
            await self._step(step)
            if number % self.options.checkpoint == 0:
                await self._look()
            self._tell(number)
        await self.gate.close()
        await self.gate.allow(max(0, self.options.sign_ups - self.gate.begun))
        await self.at.until(lambda: self.gate.begun >= self.options.sign_ups, 600)
        await self._rest_of_lies()
        self.deciders.hurried = True
        await self._look()

    async def _rest_of_lies(self) -> None:
        """Let people come until Slack has told all of its lies."""
        for _ in range(30):
            if not self.lies.plan_the_rest():
                return
            await self.gate.allow(2)
            await asyncio.sleep(1)

    def _say_what_is_left(self) -> None:
        """Print who still does something, what is to be delivered, and the last words of the processes."""
        print(f"{self.gate.under_way} sign up, {self.deciders.under_way} decide, {self.result.fired} fired")
        print(*[(one.port, one.runs, one.taking) for one in self.squad.replicas], sep="\n")
        print(*self.at.store.read.run(lambda unit: unit.outbox.undelivered(20)), sep="\n")
        print(self.squad.said()[-LAST_WORDS:])

    def _steps(self) -> list[Point | str]:
        points = [self.options.points[n % len(self.options.points)] for n in range(self.options.kills)]
        steps: list[Point | str] = [*points, *["cut"] * self.options.cuts, *["restart"] * self.options.restarts]
        self.chance.shuffle(steps)
        return steps

    async def _step(self, step: Point | str) -> None:
        await self.squad.full(max(1, self.options.replicas - 1))
        steps = self.options.kills + self.options.cuts + self.options.restarts
        self.lies.plan(-(-self.options.slack_faults // steps))
        await self.gate.allow(max(1, round(self.options.sign_ups / steps)))
        if step == "cut":
            tap = self.chance.choice(self.squad.serving).tap
            self.result.cuts += bool(tap and tap.cut_all())
            self._last_fault = time.monotonic()
        elif step == "restart":
            assert self._server
            await asyncio.to_thread(self._server.restart)
            self.result.restarts += 1
            self._last_fault = time.monotonic()
        else:
            assert isinstance(step, Point)
            await self._kill(step)

    async def _kill(self, point: Point) -> None:
        for _ in range(AGAIN):
            await self.squad.full(1)
            coming = asyncio.create_task(self._more_people())
            hit = await self.hunter.hit(point, self.options.limit)
            coming.cancel()
            if hit:
                self.result.fired[point] += 1
                self._check_file()
                return
        self.result.missed[point] += 1

    async def _more_people(self) -> None:
        while True:
            await asyncio.sleep(STUCK)
            await self.gate.allow(2)

    def _check_file(self) -> None:
        """After each kill an SQLite file must be whole."""
        if self.wal is None:
            return
        with closing(sqlite3.connect(f"file:{str(self.wal).removesuffix('-wal')}?mode=ro", uri=True)) as file:
            found = file.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            self.result.breaches.append(f"the SQLite file is damaged: {found}")

    async def _look(self) -> None:
        """Let everything come to rest, and check every invariant."""
        left = await self.gate.close()
        await self.at.until(lambda: self.gate.under_way == 0, 600)
        self.deciders.paused = not self.deciders.hurried
        await self.at.until(lambda: not self.deciders.paused or self.deciders.under_way == 0, 120)
        if self.options.slack_faults:
            self.lies.stop()
            self._last_fault = time.monotonic()
        if self.options.hasten:
            await self._end_leases()
        late = await self._rest()
        found = [*late, *await asyncio.to_thread(self._breaches)]
        fresh = [one for one in found if one not in self.result.breaches]
        self.result.breaches += fresh
        if self.options.progress:
            print(*fresh, sep="\n", end="\n" if fresh else "", file=sys.stderr, flush=True)
        go_on(self.squad)
        self.deciders.paused = False
        await self.gate.allow(left)

    async def _rest(self) -> list[str]:
        """Wait until nothing is left to do; return what there is to say against how long that took."""
        late: list[str] = []
        began = time.monotonic()
        for most in (self.options.quiet, LAST_PATIENCE):
            try:
                self.result.quiet.append(await quiet(self.at, self.squad, lambda: max(began, self._last()), most))
                break
            except NotQuiet as not_quiet:
                late.append(str(not_quiet))
        return late

    def _last(self) -> float:
        """Return when something last came from outside: a fault, or a press that leaves something to tell."""
        return max(self._last_fault, self.hunter.last, self.deciders.last)

    async def _end_leases(self) -> None:
        """With every process dead nobody holds a claim, so nobody has to wait until its lease ends."""
        for replica in self.squad.replicas:
            replica.kill()
        await self.at.leases_end()
        await self.squad.full(1)

    def _breaches(self) -> list[str]:
        told, front = self.result.told, self.front.told
        told.statuses, told.slowest = front.statuses, front.slowest
        secrets = {
            "signing secret": self.at.workspace.signing_secret,
            "bot token": self.at.workspace.bot_token,
            "secret key": self.at.environment(0)["GATEHOUSE_SECRET_KEY"],
        }
        logs = self.squad.said()
        world = observe(self.at.workspace, self.at.store, self.market.plan(secrets, self.options.slowest), told, logs)
        self.result.decisions = Counter(one["status"] for one in world.export["contracts"])
        self.result.messages, self.result.tracebacks = len(world.messages), logs.count("Traceback (most recent")
        rules = [f"{one.rule}: {one.sentence}" for one in self.at.workspace.violations]
        return [*broken(world), *rules, *self.squad.broken]

    def _summed(self) -> Result:
        self.result.seconds = time.monotonic() - self._begun
        self.result.orphans, self.result.lies = self.orphans.again, self.lies.told
        self.result.lies_missed = self.lies.missing
        self.result.unanswered, self.result.processes = self.front.told.unanswered, self.squad.started
        if self.orphans.longest > self.options.orphan:
            self.result.breaches.append(f"G13: a claim was abandoned for {self.orphans.longest:.1f} s")
        return self.result

    def _tell(self, number: int) -> None:
        if self.options.progress and number % 5 == 0:
            passed, kills = time.monotonic() - self._begun, self.result.fired.total()
            told = f"{kills} kills, {self.gate.begun} sign-ups, {len(self.result.breaches)} breaches"
            print(f"{passed:6.0f} s: {told}, missed {self.result.missed.total()}", file=sys.stderr, flush=True)


@asynccontextmanager
async def peopled(database_url: str, market: Market) -> AsyncIterator[Town]:
    """Give a town with the market in it, whose Slack can be watched and its history read."""
    async with town(database_url, scopes=HISTORY, catalog=market.catalog, serving=WatchedSlack) as at:
        market.populate(at.workspace)
        await at.do(lambda unit: market.introduce(unit, at.workspace.team_id))
        yield at


async def run(database_url: str, options: Options, server: postgres.Server | None) -> Result:
    """Run on an empty database; ``server`` is None on SQLite."""
    with tempfile.TemporaryDirectory() as logs:
        async with peopled(database_url, Market(options.shops)) as at:
            return await Run(at, options, server, Path(logs)).go()


@contextmanager
def sqlite_file() -> Any:
    """Give the address of an SQLite file that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/gatehouse.db"


def main() -> int:
    """Run and print; return 1 for a breach, 2 if a planned fault did not fire."""
    logging.getLogger("bot").setLevel(logging.ERROR)  # while PostgreSQL comes up again it is not to be reached
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("kills", 1000), ("sign-ups", 5000), ("replicas", 3), ("slack-faults", 0), ("cuts", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, default in (("restarts", 0), ("checkpoint", 50), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--slowest", type=float, default=3.0, help="seconds that an answer may take")
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    given = vars(parser.parse_args())
    on_sqlite = given.pop("database") == "sqlite"
    options = Options(**given, progress=True, points=ON_SQLITE if on_sqlite else tuple(Point))
    if on_sqlite:
        with sqlite_file() as url:
            result = asyncio.run(run(url, Options(**vars(options) | {"replicas": 1}), None))
    else:
        with postgres.running(postgres.DURABLE) as server, server.database() as url:
            result = asyncio.run(run(url, options, server))
    print(f"seed {options.seed}, {'SQLite' if on_sqlite else f'PostgreSQL, {options.replicas} replicas'}")
    print(result, *result.breaches, sep="\n")
    return 1 if result.breaches else 0 if result.is_valid else 2


if __name__ == "__main__":
    sys.exit(main())
