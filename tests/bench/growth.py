"""What a million rows cost beside ten thousand (PERFORMANCE.md P7): ``python -m tests.bench.growth``.

Both databases are open at once and take turns, so that what the machine does besides weighs on both alike. The table
gives medians in milliseconds and their ratio; on SQLite of CPU time, which is not disturbed by the neighbours.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules, Permission
from bot.store.engine import Store
from bot.store.tables import api_versions, apis
from bot.store.unit import Unit
from bot.usecases.apis import api_details, find_apis
from tests.bench.apis import ADMIN, MEMBER, TEAM, seeded

Work = Callable[[Unit], object]
RULES = HouseRules(admins=frozenset({ADMIN.user}))
GOAL = 1.3
"""Times that the larger database may take (P7)."""


def requests(store: Store) -> Iterator[tuple[str, Work]]:
    """Yield what is measured, by name; each does what a request does between its arrival and its answer."""
    member, admin = (_profile(person) for person in (MEMBER, ADMIN))
    name = _names(store, 1)[0]
    word = name.split()[0].lower()
    texts = {
        "a word many names have": "payments",
        "a word few names have": word,
        "two letters": word[:2],
        "the middle of a word": "ayment",
        "two words": f"{word} payments",
        "two words many names have": "payments orders",
        "a typo": f"{word[:3]}{word[4:]}",
        "nothing": "zzzyx",
    }
    yield "list, first page", lambda unit: find_apis(unit, RULES, member)
    yield "list, page 100", lambda unit: find_apis(unit, RULES, member, page=99)
    yield "list, platform admin", lambda unit: find_apis(unit, RULES, admin)
    for what, text in texts.items():
        yield f"search: {what}", lambda unit, text=text: find_apis(unit, RULES, member, text=text)  # type: ignore[misc]
    yield "search, page 50", lambda unit: find_apis(unit, RULES, member, text="payments", page=49)
    shown = store.read.run(lambda unit: find_apis(unit, RULES, member)).apis[0].id
    yield "details", lambda unit: api_details(unit, RULES, member, shown)
    for person, everywhere in ((ADMIN, True), (MEMBER, False)):
        for what, text in (("all", ""), ("typed", "pay")):
            label = f"organizations of {'a platform admin' if everywhere else 'a member'}, {what}"
            yield label, _choices(person, text, everywhere=everywhere)


def _choices(person: Person, text: str, *, everywhere: bool) -> Work:
    permission = Permission.CLIENT_EDIT
    return lambda unit: unit.organizations.choices(person, permission, everywhere=everywhere, text=text)


def _profile(person: Person) -> Profile:
    return Profile(person=person, name=person.user, home_team=TEAM)


def _names(store: Store, count: int) -> list[str]:
    query = sa.select(apis.c.name).join(api_versions).where(api_versions.c.visibility == "everyone")
    query = query.order_by(apis.c.folded).limit(count)
    return store.read.run(lambda unit: list(unit.connection.execute(query).scalars()))


def measure(small: Store, large: Store, rounds: int) -> dict[str, tuple[float, float]]:
    """Return the medians of each request in seconds: in the small database and in the large one."""
    figures: dict[str, tuple[float, float]] = {}
    for (what, in_small), (_, in_large) in zip(requests(small), requests(large), strict=True):
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds + 3):
            for store, work, kept in ((small, in_small, times[0]), (large, in_large, times[1])):
                started = clock(store)
                store.read.run(work)
                if number >= 3:
                    kept.append(clock(store) - started)
        figures[what] = (statistics.median(times[0]), statistics.median(times[1]))
    return figures


def clock(store: Store) -> float:
    """Return the seconds so far: this process's CPU on SQLite, which does all work in it, else those of the wall."""
    return time.process_time() if store.is_sqlite else time.perf_counter()


def main() -> None:
    """Measure on each kind of database and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--small", type=int, default=10_000, help="APIs in the small database")
    parser.add_argument("--large", type=int, default=1_000_000, help="APIs in the large one")
    parser.add_argument("--kind", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--keep", help="folder where seeded databases are kept and looked for")
    arguments = parser.parse_args()
    sizes = f"{arguments.small:,} APIs, ms | {arguments.large:,} APIs, ms"
    print(f"| request | database | {sizes} | ratio |\n|---|---|---|---|---|")
    for kind in arguments.kind or ("sqlite", "postgresql"):
        with seeded(kind, arguments.keep, arguments.small, arguments.large) as (small, large):
            for what, (one, other) in measure(small, large, arguments.rounds).items():
                over = " (over)" if other / one > GOAL else ""
                print(f"| {what} | {kind} | {one * 1e3:.2f} | {other * 1e3:.2f} | {other / one:.2f}{over} |")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
