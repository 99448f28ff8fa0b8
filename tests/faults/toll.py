"""What a run of kills is asked to do, and what came of it (tests/faults/kills.py)."""

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.points import Point
from tests.faults.quiet import LONGEST_QUIET
from tests.faults.world import Told

LONGEST_ORPHAN = 20.0


@dataclass(frozen=True)
class Options:
    """How much of everything there is, and the limits that depend on the machine."""

    kills: int
    sign_ups: int
    replicas: int = 3
    shops: int = 12
    slack_faults: int = 0
    cuts: int = 0
    restarts: int = 0
    checkpoint: int = 50
    seed: int = 1
    points: tuple[Point, ...] = tuple(Point)
    slowest: float = 3.0
    quiet: float = LONGEST_QUIET
    orphan: float = LONGEST_ORPHAN
    limit: float = 30.0
    """Seconds to wait for a process to come to a point."""
    whole: float | None = None
    """Seconds after which the run breaks off, wherever it is; without, it may take as long as it likes."""
    taps: bool = True
    """Whether there is a tap between the processes and PostgreSQL."""
    hasten: bool = False
    """Whether all processes are killed and leases put back before a look, in place of waiting until leases end."""
    progress: bool = False


@dataclass
class Result:
    """What happened; ``breaches`` and ``missed`` should be empty."""

    fired: Counter[Point] = field(default_factory=Counter)
    missed: Counter[Point] = field(default_factory=Counter)
    lies: Counter[str] = field(default_factory=Counter)
    cuts: int = 0
    restarts: int = 0
    processes: int = 0
    told: Told = field(default_factory=Told)
    unanswered: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    breaches: list[str] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)
    orphans: list[float] = field(default_factory=list)
    tracebacks: int = 0
    seconds: float = 0.0

    lies_missed: int = 0

    @property
    def is_valid(self) -> bool:
        """Whether every planned fault fired."""
        return not self.missed and not self.lies_missed

    @property
    def _missing(self) -> dict[str, int]:
        lies = {"faults of Slack": self.lies_missed} if self.lies_missed else {}
        return {point.name: count for point, count in self.missed.items()} | lies

    def count(self, *words: str) -> int:
        """Return how many breaches have one of these words."""
        return sum(any(word in breach for word in words) for breach in self.breaches)

    def __str__(self) -> str:
        done = [one for one in self.told.sign_ups if one.told]
        repeated = sum(one.repeats > 0 for one in done)
        by_point = ", ".join(f"{point.name} {self.fired[point]}" for point in Point if self.fired[point])
        return "\n".join(
            (
                f"{self.fired.total()} kills in {self.seconds:.0f} s, {self.processes} processes started: {by_point}",
                f"planned and not fired: {self._missing or 'nothing'}",
                (
                    f"besides: {self.lies.total()} faults of Slack, {self.cuts} cuts of the database's connections, "
                    f"{self.restarts} crashes of PostgreSQL"
                ),
                (
                    f"{len(done)} sign-ups acknowledged ({repeated} of them only when the last step was repeated), "
                    f"{len(self.told.sign_ups) - len(done)} given up; decisions: {dict(self.decisions)}"
                ),
                (
                    f"{self.count('I1 lost')} lost, {self.count('doubled')} doubled, {len(self.breaches)} breaches; "
                    f"{self.messages} messages"
                ),
                (
                    f"HTTP {dict(self.told.statuses)}, {self.unanswered} without an answer; slowest answer "
                    f"{self.told.slowest:.2f} s; {self.tracebacks} tracebacks in the logs"
                ),
                (
                    f"{len(self.quiet)} times looked at while at rest, quiet at most "
                    f"{max(self.quiet, default=0):.1f} s after the last fault or press"
                ),
                (
                    f"{len(self.orphans)} abandoned claims, taken again at most {max(self.orphans, default=0):.1f} s "
                    "after the claim"
                ),
            )
        )
