"""What was seen is known again for ten minutes, and memory stays bounded."""

from datetime import timedelta

import pytest
import structlog

from bot.edge import Edge, MemoryReplayCache, SkewAlarm
from tests.doorway import NOON, StillClock


async def test_a_key_is_new_once() -> None:
    cache = MemoryReplayCache()
    assert [await cache.seen("a", NOON), await cache.seen("a", NOON), await cache.seen("b", NOON)] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(("seconds", "known"), [(0, True), (599, True), (600, False)])
async def test_a_key_is_forgotten_after_ten_minutes(seconds: int, known: bool) -> None:
    cache = MemoryReplayCache()
    await cache.seen("a", NOON)
    assert await cache.seen("a", NOON + timedelta(seconds=seconds)) is known


async def test_the_oldest_go_first_when_there_are_too_many() -> None:
    cache = MemoryReplayCache(most=100)
    for number in range(1000):
        await cache.seen(str(number), NOON + timedelta(seconds=number / 10))
    assert len(cache) <= 100
    assert await cache.seen("999", NOON + timedelta(seconds=100))


@pytest.mark.parametrize("secrets", [[], ["a" * 32] * 3, ["short"], ["a" * 32, ""]])
def test_without_one_or_two_real_secrets_there_is_no_edge(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="signing secrets"):
        Edge(secrets, MemoryReplayCache(), StillClock())


@pytest.mark.parametrize(("late", "alarmed"), [(6, True), (5, False), (0, False)])
def test_a_wrong_clock_is_noticed_when_most_of_a_minute_is_late(late: int, alarmed: bool) -> None:
    alarm = SkewAlarm()
    with structlog.testing.capture_logs() as lines:
        for number in range(10):
            alarm.note(number < late, NOON)
        alarm.note(False, NOON + timedelta(minutes=1))
    assert bool(lines) is alarmed
