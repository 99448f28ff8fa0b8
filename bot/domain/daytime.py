"""Nobody is reminded at night: when it is day for those who are to be told (SPEC 6, remind)."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MORNING, EVENING = time(8), time(20)
"""The day in anybody's own time zone; ours."""


def zone(name: str) -> ZoneInfo:
    """Return a time zone as Slack names it; UTC for a name nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def is_day(at: datetime, place: ZoneInfo) -> bool:
    """Return whether it is day there."""
    return MORNING <= at.astimezone(place).time() < EVENING


def next_day(at: datetime, zones: Iterable[str]) -> datetime:
    """Return the first moment from ``at`` on when it is day for as many of these zones as can be.

    Without any zone that is ``at`` itself.
    """
    places = [zone(name) for name in zones]
    moments = [at, *(_morning(at, place) for place in places)]
    return max(sorted(moments), key=lambda moment: sum(is_day(moment, place) for place in places))


def _morning(at: datetime, place: ZoneInfo) -> datetime:
    """Return the next morning there; a night when clocks change has one like any other."""
    local = at.astimezone(place)
    today = local.replace(hour=MORNING.hour, minute=0, second=0, microsecond=0)
    morning = today if today > local else (today + timedelta(days=1)).replace(hour=MORNING.hour)
    return morning.astimezone(at.tzinfo)
