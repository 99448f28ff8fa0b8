"""``house``: the whole bot in the local workspace, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from tests.journeys.house import House, open_house
from tests.store.conftest import StandingClock

OpenHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def opened(migrated_url: str, clock: StandingClock) -> OpenHouse:
    """Opens a house with other settings or another catalog: ``async with opened(GATEHOUSE_SELF_SERVICE="false")``."""

    def open_(**options: object) -> AbstractAsyncContextManager[House]:
        return open_house(migrated_url, clock, **options)  # type: ignore[arg-type]

    return open_


@pytest.fixture
async def house(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened() as one:
        yield one
