"""A pass of the reminders: many requests at once, each reminded of once, however long they wait (SPEC 6)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.notifications import Kind
from bot.domain.policy import HouseRules
from bot.scheduler import Scheduler
from bot.store.engine import Store
from bot.store.tables import contracts, notifications
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from bot.usecases.chasing import LONGEST_GAP, REMINDED_AT_ONCE, remind
from tests import stock
from tests.store.conftest import StandingClock

RULES = HouseRules()


def overdue(store: Store, organizations: int, each: int) -> None:
    """Put requests before the approvers of some organizations whose reminders are due since an hour."""

    def work(unit: Unit) -> None:
        apply_catalog(unit, stock.catalog(organizations), str)
        asked = [place for place in stock.places(unit) for _ in range(each)]
        stock.ask(unit, enumerate(asked), remind_at=unit.now - timedelta(hours=1))

    store.write.run(work)


def passed(store: Store) -> int:
    return store.write.run(lambda unit: remind(unit, RULES))


def reminders(store: Store, kind: Kind) -> list[tuple[str, int]]:
    """Return destination and number of each message of a kind that is owed."""
    query = sa.select(notifications.c.destination, notifications.c.number).where(notifications.c.kind == kind)
    return store.read.run(lambda unit: [(row[0], row[1]) for row in unit.connection.execute(query)])


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """Give the statements that run meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(store.engine, "before_cursor_execute", note)


def test_a_pass_asks_the_database_no_more_often_for_many_requests_than_for_one(store: Store) -> None:
    overdue(store, 1, 1)
    with counted(store) as few:
        assert passed(store) == 1
    overdue_more = REMINDED_AT_ONCE - 10
    stocked = store.write.run(stock.places)
    asked = [(number, place) for place in stocked for number in range(1, overdue_more + 1)]
    store.write.run(lambda unit: stock.ask(unit, asked, remind_at=unit.now))
    with counted(store) as many:
        assert passed(store) == overdue_more
    assert len(many) <= len(few) + 1, "one more: who has many waiting is asked about their digests"


def test_each_of_many_overdue_requests_is_reminded_of_once(store: Store) -> None:
    overdue(store, organizations=50, each=5)
    assert [passed(store) for _ in range(4)] == [100, 100, 50, 0]
    owed = reminders(store, Kind.REMINDER)
    assert len(owed) == 250
    assert set(owed) == {(f"C{number:04}", 1) for number in range(50)}


def test_of_six_that_wait_at_one_place_there_is_one_digest_and_elsewhere_reminders(store: Store) -> None:
    overdue(store, organizations=2, each=5)
    busy = store.write.run(stock.places)[0]
    store.write.run(lambda unit: stock.ask(unit, [(100, busy)], remind_at=unit.now))
    assert passed(store) == 11
    assert [where for where, _ in reminders(store, Kind.DIGEST)] == ["C0000"]
    assert [where for where, _ in reminders(store, Kind.REMINDER)] == ["C0001"] * 5


def test_a_request_that_nobody_ever_decides_is_reminded_of_once_a_week_for_years(
    store: Store, clock: StandingClock
) -> None:
    overdue(store, 1, 1)
    for _ in range(60):
        assert passed(store) == 1
        (due,) = store.read.run(lambda unit: unit.connection.execute(sa.select(contracts.c.remind_at)).scalars().all())
        assert due - clock.at <= LONGEST_GAP
        clock.at = due
    assert len(reminders(store, Kind.REMINDER)) == 60


async def test_what_piled_up_is_worked_off_at_one_tick() -> None:
    left = [3, 2, 1, 0, 0]

    async def job() -> int:
        return left.pop(0)

    scheduler = Scheduler(timedelta(seconds=1), deliver=lambda: None, chase={}, meet=job, tidy=job)
    await scheduler._catch_up("remind", job)
    assert left == [0]


@pytest.mark.parametrize("claimed", [True, False])
def test_a_claim_puts_the_reminders_of_the_others_off(store: Store, clock: StandingClock, claimed: bool) -> None:
    overdue(store, 1, 1)
    until = clock.at + timedelta(hours=4) if claimed else clock.at
    held = sa.update(contracts).values(claimed_until=until)
    store.write.run(lambda unit: unit.connection.execute(held))
    assert passed(store) == 1
    assert bool(reminders(store, Kind.REMINDER)) is not claimed
