"""Two replicas under a load of sign-ups, one of them killed every few seconds: ``python -m tests.faults.crashes``.

No moment is chosen here, and nothing stands between the processes and PostgreSQL: what ``tests.faults.kills`` aims at
happens by chance. Whoever gets no answer repeats the step. At the end every invariant is checked.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests import postgres
from tests.faults.kills import Run, peopled
from tests.faults.market import Market
from tests.faults.toll import Options, Result


class Crashes(Run):
    """Kills one process after the other, whatever it does.

    Args:
        minutes: how long.
        every: seconds between two kills.
        rate: sign-ups that begin each second.
    """

    def __init__(self, *run: object, minutes: float, every: float, rate: float) -> None:
        super().__init__(*run)  # type: ignore[arg-type]
        self._minutes, self._every, self._rate = minutes, every, rate
        self.kills = 0

    async def _all(self) -> None:
        await self.squad.full(self.options.replicas)
        self._begun = time.monotonic()
        while time.monotonic() < self._begun + 60 * self._minutes:
            await self.gate.allow(round(self._rate * self._every))
            await asyncio.sleep(self._every)
            await self.squad.full(1)
            self.chance.choice(self.squad.serving).kill()
            self._last_fault = time.monotonic()
            self.kills += 1
            print(f"{self.kills} kills, {self.gate.begun} sign-ups", file=sys.stderr, flush=True)
        await self.gate.close()
        self.deciders.hurried = True
        await self._look()


async def run(database_url: str, server: postgres.Server, options: Options, **load: float) -> tuple[Result, int]:
    """Run on an empty PostgreSQL database; return what came of it and how many were killed."""
    with tempfile.TemporaryDirectory() as logs:
        async with peopled(database_url, Market(options.shops)) as at:
            crashes = Crashes(at, options, server, Path(logs), **load)
            return await crashes.go(), crashes.kills


def main() -> int:
    """Run and print; return 1 for a breach."""
    logging.getLogger("bot").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--every", type=float, default=3, help="seconds between two kills")
    parser.add_argument("--rate", type=float, default=4, help="sign-ups that begin each second")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    options = Options(kills=0, sign_ups=0, replicas=given.replicas, seed=given.seed, taps=False)
    load = {"minutes": given.minutes, "every": given.every, "rate": given.rate}
    with postgres.running(postgres.DURABLE) as database, database.database() as url:
        result, kills = asyncio.run(run(url, database, options, **load))
    done = [one for one in result.told.sign_ups if one.told]
    repeated = sum(one.repeats > 0 for one in done)
    print(
        f"{len(done)} sign-ups acknowledged, {kills} kills, {result.count('I1 lost')} lost, "
        f"{result.count('doubled')} doubled; {given.replicas} replicas, {result.seconds:.0f} s, seed {given.seed}"
    )
    print(
        f"{repeated} acknowledged only when the last step was repeated, {len(result.told.sign_ups) - len(done)} given "
        f"up; {result.unanswered} requests without an answer, slowest answer {result.told.slowest:.2f} s; decisions: "
        f"{dict(result.decisions)}; quiet {max(result.quiet, default=0):.1f} s after the last kill"
    )
    print(f"{len(result.breaches)} breaches", *result.breaches, sep="\n")
    return 1 if result.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
