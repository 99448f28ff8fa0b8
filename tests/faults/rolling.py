"""Replicas that are stopped and replaced while people work: ``python -m tests.faults.rolling --stops 200``.

People sign up, create clients and decide, through the wizards and buttons, behind a balancer that looks at ``/readyz``.
Nothing that was acknowledged may be lost, nothing doubled, no request answered with an error, every invariant holds at
the end, and every stop takes ten seconds at most (RELIABILITY G14).
"""

import argparse
import asyncio
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bot.sandbox.finding import Impossible
from bot.settings import load
from tests import postgres
from tests.faults.fleet import Balancer, Fleet
from tests.faults.invariants import broken
from tests.faults.market import Market
from tests.faults.people import LAST_TRIES, Deciders, Gate, Walker, walkers
from tests.faults.quiet import LONGEST_QUIET, backlog
from tests.faults.town import HISTORY, Town, town
from tests.faults.world import Told, World, observe
from tests.journeys.house import SECRET_KEY
from tests.journeys.walking import enter, step

LONGEST_STOP = 10.0
LEAST_SHARE = 0.9
"""Of the requests a second that were asked for; with fewer the stops were not under that load."""
FEED = 0.05
"""Seconds between two looks whether more people should begin something."""


@dataclass(frozen=True)
class Options:
    """How much is stopped under how much; ``rate`` is in requests a second to the replicas."""

    stops: int = 200
    at_once: int = 2
    people: int = 24
    rate: float = 50.0
    seed: int = 1
    patience: float = 3.0
    """Seconds that an answer may take (RELIABILITY I9)."""


@dataclass
class Clients:
    """Names of clients by what their creators were told."""

    acknowledged: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


@dataclass
class Result:
    """What happened; ``breaches`` and ``codes`` other than 0 should be none."""

    told: Told
    clients: Clients
    codes: Counter[int] = field(default_factory=Counter)
    stops: list[float] = field(default_factory=list)
    """Seconds that each stop took."""
    requests: int = 0
    seconds: float = 0.0
    """How long people worked."""
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    decided: int = 0
    breaches: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        done = [one for one in self.told.sign_ups if one.told]
        return "\n".join(
            (
                f"{len(self.stops)} stops, exit codes {dict(self.codes)}, longest {max(self.stops):.1f} s",
                f"{self.requests} requests in {self.seconds:.0f} s: {self.rate:.0f} a second",
                f"all answers: HTTP {dict(self.statuses)}, slowest {self.slowest:.2f} s",
                f"{len(done)} sign-ups acknowledged, {len(self.told.sign_ups) - len(done)} not, {self.decided} decided",
                f"{len(self.clients.acknowledged)} clients acknowledged, {len(self.clients.unsure)} not",
                f"{len(self.breaches)} breaches",
            )
        )


@dataclass
class Creator(Walker):
    """Somebody who creates clients of their shop."""

    clients: Clients = field(default_factory=Clients)

    async def _sign_up(self, number: int) -> None:
        name, last = f"Client {number:05}", False
        if await self._to_last_step(name):
            last = await self._create()
        (self.clients.acknowledged if last else self.clients.unsure).append(name)
        while self.actor.modal:
            await self.actor.dismiss()

    async def _to_last_step(self, name: str) -> bool:
        person = self.actor
        return (
            await self._until(self._open, lambda: step(person) == "1")
            and await self._until(lambda: person.submit("Next"), lambda: step(person) == "2")
            and await self._until(lambda: self._fill(name), lambda: step(person) == "3")
        )

    async def _open(self) -> None:
        if self._sees("Start over"):
            await self.actor.press("Start over")
            return
        while self.actor.modal:
            await self.actor.dismiss()
        await self.actor.command("/create-client")

    async def _fill(self, name: str) -> None:
        await enter(self.actor, name)
        await self.actor.submit("Next")

    async def _create(self) -> bool:
        """Submit the last step until it is answered as done; the window stays open, so it is the same step."""
        for _ in range(LAST_TRIES):
            with suppress(Impossible):
                await self.actor.submit("Create Client")
            if step(self.actor) == "Client":
                return True
            await self._think()
        return False


class Run:
    """One run: the people, and whoever stops the replicas they work with."""

    def __init__(self, at: Town, running: Fleet, market: Market, options: Options) -> None:
        self.at, self.running, self.market, self.options = at, running, market, options
        self.result, self.gate = Result(Told(), Clients()), Gate()
        self.deciders = Deciders(at, market, self.result.told, random.Random(options.seed))  # noqa: S311 - repeatable
        self._chance = random.Random(options.seed)  # noqa: S311 - repeatable, not secret

    async def go(self) -> Result:
        """Stop replicas while people work; let all of it come to rest, and look whether everything holds."""
        people = [self._work(number, one) for number, one in enumerate(self._walkers())]
        tasks = [asyncio.create_task(work) for work in (*people, self.deciders.decide())]
        begun, feeding = time.monotonic(), asyncio.create_task(self._feed())
        try:
            await self._stop_all()
            self.result.requests = self.running.balancer.statuses.total()
            self.result.seconds = time.monotonic() - begun
            feeding.cancel()
            await self._rest()
        finally:
            for task in tasks:
                task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        self._look()
        return self.result

    def _walkers(self) -> list[Walker]:
        return walkers(self.at, self.market, self.result.told, self.options.seed)

    async def _work(self, number: int, one: Walker) -> None:
        """Every second one creates clients, the others sign up."""
        if number % 2:
            one = Creator(one.actor, one.shop, one.market, one.told, one.chance, self.result.clients)
        await one.walk(self.gate)

    async def _feed(self) -> None:
        """Let people begin as soon as fewer requests have come than there should be."""
        begun = time.monotonic()
        while True:
            await asyncio.sleep(FEED)
            wanted = self.options.rate * (time.monotonic() - begun)
            if self.running.balancer.statuses.total() < wanted and self.gate.under_way < self.options.people:
                await self.gate.allow(1)

    async def _stop_all(self) -> None:
        for number in range(0, self.options.stops, self.options.at_once):
            await asyncio.sleep(self._chance.uniform(0, 0.5))
            olds = self._chance.sample(self.running.balancer.replicas, self.options.at_once)
            ended, _ = await asyncio.gather(
                asyncio.gather(*(self.running.retire(old, signal.SIGTERM) for old in olds)),
                asyncio.gather(*(self.running.launch() for _ in olds)),
            )
            self.result.codes.update(code for code, _ in ended)
            self.result.stops += [seconds for _, seconds in ended]
            if number % 20 == 0:
                done = len(self.result.told.sign_ups) + len(self.result.clients.acknowledged)
                print(f"{len(self.result.stops)} stops, {done} wizards walked", file=sys.stderr, flush=True)

    async def _rest(self) -> None:
        await self.gate.close()
        await self.at.until(lambda: self.gate.under_way == 0, 120)
        self.deciders.paused = True
        await self.at.until(lambda: self.deciders.under_way == 0, 120)
        latest = time.monotonic() + LONGEST_QUIET
        while left := await backlog(self.at):
            if time.monotonic() > latest:
                self.result.breaches.append(f"I10 backlog: {left} notifications are still to be delivered")
                return
            await asyncio.sleep(0.2)

    def _look(self) -> None:
        result, balancer = self.result, self.running.balancer
        result.statuses, result.slowest = balancer.statuses, balancer.slowest
        result.told.statuses, result.told.slowest = balancer.statuses, balancer.slowest
        plan = self.market.plan({"secret key": SECRET_KEY}, self.options.patience)
        world = observe(self.at.workspace, self.at.store, plan, result.told)
        result.decided = sum(bool(one["decided_at"]) for one in world.export["contracts"])
        result.breaches += _about_clients(world, result.clients)
        result.breaches += broken(world)
        result.breaches += [f"{one.rule}: {one.sentence}" for one in self.at.workspace.violations]
        result.breaches += [f"a stop took {each:.1f} s" for each in result.stops if each > LONGEST_STOP]
        result.breaches += [f"{n} replicas ended with {code}" for code, n in result.codes.items() if code]
        if balancer.refused:
            result.breaches.append(f"{balancer.refused} requests were answered by no replica")


def _about_clients(world: World, clients: Clients) -> list[str]:
    """Return what is wrong with clients that have no contract, and take them out of the world: the rest is sign-ups."""
    mine = {*clients.acknowledged, *clients.unsure}
    stored = Counter(one["name"] for one in world.export["clients"] if one["name"] in mine)
    world.export["clients"] = [one for one in world.export["clients"] if one["name"] not in mine]
    lost = [f"lost: {name} was acknowledged and is not there" for name in clients.acknowledged if not stored[name]]
    return lost + [f"doubled: {name} is there {count} times" for name, count in stored.items() if count > 1]


async def run(database_url: str, options: Options) -> Result:
    """Start everything on an empty database, with twice as many replicas as stop together; return what happened."""
    market = Market(shops=options.people // 2)
    async with town(database_url, scopes=HISTORY, catalog=market.catalog) as at:
        at.workspace.ack_seconds = max(options.patience, at.workspace.ack_seconds)
        market.populate(at.workspace)
        await at.do(lambda unit: market.introduce(unit, at.workspace.team_id))
        async with _behind_balancer(at, 2 * options.at_once) as running:
            return await Run(at, running, market, options).go()


@asynccontextmanager
async def _behind_balancer(at: Town, replicas: int) -> AsyncIterator[Fleet]:
    balancer = Balancer()
    settings = load(
        _env_file=None,
        SLACK_BOT_TOKEN=at.workspace.bot_token,
        SLACK_SIGNING_SECRET=at.workspace.signing_secret,
        SLACK_API_URL=at.slack.api_url,
        GATEHOUSE_DATABASE_URL=at.database_url,
        GATEHOUSE_SECRET_KEY=SECRET_KEY,
    )
    running = Fleet(at.workspace, settings, balancer)
    async with balancer.serving() as url:
        at.slack.events_url = url
        try:
            await asyncio.gather(*(running.launch() for _ in range(replicas)))
            yield running
        finally:
            await asyncio.gather(*(replica.end(signal.SIGINT) for replica in balancer.replicas))


def main() -> int:
    """Run from the command line; return 1 for a breach, 2 if there was less load than asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in vars(Options()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    options = Options(**vars(parser.parse_args()))
    with postgres.running() as server, server.database() as url:
        result = asyncio.run(run(url, options))
    print(f"seed {options.seed}, {2 * options.at_once} replicas, {options.people} people")
    print(result, *result.breaches[:50], sep="\n")
    if result.breaches:
        return 1
    if result.rate < LEAST_SHARE * options.rate:
        print(f"INVALID: {result.rate:.0f} requests a second in place of {options.rate:.0f}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
