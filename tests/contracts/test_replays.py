"""Replays are noticed by all replicas and after a restart, cost one statement together, and fail open."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.edge import MemoryReplayCache
from bot.errors import Unavailable
from bot.replays import KEPT, LATER, REST, WAIT, LastingReplays, SharedReplays, replays_of
from bot.store.engine import Store, open_store
from bot.usecases.tidying import SEEN_AT_ONCE, tidy
from tests.store.conftest import StandingClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def store(migrated_url: str, clock: StandingClock) -> Iterator[Store]:
    opened = open_store(migrated_url, clock)
    yield opened
    opened.close()


@pytest.fixture
async def replicas(
    postgres_template: str, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[SharedReplays, SharedReplays]]:
    server = request.getfixturevalue("postgres_server")
    with server.database(postgres_template) as url:
        stores = [open_store(url), open_store(url)]
        caches = [replays_of(store) for store in stores]
        for cache in caches:
            await cache.recall()
        one, two = caches
        assert isinstance(one, SharedReplays) and isinstance(two, SharedReplays)
        yield one, two
        for cache, store in zip(caches, stores, strict=True):
            cache.close()
            store.close()


async def test_a_key_is_new_once_whichever_replica_it_comes_to(replicas: tuple[SharedReplays, SharedReplays]) -> None:
    one, two = replicas
    assert [await one.seen("a", NOON), await two.seen("a", NOON), await one.seen("a", NOON)] == [False, True, True]
    assert [await two.seen("b", NOON), await one.seen("b", NOON)] == [False, True]


async def test_of_two_replicas_at_the_same_moment_exactly_one_is_first(
    replicas: tuple[SharedReplays, SharedReplays],
) -> None:
    answers = await asyncio.gather(*(cache.seen(f"key {n}", NOON) for n in range(50) for cache in replicas))
    assert sum(answers) == 50
    assert all(first != second for first, second in zip(answers[::2], answers[1::2], strict=True))


async def test_what_arrives_together_shares_a_statement() -> None:
    batches: list[list[str]] = []

    def claim(keys: list[str], _: datetime) -> set[str]:
        batches.append(keys)
        return set(keys)

    cache = SharedReplays(claim)
    assert not any(await asyncio.gather(*(cache.seen(str(n), NOON) for n in range(100))))
    assert len(batches) <= 2
    assert sum(map(len, batches)) == 100
    cache.close()


async def test_a_key_that_this_process_knows_asks_nobody() -> None:
    asked: list[list[str]] = []

    def claim(keys: list[str], _: datetime) -> set[str]:
        asked.append(keys)
        return set(keys)

    cache = SharedReplays(claim)
    assert [await cache.seen("a", NOON), await cache.seen("a", NOON)] == [False, True]
    assert len(asked) == 1
    cache.close()


async def test_while_the_database_is_down_keys_are_new_and_nobody_asks_for_a_second() -> None:
    asked, now = 0, 100.0

    def claim(_keys: list[str], _until: datetime) -> set[str]:
        nonlocal asked
        asked += 1
        raise Unavailable

    cache = SharedReplays(claim, seconds=lambda: now)
    assert not await cache.seen("a", NOON)
    assert not await cache.seen("b", NOON)
    assert await cache.seen("a", NOON)
    assert asked == 1
    now += REST
    assert not await cache.seen("c", NOON)
    assert asked == 2
    cache.close()


async def test_an_acknowledgement_waits_no_longer_than_its_share_for_a_frozen_database() -> None:
    thawed = threading.Event()

    def claim(keys: list[str], _: datetime) -> set[str]:
        thawed.wait(10)
        return set(keys)

    cache = SharedReplays(claim)
    async with asyncio.timeout(20 * WAIT):
        assert not await cache.seen("a", NOON)
    thawed.set()
    cache.close()


async def test_what_still_waits_at_the_end_asks_nobody() -> None:
    begun, thawed, asked = threading.Event(), threading.Event(), 0

    def claim(keys: list[str], _: datetime) -> set[str]:
        nonlocal asked
        asked += 1
        begun.set()
        thawed.wait(10)
        return set(keys)

    cache = SharedReplays(claim)
    first = asyncio.create_task(cache.seen("a", NOON))
    await asyncio.to_thread(begun.wait, 10)
    second = asyncio.create_task(cache.seen("b", NOON))
    await asyncio.sleep(0)
    thawed.set()
    cache.close()
    assert [await first, await second] == [False, False]
    assert asked == 1


async def test_an_sqlite_file_remembers_across_restarts(sqlite_template: Path, tmp_path: Path) -> None:
    copy = shutil.copy(sqlite_template, tmp_path / "gatehouse.db")
    for expected in (False, True, True):
        store = open_store(f"sqlite:///{copy}")
        cache = replays_of(store)
        await cache.recall()
        assert await cache.seen("v0=abc", datetime.now(UTC)) is expected
        cache.close()
        store.close()


async def test_a_key_is_in_the_same_commit_as_the_work_behind_it(store: Store) -> None:
    cache = replays_of(store)
    if not isinstance(cache, LastingReplays):
        cache.close()
        pytest.skip("on PostgreSQL the key is there before the work begins")
    assert not await cache.seen("v0=abc", NOON)
    seen = store.write.submit(lambda unit: len(unit.seen.latest(10)))
    assert await asyncio.wrap_future(seen) == 1
    cache.close()


async def test_a_key_without_work_is_written_a_moment_later(store: Store) -> None:
    cache = replays_of(store)
    await cache.seen("v0=abc", NOON)
    await asyncio.sleep(2 * LATER)
    written = store.read.submit(lambda unit: len(unit.seen.latest(10)))
    assert await asyncio.wrap_future(written) == 1
    cache.close()


async def test_what_the_memory_has_no_room_for_is_looked_up_in_the_file(sqlite_template: Path, tmp_path: Path) -> None:
    copy = shutil.copy(sqlite_template, tmp_path / "gatehouse.db")
    store = open_store(f"sqlite:///{copy}")
    cache = LastingReplays(store, store.write, MemoryReplayCache(most=2))  # type: ignore[arg-type]
    for second in range(5):
        assert not await cache.seen(f"key {second}", NOON + timedelta(seconds=second))
    store.write.run(lambda _: None)
    assert await cache.seen("key 0", NOON + timedelta(seconds=6))
    cache.close()
    store.close()


async def test_tidying_forgets_keys_after_their_time_a_few_thousand_at_once(store: Store, clock: StandingClock) -> None:
    keys = [f"{number:032x}" for number in range(SEEN_AT_ONCE + 10)]
    store.write.run(lambda unit: unit.seen.note(keys, unit.now + KEPT))
    assert store.write.run(tidy) == 0
    clock.forward(seconds=KEPT.total_seconds() + 1)
    assert [store.write.run(tidy), store.write.run(tidy), store.write.run(tidy)] == [SEEN_AT_ONCE, 10, 0]


async def test_no_signature_is_stored_as_it_came(store: Store) -> None:
    cache = replays_of(store)
    await cache.recall()
    await cache.seen("v0=" + "ab" * 32, NOON)
    cache.close()
    stored = store.read.run(lambda unit: unit.seen.latest(10))
    assert len(stored) <= 1
    assert not any("abab" in key for key, _ in stored)
