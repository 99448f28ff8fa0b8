"""Rounds of forgeries against real processes, and what each of them must leave behind: nothing."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from bot.domain.clients import ContractStatus
from bot.domain.ids import new_id
from tests.faults.forgeries import watch
from tests.faults.forgeries.forgery import ANY, Forgery, Verdict
from tests.faults.forgeries.genuine import CLICK, SHAPES, Genuine, Pen
from tests.faults.forgeries.rawhttp import Heard, plain, talk
from tests.faults.forgeries.table import CLASSES, shuffled
from tests.faults.forgeries.watch import Counted, Rows, Watched
from tests.faults.town import Town

LONGEST_REPLY = 64
"""Bytes of a refusal's body (RELIABILITY B11)."""
CAPTURED = 4
"""Requests of each shape that each process answers in a round, to be sent again."""
FRESH = 280
"""Seconds for which a captured request is sent again; after 300 its time alone would be refused."""
AT_ONCE = 400
"""Slow requests under way at a time."""


@dataclass
class Tally:
    """What came of a run."""

    sent: Counter[str] = field(default_factory=Counter)
    """By class."""
    heard: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By class: statuses, or ``hung up``."""
    accepted: Counter[str] = field(default_factory=Counter)
    """By class: honest requests like it that were answered and handled."""
    breaches: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    """Why the run proves nothing."""
    seconds: list[float] = field(default_factory=list)
    """Of each refusal, from the last byte sent to the answer; what is slow by design is not among them."""
    too_old: int = 0
    """Replays that a slow machine left no time for; they leave their classes short."""
    longest_reply: int = 0
    looked_at: int = 0
    """How often a handler ran for signed nonsense."""

    def wrong(self, name: str, sentence: str) -> None:
        """Note a breach of one class; the first few of each are enough."""
        if sum(one.startswith(f"{name}: ") for one in self.breaches) < 3:
            self.breaches.append(f"{name}: {sentence}")


@dataclass
class Round:
    """One round: requests are captured, forgeries sent, and at last the honest twin of each class.

    Args:
        at: workspace and database.
        processes: two, on one database.
        pen: writes what is genuine.
        rng: decides on everything that is random.
        tally: what came of it all.
    """

    at: Town
    processes: Sequence[Watched]
    pen: Pen
    rng: Random
    tally: Tally
    captured: list[Genuine] = field(default_factory=list)
    last: dict[str, Genuine] = field(default_factory=dict)
    """By class: what its latest forgery was made from."""

    async def play(self, number: int, count: int) -> None:
        """Send ``count`` forgeries, in random order, and then a request of each class that is none."""
        bait = await self.at.request(f"Bait {number}")
        await self._capture()
        order = shuffled(self.rng, count)
        before = await watch.quiet(self.at)
        self.pen.target = bait
        before = await self._leaves_nothing(number, [one for one in order if one.verdict is not Verdict.LEFT], before)
        self.pen.target = new_id()  # what is well signed and only dressed in nonsense would approve a real one
        await self._leaves_nothing(number, [one for one in order if one.verdict is Verdict.LEFT], before, may_look=True)
        await self._controls()
        self._approved(bait)

    async def _capture(self) -> None:
        """Have genuine requests answered that are replayed later; their clicks are about what is decided already."""
        for shape in SHAPES:
            for number in [*range(len(self.processes))] * CAPTURED:
                one = replace(self.pen.write(shape), sent_to=number)
                heard = await talk(self.processes[number].port, plain(one.headers, one.body))
                if heard.statuses != (200,):
                    self.tally.invalid.append(f"a genuine {shape} was answered with {heard.statuses}")
                self.captured.append(one)

    async def _leaves_nothing(self, number: int, order: list[Forgery], before: Rows, *, may_look: bool = False) -> Rows:
        """Send these and hold what they leave against what was; return what is stored now."""
        begun, counted = time.monotonic(), await self._counted()
        told = [len(one.lines()) for one in self.processes]
        slow = asyncio.create_task(self._slow([one for one in order if one.slow]))
        for one in order:
            if not one.slow:
                await self._forge(one)
        await slow
        now = [after.since(then) for after, then in zip(await self._counted(), counted, strict=True)]
        after = await watch.quiet(self.at)
        wrong = watch.differences(before, after)
        minutes = (time.monotonic() - begun) / 60
        for process, known in zip(self.processes, told, strict=True) if not may_look else ():
            wrong += watch.repetitions(process.lines()[known:], minutes)
        self.tally.breaches += [f"round {number}: {sentence}" for sentence in wrong]
        self._held_against(number, now, may_look=may_look)
        return after

    def _held_against(self, number: int, counted: list[Counted], *, may_look: bool) -> None:
        handled = sum(one.handled for one in counted)
        if may_look:
            self.tally.looked_at += handled
        elif handled:
            listeners = sorted({name for one in counted for (name, _), count in one.acks.items() if count})
            self.tally.breaches.append(f"round {number}: handlers ran {handled} times, among {listeners}")
        if failed := sum(one.failed for one in counted):
            self.tally.breaches.append(f"round {number}: {failed} answers came of a fault of ours")
        if faults := sum(one.refused["fault"] for one in counted):
            self.tally.breaches.append(f"round {number}: {faults} refusals came of a fault of ours")

    async def _counted(self) -> list[Counted]:
        return [await one.counted(self.at) for one in self.processes]

    async def _slow(self, order: list[Forgery]) -> None:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(forgery: Forgery) -> None:
            async with room:
                await self._forge(forgery)

        await asyncio.gather(*map(one, order))

    async def _forge(self, forgery: Forgery) -> None:
        origin = self._origin(forgery)
        if forgery.replays and time.time() - int(origin.stamp) > FRESH:
            self.tally.too_old += 1
            return
        self.last[forgery.name] = origin
        heard = await talk(self.processes[self._target(forgery, origin)].port, forgery.make(self.rng, origin))
        self.tally.sent[forgery.name] += 1
        self.tally.heard[forgery.name].update([str(status) for status in heard.statuses] or ["hung up"])
        self._judge(forgery, heard)
        if forgery.verdict is Verdict.REFUSED and not forgery.slow and heard.replies:
            self.tally.seconds.append(heard.seconds)

    def _origin(self, forgery: Forgery) -> Genuine:
        if forgery.replays:
            return self.rng.choice(self.captured)
        return self.pen.write(self.rng.choice(SHAPES) if forgery.shape == ANY else forgery.shape)

    def _target(self, forgery: Forgery, origin: Genuine) -> int:
        if origin.sent_to is None:
            return self.rng.randrange(len(self.processes))
        others = [number for number in range(len(self.processes)) if number != origin.sent_to]
        return self.rng.choice(others) if forgery.replays == "other" and others else origin.sent_to

    def _judge(self, forgery: Forgery, heard: Heard) -> None:
        if not heard.replies and not heard.closed:
            self.tally.wrong(forgery.name, "neither an answer nor an end")
        for reply in heard.replies:
            if reply.status >= 500:
                self.tally.wrong(forgery.name, f"answered with {reply.status}")
            elif reply.status not in forgery.statuses:
                self.tally.wrong(forgery.name, f"answered with {reply.status} and not with {set(forgery.statuses)}")
            if forgery.verdict is Verdict.REFUSED or forgery.replays:
                self.tally.longest_reply = max(self.tally.longest_reply, len(reply.body))
                if len(reply.body) > (0 if forgery.verdict is Verdict.SETTLED else LONGEST_REPLY):
                    self.tally.wrong(forgery.name, f"answered with {len(reply.body)} bytes")

    async def _controls(self) -> None:
        """Send the honest twin of each class: that it is handled shows that the forgery alone was in the way."""
        counted = await self._counted()
        twins = [one for one in CLASSES if not one.replays]  # those were handled when they were captured
        for one in twins:
            heard = await talk(self.rng.choice(self.processes).port, one.control(self.rng, self.last[one.name]))
            if set(heard.statuses) == {200}:
                self.tally.accepted[one.name] += 1
            else:
                self.tally.invalid.append(f"{one.name}: a genuine request like it got {heard.statuses or 'nothing'}")
        now = zip(await self._counted(), counted, strict=True)
        if (handled := sum(after.since(before).handled for after, before in now)) != len(twins):
            self.tally.invalid.append(f"of {len(twins)} genuine requests {handled} were handled")

    def _approved(self, contract: str) -> None:
        """The clicks were worth forging: the first honest one has approved what all the others were about."""
        team = self.at.workspace.team_id
        found = self.at.store.read.run(lambda unit: unit.contracts.get(team, contract))
        if found is None or found.status is not ContractStatus.ACTIVE:
            self.tally.invalid.append("no honest click approved what the forged ones were about")


async def press(at: Town) -> Pen:
    """Let Pat approve a first request, and return who writes such clicks.

    Raises:
        TimeoutError: its message did not arrive.
    """
    contract = await at.request("First")
    channel = at.workspace.channel("approvals")
    await at.until(lambda: bool(channel.messages))
    pen = Pen(at.workspace, at.workspace.actor("pat").draft_press("Approve", message=channel.messages[-1]))
    click = pen.write(CLICK, contract)
    await talk(at.servers[0].port, plain(click.headers, click.body))
    return pen


def complete(tally: Tally, each: int) -> None:
    """Note why the run proves nothing, if a class was sent too seldom, never met its answer, or has no honest twin."""
    if tally.too_old:
        tally.invalid.append(f"{tally.too_old} replays were not sent: this machine was too slow for their 300 seconds")
    for one in CLASSES:
        if tally.sent[one.name] < each:
            tally.invalid.append(f"{one.name}: sent {tally.sent[one.name]} times, {each} were planned")
        if one.statuses and not one.cut and not tally.heard[one.name].keys() & {str(status) for status in one.statuses}:
            tally.invalid.append(f"{one.name}: never answered, so nobody knows what it met")
        if not one.replays and not tally.accepted[one.name]:
            tally.invalid.append(f"{one.name}: no genuine request like it was accepted")
