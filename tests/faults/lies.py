"""Faults of Slack sprinkled over a run: too many requests, broken answers, cut lines, answers that never come."""

import random
from collections import Counter
from collections.abc import Sequence

from bot.sandbox.faults import Fault
from bot.sandbox.workspace import Workspace

METHODS = ("chat.postMessage", "chat.postMessage", "chat.update", "views.open", "views.update", "conversations.history")
KINDS = ("429", "500", "html", "empty", "reset_before", "reset_after", "timeout", "lost_answer", "error:internal_error")
PAUSES = ("0", "1", "0.5", "2", "", "soon", "-1", "Wed, 21 Oct 2015 07:28:00 GMT")
"""What a 429 says: none of them asks for more than the ten seconds that an unreadable one gets."""


class Lies:
    """Plans so many faults in all, a few at a time.

    Args:
        workspace: the Slack that lies.
        total: how many faults there are to be.
        chance: what is chosen by dice.
    """

    def __init__(self, workspace: Workspace, total: int, chance: random.Random) -> None:
        self._workspace, self._total, self._chance = workspace, total, chance
        self._planned: list[Fault] = []

    def plan(self, count: int, methods: Sequence[str] = METHODS) -> None:
        """Plan so many more, but not more than there are to be in all."""
        for _ in range(min(count, self._total - len(self._planned))):
            method, kind = self._chance.choice(methods), self._chance.choice(KINDS)
            pause = self._chance.choice(PAUSES)
            self._planned.append(self._workspace.faults.add(method=method, kind=kind, retry_after=pause))

    def plan_the_rest(self) -> int:
        """Plan what has not struck yet anew, for calls that are sure to come; return how many that are."""
        self.stop()
        self.plan(self._total, METHODS[:3])
        return self.missing

    def stop(self) -> None:
        """Take back what nobody was told yet; it can be planned anew."""
        self._workspace.faults.clear()
        self._planned = [fault for fault in self._planned if fault.fired]

    @property
    def told(self) -> Counter[str]:
        """How many faults of each kind struck."""
        return Counter(fault.kind for fault in self._planned if fault.fired)

    @property
    def missing(self) -> int:
        """How many have not struck yet."""
        return self._total - self.told.total()
