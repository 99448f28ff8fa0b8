"""A slice of the stories; ``python -m tests.faults.model`` tells longer ones and prints figures."""

from pathlib import Path

import pytest

from tests.faults.model import Tally, run


def checked(tally: Tally, stories: int) -> None:
    assert not tally.failure, tally.failure
    assert tally.stories >= stories
    assert tally.steps["sign up done"] > stories / 2, tally.steps


@pytest.mark.parametrize("seed", range(1, 3))
def test_whatever_people_and_clocks_and_catalogs_do_all_is_as_it_must_be(tmp_path: Path, seed: int) -> None:
    tally = run(tmp_path / "gatehouse.db", 25, seed, steps=8)
    checked(tally, 25)
    assert sum(tally.fired.values()), "no planned fault of Slack happened"


def test_it_is_the_same_over_real_sockets(tmp_path: Path) -> None:
    checked(run(tmp_path / "gatehouse.db", 5, 5, steps=8, http=True), 5)
