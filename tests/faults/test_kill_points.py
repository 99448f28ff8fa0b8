"""A slice of the kills: each kind of moment several times; ``python -m tests.faults.kills`` does a thousand.

Whatever the machine's load, what is lost, doubled or told wrongly is counted exactly; only times are generous here.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from tests import postgres
from tests.faults.kills import run
from tests.faults.points import ON_SQLITE, Point
from tests.faults.toll import Options, Result

EACH = 4
SLOWLY = Options(
    0, 0, shops=4, checkpoint=99, slowest=60.0, quiet=60.0, orphan=1000.0, limit=30.0, hasten=True, whole=180.0
)
"""Times for a machine that does other things besides."""
GROUPS = [tuple(Point)[first::5] for first in range(5)]
"""Points that have nothing to do with each other: the next kill does not wait for what the last one left."""


def expect_all(result: Result, points: tuple[Point, ...], each: int) -> None:
    assert result.breaches == []
    assert result.is_valid, result
    assert result.fired == dict.fromkeys(points, each), result
    assert any(one.told for one in result.told.sign_ups)


@pytest.mark.parametrize("points", GROUPS, ids=lambda points: "-".join(point.name for point in points))
async def test_kills_at_every_point_lose_and_double_nothing(
    points: tuple[Point, ...], postgres_url: str, postgres_server: postgres.Server
) -> None:
    kills = EACH * len(points)
    options = replace(SLOWLY, kills=kills, sign_ups=2 * kills, replicas=2, slack_faults=kills // 2, points=points)
    expect_all(await run(postgres_url, options, postgres_server), points, EACH)


async def test_kills_of_the_one_process_on_sqlite_leave_a_whole_file(tmp_path: Path) -> None:
    points = tuple(point for point in ON_SQLITE if point is not Point.K14)  # seconds for nothing that is new here
    options = replace(SLOWLY, kills=len(points), sign_ups=20, replicas=1, shops=2, points=points)
    expect_all(await run(f"sqlite:///{tmp_path}/gatehouse.db", options, None), points, 1)
