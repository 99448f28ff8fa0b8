"""Several schedulers on one database, some of which stand still or die: each reminder once (RELIABILITY F17, G16).

``python -m tests.faults.schedulers --reminders 1000 --pauses 12 --kills 12`` starts three real ``gatehouse serve``
processes on a PostgreSQL of its own. Reminders of as many requests fall due at once, first after half an hour without
any process, then again and again until every pause and every kill has struck while reminders were under way.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.notifications import Kind
from bot.domain.policy import HouseRules
from bot.store.tables import contracts, notifications
from bot.store.unit import Unit
from tests import postgres
from tests.faults import country, told
from tests.faults.country import Organization
from tests.faults.town import HISTORY, Server, Town, town

SETTINGS = {
    "GATEHOUSE_REMIND_AFTER": "10m",
    "GATEHOUSE_ESCALATE_AFTER": "0",
    "GATEHOUSE_EXPIRE_AFTER": "0",
    "GATEHOUSE_TICK": "500ms",
}
OVERDUE = timedelta(minutes=30)
"""How long no process ran: three reminders' time, of which one is caught up with (RELIABILITY G16)."""
SLOW = 0.5
"""Seconds that Slack takes for a post, so that pauses and kills find posts under way."""
PAUSES = (1.0, 6.0, 17.0, 21.0)
"""Seconds that a process stands still: shorter and longer than a call may take, and than a claim holds."""
BETWEEN = (0.3, 2.0)
PATIENCE = 180.0
MOST_WAVES = 30


@dataclass
class Result:
    """What happened; ``breaches`` should be none."""

    seed: int
    replicas: int
    requests: int
    waves: int = 0
    pauses: Counter[float] = field(default_factory=Counter)
    kills: int = 0
    not_struck: int = 0
    reminders: int = 0
    doubled: int = 0
    longest: float = 0.0
    """Seconds from the moment that reminders were due until all of them were there, in the longest wave."""
    breaches: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the figures in plain lines."""
        pauses = ", ".join(f"{count} of {seconds:g} s" for seconds, count in sorted(self.pauses.items()))
        return [
            f"seed {self.seed}, {self.replicas} processes: {self.requests} requests, reminded of {self.waves} times",
            f"{self.kills} kills, {self.pauses.total()} pauses ({pauses}) while reminders were under way",
            f"{self.reminders} reminders, {self.doubled} of them doubled; longest wave {self.longest:.0f} s",
            f"{len(self.breaches)} breaches",
        ]


class Run:
    """One run: the town, its requests, and whoever disturbs its processes."""

    def __init__(self, at: Town, there: list[Organization], options: argparse.Namespace) -> None:
        self.at, self.there, self.options = at, there, options
        self.result = Result(options.seed, options.replicas, len(there))
        self._chance = random.Random(options.seed)  # noqa: S311 - repeatable, not secret
        strokes = ["pause"] * options.pauses + ["kill"] * options.kills
        self._strokes = self._chance.sample(strokes, len(strokes))
        self._lengths = [PAUSES[number % len(PAUSES)] for number in range(options.pauses)]
        self._standing: set[int] = set()
        """Ports of the processes that stand still."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def go(self) -> Result:
        """Let everybody ask, and reminders fall due again and again."""
        await self._serve(self.options.replicas)
        await self._ask()
        for server in self.at.servers:
            server.kill()
        self.at.servers.clear()
        self.at.workspace.faults.add(method="chat.postMessage", kind="slow", seconds=SLOW, times=10**9)
        while (self._strokes or not self.result.waves) and self.result.waves < MOST_WAVES:
            await self._wave()
        self.result.not_struck = len(self._strokes)
        await self._look()
        return self.result

    async def _serve(self, count: int) -> None:
        for _ in range(count):
            await self.at.serve(**SETTINGS)

    async def _ask(self) -> None:
        ids, team = await self.at.do(country.offers), self.at.workspace.team_id
        for number, one in enumerate(self.there):
            await self.at.do(lambda unit, one=one: country.sign_up(unit, HouseRules(), team, one, ids[one.name]))  # type: ignore[misc]
            if number % 200 == 199:
                say(f"{number + 1} of {len(self.there)} requests")
        await self._quiet()

    async def _wave(self) -> None:
        """Let a reminder of each request fall due; begin with as many processes as there should be."""
        self.result.waves += 1
        since = time.monotonic()
        await self.at.do(_fall_due)
        await self._serve(self.options.replicas - len(self.at.servers))
        await asyncio.gather(self._strike(), self._quiet())
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._quiet()
        await asyncio.sleep(1)  # who stood still may still be sending what it should not
        self.result.longest = max(self.result.longest, time.monotonic() - since)
        say(f"wave {self.result.waves}: {self.result.kills} kills, {self.result.pauses.total()} pauses so far")

    async def _strike(self) -> None:
        """Let processes stand still and die as long as there are reminders under way."""
        while self._strokes:
            await asyncio.sleep(self._chance.uniform(*BETWEEN))
            awake = [server for server in self.at.servers if server.port not in self._standing]
            if not await self.at.do(_under_way):
                return
            if len(awake) < 2:
                continue
            server = self._chance.choice(awake)
            task = asyncio.create_task(self._pause(server) if self._strokes.pop() == "pause" else self._kill(server))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pause(self, server: Server) -> None:
        seconds = self._lengths.pop()
        self.result.pauses[seconds] += 1
        self._standing.add(server.port)
        server.pause()
        await asyncio.sleep(seconds)
        server.resume()
        self._standing.discard(server.port)

    async def _kill(self, server: Server) -> None:
        self.result.kills += 1
        self.at.servers.remove(server)
        server.kill()
        await self._serve(1)

    async def _quiet(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.at.do(_under_way):  # noqa: ASYNC110 - other processes bring it about
                await asyncio.sleep(0.2)

    async def _look(self) -> None:
        """Count the reminders in the thread of each request's message."""
        result = self.result
        copies = await self.at.do(_copies)
        standing = Counter(
            (message.channel, message.thread_ts)
            for channel in self.at.workspace.channels.values()
            for message in channel.messages
            if message.thread_ts not in (None, message.ts)
        )
        result.reminders = standing.total()
        delivered = told.messages(self.at.workspace)
        result.doubled = sum(len(found) - 1 for found in delivered.values())
        for copy in copies:
            if standing[copy.channel, copy.ts] != result.waves:
                result.breaches.append(f"{copy.channel} has {standing[copy.channel, copy.ts]} reminders")
            if copy.reminders != result.waves or copy.overdue:
                result.breaches.append(f"{copy.channel} counts {copy.reminders} reminders, the next one is due already")
        if len(copies) != len(self.there):
            result.breaches.append(f"{len(copies)} messages of requests, not {len(self.there)}")
        result.breaches += [f"{one.rule}: {one.sentence}" for one in self.at.workspace.violations]


def _fall_due(unit: Unit) -> None:
    unit.connection.execute(sa.update(contracts).values(remind_at=unit.now - OVERDUE))


def _under_way(unit: Unit) -> bool:
    """Return whether a reminder is due or being delivered."""
    due = sa.select(contracts.c.id).where(contracts.c.remind_at <= unit.now)
    busy = sa.select(notifications.c.id).where(
        sa.or_(notifications.c.due_at.is_not(None), notifications.c.lease_until.is_not(None))
    )
    return any(unit.connection.execute(query.limit(1)).first() for query in (due, busy))


def _copies(unit: Unit) -> list[Any]:
    joined = notifications.join(contracts, contracts.c.id == notifications.c.contract_id)
    overdue = (contracts.c.remind_at <= unit.now).label("overdue")
    query = sa.select(notifications.c.channel, notifications.c.ts, contracts.c.reminders, overdue)
    return list(unit.connection.execute(query.select_from(joined).where(notifications.c.kind == Kind.REQUEST)))


async def run(database_url: str, options: argparse.Namespace) -> Result:
    """Run on an empty PostgreSQL database and return what happened."""
    there = [Organization(number, "channel") for number in range(options.reminders)]
    async with town(database_url, scopes=HISTORY, catalog=country.catalog(there)) as at:
        country.populate(at.workspace, there)
        await at.do(lambda unit: country.acquaint(unit, at.workspace.team_id, there))
        return await Run(at, there, options).go()


def say(words: str) -> None:
    """Show progress, beside the figures."""
    print(words, file=sys.stderr, flush=True)


def main() -> int:
    """Run and print; return 1 if something is wrong, 2 if a pause or a kill did not strike."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("reminders", 1000), ("replicas", 3), ("pauses", 12), ("kills", 12), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with postgres.running() as server, server.database() as url:
        result = asyncio.run(run(url, options))
    print(*result.lines(), *result.breaches[:50], sep="\n")
    if result.not_struck:
        print(f"INVALID: {result.not_struck} pauses and kills did not strike")
        return 2
    return 1 if result.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
