"""The whole bot on a real PostgreSQL whose every byte passes a proxy that can disturb it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from tests import postgres
from tests.faults.proxy import Proxy
from tests.journeys.house import House, open_house
from tests.store.conftest import StandingClock


@dataclass
class Disturbed:
    """A house, and what stands between it and its database; ``direct`` is the address without it."""

    house: House
    proxy: Proxy
    direct: str


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def behind_proxy(postgres_server: postgres.Server, postgres_template: str) -> Iterator[tuple[Proxy, str]]:
    """Give a proxy and the direct address of the migrated database behind it."""
    with postgres_server.database(postgres_template) as url, Proxy(url) as proxy:
        yield proxy, url


@pytest.fixture
async def disturbed(behind_proxy: tuple[Proxy, str], clock: StandingClock) -> AsyncIterator[Disturbed]:
    proxy, url = behind_proxy
    async with open_house(proxy.url(url), clock) as house:
        yield Disturbed(house, proxy, url)
        proxy.set(proxy.mode.OPEN)
