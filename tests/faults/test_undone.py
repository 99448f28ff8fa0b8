"""A transaction that PostgreSQL undoes for another one's sake is tried once more; other errors are not."""

from collections.abc import Iterator

import pytest

from bot.errors import Unavailable
from bot.store.engine import Store, open_store
from bot.store.unit import Unit
from tests import postgres


@pytest.fixture
def store(postgres_server: postgres.Server, postgres_template: str) -> Iterator[Store]:
    with postgres_server.database(postgres_template) as url:
        opened = open_store(url)
        yield opened
        opened.close()


class Undone:
    """Writes a row, and is undone by the server as often as it is told to."""

    def __init__(self, code: str, times: int) -> None:
        self._code, self._times = code, times
        self.runs = 0

    def __call__(self, unit: Unit) -> None:
        self.runs += 1
        unit.seen.note([f"run {self.runs}"], unit.now)
        if self.runs <= self._times:
            unit.connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{self._code}'; END $$")


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_deadlock_or_a_conflict_is_tried_once_more(store: Store, code: str) -> None:
    work = Undone(code, 1)
    store.write.run(work)
    assert work.runs == 2
    assert [key for key, _ in store.read.run(lambda unit: unit.seen.latest(10))] == ["run 2"]


def test_the_second_time_it_is_told(store: Store) -> None:
    work = Undone("40P01", 2)
    with pytest.raises(Unavailable):
        store.write.run(work)
    assert work.runs == 2


def test_nothing_else_is_tried_again(store: Store) -> None:
    work = Undone("57014", 1)
    with pytest.raises(Unavailable):
        store.write.run(work)
    assert work.runs == 1
