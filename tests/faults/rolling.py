"""Replicas that are stopped and replaced while people work: ``python -m tests.faults.rolling --stops 200``.

Nothing that was acknowledged may be lost, nothing doubled, and every stop takes ten seconds at most (RELIABILITY G14).
"""

import argparse
import asyncio
import contextlib
import random
import signal
from collections import Counter
from dataclasses import dataclass, field

from bot.sandbox.acting import Actor
from bot.sandbox.finding import Impossible
from tests import postgres
from tests.faults import fleet
from tests.journeys.walking import enter, step

LONGEST_STOP = 10.0


@dataclass
class Result:
    """What happened; ``lost``, ``doubled``, ``codes`` other than 0 and ``slow`` should be empty."""

    created: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def slow(self) -> list[float]:
        """Stops that took too long."""
        return [each for each in self.seconds if each > LONGEST_STOP]

    def __str__(self) -> str:
        return (
            f"{sum(self.codes.values())} stops, exit codes {dict(self.codes)}, longest {max(self.seconds):.1f} s; "
            f"{len(self.created)} clients acknowledged, {len(self.unsure)} not; {len(self.lost)} lost, "
            f"{len(self.doubled)} doubled, {len(self.violations)} rules broken"
        )


async def drive(running: fleet.Fleet, stops: int, at_once: int, people: int, seed: int) -> Result:
    """Let people create clients while replicas are stopped one after the other and replaced.

    Args:
        running: the fleet, with walkers ``w0`` … in its workspace.
        stops: how many replicas are stopped in all.
        at_once: how many of them together.
        people: how many walkers work at once.
        seed: of what is chosen.
    """
    result, chance, over = Result(), random.Random(seed), asyncio.Event()  # noqa: S311 - repeatable, not secret
    walkers = [asyncio.create_task(_walk(running.workspace.actor(f"w{n}"), n, result, over)) for n in range(people)]
    for _ in range(0, stops, at_once):
        await asyncio.sleep(chance.uniform(0, 0.5))
        olds = chance.sample(running.balancer.replicas, at_once)
        ended, _ = await asyncio.gather(
            asyncio.gather(*(running.retire(old, signal.SIGTERM) for old in olds)),
            asyncio.gather(*(running.launch() for _ in olds)),
        )
        result.codes.update(code for code, _ in ended)
        result.seconds += [seconds for _, seconds in ended]
    over.set()
    await asyncio.gather(*walkers)
    stored = Counter(running.clients())
    result.lost = [name for name in result.created if not stored[name]]
    result.doubled = [name for name, count in stored.items() if count > 1]
    result.violations = [f"{one.rule}: {one.sentence}" for one in running.workspace.violations]
    return result


async def _walk(person: Actor, number: int, result: Result, over: asyncio.Event) -> None:
    count = 0
    while not over.is_set():
        count += 1
        name = f"Client {number} {count}"
        with contextlib.suppress(Impossible):  # what a step needs is not on the screen: the step before it failed
            await _create(person, name)
        (result.created if step(person) == "Client" else result.unsure).append(name)
        while person.modal:
            await person.dismiss()
        await asyncio.sleep(0.02)


async def _create(person: Actor, name: str) -> None:
    await person.command("/create-client")
    if person.modal and "Start over" in person.sees():
        await person.press("Start over")
    await person.choose("Organization", "Acme Payments")
    await person.submit("Next")
    await enter(person, name)
    await person.submit("Next")
    await person.submit("Create Client")


async def run(stops: int, at_once: int, people: int, seed: int) -> Result:
    """Start everything, with twice as many replicas as stop together; drive it, and return what happened."""
    with postgres.running() as server, server.database() as url:
        async with fleet.running(url, 2 * at_once, people=people) as running:
            return await drive(running, stops, at_once, people, seed)


def main() -> None:
    """Run from the command line; exit code 1 if anything was lost, doubled or too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stops", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    result = asyncio.run(run(options.stops, options.at_once, options.people, options.seed))
    print(result, *result.violations, sep="\n")
    wrong = result.lost or result.doubled or result.slow or set(result.codes) - {0}
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
