"""How fast menus and the search answer while somebody types, at a million names (PERFORMANCE.md P8).

``python -m tests.bench.type_ahead`` sends what Slack would send, letter by letter, through the switchboard: reading the
payload, rights, search, drawing. The table gives p50 and p99 in milliseconds; on a
machine that is busy with other things, the CPU time of this process says more.
"""

import argparse
import asyncio
import random
import time
from typing import Any

import sqlalchemy as sa

from blocks import apis as api_view
from blocks.client_wizard import organization_options
from bot.clock import SystemClock
from bot.desk import Desk
from bot.domain.people import Person, Profile, Stranger
from bot.domain.policy import HouseRules
from bot.store.engine import Store
from bot.store.tables import apis, organizations
from bot.usecases.people import save_profile
from tests.bench.apis import ADMIN, DEVELOPER, MEMBER, TEAM, seeded

RULES = HouseRules(admins=frozenset({ADMIN.user}))
GOAL, GOAL_TYPO = 0.010, 0.025
"""Seconds of a whole request at the 99th percentile (P8)."""


class NoDirectory:
    """Nobody is looked up: every account is known already."""

    async def look_up(self, person: Person) -> Profile:
        raise LookupError(person.user)

    async def meet(self, stranger: Stranger) -> Profile | None:
        raise LookupError(stranger.id)

    def read(self, team: str, user: dict[str, Any]) -> Profile:
        raise LookupError(team, user)


def typed(store: Store, table: sa.Table, count: int, seed: int) -> list[str]:
    """Return what people type: beginnings of words of names that exist, letter by letter."""
    names = store.read.run(lambda unit: list(unit.connection.execute(sa.select(table.c.name).limit(20_000)).scalars()))
    chance = random.Random(seed)  # noqa: S311 - names, not secrets
    found: list[str] = []
    while len(found) < count:
        word = chance.choice(chance.choice(names).split()).lower()
        found += [word[:length] for length in range(1, len(word) + 1)]
    return found[:count]


def misspelt(texts: list[str]) -> list[str]:
    """Return words with two letters swapped."""
    return [text[:2] + text[3] + text[2] + text[4:] for text in texts if len(text) > 5 and text[2] != text[3]]


async def measure(store: Store, count: int) -> None:
    """Print a row for each person and menu."""
    desk = Desk(store, RULES, NoDirectory(), SystemClock())
    for person in (MEMBER, DEVELOPER, ADMIN):
        profile = Profile(person=person, name=person.user, home_team=TEAM)
        store.write.run(lambda unit, profile=profile: save_profile(unit, profile))  # type: ignore[misc]

    async def choose(person: Person, text: str) -> None:
        profile = await desk.known_profile(person)
        organization_options(await desk.organizations(profile, text))

    async def search(person: Person, text: str) -> None:
        profile = await desk.known_profile(person)
        api_view.list_view(await desk.find_apis(profile, text=text))

    names = typed(store, organizations, count, 1), typed(store, apis, count, 2)
    people = {"member of 3": MEMBER, "member of 10,000": DEVELOPER, "platform admin": ADMIN}
    for label, person in people.items():
        for what, ask, texts in (("organizations", choose, names[0]), ("APIs", search, names[1])):
            await _row(store, f"{what}, {label}", ask, person, texts, GOAL)
            if what == "APIs" or person == ADMIN:
                await _row(store, f"{what}, {label}, a typo", ask, person, misspelt(texts), GOAL_TYPO)


async def _row(store: Store, label: str, ask: Any, person: Person, texts: list[str], goal: float) -> None:
    for text in texts[:20]:
        await ask(person, text)
    times, cpu = [], []
    for text in texts:
        started, used = time.perf_counter(), time.process_time()
        await ask(person, text)
        times.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    (p50, p99), (_, cpu_p99) = _middle_and_end(times), _middle_and_end(cpu)
    over = " (over)" if p99 > goal else ""
    kind = "SQLite" if store.is_sqlite else "PostgreSQL"
    row = f"| {label} | {kind} | {p50 * 1e3:.2f} | {p99 * 1e3:.2f}{over} | {cpu_p99 * 1e3:.2f} | {goal * 1e3:.0f} |"
    print(row, flush=True)


def _middle_and_end(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]


def main() -> None:
    """Measure on each kind of database and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="requests of a row")
    parser.add_argument("--names", type=int, default=1_000_000, help="API names in the database")
    parser.add_argument("--kind", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--keep", help="folder where seeded databases are kept and looked for")
    arguments = parser.parse_args()
    print("| what | database | p50, ms | p99, ms | p99, CPU ms | goal, ms |\n|---|---|---|---|---|---|")
    for kind in arguments.kind or ("sqlite", "postgresql"):
        with seeded(kind, arguments.keep, arguments.names) as (store,):
            asyncio.run(measure(store, arguments.count))


if __name__ == "__main__":
    main()
