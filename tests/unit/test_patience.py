"""The cheap time limit ends what is too slow, nothing else, and hides no other cancellation."""

import asyncio

import pytest

from handlers.patience import Patience


async def test_who_is_in_time_is_left_alone() -> None:
    patience = Patience(0.02)
    async with patience.limit():
        await asyncio.sleep(0)
    await asyncio.sleep(0.04)


async def test_who_is_too_slow_ends_with_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        async with Patience(0.01).limit():
            await asyncio.Event().wait()


async def test_many_at_once_end_each_at_its_own_time() -> None:
    patience, ended = Patience(0.03), []

    async def one(number: int, seconds: float) -> None:
        try:
            async with patience.limit():
                await asyncio.sleep(seconds)
            ended.append((number, "in time"))
        except TimeoutError:
            ended.append((number, "too slow"))

    await asyncio.gather(*(one(number, 0 if number % 2 else 60) for number in range(50)))
    assert sorted(ended) == [(number, "in time" if number % 2 else "too slow") for number in range(50)]


async def test_the_limit_works_again_after_a_pause() -> None:
    patience = Patience(0.01)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with patience.limit():
                await asyncio.Event().wait()


async def test_a_cancellation_from_outside_stays_one() -> None:
    async def work() -> None:
        async with Patience(60).limit():
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_the_block_raises_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with Patience(60).limit():
            raise KeyError


async def test_a_limit_that_is_over_cancels_nothing_later() -> None:
    patience = Patience(0.01)
    async with patience.limit():
        await asyncio.sleep(0)
    async with Patience(60).limit():
        await asyncio.sleep(0.03)
