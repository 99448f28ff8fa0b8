"""Notifications that nobody can ever send, among others: they delay nobody and end in a list (RELIABILITY F21, G19).

``python -m tests.faults.poison --rows 1000 --poison 100`` starts real ``gatehouse serve`` processes on a PostgreSQL of
its own and makes all rows due at one moment, with and without the poison by turns. Half of the poison is refused by
Slack for a reason nobody knows, half can't be drawn. Slack takes as long for a post as it does in life.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from bot.domain.ids import new_id
from bot.domain.notifications import DestinationType, Kind, State
from bot.domain.policy import HouseRules
from bot.outbox.outcomes import MOST_ATTEMPTS
from bot.store.tables import contracts, notifications
from bot.store.unit import Unit
from tests import postgres
from tests.faults import country, told
from tests.faults.country import Organization
from tests.faults.town import Town, town

LONGEST = 1.2
"""How much longer the others may take beside poison."""
SET_ASIDE_WITHIN = 15 * 60.0
"""Seconds until poison is set aside."""
FOR_EVER = 1_000_000
UNKNOWN_ERROR = "error:odd_error"
BEYOND = 99
"""A turn of a talk that never took place: a message about it can't be drawn."""
WAIT = timedelta(hours=1)
PATIENCE = 300.0


@dataclass
class Poison:
    """Rows that can't be sent, by id."""

    refused: list[str]
    undrawable: list[str]

    @property
    def all(self) -> list[str]:
        return [*self.refused, *self.undrawable]


@dataclass
class Result:
    """Seconds until the others were delivered, with and without poison, and what became of the poison."""

    seed: int
    replicas: int
    others: int = 0
    poison: int = 0
    without: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    attempts: int = 0
    """Of the poison with the most of them."""
    set_aside: float = 0.0
    """Seconds until the last poison was set aside."""
    listed: int = 0
    requeued: int = 0
    """Poison that was delivered once it was healed and asked for again."""
    breaches: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How much longer the others took beside poison."""
        return statistics.median(self.beside) / statistics.median(self.without)

    def lines(self) -> list[str]:
        """Return the figures in plain lines."""
        without, beside = (", ".join(f"{each:.1f}" for each in found) for found in (self.without, self.beside))
        return [
            f"seed {self.seed}, {self.replicas} processes: {self.others} rows, and {self.poison} that nobody can send",
            f"seconds until the others were delivered: without poison {without}; beside it {beside}: {self.ratio:.2f}",
            f"poison: {self.attempts} attempts at most, all of it set aside after {self.set_aside:.0f} s",
            f"{self.listed} in outbox list, {self.requeued} delivered after outbox retry",
        ]


class Ward:
    """A town with rows that wait for a moment at which all of them are due, and those of them that are poison."""

    def __init__(self, at: Town, options: argparse.Namespace) -> None:
        self.at, self._rows, self._count, self._latency = at, options.rows, options.poison, options.latency
        self._chance = random.Random(options.seed)  # noqa: S311 - repeatable, not secret
        self.poison = Poison([], [])
        self.others: list[str] = []

    async def fill(self, there: list[Organization]) -> None:
        """Let everybody sign up while nobody delivers, and turn some of the rows into poison."""
        ids, team = await self.at.do(country.offers), self.at.workspace.team_id
        for one in there:
            await self.at.do(lambda unit, one=one: country.sign_up(unit, HouseRules(), team, one, ids[one.name]))  # type: ignore[misc]
        rows = await self.at.do(told.rows)
        half = self._count // 2
        refused = self._chance.sample(rows, half)
        self.poison = Poison([row.id for row in refused], [])
        for row in refused:
            self._plan(UNKNOWN_ERROR, row.destination)
        self._plan("slow", None)
        each = [row for row in rows if row.kind == Kind.WAITING][: self._count - half]
        self.poison.undrawable = await self.at.do(lambda unit: _undrawable(unit, each))
        for row in each:
            user = _asked(row)
            self.at.workspace.add_person(f"Person {user}", id=user, handle=user.lower())
        spared = [row.id for row in rows if row.id not in set(self.poison.refused)]
        self.others = spared[: self._rows - self._count]
        await self.at.do(lambda unit: unit.connection.execute(_all_rows().values(due_at=unit.now + WAIT)))

    def _plan(self, kind: str, about: str | None) -> None:
        self.at.workspace.faults.add(
            method="chat.postMessage", kind=kind, about=about, times=FOR_EVER, seconds=self._latency
        )

    async def due(self, ids: list[str]) -> float:
        """Make these due now and return the time, in seconds since 1970."""
        await self.at.do(lambda unit: unit.connection.execute(_rows(ids).values(due_at=unit.now)))
        await self.at.do(_wake)
        return time.time()

    async def delivered(self, since: float) -> float:
        """Return how many seconds it took until the others were delivered."""
        wanted = set(self.others)
        await self.at.until(lambda: wanted <= told.messages(self.at.workspace).keys(), PATIENCE)
        last = max(float(found[-1].ts) for id_, found in told.messages(self.at.workspace).items() if id_ in wanted)
        return last - since

    async def states(self) -> dict[str, Any]:
        """Return the rows of the poison by id."""
        query = sa.select(notifications).where(notifications.c.id.in_(self.poison.all))
        return {row.id: row for row in await self.at.do(lambda unit: list(unit.connection.execute(query)))}

    def gatehouse(self, *arguments: str) -> str:
        """Run a command and return what it says."""
        command = [sys.executable, "-c", "from bot.cli import main; main()", *arguments]
        environment = self.at.environment(0) | {"COLUMNS": "200", "NO_COLOR": "1"}
        done = subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, check=True, cwd="/"
        )
        return done.stdout

    def heal(self) -> None:
        """Let Slack take what it refused."""
        self.at.workspace.faults.clear()


def _all_rows() -> sa.Update:
    return sa.update(notifications)


def _rows(ids: list[str]) -> sa.Update:
    return sa.update(notifications).where(notifications.c.id.in_(ids))


def _wake(unit: Unit) -> None:
    unit.outbox.added = True


def _undrawable(unit: Unit, rows: list[Any]) -> list[str]:
    """Owe somebody a question that was never asked, once for each of these rows."""
    changed = {"kind": Kind.ASKED, "number": BEYOND, "destination_type": DestinationType.USER}
    copied = [{**row._mapping, **changed, "id": new_id(), "destination": _asked(row)} for row in rows]
    unit.connection.execute(sa.insert(notifications), copied)
    return [row["id"] for row in copied]


def _asked(row: Any) -> str:
    return f"U0X{row.destination[3:]}"


def _ask(unit: Unit, ids: list[str]) -> None:
    """Let the questions have been asked after all."""
    word = {"at": unit.now.isoformat(), "user": country.ADMIN, "name": "Ada", "text": "Why?", "asks": True}
    mine = sa.select(notifications.c.contract_id).where(notifications.c.id.in_(ids))
    history = orjson.loads(orjson.dumps([word] * BEYOND))
    unit.connection.execute(sa.update(contracts).where(contracts.c.id.in_(mine)).values(history=history))


async def one_round(
    url: str, options: argparse.Namespace, result: Result, *, with_poison: bool, to_the_end: bool
) -> None:
    """Make everything due at once on an empty database; ``to_the_end``: wait until the poison is set aside."""
    there = country.organizations(options.rows)
    async with town(url, catalog=country.catalog(there)) as at:
        country.populate(at.workspace, there)
        await at.do(lambda unit: country.acquaint(unit, at.workspace.team_id, there))
        ward = Ward(at, options)
        await ward.fill(there)
        for _ in range(options.replicas):
            await at.serve()
        result.others, result.poison = len(ward.others), len(ward.poison.all)
        since = await ward.due([*ward.others, *(ward.poison.all if with_poison else [])])
        took = await ward.delivered(since)
        (result.beside if with_poison else result.without).append(took)
        print(f"{took:.1f} s {'beside' if with_poison else 'without'} poison", file=sys.stderr, flush=True)
        if to_the_end:
            await _to_the_end(ward, since, result)


async def _to_the_end(ward: Ward, since: float, result: Result) -> None:
    states = await ward.states()
    while any(row.state == State.PENDING for row in states.values()) and time.time() - since < SET_ASIDE_WITHIN:
        await asyncio.sleep(1)
        states = await ward.states()
    result.set_aside = time.time() - since
    result.attempts = max(row.attempts for row in states.values())
    left = [id_ for id_, row in states.items() if row.state != State.FAILED]
    result.breaches += [f"{len(left)} rows of poison are not set aside"] if left else []
    listed = await asyncio.to_thread(ward.gatehouse, "outbox", "list")
    result.listed = sum(id_ in listed for id_ in ward.poison.all)
    ward.heal()
    await ward.at.do(lambda unit: _ask(unit, ward.poison.undrawable))
    await asyncio.to_thread(ward.gatehouse, "outbox", "retry", *ward.poison.all)
    for _ in range(int(PATIENCE)):
        states = await ward.states()
        result.requeued = sum(row.state == State.SENT for row in states.values())
        if result.requeued == result.poison:
            break
        await asyncio.sleep(1)
    doubled = [id_ for id_, found in told.messages(ward.at.workspace).items() if len(found) > 1]
    result.breaches += [f"{len(doubled)} messages stand there twice"] if doubled else []


def judge(result: Result) -> list[str]:
    """Return what is wrong, as sentences."""
    wrong = list(result.breaches)
    if result.ratio > LONGEST:
        wrong.append(f"beside poison the others took {result.ratio:.2f} x as long")
    if result.attempts > MOST_ATTEMPTS:
        wrong.append(f"{result.attempts} attempts at one row of poison")
    if result.listed < result.poison:
        wrong.append(f"outbox list shows {result.listed} of {result.poison}")
    if result.requeued < result.poison:
        wrong.append(f"outbox retry delivered {result.requeued} of {result.poison}")
    return wrong


def main() -> int:
    """Run and print; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("rows", 1000), ("poison", 100), ("rounds", 3), ("replicas", 2), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that Slack takes for a post")
    options = parser.parse_args()
    result = Result(options.seed, options.replicas)
    with postgres.running() as server:
        for number in range(options.rounds):
            last = number == options.rounds - 1
            for with_poison in (False, True):
                with server.database() as url:
                    asyncio.run(
                        one_round(url, options, result, with_poison=with_poison, to_the_end=last and with_poison)
                    )
    wrong = judge(result)
    print(*result.lines(), f"{len(wrong)} breaches", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
