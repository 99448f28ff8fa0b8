"""The demo's people live where it is day, at any hour and on any machine."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import townspeople
from bot.domain.daytime import is_day, zone
from bot.manifest import manifest
from bot.sandbox.workspace import Workspace

HOURS = [datetime(2026, month, 1, hour, 30, tzinfo=UTC) for month in (1, 7) for hour in range(24)]


@pytest.mark.parametrize("now", HOURS, ids=str)
@pytest.mark.parametrize("own", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Sydney"])
def test_whenever_the_demo_is_started_it_is_day_for_two_hours(now: datetime, own: str) -> None:
    place = zone(townspeople.place_by_day(now, own))
    assert is_day(now, place)
    assert is_day(now + timedelta(hours=2), place)


def test_by_day_people_live_here_and_at_night_where_the_day_is_young() -> None:
    noon, late = datetime(2026, 11, 25, 12, tzinfo=UTC), datetime(2026, 11, 25, 19, 30, tzinfo=UTC)
    assert townspeople.place_by_day(noon, "Europe/Berlin") == "Europe/Berlin"
    assert townspeople.place_by_day(late, "Europe/Berlin") == "Pacific/Auckland"


def test_this_machines_zone_is_one_that_has_hours() -> None:
    assert datetime.now(zone(townspeople.here())).utcoffset() is not None


def test_people_are_at_home_in_one_zone() -> None:
    workspace = Workspace(manifest=manifest(), now=lambda: datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    townspeople.people(workspace, "Asia/Kolkata")
    homes = {(one.tz, one.tz_offset) for one in workspace.people.values() if not one.is_bot}
    assert homes == {("Asia/Kolkata", 19_800)}
