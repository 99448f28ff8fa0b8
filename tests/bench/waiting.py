"""P7 for what waits: the queue, the sweep of the outbox and the reminders, at 1,000 and at 100,000 waiting requests.

``python -m tests.bench.waiting`` prints a Markdown table; on SQLite and on PostgreSQL, in one run.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.unit import Unit
from bot.usecases.approvals import queue
from bot.usecases.catalog import apply_catalog
from bot.usecases.chasing import remind
from tests import postgres, stock

FEW, MANY = 1_000, 100_000
ROUNDS = 200
PAT = Profile(person=Person(team=stock.TEAM, user="UA0000"), name="Pat", home_team=stock.TEAM)


def seed(unit: Unit, number: int) -> None:
    """Put this many waiting requests, each with its delivered message, before one approver."""
    apply_catalog(unit, stock.catalog(1), str)
    (place,) = stock.places(unit)
    stock.ask(unit, [(request, place) for request in range(number)], remind_at=unit.now + stock.NEVER)


MEASURED: dict[str, Callable[[Unit], object]] = {
    "first page of the queue": lambda unit: queue(unit, HouseRules(), PAT),
    "tenth page of the queue": lambda unit: queue(unit, HouseRules(), PAT, page=10),
    "sweep of the outbox, nothing due": lambda unit: unit.outbox.claim(16),
    "pass of the reminders, nothing due": lambda unit: remind(unit, HouseRules()),
}


def median(store: Store, work: Callable[[Unit], object]) -> float:
    """Return the median milliseconds of one transaction."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        store.write.run(work)
        times.append((time.perf_counter() - begun) * 1_000)
    return statistics.median(times)


@contextmanager
def seeded(url: str, number: int) -> Iterator[Store]:
    """Give an open store with this many waiting requests."""
    store = open_store(url, patient=True)
    schema.upgrade(store.engine)
    store.write.run(lambda unit: seed(unit, number))
    with store.engine.connect() as connection:
        connection.execute(sa.text("ANALYZE"))
        connection.commit()
    yield store
    store.close()


def compare(kind: str, few_url: str, many_url: str) -> None:
    """Print the rows of one kind of database, few and many side by side."""
    with seeded(few_url, FEW) as few, seeded(many_url, MANY) as many:
        for name, work in MEASURED.items():
            less, more = median(few, work), median(many, work)
            print(f"| {kind} | {name} | {less:.2f} | {more:.2f} | {more / less:.2f} × |")


def main() -> None:
    """Seed, measure and print."""
    print(f"| database | what | ms at {FEW:,} | ms at {MANY:,} | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        compare("SQLite", *(f"sqlite:///{Path(folder, name)}" for name in ("few.db", "many.db")))
    with postgres.running() as server, server.database() as few, server.database() as many:
        compare("PostgreSQL", few, many)


if __name__ == "__main__":
    main()
