"""An open, migrated store on a fresh database of either kind, and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.store.engine import Store, open_store


class StandingClock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        """Return seconds that never go backwards."""
        return self.at.timestamp()

    def forward(self, **duration: float) -> None:
        """Move on by a timedelta's arguments."""
        self.at += timedelta(**duration)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def store(migrated_url: str, clock: StandingClock) -> Iterator[Store]:
    opened = open_store(migrated_url, clock)
    yield opened
    opened.close()
