"""One transaction: all of it or nothing, whoever else shares its commit (HOUSE 2, RELIABILITY F15)."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.organizations import Organization
from bot.errors import Refusal, Unavailable
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.unit import GROUP, Unit, Writer
from tests.store.conftest import StandingClock

TEAM = "T0GATEHOUSE"


def found(unit: Unit, name: str) -> Organization:
    """Make an organization."""
    made = unit.organizations.create(TEAM, name, unit.now)
    assert made
    return made


def names(store: Store) -> list[str]:
    """The names of all organizations, as a new transaction sees them."""
    with store.engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT name FROM organizations ORDER BY name")).scalars())


@pytest.fixture
def sqlite(tmp_path: Path, clock: StandingClock) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'one.db'}", clock)
    schema.upgrade(opened.engine)
    yield opened
    opened.close()


class Gate:
    """Holds the writer inside one work, so that others have to wait together."""

    def __init__(self, store: Store) -> None:
        self._entered, self._opened = threading.Event(), threading.Event()
        self.future = store.write.submit(self._hold)
        assert self._entered.wait(5)

    def _hold(self, _unit: Unit) -> None:
        self._entered.set()
        assert self._opened.wait(5)

    def open(self) -> None:
        """Let the writer go on."""
        self._opened.set()


def test_a_work_that_ends_well_is_stored(store: Store, clock: StandingClock) -> None:
    def work(unit: Unit) -> object:
        found(unit, "Acme")
        return unit.now

    assert store.write.run(work) == clock.at
    assert names(store) == ["Acme"]


def test_a_work_that_fails_leaves_nothing_and_its_error_comes_back_as_it_is(store: Store) -> None:
    refusal = Refusal("No.", field="name")

    def work(unit: Unit) -> None:
        found(unit, "Acme")
        raise refusal

    with pytest.raises(Refusal) as caught:
        store.write.run(work)
    assert caught.value is refusal
    assert names(store) == []


def test_a_fault_of_ours_comes_back_as_it_is_and_the_next_work_is_done(store: Store) -> None:
    def work(unit: Unit) -> None:
        found(unit, "Acme")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write.run(work)
    store.write.run(lambda unit: found(unit, "Globex"))
    assert names(store) == ["Globex"]


def test_reading_writes_nothing(sqlite: Store) -> None:
    with pytest.raises(Unavailable):
        sqlite.read.run(lambda unit: found(unit, "Acme"))
    assert names(sqlite) == []


def test_works_that_wait_together_share_one_commit(sqlite: Store) -> None:
    commits: list[object] = []
    sa.event.listen(sqlite.engine, "commit", commits.append)
    gate = Gate(sqlite)
    waiting = [sqlite.write.submit(lambda unit, name=f"Org {n:02}": found(unit, name)) for n in range(20)]  # type: ignore[misc]
    gate.open()
    for future in waiting:
        future.result(5)
    assert len(commits) == 2
    assert len(names(sqlite)) == 20


def test_one_commit_holds_at_most_so_many_works(sqlite: Store) -> None:
    commits: list[object] = []
    sa.event.listen(sqlite.engine, "commit", commits.append)
    gate = Gate(sqlite)
    waiting = [sqlite.write.submit(lambda unit: unit.now) for _ in range(GROUP + 1)]
    gate.open()
    for future in waiting:
        future.result(5)
    assert len(commits) == 3


def test_the_failure_of_one_work_undoes_nothing_of_its_neighbours(sqlite: Store) -> None:
    def failing(unit: Unit) -> None:
        found(unit, "Half")
        raise Refusal("No.")

    def breaking(unit: Unit) -> None:
        found(unit, "Broken")
        unit.connection.execute(sa.text("INSERT INTO nowhere VALUES (1)"))

    gate = Gate(sqlite)
    before = sqlite.write.submit(lambda unit: found(unit, "Before"))
    refused: Future[None] = sqlite.write.submit(failing)
    broken: Future[None] = sqlite.write.submit(breaking)
    after = sqlite.write.submit(lambda unit: found(unit, "Within"))
    gate.open()
    assert before.result(5).name == "Before"
    assert after.result(5).name == "Within"
    with pytest.raises(Refusal):
        refused.result(5)
    with pytest.raises(Unavailable):
        broken.result(5)
    assert names(sqlite) == ["Before", "Within"]


def test_nobody_hears_of_success_before_the_commit_succeeded(sqlite: Store) -> None:
    def wrong_only_at_the_end(unit: Unit) -> None:
        unit.connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        unit.connection.execute(sa.text("INSERT INTO members VALUES ('nowhere', 'nobody', 'Owner', '')"))

    gate = Gate(sqlite)
    neighbour = sqlite.write.submit(lambda unit: found(unit, "Acme"))
    last: Future[None] = sqlite.write.submit(wrong_only_at_the_end)
    gate.open()
    assert isinstance(neighbour.exception(5), sa.exc.IntegrityError)
    assert isinstance(last.exception(5), sa.exc.IntegrityError)
    assert names(sqlite) == []
    sqlite.write.run(lambda unit: found(unit, "Globex"))
    assert names(sqlite) == ["Globex"]


def test_the_writer_outlives_callers_who_gave_up_waiting(sqlite: Store) -> None:
    gate = Gate(sqlite)
    given_up = sqlite.write.submit(lambda unit: found(unit, "Nobody waits"))
    waiting = sqlite.write.submit(lambda unit: found(unit, "Somebody waits"))
    assert given_up.cancel()
    gate.open()
    assert waiting.result(5).name == "Somebody waits"
    assert sqlite.write.submit(lambda unit: found(unit, "Later")).result(5).name == "Later"
    assert names(sqlite) == ["Later", "Somebody waits"]


def test_a_file_locked_by_another_process_is_unavailable_and_works_again_afterwards(sqlite: Store) -> None:
    other = sqlite3.connect(str(sqlite.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    given_up = sqlite.write.submit(lambda unit: found(unit, "Nobody waits"))
    with pytest.raises(Unavailable, match="submitting again is safe"):
        sqlite.write.run(lambda unit: found(unit, "Acme"))
    assert given_up.exception(5)
    assert sqlite.read.run(lambda unit: unit.people.team()) == ""
    other.execute("ROLLBACK")
    other.close()
    sqlite.write.run(lambda unit: found(unit, "Acme"))
    assert names(sqlite) == ["Acme"]


def test_closing_waits_for_works_under_way(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'one.db'}"
    opened = open_store(url)
    schema.upgrade(opened.engine)
    assert isinstance(opened.write, Writer)
    gate = Gate(opened)
    last = opened.write.submit(lambda unit: found(unit, "Last"))
    closing = threading.Thread(target=opened.close)
    closing.start()
    gate.open()
    closing.join(5)
    assert last.result(0).name == "Last"


def test_a_wait_for_a_row_ends_as_unavailable(postgres_url: str, clock: StandingClock) -> None:
    opened = open_store(postgres_url, clock)
    schema.upgrade(opened.engine)
    opened.write.run(lambda unit: found(unit, "Acme"))
    lock = sa.text("SELECT 1 FROM organizations FOR UPDATE")
    with opened.engine.connect() as other:
        other.execute(lock)
        with pytest.raises(Unavailable):
            opened.write.run(lambda unit: unit.connection.execute(lock).all())
    assert opened.write.run(lambda unit: len(unit.connection.execute(lock).all())) == 1
    opened.close()


def test_a_database_that_refuses_connections_is_unavailable() -> None:
    opened = open_store("postgresql://gatehouse@127.0.0.1:1/gatehouse")
    with pytest.raises(Unavailable):
        opened.read.run(lambda unit: unit.people.team())
    opened.close()
