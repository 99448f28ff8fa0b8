"""Everybody decides about one request at the same moment, in several processes: one decision (SPEC 5.4, G3).

``python -m tests.faults.races 2000 --replicas 3`` runs 2,000 races on a PostgreSQL of its own. In each of them two to
sixteen contend: approvers who approve or reject, the requester who withdraws, the clock that lets the request expire,
while a catalog file may retire the API or close the plan. Payloads go straight to real ``gatehouse serve`` processes.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.audit import AuditRow
from bot.store.audit import broken_rows
from bot.store.tables import contracts, people
from bot.store.unit import Unit
from tests import postgres
from tests.faults.panel import MOST, Case, Court, court, soon
from tests.faults.town import Answered

Json = dict[str, Any]
DECISIONS = ("ApproveContract", "RejectContract", "WithdrawContract", "ExpireContract")
TOLD = ("approved this request", "rejected this request", "withdrew this request", "expired without a decision")
"""How whoever came second is told."""
UNSURE = "Temporarily unavailable."
"""How the bot says that it could not find out in time; people press again then, and so do those of these races."""
PRESSES = 5
TOLD_WITHIN = 3.0
"""Seconds (RELIABILITY G3)."""
AHEAD = 8
"""Requests that are ready before their race begins."""
TICK = 0.5
"""Seconds within which the clock's jobs run in the processes; who contends with the clock comes within them, too."""
CLOCK, CLOSING = 0.25, 0.2
"""Share of the races in which the clock contends, and in which an API or plan is closed meanwhile."""


@dataclass
class Tally:
    """What came of the races."""

    seed: int
    replicas: int
    races: int = 0
    sizes: Counter[int] = field(default_factory=Counter)
    """How many races had how many contenders."""
    kinds: Counter[str] = field(default_factory=Counter)
    decisions: Counter[int] = field(default_factory=Counter)
    """How many requests were decided how often: all of them once, if nothing is wrong."""
    won: Counter[str] = field(default_factory=Counter)
    losers: int = 0
    told: int = 0
    """Losers who were told who was faster."""
    latest: float = 0.0
    """Seconds until the last loser of a race was told."""
    again: int = 0
    """Presses that were answered with ``UNSURE``, as on a machine that is too busy, and made once more."""
    said: Counter[str] = field(default_factory=Counter)
    """What else was said to somebody alone."""
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    """Seconds of the slowest answer."""
    seconds: float = 0.0
    deadlocks: int = 0
    """Transactions that PostgreSQL ended because two waited for each other; the bot tries them again."""
    broken: list[str] = field(default_factory=list)
    """What is wrong with the audit trail."""

    def breaches(self) -> list[str]:
        """Return what is wrong, as sentences."""
        wrong = [f"audit: {each}" for each in self.broken]
        wrong += [
            f"{count} requests were decided {often} times" for often, count in self.decisions.items() if often != 1
        ]
        wrong += [f"{count} answers had the status {code}" for code, count in self.statuses.items() if code != 200]
        wrong += [f"said {count} times: {words}" for words, count in self.said.items()]
        if self.told != self.losers:
            wrong.append(f"{self.losers - self.told} losers were not told")
        if self.latest > TOLD_WITHIN:
            wrong.append(f"a loser was told after {self.latest:.1f} s")
        return wrong

    def missing(self) -> list[str]:
        """Return the kinds of contenders and winners that never were: without them nothing is proven."""
        kinds = {"approve", "reject", "withdraw", "expire", "close api", "close plan"} - set(self.kinds)
        return [*sorted(kinds), *sorted({"Active", "Rejected", "Withdrawn", "Expired"} - set(self.won))]


class Race:
    """One race: who contends for a case, and what came of it."""

    def __init__(self, ring: Court, case: Case, tally: Tally, chance: random.Random, most: int) -> None:
        self.ring, self.case, self.tally, self.chance = ring, case, tally, chance
        self._with_clock = chance.random() < CLOCK
        self._closing = chance.choice(["api", "plan"]) if chance.random() < CLOSING else ""
        self._payloads = self._drawn(chance.randint(2, most) - self._with_clock)
        self._turn = chance.randrange(len(ring.at.servers))
        self._told: set[str] = set()
        self._begun = 0.0

    def _drawn(self, count: int) -> list[tuple[str, Json]]:
        """Draw who presses what: the requester at most once, each member of the panel at most once."""
        drawn = [("withdraw", self.ring.withdrawal(self.case))] if self.chance.random() < 0.4 else []
        for number in self.chance.sample(range(MOST), count - len(drawn)):
            if self.chance.random() < 0.5:
                drawn.append(("approve", self.ring.approval(self.case, number)))
            else:
                drawn.append(("reject", self.ring.rejection(self.case, number)))
        self.chance.shuffle(drawn)
        return drawn

    async def run(self) -> None:
        """Let all of them press at once, and wait until each loser was told."""
        self.ring.at.workspace.ephemerals.clear()
        self.tally.races += 1
        self.tally.sizes[len(self._payloads) + self._with_clock] += 1
        self.tally.kinds.update([kind for kind, _ in self._payloads] + ["expire"] * self._with_clock)
        self._begun = time.time()
        await asyncio.gather(*(self._press(payload) for _, payload in self._payloads), self._expire(), self._close())
        await self._all_told()
        if self._closing:
            await self.ring.apply(self.case.panel, "")

    async def _press(self, payload: Json) -> None:
        """Press, and again as long as the answer itself asks for that."""
        if self._with_clock:
            await asyncio.sleep(self.chance.uniform(0, TICK))
        await self._until_sure(payload)

    async def _until_sure(self, payload: Json) -> None:
        answer = await self._send(payload)
        for _ in range(PRESSES):
            if UNSURE not in str(answer.body):
                break
            self.tally.again += 1
            answer = await self._send(payload)
        if any(words in str(answer.body) for words in TOLD):
            self._told.add(payload["user"]["id"])

    async def _send(self, payload: Json) -> Answered:
        servers = self.ring.at.servers
        self._turn += 1
        # Each press is one of its own: the same bytes within a second would be the same signature, a replay.
        pressed = payload | {"trigger_id": f"{self._turn}.{payload['user']['id'].lower()}.{time.time_ns()}"}
        answer = await self.ring.at.send(servers[self._turn % len(servers)], pressed)
        self.tally.statuses[answer.status] += 1
        self.tally.slowest = max(self.tally.slowest, answer.seconds)
        return answer

    async def _expire(self) -> None:
        if self._with_clock:
            await self.ring.at.do(lambda unit: _let_expire(unit, self.case.contract))

    async def _close(self) -> None:
        if self._closing:
            self.tally.kinds[f"close {self._closing}"] += 1
            await self.ring.apply(self.case.panel, self._closing)

    async def _all_told(self) -> None:
        """Wait until everybody who lost was told; if the clock won, these are all who pressed."""
        winner = await self.ring.at.do(lambda unit: _winner(unit, self.case.contract))
        losers = {payload["user"]["id"] for _, payload in self._payloads} - {winner}

        async def all_told() -> bool:
            await self._read()
            return losers <= self._told

        with suppress(TimeoutError):
            await soon(all_told, 2 * TOLD_WITHIN)
        self.tally.losers += len(losers)
        self.tally.told += len(losers & self._told)

    async def _read(self) -> None:
        """Take note of what was said to somebody alone; who was asked to press again does so."""
        ephemerals = self.ring.at.workspace.ephemerals
        for one in list(ephemerals):
            ephemerals.remove(one)
            if UNSURE in one.text:
                self.tally.again += 1
                payloads = (payload for _, payload in self._payloads if payload["user"]["id"] == one.ephemeral_to)
                await self._until_sure(next(payloads))
            elif any(words in one.text for words in TOLD):
                self._told.add(str(one.ephemeral_to))
                self.tally.latest = max(self.tally.latest, float(one.ts) - self._begun)
            else:
                self.tally.said[one.text] += 1


def _let_expire(unit: Unit, contract: str) -> None:
    one = sa.update(contracts).where(contracts.c.id == contract)
    unit.connection.execute(one.values(expires_at=unit.now - timedelta(seconds=1)))


def _winner(unit: Unit, contract: str) -> str | None:
    """Return who decided; None: the clock did."""
    joined = contracts.outerjoin(people, people.c.id == contracts.c.decided_by)
    one = sa.select(people.c.user).select_from(joined).where(contracts.c.id == contract)
    winner: str | None = unit.connection.execute(one).scalar_one()
    return winner


async def run(database_url: str, races: int, *, replicas: int = 2, most: int = MOST, seed: int = 1) -> Tally:
    """Run races on an empty PostgreSQL database and return what came of them.

    Args:
        database_url: the database.
        races: how many.
        replicas: processes that share it.
        most: contenders in one race at most; there are two at least.
        seed: of who contends and how.
    """
    tally, chance = Tally(seed, replicas), random.Random(seed)  # noqa: S311 - repeatable, not secret
    ready: asyncio.Queue[Case] = asyncio.Queue(AHEAD)
    async with court(database_url, replicas, TICK) as ring:
        preparing = asyncio.create_task(_prepare(ring, ready, races))
        raced, begun = [], time.monotonic()
        for number in range(races):
            case = await ready.get()
            await Race(ring, case, tally, chance, most).run()
            raced.append(case.contract)
            if number % 100 == 99:
                print(f"{number + 1} of {races} races", file=sys.stderr, flush=True)
        await preparing
        tally.seconds = time.monotonic() - begun
        count(ring, tally, raced)
    return tally


async def _prepare(ring: Court, ready: "asyncio.Queue[Case]", races: int) -> None:
    for _ in range(races):
        await ready.put(await ring.case())


def count(ring: Court, tally: Tally, raced: list[str]) -> None:
    """Count the decisions in the audit, where each stands in the transaction of the decision itself."""
    document = ring.at.export()
    mine = [one for one in document["contracts"] if one["id"] in set(raced)]
    decided = Counter(row["key"].split("/")[0] for row in document["audit"] if row["what"] in DECISIONS)
    tally.decisions = Counter(decided[one["client"]["id"]] for one in mine)
    tally.won = Counter(one["status"] for one in mine)
    rows: list[AuditRow] = ring.at.store.read.run(lambda unit: list(unit.audit.rows()))
    tally.broken = broken_rows(rows, ring.at.store.read.run(lambda unit: unit.audit.heads()))
    asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    tally.deadlocks = ring.at.store.read.run(lambda unit: unit.connection.exec_driver_sql(asked).scalar_one())


def report(tally: Tally) -> list[str]:
    """Return the figures in plain lines."""
    sizes = ", ".join(f"{size}: {count}" for size, count in sorted(tally.sizes.items()))
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(tally.kinds.items()))
    won = ", ".join(f"{status} {count}" for status, count in sorted(tally.won.items()))
    return [
        f"seed {tally.seed}: {tally.races} races in {tally.seconds:.0f} s, {tally.replicas} processes, one PostgreSQL",
        f"races by contenders: {sizes}; contenders: {kinds}",
        f"decisions a request: {dict(tally.decisions)} ({won})",
        f"{tally.told} of {tally.losers} losers told, the last one of a race after {tally.latest:.2f} s at most",
        f"HTTP statuses: {dict(tally.statuses)}; asked to press again: {tally.again}",
        f"slowest answer: {tally.slowest * 1000:.0f} ms",
        f"deadlocks that PostgreSQL ended: {tally.deadlocks}; audit: {tally.broken or 'whole'}",
    ]


def main() -> int:
    """Run and print; return 1 if something is wrong, 2 if a kind of contender or winner never was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("races", type=int, nargs="?", default=200)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--most", type=int, default=MOST, help="contenders at most")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with postgres.running() as server, server.database() as url:
        tally = asyncio.run(run(url, options.races, replicas=options.replicas, most=options.most, seed=options.seed))
    breaches = tally.breaches()
    print(*report(tally), f"{len(breaches)} breaches", *breaches, sep="\n")
    if missing := tally.missing():
        print("INVALID, never seen:", ", ".join(missing))
        return 2
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
