"""People at their Slack clients: they sign up, decide and withdraw, and repeat a step that got no answer."""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.sandbox.acting import Actor
from bot.sandbox.finding import Impossible
from bot.sandbox.records import Message
from tests.faults.invariants import buttons
from tests.faults.market import FREE, GOLD, NAMES, Market
from tests.faults.town import Town
from tests.faults.world import SignUp, Told
from tests.journeys.walking import problem

TRIES, LAST_TRIES = 15, 60
"""How often somebody repeats a step, and the last one, before they give up."""
PATIENCE = 1.0
"""Seconds somebody waits for a window to change after the answer came."""
DONE = ("Waiting for approval", "Approved")
WITHDRAWN, REJECTED, FREE_OF_APPROVAL = 0.08, 0.25, 0.1
"""How many of all requests are withdrawn and rejected, and how many sign-ups need no approval."""
SLOWLY, SOON, LATE = 0.5, (0.2, 1.5), (3.0, 7.0)
"""How many decisions take long enough for a reminder, and seconds that decisions take."""


class Gate:
    """How many sign-ups may begin; closed while the world is looked at."""

    def __init__(self) -> None:
        self.begun = self.under_way = 0
        self._allowed = 0
        self._open = asyncio.Condition()

    async def allow(self, count: int) -> None:
        """Let so many more begin."""
        async with self._open:
            self._allowed += count
            self._open.notify_all()

    async def enter(self) -> int:
        """Wait for one's turn, and return its number."""
        async with self._open:
            await self._open.wait_for(lambda: self._allowed > 0)
            self._allowed -= 1
            self.begun += 1
            self.under_way += 1
            return self.begun

    async def close(self) -> int:
        """Let no more begin; return how many turns were left."""
        async with self._open:
            left, self._allowed = self._allowed, 0
            return left

    def leave(self) -> None:
        """One is over."""
        self.under_way -= 1


@dataclass
class Walker:
    """Somebody who signs clients of their shop up."""

    actor: Actor
    shop: int
    market: Market
    told: Told
    chance: random.Random

    async def walk(self, gate: Gate) -> None:
        """Sign up again and again, as often as the gate lets."""
        while True:
            number = await gate.enter()
            try:
                await self._sign_up(number)
            finally:
                gate.leave()

    async def _sign_up(self, number: int) -> None:
        plan = FREE if self.chance.random() < FREE_OF_APPROVAL else GOLD
        provider = NAMES[self.chance.randrange(self.market.providers)]
        name = f"Till {number:05}" if number % 10 else f"<!channel> Till {number:05} & <@U0APP1>"
        await self.sign_up(name, provider, plan)

    async def sign_up(self, client: str, provider: str, plan: str) -> None:
        """Walk through the wizard with a new client; what is answered to the last step is written down."""
        one = SignUp(client, self.actor.member.id, f"Shop{self.shop}", provider, plan)
        if await self._to_summary(one):
            self.told.sign_ups.append(one)
            await self._confirm(one)
        while self.actor.modal:
            await self.actor.dismiss()

    async def _to_summary(self, one: SignUp) -> bool:
        person, seen = self.actor, self._sees
        return (
            await self._until(lambda: self._afresh(one.api), lambda: seen("Learn More"))
            and await self._until(lambda: person.press("Learn More", near=one.api), lambda: seen("Plans"))
            and await self._until(lambda: self._begin(one.plan), lambda: seen("Client to sign up"))
            and await self._until(self._new_client, self._may_type)
            and await self._until(lambda: self._enter(one), lambda: self._submits("Sign Up"))
        )

    async def _afresh(self, api: str) -> None:
        while self.actor.modal:
            await self.actor.dismiss()
        await self.actor.command("/apis", api)

    async def _begin(self, plan: str) -> None:
        if self._sees("Start over"):
            await self.actor.press("Start over")
        else:
            await self.actor.press("Sign Up", near=plan)

    async def _new_client(self) -> None:
        if not self._may_type():
            await self.actor.choose("Client to sign up", "New client")

    def _may_type(self) -> bool:
        modal = self.actor.modal
        return modal is not None and any(block.get("block_id") == "name" for block in modal.blocks)

    async def _enter(self, one: SignUp) -> None:
        await self.actor.fill("Name", one.client)
        await self.actor.fill("Version", "1.0")
        await self.actor.fill("Reason", "We sell <https://evil.example|things> to <!here>.")
        await self.actor.submit("Next")

    async def _confirm(self, one: SignUp) -> None:
        """Submit the last step until it is answered as done; the window stays open, so it is the same step."""
        for _ in range(LAST_TRIES):
            with contextlib.suppress(Impossible):
                await self.actor.submit("Sign Up")
            one.told = next((words for words in DONE if self._sees(words)), "")
            if one.told:
                return
            one.repeats += 1
            said = [problem(self.actor), *self.actor.errors.values()]
            one.said += [sentence for sentence in said if sentence and sentence not in one.said]
            await self._think()

    async def _until(self, act: Callable[[], Awaitable[None]], seen: Callable[[], bool]) -> bool:
        for _ in range(TRIES):
            with contextlib.suppress(Impossible):
                await act()
            if await _soon(seen, 0.0 if self.actor.notice else PATIENCE):
                return True
            await self._think()
        return False

    async def _think(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.1, 0.6))

    def _sees(self, words: str) -> bool:
        return self.actor.modal is not None and words in self.actor.sees()

    def _submits(self, label: str) -> bool:
        return self.actor.modal is not None and self.actor.modal.submit_label == label


async def _soon(true: Callable[[], bool], seconds: float) -> bool:
    latest = time.monotonic() + seconds
    while not true():
        if time.monotonic() > latest:
            return False
        await asyncio.sleep(0.02)
    return True


@dataclass
class Deciders:
    """Approvers and requesters in front of the messages they got."""

    at: Town
    market: Market
    told: Told
    chance: random.Random
    paused: bool = False
    under_way: int = 0
    hurried: bool = False
    """Whether nobody takes their time any more."""
    pressed: int = 0
    last: float = 0.0
    """When somebody last pressed something, on the clock that never goes backwards."""
    _read: dict[str, int] = field(default_factory=dict)
    _open: list[tuple[float, str, Message]] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def decide(self) -> None:
        """Look at new messages again and again, and press their buttons after a while."""
        while True:
            await asyncio.sleep(0.05)
            if not self.paused:
                self._look()
                self._press_due()

    def _look(self) -> None:
        now = time.monotonic()
        for channel in list(self.at.workspace.channels.values()):
            for message in channel.messages[self._read.get(channel.id, 0) :]:
                labels = {label for label, _ in buttons(message)}
                wait = self.chance.uniform(*(LATE if self.chance.random() < SLOWLY else SOON))
                if "Approve" in labels:
                    label = "Reject" if self.chance.random() < REJECTED else "Approve"
                    self._open.append((now + wait, label, message))
                elif "Withdraw" in labels and self.chance.random() < WITHDRAWN:
                    self._open.append((now + wait, "Withdraw", message))
            self._read[channel.id] = len(channel.messages)

    def _press_due(self) -> None:
        now, later = time.monotonic(), []
        for at, label, message in self._open:
            if not (self.hurried or at <= now):
                later.append((at, label, message))
            elif label in {words for words, _ in buttons(message)}:
                self._begin(label, message)
                later.append((now + 5.0, label, message))  # still there then: press once more
        self._open = later

    def _begin(self, label: str, message: Message) -> None:
        who = self.at.workspace.channels[message.channel].user or self.chance.choice(self._approvers(message))
        if who in self._busy:
            return
        self._busy.add(who)
        self.under_way += 1
        task = asyncio.create_task(self._press(self.at.workspace.actor(who), label, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _approvers(self, message: Message) -> tuple[str, str]:
        return self.market.approvers(int(message.channel[-2:]))

    async def _press(self, who: Actor, label: str, message: Message) -> None:
        try:
            with contextlib.suppress(Impossible):
                self.pressed += 1
                await who.press(label, message=message)
                if label == "Reject" and await _soon(lambda: who.modal is not None, PATIENCE):
                    await self._reject(who)
        finally:
            self.last = time.monotonic()
            self._busy.discard(who.member.id)
            self.under_way -= 1

    async def _reject(self, who: Actor) -> None:
        """Fill the form in, and submit it until it is answered."""
        assert who.modal
        contract = str(who.modal.body["private_metadata"]).split('"contract":"')[1].split('"')[0]
        await who.fill("Reason", "No budget for <!everyone>.")
        for _ in range(TRIES):
            await who.submit("Reject")
            if who.modal is None or who.modal.submit_label is None:
                break
            await asyncio.sleep(self.chance.uniform(0.1, 0.6))
        if who.modal and any(line.startswith("Rejected:") for line in who.sees().splitlines()):
            self.told.rejected.add(contract)
        while who.modal:
            await who.dismiss()


def walkers(at: Town, market: Market, told: Told, seed: int) -> list[Walker]:
    """Return the people of all shops."""
    pairs = itertools.product(range(market.shops), range(2))
    return [
        Walker(at.workspace.actor(f"w{2 * shop + n}"), shop, market, told, random.Random(f"{seed} {shop} {n}"))  # noqa: S311
        for shop, n in pairs
    ]
