"""Two approvers, or an approver and the requester, at the same moment in two processes: one decision (SPEC 5.4).

``python -m tests.faults.races [N]`` runs N races (200 if left out) on a PostgreSQL of its own and prints what came of
them. Each payload goes straight to one of two real ``gatehouse serve`` processes; both are sent at once.
"""

import asyncio
import copy
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.domain.audit import AuditRow
from bot.sandbox.records import Message
from bot.store.audit import broken_rows
from tests import postgres
from tests.faults.town import Answered, Server, Town, town

Json = dict[str, Any]
Send = Callable[[Server, str], Awaitable[Answered]]
VERDICTS = ("ApproveContract", "RejectContract", "WithdrawContract")
KINDS = (("approve", "approve"), ("approve", "reject"), ("reject", "approve"), ("approve", "withdraw"))
TOLD = ("approved this request", "rejected this request", "withdrew this request")
"""How whoever came second is told."""


@dataclass
class Tally:
    """What came of the races."""

    races: int = 0
    decisions: Counter[int] = field(default_factory=Counter)
    """How many requests were decided how often: all of them once, if nothing is wrong."""
    won: Counter[str] = field(default_factory=Counter)
    told: int = 0
    """Losers who were told who was faster."""
    said: Counter[str] = field(default_factory=Counter)
    """What else was said to somebody alone."""
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    """Seconds of the slowest answer."""
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)
    """What is wrong with the audit trail."""

    @property
    def is_clean(self) -> bool:
        """Whether each request was decided once, each loser told, and nothing failed."""
        once = self.decisions == Counter({1: self.races})
        told = self.told == self.races and not self.said
        return once and told and set(self.statuses) == {200} and not self.broken


class Sides:
    """The payloads of those who press at the same moment, as their Slack clients would send them."""

    def __init__(self, at: Town, asked: Message, waiting: Message, rejection: Json) -> None:
        self._at, self._asked, self._waiting, self._rejection = at, asked, waiting, rejection
        self.told = 0

    async def approve(self, server: Server, contract: str) -> Answered:
        """Pat presses Approve."""
        return await self._press("pat", "Approve", self._asked, server, contract)

    async def approve_too(self, server: Server, contract: str) -> Answered:
        """Ada presses Approve."""
        return await self._press("ada", "Approve", self._asked, server, contract)

    async def withdraw(self, server: Server, contract: str) -> Answered:
        """Bob takes his request back."""
        return await self._press("bob", "Withdraw", self._waiting, server, contract)

    async def reject(self, server: Server, contract: str) -> Answered:
        """Ada submits her rejection."""
        payload = copy.deepcopy(self._rejection)
        before = self._contract_in(payload)
        payload["view"]["private_metadata"] = payload["view"]["private_metadata"].replace(before, contract)
        answer = await self._at.send(server, payload)
        self.told += any(words in str(answer.body) for words in TOLD)
        return answer

    def _contract_in(self, payload: Json) -> str:
        return str(payload["view"]["private_metadata"]).split('"contract":"')[1].split('"')[0]

    async def _press(self, who: str, label: str, message: Message, server: Server, contract: str) -> Answered:
        payload = self._at.workspace.actor(who).draft_press(label, message=message)
        payload["actions"][0]["value"] = contract
        return await self._at.send(server, payload)

    def private_words(self) -> int:
        """Return how many were told in words only they see that somebody was faster."""
        return sum(any(words in one.text for words in TOLD) for one in self._at.workspace.ephemerals)


async def sides(at: Town) -> Sides:
    """Let one request be made and its messages arrive, to press their buttons."""
    first = await at.request("First")
    channel = at.workspace.channel("approvals")
    await at.until(lambda: bool(channel.messages) and bool(at.workspace.direct("U0BOB").messages))
    asked, waiting = channel.messages[-1], at.workspace.direct("U0BOB").messages[-1]
    ada = at.workspace.actor("ada")
    await ada.press("Reject", message=asked)
    await at.until(lambda: ada.modal is not None)
    await ada.fill("Reason", "Budget is spent.")
    rejection = ada.draft_submission()
    assert first in str(rejection["view"]["private_metadata"])
    return Sides(at, asked, waiting, rejection)


async def race(at: Town, both: Sides, number: int, tally: Tally) -> None:
    """Let two decide about a fresh request at the same moment, each in another process."""
    contract = await at.request(f"Till {number}")
    left, right = KINDS[number % len(KINDS)]
    ways: dict[str, Send] = {"approve": both.approve, "reject": both.reject, "withdraw": both.withdraw}
    second = both.approve_too if left == right else ways[right]
    one, other = at.servers[:2] if number // len(KINDS) % 2 else reversed(at.servers[:2])
    answers = await asyncio.gather(ways[left](one, contract), second(other, contract))
    tally.races += 1
    tally.statuses.update(answer.status for answer in answers)
    tally.slowest = max(tally.slowest, *(answer.seconds for answer in answers))


async def run(database_url: str, races: int) -> Tally:
    """Run races on an empty PostgreSQL database and return what came of them."""
    tally = Tally()
    async with town(database_url) as at:
        await at.serve()
        await at.serve()
        both = await sides(at)
        begun = time.monotonic()
        for number in range(races):
            await race(at, both, number, tally)
        tally.seconds = time.monotonic() - begun
        with suppress(TimeoutError):
            await at.until(lambda: both.told + both.private_words() >= races, 10.0)
        tally.told = both.told + both.private_words()
        tally.said.update(one.text for one in at.workspace.ephemerals if not any(words in one.text for words in TOLD))
        count(at, tally)
    return tally


def count(at: Town, tally: Tally) -> None:
    """Count the decisions in the audit, where each stands in the transaction of the decision itself."""
    document = at.export()
    decided = Counter(
        row["key"] for row in document["audit"] if row["what"] in VERDICTS and row["organization"] == "AcmePayments"
    )
    tally.decisions = Counter(decided.values())
    tally.won = Counter(one["status"] for one in document["contracts"] if one["decided_at"])
    rows: list[AuditRow] = at.store.read.run(lambda unit: list(unit.audit.rows()))
    tally.broken = broken_rows(rows, at.store.read.run(lambda unit: unit.audit.heads()))


def main(races: int) -> int:
    """Run and print; return 1 if something is wrong."""
    with postgres.running() as server, server.database() as url:
        tally = asyncio.run(run(url, races))
    won = ", ".join(f"{status} {count}" for status, count in sorted(tally.won.items()))
    print(f"{tally.races} races in {tally.seconds:.1f} s, two processes on one PostgreSQL")
    print(f"decisions a request: {dict(tally.decisions)} ({won})")
    print(f"told that somebody was faster: {tally.told}; HTTP statuses: {dict(tally.statuses)}")
    for words, count in tally.said.items():
        print(f"said besides, {count} times: {words}")
    print(f"slowest answer: {tally.slowest * 1000:.0f} ms; audit: {tally.broken or 'whole'}")
    return 0 if tally.is_clean else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
