"""A Slack that lies to thousands of destinations: each hears, and sees one message (RELIABILITY C.4, G10).

``python -m tests.faults.lying --destinations 5000 --seed 1`` starts real ``gatehouse serve`` processes on a PostgreSQL
of its own. Requests come at a steady rate; a part of the destinations is lied to, people delete copies, the token is
revoked for a while, a part of the requests is decided. A run without any lie comes first, to compare times with.
Exit code 1: something was lost, doubled, late or wrong. 2: a lie that was planned was not told, so nothing is proven.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass

from tests import postgres
from tests.faults import country, told
from tests.faults.lying_plan import Lies, Shares
from tests.faults.lying_run import SETTINGS, Run, Size, say
from tests.faults.town import HISTORY, town

LATER_AT_MOST = 1.0
"""Seconds by which the 99th percentile of those who were not lied to may be later than without any lie."""
TOO_SOON = 0.002
"""Of all messages may come sooner: on a busy machine one is late, and the next one is not."""


@dataclass
class Result:
    """What a run came to."""

    lies: Lies
    found: told.Told
    before: told.Told
    """What stood there before anything was decided, when a doubled message is still seen."""
    untouched: list[float]
    """Seconds until those heard who were not lied to, sorted."""
    owed: int
    heard: int
    """Destinations that had to hear of a request, and those where a message of it stands or was deleted by people."""
    too_soon: int
    """Messages that the workspace refused because their channel had one just before."""
    seconds: float
    breaches: list[str]

    def percentile(self, share: float) -> float:
        """Return within how many seconds this share of those who were not lied to had heard."""
        return self.untouched[int(share * (len(self.untouched) - 1))] if self.untouched else 0.0

    def figures(self) -> list[str]:
        """Return what was counted, in plain lines."""
        lies, doubled = self.lies, sum(self.before.doubled.values())
        times = (
            f"p50 {self.percentile(0.5):.2f} s, p99 {self.percentile(0.99):.2f} s, last {self.percentile(1.0):.2f} s"
        )
        lines = [
            f"{len(self.found.sent)} notifications delivered, {len(self.found.rows) - len(self.found.sent)} given up",
            f"{self.heard} of {self.owed} destinations heard, {len(lies.gone)} are dead; {self.seconds:.0f} s in all",
            f"{len(self.untouched)} to whom nobody lied heard after {times}; {self.too_soon} messages came too soon",
        ]
        if not lies.planned:
            return lines
        unknown, acted = lies.unknown_posts(acted=False), lies.unknown_posts(acted=True)
        told_lies = ", ".join(f"{kind} {count}" for kind, count in sorted(lies.fired().items()))
        groups = ", ".join(f"{group} {count}" for group, count in sorted(Counter(lies.touched.values()).items()))
        return [
            *lines,
            f"destinations lied to: {groups}",
            f"lies told: {told_lies}",
            f"{unknown} posts with an unknown outcome, {acted} of them carried out; {doubled} messages too many",
        ]


async def run(database_url: str, shares: Shares, size: Size) -> Result:
    """Run on an empty PostgreSQL database and return what came of it."""
    there = country.organizations(size.destinations)
    begun = time.monotonic()
    scopes = HISTORY if size.history else ()
    async with town(database_url, scopes=scopes, catalog=country.catalog(there)) as at:
        country.populate(at.workspace, there)
        await at.do(lambda unit: country.acquaint(unit, at.workspace.team_id, there))
        at.workspace.post_rate = 1 / size.gap
        lies = Lies(at.workspace, shares, size.seed, looks_up=size.history, thorough=size.thorough)
        if shares != NO_LIES:
            lies.prepare(there)
        for _ in range(size.replicas):
            await at.serve(**SETTINGS)
        return await _go(Run(at, there, lies, size), begun)


async def _go(one: Run, begun: float) -> Result:
    at, lies = one.at, one.lies
    say(f"{len(one.there)} organizations, {sum(len(each.told) for each in one.there)} destinations")
    wrong: list[str] = []
    await one.ask(one.there, rate=one.size.rate)
    await one.hurry()
    if lies.planned and one.size.thorough:
        await one.revoke()
    await one.quiet()
    before = told.Told(await at.do(told.rows), told.messages(at.workspace))
    if lies.planned:
        await one.decide(one.delete_copies())
        await one.quiet()
        wrong += await one.an_hour_later()
    found = told.look(at.store, at.workspace, one.by_contract, exactly_once=one.size.history)
    spared = [place.id for each in one.there for place in each.told if place.id not in lies.touched]
    owed = [(contract, place.id) for contract, each in one.by_contract.items() for place in each.told]
    heard = {(row.contract_id, row.destination) for row in found.sent}
    wrong += [*found.breaches, *(f"{each.rule}: {each.sentence}" for each in at.workspace.violations)]
    wrong += [f"{count} answers had the status {status}" for status, count in one.answers.items() if status != 200]
    if at.workspace.pace.refused > TOO_SOON * len(found.rows):
        wrong.append(f"{at.workspace.pace.refused} messages came too soon for their channel")
    if one.size.history and before.doubled:
        wrong.append(f"{len(before.doubled)} messages were there twice for a while")
    if not one.size.history and sum(before.doubled.values()) > lies.unknown_posts(acted=True):
        wrong.append("there are more doubled messages than posts that Slack carried out without saying so")
    untouched = before.seconds(spared, {id_: one.asked_at[id_] for id_, _ in one.first_requests()})
    seconds = time.monotonic() - begun
    too_soon = at.workspace.pace.refused
    return Result(lies, found, before, untouched, len(owed), len(heard & set(owed)), too_soon, seconds, wrong)


NO_LIES = Shares(*[0.0] * 7)


async def both(shares: Shares, size: Size, *, control: bool) -> tuple[Result | None, Result]:
    """Run without a lie, if there is to be a control, and with them; each on a PostgreSQL of its own."""
    with postgres.running() as server:
        clean = None
        if control:
            with server.database() as url:
                clean = await run(url, NO_LIES, size)
        with server.database() as url:
            return clean, await run(url, shares, size)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destinations", type=int, default=5000)
    for name, default in vars(Shares()).items():
        parser.add_argument(f"--{name}", type=float, default=default, metavar="PERCENT")
    parser.add_argument("--rate", type=float, default=25.0, help="requests a second")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-history", action="store_true", help="without the scopes to look for a message")
    parser.add_argument("--no-control", action="store_true", help="without the run that nobody lies in")
    return parser.parse_args()


def main() -> int:
    """Run and print; return 1 if something is wrong, 2 if a planned lie was not told."""
    options = _options()
    shares = Shares(**{name: getattr(options, name) for name in vars(Shares())})
    size = Size(options.destinations, options.rate, options.replicas, not options.no_history, options.seed)
    clean, lied = asyncio.run(both(shares, size, control=not options.no_control))
    print(
        f"seed {size.seed}, {size.replicas} processes, {size.rate:g} requests a second, history scopes: {size.history}"
    )
    wrong = list(lied.breaches)
    if clean:
        print("without a lie:", *clean.figures(), sep="\n  ")
        wrong += [f"without a lie: {breach}" for breach in clean.breaches]
        later = lied.percentile(0.99) - clean.percentile(0.99)
        wrong += (
            [f"who was not lied to heard {later:.2f} s later than without any lie"] if later > LATER_AT_MOST else []
        )
    print("with lies:", *lied.figures(), sep="\n  ")
    print(f"{len(wrong)} breaches", *wrong[:50], sep="\n  ")
    if silent := lied.lies.silent():
        print("INVALID: planned and not told:", *silent[:20], sep="\n  ")
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
