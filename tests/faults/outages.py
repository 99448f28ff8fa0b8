"""A database that is down, silent or slow again and again: ``python -m tests.faults.outages --rounds 10 --seconds 30``.

Somebody submits the wizard's last step all the while. Every answer comes within 2.5 seconds and says that it could not
be confirmed; afterwards the same submission succeeds within 5 seconds, without a restart (RELIABILITY G15).
"""

import argparse
import asyncio
import time
from dataclasses import dataclass, field

from tests import postgres
from tests.faults.proxy import Mode, Proxy
from tests.journeys.house import House, open_house
from tests.journeys.walking import problem, step, to_summary
from tests.store.conftest import StandingClock

LONGEST_ANSWER, LONGEST_RETURN = 2.5, 5.0
MODES = {Mode.REFUSE: 0.0, Mode.HOLE: 0.0, Mode.SLOW: 2.0}
PAUSE = 0.2


@dataclass
class Result:
    """Seconds of each answer in trouble and of each return to service; ``untrue`` answers should be none."""

    answers: list[float] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Whether all of it is within its limits."""
        return not self.untrue and max(self.answers) <= LONGEST_ANSWER and max(self.returns) <= LONGEST_RETURN

    def __str__(self) -> str:
        return (
            f"{len(self.answers)} answers, longest {max(self.answers):.2f} s; {len(self.returns)} times back, longest "
            f"{max(self.returns):.2f} s; {len(self.untrue)} untrue"
        )


async def outage(house: House, proxy: Proxy, mode: Mode, seconds: float, result: Result) -> None:
    """Go through one outage with a person at the last step of the wizard."""
    bob = house.bob
    await to_summary(bob, name=f"Shop {mode.value} {len(result.returns) + 1}")
    proxy.set(mode, MODES[mode])
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        began = time.monotonic()
        await bob.submit("Create Client")
        result.answers.append(time.monotonic() - began)
        if not problem(bob).startswith("Temporarily unavailable."):
            result.untrue.append(problem(bob) or step(bob))
        await asyncio.sleep(PAUSE)
    proxy.set(Mode.OPEN)
    began = time.monotonic()
    while step(bob) != "Client" and time.monotonic() < began + 4 * LONGEST_RETURN:
        await bob.submit("Create Client")
    result.returns.append(time.monotonic() - began)
    while bob.modal:
        await bob.dismiss()


async def run(rounds: int, seconds: float) -> dict[Mode, Result]:
    """Go through all kinds of outage, each so many times, and return what happened."""
    results = {mode: Result() for mode in MODES}
    with postgres.running() as server, server.database() as url, Proxy(url) as proxy:
        async with open_house(proxy.url(url), StandingClock()) as house:
            for mode, result in results.items():
                house.workspace.violations.clear()
                for _ in range(rounds):
                    await outage(house, proxy, mode, seconds, result)
                result.untrue += [one.sentence for one in house.workspace.violations]
    return results


def main() -> None:
    """Run from the command line; exit code 1 if anything was untrue or too late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    results = asyncio.run(run(options.rounds, options.seconds))
    for mode, result in results.items():
        print(f"{mode.value}: {result}")
    raise SystemExit(0 if all(result.fine for result in results.values()) else 1)


if __name__ == "__main__":
    main()
