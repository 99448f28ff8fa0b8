"""Durations as settings and catalog files write them: a number and a unit, ``24h`` (INTERFACE 2)."""

import re
from datetime import timedelta

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
LONGEST = timedelta(days=3650)
"""Ten years: a longer one is a slip of the finger, and a date that far away may not exist."""
PATTERN = r"^(0|[0-9]{1,12}(ms|s|m|h|d))$"
"""The same rule as a regular expression, for the JSON Schema of catalog files."""

_WRITTEN = re.compile(r"([0-9]{1,12})(ms|s|m|h|d)", re.ASCII)


def parse(text: str) -> timedelta:
    """Return the duration that ``text`` writes: ``500ms``, ``2s``, ``15m``, ``24h``, ``14d``, or ``0`` for none.

    Raises:
        ValueError: another form, or longer than ten years; its text goes on after the name of what was set.
    """
    if text.strip() == "0":
        return timedelta(0)
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        raise ValueError("is not a duration: write a number and a unit (ms, s, m, h or d), such as 24h")
    number, unit = int(found[1]), UNITS[found[2]]
    if number > LONGEST / unit:
        raise ValueError(f"is longer than {LONGEST.days:,} days")
    return number * unit


def write(duration: timedelta) -> str:
    """Return ``duration`` in the largest unit that writes it exactly, so that ``parse`` gives it back.

    Fractions of a millisecond are cut off.
    """
    if not duration:
        return "0"
    unit = next((unit for unit in reversed(UNITS) if not duration % UNITS[unit]), "ms")
    return f"{duration // UNITS[unit]}{unit}"
