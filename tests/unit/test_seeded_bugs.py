"""The bugs that the fault suite is tried with keep up with the program."""

from pathlib import Path

import pytest

from tests.faults.seeded_bugs import BUGS, Bug

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_there_is_one_place_for_it_and_its_tests_are_there(bug: Bug) -> None:
    assert [(ROOT / path).read_text().count(old) for path, old, _ in bug.changes] == [1] * len(bug.changes)
    assert all(new != old for _, old, new in bug.changes)
    assert all((ROOT / tests.partition("::")[0]).exists() for tests in bug.tests)
