"""One run of the lying Slack: people ask, delete copies and decide, and the token is revoked for a while."""

import asyncio
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.domain.clients import ContractStatus
from bot.domain.notifications import Kind, State
from bot.domain.policy import HouseRules
from bot.sandbox.records import Message
from bot.store.tables import contracts, notifications, turns
from bot.store.unit import Unit
from tests.faults import country
from tests.faults.country import Organization, Place
from tests.faults.lying_plan import Lies
from tests.faults.town import Answered, Town

QUIET = 300.0
"""Seconds after which what is not delivered will not be: twice the pause after a refused token, and look-ups."""
REVOKED_SECONDS = 2.0
FEW = 0.01
"""Of the organizations ask once more while the token is revoked, and as many several times at once."""
EAGER = ("Stall", "Booth", "Stand")
AT_ONCE = 1e6
DECIDED, REDRAWS_LIED = 0.3, 0.4
"""Of the requests are decided; of their copies are lied about when they are drawn again."""
PRESSED_AT_ONCE, PRESSES = 8, 5
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


class Run:
    """One run: the town, its organizations, and what was asked so far."""

    def __init__(self, at: Town, there: list[Organization], lies: Lies, size: Size) -> None:
        self.at, self.there, self.lies, self.size = at, there, lies, size
        self.by_contract: dict[str, Organization] = {}
        self.asked_at: dict[str, datetime] = {}
        self.answers: Counter[int] = Counter()
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
        while await self.at.do(_untried):  # noqa: ASYNC110 - those are not to be late for another's trouble
            await asyncio.sleep(0.2)
        self.at.workspace.revoked = "token_revoked"
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
        await self._press_all(presses)

    async def _press_all(self, presses: list[tuple[str, Organization, str]]) -> None:
        """Let people press, and press again where nothing came of it, as they do on a machine that is too busy."""
        turns = asyncio.Semaphore(PRESSED_AT_ONCE)

        async def press(number: int, contract: str, one: Organization, label: str) -> None:
            async with turns:
                answer = await self._press(number, contract, one, label)
                self.answers[answer.status] += 1

        for _ in range(PRESSES):
            say(f"{len(presses)} people press a button")
            await asyncio.gather(*(press(number, *each) for number, each in enumerate(presses)))
            untouched = await self.at.do(_neither_decided_nor_claimed)
            presses = [each for each in presses if each[0] in untouched]
            if not presses:
                return

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


def _neither_decided_nor_claimed(unit: Unit) -> set[str]:
    waits = contracts.c.status == ContractStatus.AWAITING_APPROVAL
    query = sa.select(contracts.c.id).where(waits, contracts.c.claimed_by.is_(None))
    return set(unit.connection.execute(query).scalars())


def _untried(unit: Unit) -> bool:
    query = sa.select(notifications.c.id).where(
        notifications.c.due_at.is_not(None), notifications.c.posting_since.is_(None), notifications.c.last_error == ""
    )
    return unit.connection.execute(query.limit(1)).first() is not None


def _pass_the_hour(unit: Unit, destination: str) -> None:
    mine = sa.update(notifications).where(notifications.c.destination == destination)
    unit.connection.execute(mine.where(notifications.c.state == State.PENDING).values(due_at=unit.now))
    unit.connection.execute(sa.delete(turns).where(turns.c.destination == destination))


def say(words: str) -> None:
    """Show progress on a terminal, beside the figures."""
    print(words, file=sys.stderr, flush=True)
