"""Forged, malformed and replayed requests against two real processes, and honest people in the middle of a flood (G4).

``python -m tests.faults.forged --requests 20000 --seed 1`` sends each class of ``tests/faults/forgeries/table.py``
equally often, in rounds, and prints what came of it. Exit code 1: something was let in, written, answered with a 5xx,
too late or at length. Exit code 2: it proves nothing: a class was not sent, or no genuine request like it was accepted.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests import postgres
from tests.faults.forgeries import drive, watch
from tests.faults.forgeries.drive import Round, Tally
from tests.faults.forgeries.flood import ENOUGH, Flood, flooded
from tests.faults.forgeries.table import CLASSES, LEAST_CLASSES
from tests.faults.town import town

A_ROUND = 5_000
"""Forgeries between two looks at the whole database."""
MOST_GROWTH = 32
"""MiB that the memory of a process may grow by."""
REFUSAL_P99 = 0.020
CLICK_P99 = 0.500
"""Seconds (RELIABILITY G4)."""


@dataclass
class Options:
    """How a run is to be; without ``flood`` seconds there is no flood."""

    requests: int = 20_000
    seed: int = 1
    processes: int = 2
    flood: int = 30
    rate: int = 300
    clicks: int = 10


@dataclass
class Result:
    """What came of a run."""

    options: Options
    tally: Tally = field(default_factory=Tally)
    flood: Flood | None = None
    growth: float = 0.0
    """MiB by which the process that grew most did, over the rounds and the flood."""
    seconds: float = 0.0

    @property
    def late(self) -> list[str]:
        """What took longer than it may; a slow machine is enough for that."""
        found = []
        if (refusal := quantile(self.tally.seconds, 0.99)) > REFUSAL_P99:
            found.append(f"the 99th percentile of refusals is {refusal * 1000:.1f} ms")
        if self.flood and (click := quantile(self.flood.clicks, 0.99)) > CLICK_P99:
            found.append(f"the 99th percentile of clicks in the flood is {click * 1000:.0f} ms")
        if self.flood and (late := self.flood.unconfirmed - self.flood.unconfirmed_before):
            found.append(f"{late} clicks in the flood were told that we could not confirm")
        return found

    @property
    def breaches(self) -> list[str]:
        """What must not happen, however slow the machine is."""
        found = list(self.tally.breaches)
        if self.growth > MOST_GROWTH:
            found.append(f"a process grew by {self.growth:.1f} MiB")
        if self.flood:
            named = {
                "forgeries of the flood were let in": self.flood.let_in,
                "clicks in the flood were not answered": self.flood.unanswered,
                "clicks decided nothing and were not told so": max(self.flood.undecided - self.flood.unconfirmed, 0),
                "contracts were decided by nobody's click": self.flood.decided_too_many,
            }
            found += [f"{count} {what}" for what, count in named.items() if count]
        return found

    @property
    def invalid(self) -> list[str]:
        """Why the run proves nothing."""
        found = list(self.tally.invalid)
        if len(CLASSES) < LEAST_CLASSES:
            found.append(f"there are only {len(CLASSES)} classes")
        if self.flood and self.flood.rate < ENOUGH * self.options.rate:
            found.append(f"the flood came with {self.flood.rate:.0f} a second, {self.options.rate} were planned")
        if self.flood and (alone := quantile(self.flood.before, 0.99)) > CLICK_P99:
            found.append(
                f"the 99th percentile of clicks is {alone * 1000:.0f} ms without a flood: this machine is busy"
            )
        return found


def quantile(values: list[float], part: float) -> float:
    """Return the value below which ``part`` of them are; 0 if there are none."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else 0.0


async def run(database_url: str, options: Options) -> Result:
    """Run on an empty database and return what came of it."""
    result, rng = Result(options), Random(options.seed)  # noqa: S311 - to be repeated, not to be secret
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        async with town(database_url) as at:
            processes = await asyncio.gather(*(watch.watched(at, Path(folder)) for _ in range(options.processes)))
            pen = await drive.press(at)
            memory = [one.memory for one in processes]
            rounds = -(-options.requests // A_ROUND)
            for number in range(rounds):
                one = Round(at, processes, pen, rng, result.tally)
                await one.play(number, -(-options.requests // rounds))
                _progress(f"round {number + 1} of {rounds}: {result.tally.sent.total()} sent")
            drive.complete(result.tally, options.requests // len(CLASSES))
            if options.flood:
                flooding = {"rate": options.rate, "clicks": options.clicks, "seconds": options.flood}
                result.flood = await flooded(at, processes, pen, rng, **flooding)
            result.growth = max(now.memory - then for now, then in zip(processes, memory, strict=True)) / 2**20
            for process in processes:
                result.tally.breaches += watch.secrets_told(process.lines())
    result.seconds = time.monotonic() - begun
    return result


def _progress(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def report(result: Result) -> list[str]:
    """Return what is printed: all figures, then every breach and every reason why the run proves nothing."""
    tally, options = result.tally, result.options
    least = min((tally.sent[one.name] for one in CLASSES), default=0)
    lines = [
        f"seed {options.seed}, {options.processes} processes on one database, load average {os.getloadavg()[0]:.1f}",
        f"{tally.sent.total()} requests of {len(CLASSES)} classes, each at least {least} times",
        f"genuine requests like them accepted: {tally.accepted.total()}",
        f"signed nonsense that a handler looked at: {tally.looked_at}",
        f"refusals timed: {_figures(tally.seconds)}; longest body {tally.longest_reply} bytes",
        f"memory: at most {result.growth:+.1f} MiB a process; {result.seconds:.0f} s in all",
    ]
    if result.flood:
        lines += [
            f"flood: {result.flood.sent} forgeries at {result.flood.rate:.0f} a second, {result.flood.let_in} let in",
            f"clicks before it: {_figures(result.flood.before)}",
            f"clicks in it: {_figures(result.flood.clicks)}",
        ]
    wrong = [*result.breaches, *result.late]
    lines += [f"breach: {sentence}" for sentence in wrong] or ["let in 0, 5xx 0, handlers 0, rows 0"]
    return [*lines, *(f"invalid: {sentence}" for sentence in result.invalid)]


def _figures(seconds: list[float]) -> str:
    p50, p99, longest = (f"{quantile(seconds, part) * 1000:.1f} ms" for part in (0.5, 0.99, 1.0))
    return f"{len(seconds)}, p50 {p50}, p99 {p99}, longest {longest}"


def main() -> int:
    """Run from the command line and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    defaults = Options()
    parser.add_argument("--requests", type=int, default=defaults.requests)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--processes", type=int, default=defaults.processes)
    parser.add_argument("--flood", type=int, default=defaults.flood, help="seconds; 0: none")
    parser.add_argument("--rate", type=int, default=defaults.rate, help="forgeries a second in the flood")
    parser.add_argument("--clicks", type=int, default=defaults.clicks, help="genuine clicks a second in the flood")
    options = Options(**vars(parser.parse_args()))
    with postgres.running() as server, server.database() as url:
        result = asyncio.run(run(url, options))
    print(*report(result), sep="\n")
    return 2 if result.invalid else int(bool(result.breaches or result.late))


if __name__ == "__main__":
    sys.exit(main())
