"""Replicas on PostgreSQL wake each other; what is not committed wakes nobody."""

import threading
from collections.abc import Iterator

import pytest

from bot.store.engine import Store, open_store
from bot.store.unit import Unit
from tests import postgres
from tests.store.conftest import StandingClock

SOON = 10.0
"""Seconds within which a wake must have come: far more than it takes."""


@pytest.fixture
def url(postgres_server: postgres.Server, postgres_template: str) -> Iterator[str]:
    with postgres_server.database(postgres_template) as address:
        yield address


@pytest.fixture
def replicas(url: str, clock: StandingClock) -> Iterator[tuple[Store, Store]]:
    one, other = open_store(url, clock), open_store(url, clock)
    yield one, other
    one.close()
    other.close()


class Bell:
    """Counts how often a store was woken, and waits for it."""

    def __init__(self, store: Store) -> None:
        self._rung = threading.Semaphore(0)
        store.write.wake = self._rung.release

    def rings(self, seconds: float = SOON) -> bool:
        return self._rung.acquire(timeout=seconds)


def _owe(unit: Unit) -> None:
    unit.outbox.retry(["nobody's"])


def test_a_commit_of_another_replica_wakes_this_one(replicas: tuple[Store, Store]) -> None:
    one, other = replicas
    bell = Bell(other)
    other.listen()
    assert bell.rings(), "on connecting: something may have been left before"
    one.write.run(_owe)
    assert bell.rings()


def test_a_replica_is_not_woken_by_itself_a_second_time(replicas: tuple[Store, Store]) -> None:
    one, other = replicas
    bell, other_bell = Bell(one), Bell(other)
    one.listen()
    other.listen()
    assert bell.rings() and other_bell.rings()
    one.write.run(_owe)
    assert bell.rings(), "by its own commit"
    assert other_bell.rings(), "which has gone round by now"
    assert not bell.rings(0)


def test_a_transaction_that_fails_wakes_nobody(replicas: tuple[Store, Store]) -> None:
    one, other = replicas
    bell = Bell(other)
    other.listen()
    assert bell.rings()

    def fail(unit: Unit) -> None:
        _owe(unit)
        raise KeyError

    with pytest.raises(KeyError):
        one.write.run(fail)
    one.write.run(_owe)
    assert bell.rings()
    assert not bell.rings(0), "one commit, one wake"


def test_a_lost_connection_is_made_again(
    replicas: tuple[Store, Store], postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.listening.PAUSE", 0.01)
    one, other = replicas
    bell = Bell(other)
    other.listen()
    assert bell.rings()
    postgres_server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle'"
    )
    assert bell.rings(), "connected again: something may have been left meanwhile"
    one.write.run(_owe)
    assert bell.rings()
