"""A Slack that lies to thousands of destinations: each hears, and sees one message (RELIABILITY C.4, G10).

``python -m tests.faults.lying --destinations 5000 --seed 1`` starts real ``gatehouse serve`` processes on a PostgreSQL
of its own. Requests come at a steady rate; a part of the destinations is lied to, people delete copies, the token is
revoked for a while, a part of the requests is decided. A run without any lie comes first, to compare times with.
Exit code 1: something was lost, doubled, late or wrong. 2: a lie that was planned was not told, so nothing is proven.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bot.domain.notifications import Kind, State
from bot.domain.policy import HouseRules
from bot.sandbox.records import Message
from bot.store.tables import notifications, turns
from bot.store.unit import Unit
from tests import postgres
from tests.faults import country, told
from tests.faults.country import Organization, Place
from tests.faults.lying_plan import Lies, Shares
from tests.faults.town import HISTORY, Answered, Town, town

QUIET = 300.0
"""Seconds after which what is not delivered will not be: twice the pause after a refused token, and look-ups."""
REVOKED_SECONDS = 2.0
IN_FLIGHT = timedelta(seconds=2)
"""How long before a revocation a request must have been made to be delivered without it."""
FEW = 0.01
"""Of the organizations ask once more while the token is revoked, and as many several times at once."""
EAGER = ("Stall", "Booth", "Stand")
AT_ONCE = 1e6
DECIDED, REDRAWS_LIED = 0.3, 0.4
"""Of the requests are decided; of their copies are lied about when they are drawn again."""
PRESSED_AT_ONCE = 8
LATER_AT_MOST = 1.0
"""Seconds by which the 99th percentile of those who were not lied to may be later than without any lie."""
SETTINGS = {"GATEHOUSE_ADMINS": country.ADMIN, "GATEHOUSE_TICK": "1s"}
VERDICTS = {"Approve": 0.7, "Withdraw": 0.3}


@dataclass(frozen=True)
class Size:
    """How much happens; ``rate`` is in requests a second."""

    destinations: int
    rate: float
    replicas: int
    history: bool
    seed: int
    gap: float = 0.5
    """Seconds between two messages of a channel, below which the workspace refuses the second one: what is sent each
    second arrives a little earlier or later, the more so the busier the machine."""
    thorough: bool = True
    """Also revoke the token, lie twice, lie about look-ups and let the hour of a ``Retry-After`` pass."""


@dataclass
class Result:
    """What a run came to."""

    lies: Lies
    found: told.Told
    before: told.Told
    """What stood there before anything was decided, when a doubled message is still seen."""
    untouched: list[float]
    """Seconds until those heard who were not lied to, sorted."""
    owed: int
    heard: int
    """Destinations that had to hear of a request, and those where a message of it stands or was deleted by people."""
    seconds: float
    breaches: list[str]

    def percentile(self, share: float) -> float:
        """Return within how many seconds this share of those who were not lied to had heard."""
        return self.untouched[int(share * (len(self.untouched) - 1))] if self.untouched else 0.0

    def figures(self) -> list[str]:
        """Return what was counted, in plain lines."""
        lies, doubled = self.lies, sum(self.before.doubled.values())
        times = (
            f"p50 {self.percentile(0.5):.2f} s, p99 {self.percentile(0.99):.2f} s, last {self.percentile(1.0):.2f} s"
        )
        lines = [
            f"{len(self.found.sent)} notifications delivered, {len(self.found.rows) - len(self.found.sent)} given up",
            f"{self.heard} of {self.owed} destinations heard, {len(lies.gone)} are dead; {self.seconds:.0f} s in all",
            f"{len(self.untouched)} to whom nobody lied heard after {times}",
        ]
        if not lies.planned:
            return lines
        unknown, acted = lies.unknown_posts(acted=False), lies.unknown_posts(acted=True)
        told_lies = ", ".join(f"{kind} {count}" for kind, count in sorted(lies.fired().items()))
        groups = ", ".join(f"{group} {count}" for group, count in sorted(Counter(lies.touched.values()).items()))
        return [
            *lines,
            f"destinations lied to: {groups}",
            f"lies told: {told_lies}",
            f"{unknown} posts with an unknown outcome, {acted} of them carried out; {doubled} messages too many",
        ]


class Run:
    """One run: the town, its organizations, and what was asked so far."""

    def __init__(self, at: Town, there: list[Organization], lies: Lies, size: Size) -> None:
        self.at, self.there, self.lies, self.size = at, there, lies, size
        self.by_contract: dict[str, Organization] = {}
        self.asked_at: dict[str, datetime] = {}
        self.answers: Counter[int] = Counter()
        self.revoked_at: datetime | None = None
        self.chance = random.Random(size.seed + 1)  # noqa: S311 - repeatable, not secret
        self._ids: dict[str, tuple[str, str]] = {}
        self._rules = HouseRules(admins=frozenset({country.ADMIN}))

    async def ask(self, some: list[Organization], client: str = "Till", rate: float = AT_ONCE) -> None:
        """Let these organizations' requesters sign up, at a rate in requests a second."""
        self._ids = self._ids or await self.at.do(country.offers)
        begun = time.monotonic()
        async with asyncio.TaskGroup() as asking:
            for number, one in enumerate(some):
                await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                asking.create_task(self._sign_up(one, client))
                if number % 200 == 199:
                    say(f"{number + 1} of {len(some)} requests, {await self.open()} notifications open")

    async def _sign_up(self, one: Organization, client: str) -> None:
        def work(unit: Unit) -> tuple[str, datetime]:
            team = self.at.workspace.team_id
            return country.sign_up(unit, self._rules, team, one, self._ids[one.name], client), unit.now

        contract, now = await self.at.do(work)
        self.by_contract[contract], self.asked_at[contract] = one, now

    async def open(self) -> int:
        """Return how many notifications are still to be delivered, but for the one that waits for an hour."""
        late = self.lies.late.id if self.lies.late else ""
        some = sa.select(sa.func.count()).where(
            notifications.c.due_at.is_not(None), notifications.c.destination != late
        )
        return int(await self.at.do(lambda unit: unit.connection.execute(some).scalar_one()))

    async def quiet(self) -> None:
        """Wait until nothing is to be delivered any more.

        Raises:
            TimeoutError: it is not to be.
        """
        last = time.monotonic()
        async with asyncio.timeout(QUIET):
            while number := await self.open():
                if time.monotonic() - last > 5:
                    last = time.monotonic()
                    say(f"{number} notifications open")
                await asyncio.sleep(0.5)

    async def hurry(self) -> None:
        """Let some ask several times at once, so that their messages have to take turns."""
        some = self._few()
        for client in EAGER:
            await self.ask(some, client)

    def _few(self) -> list[Organization]:
        able = [one for one in self.there if self.is_spared(one)]
        return self.chance.sample(able, max(4, round(FEW * len(able))))

    async def revoke(self) -> None:
        """Let the token be refused for a while in which people sign up."""
        self.at.workspace.revoked, self.revoked_at = "token_revoked", datetime.now(UTC)
        await self.ask(self._few(), "Kiosk")
        await asyncio.sleep(REVOKED_SECONDS)
        self.at.workspace.revoked = None

    def delete_copies(self) -> list[tuple[str, Organization]]:
        """Let people delete copies, one each of some requests that another copy asks about; return those requests."""
        share = self.lies.shares.deleted / 100
        count = round(share * sum(len(one.told) for one in self.there))
        able = [
            pair for pair in self.first_requests() if pair[1].shape in ("direct", "both") and self.is_spared(pair[1])
        ]
        some = self.chance.sample(able, min(count, len(able)))
        for contract, one in some:
            self.at.workspace.remove(self.message(contract, one.approvers[0]))
        return some

    def first_requests(self) -> list[tuple[str, Organization]]:
        """Return each organization's first request."""
        return [(id_, one) for id_, one in self.by_contract.items()][: len(self.there)]

    def asked_in_peace(self) -> dict[str, datetime]:
        """Return when the first requests were made, but for those under way when the token was revoked."""
        latest = self.revoked_at - IN_FLIGHT if self.revoked_at else datetime.max.replace(tzinfo=UTC)
        return {id_: self.asked_at[id_] for id_, _ in self.first_requests() if self.asked_at[id_] < latest}

    def is_spared(self, one: Organization) -> bool:
        """Whether all copies of an organization's requests have buttons and are where they should be."""
        return (
            not any(self.lies.touched.get(place.id) in ("dead", "looks", "late") for place in one.told)
            and one.channel != self.lies.late
        )

    def message(self, contract: str, place: Place) -> Message:
        """Return the message about a request at a destination."""
        rows = self.at.store.read.run(
            lambda unit: unit.connection.execute(
                sa.select(notifications.c.channel, notifications.c.ts).where(
                    notifications.c.contract_id == contract,
                    notifications.c.destination == place.id,
                    notifications.c.kind.in_((Kind.REQUEST, Kind.WAITING)),
                )
            ).one()
        )
        found = self.at.workspace.channels[rows.channel].find(rows.ts)
        assert found
        return found

    async def decide(self, deleted: list[tuple[str, Organization]]) -> None:
        """Let a part of the requests be decided, half of those with a deleted copy among them; claim the others."""
        half = len(deleted) // 2
        claimed, doomed = deleted[:half], deleted[half:]  # one copy is posted anew, the other let be (RELIABILITY F6)
        taken = {contract for contract, _ in deleted}
        able = [pair for pair in self.first_requests() if pair[0] not in taken and self.is_spared(pair[1])]
        some = self.chance.sample(able, round(DECIDED * len(able)))
        places = [place for _, one in some for place in one.told]
        self.lies.about_redraws(self.chance.sample(places, round(REDRAWS_LIED * len(places))))
        presses = [(contract, one, "Claim") for contract, one in claimed]
        presses += [(contract, one, "Approve") for contract, one in doomed]
        labels = self.chance.choices(list(VERDICTS), list(VERDICTS.values()), k=len(some))
        presses += [(contract, one, label) for (contract, one), label in zip(some, labels, strict=True)]
        say(f"{len(presses)} people press a button")
        turns = asyncio.Semaphore(PRESSED_AT_ONCE)

        async def press(number: int, contract: str, one: Organization, label: str) -> None:
            async with turns:
                answer = await self._press(number, contract, one, label)
                self.answers[answer.status] += 1

        await asyncio.gather(*(press(number, *each) for number, each in enumerate(presses)))

    async def _press(self, number: int, contract: str, one: Organization, label: str) -> Answered:
        # The last approver's copy is never the deleted one; somebody who may approve stands in the channel as well.
        place = one.requester if label == "Withdraw" else one.asked[-1]
        who = place.id if place in (*one.approvers, one.requester) else one.approvers[-1].id
        message = self.message(contract, place)
        payload = self.at.workspace.actor(who).draft_press(label, message=message)
        return await self.at.send(self.at.servers[number % len(self.at.servers)], payload)

    async def an_hour_later(self) -> list[str]:
        """Say what was wrong with the destination that has to wait for an hour; then let that hour pass."""
        late = self.lies.late
        if late is None:
            return []
        query = sa.select(notifications).where(notifications.c.destination == late.id)
        (row,) = await self.at.do(lambda unit: unit.connection.execute(query).all())
        waits = (row.due_at - row.created_at).total_seconds() if row.due_at else 0.0
        wrong = [] if waits > 3000 else [f"{late.id} was to wait for an hour and waits {waits:.0f} s"]
        await self.at.do(lambda unit: _pass_the_hour(unit, late.id))
        self.lies.late = None
        await self.quiet()
        return wrong


def _pass_the_hour(unit: Unit, destination: str) -> None:
    mine = sa.update(notifications).where(notifications.c.destination == destination)
    unit.connection.execute(mine.where(notifications.c.state == State.PENDING).values(due_at=unit.now))
    unit.connection.execute(sa.delete(turns).where(turns.c.destination == destination))


async def run(database_url: str, shares: Shares, size: Size) -> Result:
    """Run on an empty PostgreSQL database and return what came of it."""
    there = country.organizations(size.destinations)
    begun = time.monotonic()
    scopes = HISTORY if size.history else ()
    async with town(database_url, scopes=scopes, catalog=country.catalog(there)) as at:
        country.populate(at.workspace, there)
        await at.do(lambda unit: country.acquaint(unit, at.workspace.team_id, there))
        at.workspace.post_rate = 1 / size.gap
        lies = Lies(at.workspace, shares, size.seed, looks_up=size.history, thorough=size.thorough)
        if shares != NO_LIES:
            lies.prepare(there)
        for _ in range(size.replicas):
            await at.serve(**SETTINGS)
        return await _go(Run(at, there, lies, size), begun)


async def _go(one: Run, begun: float) -> Result:
    at, lies = one.at, one.lies
    say(f"{len(one.there)} organizations, {sum(len(each.told) for each in one.there)} destinations")
    wrong: list[str] = []
    await one.ask(one.there, rate=one.size.rate)
    await one.hurry()
    if lies.planned and one.size.thorough:
        await one.revoke()
    await one.quiet()
    before = told.Told(await at.do(told.rows), told.messages(at.workspace))
    if lies.planned:
        await one.decide(one.delete_copies())
        await one.quiet()
        wrong += await one.an_hour_later()
    found = told.look(at.store, at.workspace, one.by_contract, exactly_once=one.size.history)
    spared = [place.id for each in one.there for place in each.told if place.id not in lies.touched]
    owed = [(contract, place.id) for contract, each in one.by_contract.items() for place in each.told]
    heard = {(row.contract_id, row.destination) for row in found.sent}
    wrong += [*found.breaches, *(f"{each.rule}: {each.sentence}" for each in at.workspace.violations)]
    wrong += [f"{count} answers had the status {status}" for status, count in one.answers.items() if status != 200]
    if at.workspace.pace.refused:
        wrong.append(f"{at.workspace.pace.refused} messages came too soon for their channel")
    if one.size.history and before.doubled:
        wrong.append(f"{len(before.doubled)} messages were there twice for a while")
    if not one.size.history and sum(before.doubled.values()) > lies.unknown_posts(acted=True):
        wrong.append("there are more doubled messages than posts that Slack carried out without saying so")
    untouched = before.seconds(spared, one.asked_in_peace())
    seconds = time.monotonic() - begun
    return Result(lies, found, before, untouched, len(owed), len(heard & set(owed)), seconds, wrong)


NO_LIES = Shares(*[0.0] * 7)


def say(words: str) -> None:
    """Show progress on a terminal, beside the figures."""
    print(words, file=sys.stderr, flush=True)


async def both(shares: Shares, size: Size, *, control: bool) -> tuple[Result | None, Result]:
    """Run without a lie, if there is to be a control, and with them; each on a PostgreSQL of its own."""
    with postgres.running() as server:
        clean = None
        if control:
            with server.database() as url:
                clean = await run(url, NO_LIES, size)
        with server.database() as url:
            return clean, await run(url, shares, size)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destinations", type=int, default=5000)
    for name, default in vars(Shares()).items():
        parser.add_argument(f"--{name}", type=float, default=default, metavar="PERCENT")
    parser.add_argument("--rate", type=float, default=25.0, help="requests a second")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-history", action="store_true", help="without the scopes to look for a message")
    parser.add_argument("--no-control", action="store_true", help="without the run that nobody lies in")
    return parser.parse_args()


def main() -> int:
    """Run and print; return 1 if something is wrong, 2 if a planned lie was not told."""
    options = _options()
    shares = Shares(**{name: getattr(options, name) for name in vars(Shares())})
    size = Size(options.destinations, options.rate, options.replicas, not options.no_history, options.seed)
    clean, lied = asyncio.run(both(shares, size, control=not options.no_control))
    print(
        f"seed {size.seed}, {size.replicas} processes, {size.rate:g} requests a second, history scopes: {size.history}"
    )
    wrong = list(lied.breaches)
    if clean:
        print("without a lie:", *clean.figures(), sep="\n  ")
        wrong += [f"without a lie: {breach}" for breach in clean.breaches]
        later = lied.percentile(0.99) - clean.percentile(0.99)
        wrong += (
            [f"who was not lied to heard {later:.2f} s later than without any lie"] if later > LATER_AT_MOST else []
        )
    print("with lies:", *lied.figures(), sep="\n  ")
    print(f"{len(wrong)} breaches", *wrong[:50], sep="\n  ")
    if silent := lied.lies.silent():
        print("INVALID: planned and not told:", *silent[:20], sep="\n  ")
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
