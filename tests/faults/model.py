"""Long stories of people, catalogs, the clock and a failing Slack, step by step against a small model (RELIABILITY G5).

``python -m tests.faults.model --sequences 2000 --seed 1`` tells them to the real bot and prints figures. Hypothesis
invents the stories and shortens one that fails; their steps are in tests/faults/story.py.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.hearing import listening
from tests.faults.stage import stage
from tests.faults.story import CATALOG, KINDS, Story

STEPS = 50
BOTH_WAYS = (
    "create",
    "sign up",
    "confirm",
    "approve",
    "reject",
    "claim",
    "withdraw",
    "ask for changes",
    "submit a form",
)


@dataclass
class Tally:
    """What came of the stories."""

    steps: Counter[str]
    fired: Counter[str]
    stories: int = 0
    failure: str = ""
    seconds: float = 0.0

    @property
    def is_valid(self) -> bool:
        """Whether every kind of fault and every kind of step happened, what is refused and what is done."""
        done = {step for step in self.steps if self.steps[step]}
        wanted = {f"{step} {end}" for step in BOTH_WAYS for end in ("done", "refused")}
        return set(KINDS) <= set(+self.fired) and wanted <= done


def run(path: Path, sequences: int, number: int, *, steps: int = STEPS, http: bool = False) -> Tally:
    """Tell so many stories on a new SQLite file and return what came of them.

    Args:
        path: the file.
        sequences: how many stories.
        number: the seed.
        steps: most steps of a story.
        http: whether all goes over real sockets.
    """
    Story.steps, Story.planned, Story.fired, Story.told, Story.stumbled = Counter(), Counter(), Counter(), 0, ""
    tally = Tally(Story.steps, Story.fired)
    begun = time.monotonic()
    with asyncio.Runner() as runner:
        Story.loop = runner.get_loop()
        opened = stage(str(path), CATALOG, http=http)
        Story.on = runner.run(opened.__aenter__())
        try:
            told = settings(
                max_examples=sequences,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )
            run_state_machine_as_test(seed(number)(Story), settings=told)
        except Exception as error:  # noqa: BLE001 - whatever ends a story is what the run has to tell
            tally.failure = "\n".join(
                (f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ()), Story.stumbled)
            )
        finally:
            tally.stories, tally.seconds = Story.told, time.monotonic() - begun
            runner.run(opened.__aexit__(None, None, None))
    return tally


def report(tally: Tally, number: int, steps: int) -> None:
    """Print figures."""
    print(f"seed {number}: {tally.stories} stories of up to {steps} steps in {tally.seconds:.0f} s")
    print(f"steps: {', '.join(f'{step} {count}' for step, count in sorted(tally.steps.items()))}")
    fired = ", ".join(f"{kind} {tally.fired[kind]} of {Story.planned[kind]}" for kind in KINDS)
    print(f"faults of Slack that happened: {fired} that were planned, some for what the story did not come to")
    if not tally.is_valid:
        print("INVALID: a kind of fault or of step never happened")


def main() -> int:
    """Run and print; 0: all agrees, 1: it does not, and how is printed as the shortest story, 2: invalid."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--sequences", type=int, default=2_000)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--steps", type=int, default=STEPS, help="of a story at most")
    ask.add_argument("--http", action="store_true", help="over real sockets: several times as slow")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder, listening():
        tally = run(Path(folder) / "gatehouse.db", given.sequences, given.seed, steps=given.steps, http=given.http)
    report(tally, given.seed, given.steps)
    print(tally.failure)
    return 1 if tally.failure else 0 if tally.is_valid else 2


if __name__ == "__main__":
    sys.exit(main())
