"""Dates and times in the reader's own zone (https://docs.slack.dev/messaging/formatting-message-text#date-formatting)."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_TOKEN = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose calendar counts: an IANA zone name and the present moment in Unix seconds (None: the real one)."""

    zone: str = "UTC"
    at: float | None = None

    def local(self, seconds: float) -> datetime:
        """That moment on this person's wall clock."""
        return datetime.fromtimestamp(seconds, tz_of(self.zone))

    def today(self) -> datetime:
        """Now on this person's wall clock."""
        return self.local(time.time() if self.at is None else self.at)


@dataclass(frozen=True, slots=True)
class Shown:
    """One moment, for the screen, for machines (ISO 8601) and in full."""

    text: str
    iso: str
    full: str


@lru_cache(maxsize=64)
def tz_of(name: str) -> tzinfo:
    """The zone of that name, UTC if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def format_date(stamp: str, pattern: str, viewer: Viewer) -> Shown | None:
    """The pattern with its tokens replaced; None if the stamp or a token is not one Slack knows."""
    try:
        local = viewer.local(int(stamp))
        text = _TOKEN.sub(lambda token: _token(token[1], local, viewer), pattern)
    except (ValueError, OverflowError, OSError, KeyError):
        return None
    return Shown(text, local.isoformat(), full(local))


def full(local: datetime) -> str:
    """Long date with seconds and zone, for the title of a short one."""
    return f"{local:%A}, {_long_day(local)} at {local:%H:%M:%S} {local.tzname()}"


def clock(local: datetime) -> str:
    """``6:39 AM``"""
    return f"{int(f'{local:%I}')}:{local:%M %p}"


def day_name(local: datetime, viewer: Viewer) -> str:
    """Today, Yesterday or the long date: the line between two days of messages."""
    near = _near(local, viewer)
    return near.capitalize() if near else f"{local:%A}, {local:%B} {_ordinal(local.day)}"


def _ordinal(day: int) -> str:
    suffix = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _long_day(local: datetime) -> str:
    return f"{local:%B} {_ordinal(local.day)}, {local.year}"


def _near(local: datetime, viewer: Viewer) -> str | None:
    days = (local.date() - viewer.today().date()).days
    return {0: "today", -1: "yesterday", 1: "tomorrow"}.get(days)


def _ago(local: datetime, viewer: Viewer) -> str:
    seconds = round(viewer.today().timestamp() - local.timestamp())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count = abs(seconds) // size
        if count:
            span = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"{span} ago" if seconds > 0 else f"in {span}"
    return "now"


def _token(name: str, local: datetime, viewer: Viewer) -> str:
    """One ``{token}``; raises KeyError for a name that Slack doesn't have."""
    if name == "ago":
        return _ago(local, viewer)
    plain = name.removesuffix("_pretty")
    near = _near(local, viewer) if plain != name else None
    if near:
        return near
    return {
        "date_num": f"{local:%Y-%m-%d}",
        "date_slash": f"{local:%m/%d/%Y}",
        "date": _long_day(local),
        "date_short": f"{local:%b} {local.day}, {local.year}",
        "date_long": f"{local:%A}, {_long_day(local)}",
        "time": clock(local),
        "time_secs": f"{int(f'{local:%I}')}:{local:%M:%S %p}",
    }[plain]
