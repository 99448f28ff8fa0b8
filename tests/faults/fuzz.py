"""Spoiled payloads, well signed, for every callback, action, command, menu and event there is (RELIABILITY G5).

``python -m tests.faults.fuzz --mutations 100000 --seed 1`` sends them to the real bot and prints figures;
``--only N`` sends the one of that number again and prints all of it. A registered id of which no genuine payload was
collected makes a run invalid.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, TextIO

from bot.domain.people import Person
from bot.errors import Refusal
from bot.sandbox.fields import Pair
from bot.sandbox.records import Json
from bot.sandbox.views import Screens, View
from tests import postgres
from tests.faults.corpus import Route, Seed, collect
from tests.faults.envelopes import garble, parsed, written
from tests.faults.furnished import ADMIN, CATALOG
from tests.faults.hearing import Ear, listening
from tests.faults.mutations import PEOPLE, Stock, json_copy, mutate
from tests.faults.rewind import Changes, Rewind
from tests.faults.short_wire import FORM, JSON, ShortWire
from tests.faults.verdicts import SENT_AGAIN, Attempt, Ledger, wrong_answer, wrong_words
from tests.journeys.house import House, open_house
from tests.store.conftest import StandingClock

GARBLED = 0.03
"""Share of payloads whose very bytes are spoiled, too."""
MOST_SHOWN = 20
"""Breaches that are printed; the rest is counted."""


@dataclass
class Tally:
    """What came of the mutations."""

    sent: Counter[Route] = field(default_factory=Counter)
    ends: dict[Route, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """For each id: how the edge and the switchboard took them, and how many wrote something."""
    breaches: list[str] = field(default_factory=list)
    missing: set[Route] = field(default_factory=set)
    """Registered ids of which no genuine payload was collected: then the run is invalid."""
    refused: set[Route] = field(default_factory=set)
    """Ids whose genuine payload was not accepted: then their mutations prove nothing."""
    slowest: float = 0.0
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Whether the run was valid and nothing was wrong."""
        return self.is_valid and not self.breaches

    @property
    def is_valid(self) -> bool:
        """Whether there was a payload of everything, and each was good before it was spoiled."""
        return not self.missing and not self.refused


class Fuzzer:
    """Sends spoiled payloads to a running bot, one after the other, each on the same rows."""

    def __init__(self, house: House, seeds: list[Seed], rewind: Rewind, ear: Ear) -> None:
        self.house, self.ear, self._rewind = house, ear, rewind
        self.wire = ShortWire(house)
        self._by_route: dict[Route, list[Seed]] = defaultdict(list)
        for seed in seeds:
            self._by_route[seed.route].append(seed)
        self._routes = sorted(self._by_route)
        self._stock = Stock(seeds, ids_of(rewind))
        self._ledger = Ledger(rewind.base)
        self._said = {id_: list(channel.messages) for id_, channel in house.workspace.channels.items()}
        self.outcome = ""
        house.runtime.metrics.acknowledged = self._acknowledged  # type: ignore[method-assign]

    def _acknowledged(self, listener: str, outcome: str, seconds: float) -> None:
        self.outcome = outcome

    async def prove(self, tally: Tally) -> None:
        """Send a genuine payload of each id, to be sure that they are accepted as long as nobody spoils them."""
        number = 0
        for route, genuines in self._by_route.items():
            tally.refused.add(route)
            for genuine in genuines:
                number -= 1
                body, carried = written(genuine.wire, self._fresh(genuine, number))
                attempt, _, breaches = await self._sent(genuine, body, carried)
                tally.breaches += [f"genuine {route}: {breach}" for breach in breaches]
                if self._end(attempt) == "ok":
                    tally.refused.discard(route)
                    break

    async def attempt(self, seed: int, number: int, tally: Tally, show: TextIO | None = None) -> None:
        """Send the mutation of this number and judge what came of it."""
        dice = Random(f"{seed}:{number}")  # noqa: S311 - dice that can be thrown again, no secret
        genuine = dice.choice(self._by_route[self._routes[number % len(self._routes)]])
        payload = self._fresh(genuine, number)
        recipe = mutate(dice, payload, self._stock)
        body, carried = written(genuine.wire, payload)
        if dice.random() < GARBLED:
            body, said = garble(dice, body)
            carried = parsed(genuine.wire, body)
            recipe.append(said)
        attempt, changes, breaches = await self._sent(genuine, body, carried)
        tally.sent[genuine.route] += 1
        tally.ends[genuine.route][self._end(attempt)] += 1
        tally.ends[genuine.route]["wrote"] += bool(changes)
        tally.slowest = max(tally.slowest, attempt.answered.seconds)
        tally.breaches += [f"--only {number}: {genuine.route} {recipe}: {breach}" for breach in breaches]
        if show:
            self._show(show, genuine, recipe, attempt, changes)

    def _fresh(self, genuine: Seed, number: int) -> Json:
        """Return a payload as if it were sent now: with a trigger, an address and an event of its own."""
        payload: Json = json_copy(genuine.payload)
        at = self.house.workspace
        if "trigger_id" in payload:
            payload["trigger_id"] = at.triggers.issue(genuine.seat)
        if "response_url" in payload:
            channel = payload.get("channel_id") or payload["channel"]["id"]
            token = at.response_urls.issue(genuine.seat, channel)
            payload["response_url"] = f"{at.base_url}/response/actions/{token}"
        if "event_id" in payload:
            payload["event_id"] = f"Ev{number:010}"
        if "value" in payload or genuine.wire == "options":
            payload["number"] = number  # nothing else in a menu's request is its own: it would be a replay
        return payload

    async def _sent(self, genuine: Seed, body: bytes, carried: Any) -> tuple[Attempt, Changes, list[str]]:
        self._set_the_stage(genuine)
        kind = JSON if genuine.wire == "events" else FORM
        answered = await self.wire.send(body, kind)
        late = await self.house.runtime.board.drain(10.0)
        attempt = Attempt(genuine.wire, carried, body, answered)
        changes = self._rewind.changes()
        breaches = [*wrong_answer(attempt), *wrong_words(attempt, self.wire.calls)]
        breaches += ["something never ended"] if late else []
        if changes:
            breaches += self._ledger.wrong_writes(attempt, changes)
            if "notifications" in changes:
                await self.house.runtime.dispatcher.round()
            await self._go_back()
        if _view_type(carried) == _view_type(genuine.payload):  # else the bot draws what the window is said to be
            breaches += [f"{one.rule}: {one.sentence} {one.pointer}" for one in self.house.workspace.violations]
        breaches += self.ear.breaches()
        return attempt, changes, breaches

    def _set_the_stage(self, genuine: Seed) -> None:
        """Let the workspace be as it was: the window of the payload is open, and nothing was said since."""
        at = self.house.workspace
        at.screens = Screens()
        at.violations.clear()
        if view := genuine.payload.get("view"):
            _open(at.screens, genuine.seat, view)
        self.wire.calls.clear()
        self.ear.heard.clear()
        self.outcome = ""

    async def _go_back(self) -> None:
        at, write = self.house.workspace, self.house.runtime.store.write
        at.ephemerals.clear()
        for id_, channel in at.channels.items():
            channel.messages[:] = self._said.get(id_, ())
        await asyncio.wrap_future(write.submit(self._rewind.back(self._rewind.changes())))
        self._rewind.is_back()

    def _end(self, attempt: Attempt) -> str:
        return self.outcome or f"edge {attempt.answered.status}"

    def _show(self, to: TextIO, genuine: Seed, recipe: list[str], attempt: Attempt, changes: Changes) -> None:
        """Print all there is to know about one attempt."""
        print(f"{genuine.route} of {genuine.seat}: {recipe}", file=to)
        print(f"sent     {attempt.payload if attempt.payload is not None else attempt.body!r:.3000}", file=to)
        print(f"answered {attempt.answered.status} {attempt.answered.body.decode()} ({self._end(attempt)})", file=to)
        for method, call in self.wire.calls:
            print(f"asked    {method} {call}", file=to)
        for _, _, line in self.ear.heard:
            print(f"logged   {line}", file=to)
        for name, change in changes.items():
            print(f"wrote    {name}: +{change.added} -{change.removed} ~{change.changed}", file=to)


def _open(screens: Screens, seat: str, shown: Json) -> None:
    """Let a window be open that shows what a payload says."""
    body = {key: value for key, value in shown.items() if key in SENT_AGAIN}
    typed: dict[Pair, Any] = {}
    view = View(shown["id"], seat, body, shown["hash"], shown["root_view_id"], typed=typed)
    if shown["type"] == "home":
        screens.publish(seat, view)
    else:
        screens.open(seat, view)


_NAMEABLE = ("contracts", "clients", "client_versions", "offers", "api_versions", "organizations", "drafts", "people")
_BY_CHANCE = ("id", "entries")


def ids_of(rewind: Rewind) -> dict[str, list[str]]:
    """Return the ids of all rows that a person could name by table, in an order that does not depend on the ids."""
    found: dict[str, list[str]] = {}
    for name in _NAMEABLE:
        rows = [(_said(row), str(row["id"])) for row in rewind.base[name]]
        found[name] = [id_ for _, id_ in sorted(rows)]
    return found


def _said(row: dict[str, Any]) -> str:
    """Return what a row says but for ids."""
    keys = sorted(key for key in row if key not in _BY_CHANCE and not key.endswith(("_id", "_by")))
    return str([row[key] for key in keys])


@asynccontextmanager
async def fuzzing(database_url: str) -> AsyncIterator[tuple[Fuzzer, set[Route]]]:
    """Give a fuzzer on an empty database, and the registered ids of which there is no payload."""
    with listening() as ear:
        quiet = {"GATEHOUSE_ADMINS": ADMIN, "GATEHOUSE_TICK": "24h"}
        async with open_house(database_url, StandingClock(), catalog=CATALOG, socket=False, **quiet) as house:
            _invite(house)
            seeds = await collect(house)
            await _known(house)
            house.runtime.store.write.wake = lambda: None  # what is due is delivered where the test wants it to be
            path = database_url.removeprefix("sqlite:///") if database_url.startswith("sqlite") else ""
            rewind = Rewind(house.runtime.store, path)
            registered = {(route.kind, route.name) for route in house.runtime.board.routes()}
            try:
                yield Fuzzer(house, seeds, rewind, ear), registered - {seed.route for seed in seeds}
            finally:
                rewind.close()
                house.workspace.violations.clear()


def _invite(house: House) -> None:
    """Let those be there, too, who may do little or nothing."""
    at = house.workspace
    at.add_person("Root Admin", id=ADMIN, handle="root")
    at.add_person("Dan Gone", id="U0DAN", handle="dan", deleted=True)
    at.add_person("Sam Stranger", id="U0SAM", handle="sam", team_id="T0FAR", is_stranger=True)
    at.add_team("T0OTHER", "Other Inc", installed=True)
    at.add_person("Olga Other", id="U0OLGA", handle="olga", team_id="T0OTHER")


async def _known(house: House) -> None:
    """Let Slack have told about all of them, so that nobody is new to the bot in one attempt and known in the next."""
    for user in PEOPLE:
        with suppress(Refusal):
            await house.runtime.desk.profile(Person(team=house.workspace.team_id, user=user))


async def run(
    database_url: str, mutations: int, seed: int, only: int | None = None, show: TextIO | None = None
) -> Tally:
    """Send so many mutations (or only the one of a number) and return what came of them."""
    tally = Tally()
    async with fuzzing(database_url) as (fuzzer, missing):
        tally.missing = missing
        begun = time.monotonic()
        if only is None:
            await fuzzer.prove(tally)
        for number in range(mutations) if only is None else [only]:
            await fuzzer.attempt(seed, number, tally, show)
        tally.seconds = time.monotonic() - begun
    return tally


def _view_type(payload: Any) -> Any:
    view = payload.get("view") if isinstance(payload, dict) else None
    return view.get("type") if isinstance(view, dict) else None


def report(tally: Tally, seed: int, database: str) -> None:
    """Print figures, a line for each id."""
    sent = sum(tally.sent.values())
    print(f"seed {seed}, {database}: {sent} mutations of {len(tally.sent)} ids in {tally.seconds:.0f} s")
    ends = sum(tally.ends.values(), Counter[str]())
    wrote = ends.pop("wrote", 0)
    print(f"ends: {', '.join(f'{end} {count}' for end, count in ends.most_common())}; {wrote} wrote something")
    print(f"slowest answer {tally.slowest * 1000:.0f} ms; breaches: {len(tally.breaches)}")
    print(f"{'kind and id':40} {'sent':>6} {'refused':>8} {'accepted':>9} {'wrote':>6}")
    for route, count in sorted(tally.sent.items()):
        accepted = tally.ends[route]["ok"]
        print(f"{' '.join(route):40} {count:6} {count - accepted:8} {accepted:9} {tally.ends[route]['wrote']:6}")
    for breach in tally.breaches[:MOST_SHOWN]:
        print(f"BREACH {breach}")
    if tally.missing:
        print(f"INVALID: no genuine payload of {sorted(tally.missing)}")
    if tally.refused:
        print(f"INVALID: a genuine payload was not accepted of {sorted(tally.refused)}")


def main() -> int:
    """Run and print; 0: clean, 1: a breach, 2: invalid."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--mutations", type=int, default=100_000)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    ask.add_argument("--only", type=int, help="send the mutation of this number and print all of it")
    given = ask.parse_args()
    with ExitStack() as stack:
        if given.database == "sqlite":
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/gatehouse.db"
        else:
            url = stack.enter_context(stack.enter_context(postgres.running()).database())
        show = None if given.only is None else sys.stdout
        tally = asyncio.run(run(url, given.mutations, given.seed, given.only, show))
    report(tally, given.seed, given.database)
    return int(not tally.is_clean) if tally.is_valid else 2


if __name__ == "__main__":
    sys.exit(main())
