"""Acknowledgements while Slack is slow (PERFORMANCE.md P10): ``python -m tests.bench.slow_slack``.

Every round starts ``gatehouse serve`` twice, once with a Slack that answers at once and once with one that takes a
second for every call, in turn which of them is first, and sends both the same: fifty people open windows and App Home,
type ahead, create clients and sign up, fifty requests a second (``tests/bench/errands.py``). Meanwhile notifications
go out, and approvers decide, which is told apart: Slack has to be asked about an approver within a minute before what
they decide counts (RELIABILITY B5), so that a decision waits for Slack by intention. Clients and contracts are counted
afterwards.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import uvloop

from bot.store.engine import open_store
from tests import postgres
from tests.bench import errands, load, processes, traffic
from tests.ports import free_port

RATE, DECISIONS = 50.0, 20
"""Requests in a second, and decisions among all of them."""
CONNECTIONS = 44
WARM_UP = 100
"""Requests before those that count, of somebody else."""
SLOW = 1.0
"""Seconds a call takes where Slack is slow."""
GOAL = 1.2
"""Times that the acknowledgements' p99 may be with a slow Slack what it is with a fast one (P10)."""

Figures = dict[str, dict[str, list[float]]]
"""Which Slack → figure → one value a round."""


async def one(figures: dict[str, list[float]], url: str, seconds: float, rate: float) -> None:
    """Run one server through all errands.

    Raises:
        RuntimeError: a submit did not do what it should, or Slack was called too seldom for anything to be slow.
    """
    todo = errands.prepared(url, DECISIONS)
    lasting = len(todo.turns) / rate
    port = free_port()
    async with processes.slack(seconds) as slack:
        with processes.gatehouse(slack.api, url, port):
            (first,) = await processes.first_answer(port, next(traffic.requests()))
            await load.flat_out([first], errands.warming_up(), WARM_UP)
            await asyncio.sleep(3 * seconds)
            called = slack.calls
            lines = await load.connect(port, CONNECTIONS)
            took, decided = await asyncio.gather(
                load.paced(lines[3:], errands.signed(todo.turns), rate, lasting),
                load.paced(lines[:3], errands.signed(todo.decisions), DECISIONS / lasting, lasting),
            )
            for line in (first, *lines):
                line.close()
            figures["calls"].append(slack.calls - called)
    _must_hold(url, todo, slack.calls - called)
    figures["p50 ms"].append(took[len(took) // 2] * 1000)
    figures["p99 ms"].append(took[len(took) * 99 // 100] * 1000)
    figures["longest ms"].append(took[-1] * 1000)
    figures["decision p50 ms"].append(decided[len(decided) // 2] * 1000)


def _must_hold(url: str, todo: errands.Errands, calls: int) -> None:
    store = open_store(url, patient=True)
    try:
        found = errands.made(store)
    finally:
        store.close()
    if found != todo.made:
        raise RuntimeError(f"{found} clients and contracts where there should be {todo.made}")
    if calls < errands.PEOPLE * 5:
        raise RuntimeError(f"Slack was called only {calls} times")


async def measure(rounds: int, database: str, rate: float) -> Figures:
    """Return all figures of one kind of database."""
    figures: Figures = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        durable = stack.enter_context(postgres.running(postgres.DURABLE)) if database == "postgresql" else None
        for number in range(rounds):
            both = {"fast": 0.0, "slow": SLOW}
            for name in both if number % 2 else reversed(both):
                with ExitStack() as turn:
                    file = f"sqlite:///{Path(folder, f'{name}-{number}.db')}"
                    url = turn.enter_context(durable.database()) if durable else file
                    await one(figures[name], url, both[name], rate)
    return figures


def table(database: str, figures: Figures) -> str:
    """Return the medians as a Markdown table, and the goal beside what was reached."""
    middle = {name: {key: statistics.median(values) for key, values in each.items()} for name, each in figures.items()}
    keys = ("p50 ms", "p99 ms", "longest ms", "calls", "decision p50 ms")
    lines = [f"| {database}: Slack | {' | '.join(keys)} |", f"|---|{'---|' * len(keys)}"]
    lines += [
        f"| {name} | {' | '.join(f'{each[key]:,.1f}' for key in keys)} |" for name, each in sorted(middle.items())
    ]
    ratio = middle["slow"]["p99 ms"] / middle["fast"]["p99 ms"]
    missed = "" if ratio <= GOAL else " (missed)"
    lines += ["", "| # | what | goal | reached |", "|---|---|---|---|"]
    lines.append(f"| P10 | {database}: acks' p99, slow Slack against fast | ≤ {GOAL} × | {ratio:.2f} ×{missed} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=float, default=RATE, help="requests in a second")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {1})
    for database in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        try:
            print(table(database, uvloop.run(measure(options.rounds, database, options.rate))), end="\n\n", flush=True)
        except RuntimeError as problem:
            print(f"{database}: invalid, {problem}")
            sys.exit(2)


if __name__ == "__main__":
    main()
