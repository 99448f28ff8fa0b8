"""Durations of settings and catalog files (INTERFACE 2)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import durations


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("2s", timedelta(seconds=2)),
        ("15m", timedelta(minutes=15)),
        ("24h", timedelta(hours=24)),
        ("14d", timedelta(days=14)),
        ("0", timedelta(0)),
        (" 3h ", timedelta(hours=3)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, duration: timedelta) -> None:
    assert durations.parse(text) == duration


@pytest.mark.parametrize("text", ["", "24", "h", "1w", "1.5h", "-1h", "24 h", "24H", "1h30m", "٣h", "9" * 400 + "d"])
def test_other_forms_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 24h"):
        durations.parse(text)


def test_a_duration_beyond_ten_years_is_refused() -> None:
    assert durations.parse("3650d") == durations.LONGEST
    with pytest.raises(ValueError, match="longer than 3,650 days"):
        durations.parse("3651d")


@given(st.timedeltas(timedelta(0), durations.LONGEST))
def test_what_is_written_reads_back(duration: timedelta) -> None:
    whole = duration - timedelta(microseconds=duration.microseconds % 1000)
    assert durations.parse(durations.write(duration)) == whole
