"""Deliveries when the process stops: claims not begun are given back, calls that hang are cut off (RELIABILITY F19)."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import SystemClock
from bot.domain.notifications import DestinationType, Kind
from bot.endings import Posted
from bot.metrics import Metrics
from bot.outbox.dispatcher import AT_ONCE, OTHERS, Dispatcher
from bot.scheduler import Scheduler
from bot.store.engine import Store, open_store
from bot.store.unit import Unit
from tests.store.deals import make_deal


class Hanging:
    """A Slack whose posts never end; it tells when so many have begun."""

    def __init__(self) -> None:
        self.destinations: list[str] = []
        self._begun = asyncio.Condition()

    async def post(self, destination: str, *_: Any, **__: Any) -> Posted:
        async with self._begun:
            self.destinations.append(destination)
            self._begun.notify_all()
        return await self._end(destination)

    async def _end(self, destination: str) -> Posted:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async def has_begun(self, posts: int) -> None:
        """Wait until so many posts have begun."""
        async with asyncio.timeout(30), self._begun:
            await self._begun.wait_for(lambda: len(self.destinations) >= posts)


class Answering(Hanging):
    """A Slack that takes each post after a moment."""

    async def _end(self, destination: str) -> Posted:
        await asyncio.sleep(0.01)
        return Posted(channel=destination, ts=f"{len(self.destinations)}.000000")


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    opened = open_store(migrated_url)
    yield opened
    opened.close()


def dispatcher(store: Store, slack: Any) -> Dispatcher:
    return Dispatcher(
        store.write,
        slack,
        draw=lambda *_: ("text", []),
        after_failure=lambda *_: None,
        may_look=lambda _: False,
        metrics=Metrics(),
        clock=SystemClock(),
    )


def owe(store: Store, count: int, kind: Kind = Kind.REQUEST, name: str = "Web shop") -> None:
    def work(unit: Unit) -> None:
        deal = make_deal(unit, client=name)
        for number in range(count):
            unit.outbox.add(deal.contract_id, kind, DestinationType.USER, f"U0{kind.upper()}{number}", 1)

    store.write.run(work)


def leased(store: Store) -> int:
    query = sa.text("SELECT count(*) FROM notifications WHERE lease_until IS NOT NULL")
    return int(store.read.run(lambda unit: unit.connection.execute(query).scalar_one()))


async def test_calls_that_hang_are_cut_off_and_only_their_rows_stay_leased(store: Store) -> None:
    owe(store, AT_ONCE + 10)
    slack = Hanging()
    delivering = dispatcher(store, slack)
    delivering.start()
    delivering.wake()
    await slack.has_begun(AT_ONCE)
    await asyncio.wait_for(delivering.stop(0.05), 30)
    assert leased(store) == len(slack.destinations) == AT_ONCE
    store.write.run(lambda _: None)


async def test_what_only_tells_something_leaves_room_for_what_asks(store: Store) -> None:
    owe(store, AT_ONCE + 10, Kind.WAITING)
    slack = Hanging()
    delivering = dispatcher(store, slack)
    delivering.start()
    delivering.wake()
    await slack.has_begun(OTHERS)
    owe(store, 1, name="Till")
    await slack.has_begun(OTHERS + 1)
    assert slack.destinations[-1] == "U0REQUEST0"
    await asyncio.wait_for(delivering.stop(0.05), 30)


async def test_room_that_ends_is_used_again_without_being_told(store: Store) -> None:
    owe(store, AT_ONCE * 3, Kind.WAITING)
    slack = Answering()
    delivering = dispatcher(store, slack)
    delivering.start()
    delivering.wake()
    await slack.has_begun(AT_ONCE * 3)
    await delivering.stop()
    assert leased(store) == 0


async def test_what_was_claimed_while_the_stop_came_is_given_back(store: Store) -> None:
    owe(store, 3)
    slack = Hanging()
    delivering = dispatcher(store, slack)
    await delivering.stop()
    assert await delivering.round() == 0
    assert (leased(store), slack.destinations) == (0, [])
    again = store.write.run(lambda unit: unit.outbox.claim(10))
    assert [one.attempts for one in again] == [1, 1, 1]


async def test_a_job_that_a_stop_cuts_off_is_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    begun = asyncio.Event()

    async def endless() -> int:
        begun.set()
        await asyncio.Event().wait()
        return 0

    tick = timedelta(milliseconds=10)
    scheduler = Scheduler(tick, deliver=lambda: None, chase={"remind": endless}, meet=endless, tidy=endless)
    scheduler.start()
    await asyncio.wait_for(begun.wait(), 30)
    scheduler.stop()
    await asyncio.sleep(0.05)
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []
