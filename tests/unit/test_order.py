"""Tests that take long begin first, in every process of a run."""

import pytest

from tests.order import dealt


@pytest.mark.parametrize("processes", [1, 3, 4])
def test_each_process_begins_with_its_share_of_the_long_ones(processes: int) -> None:
    tests = [*range(20), *range(100, 113)]
    order = dealt(tests, lambda test: test >= 100, processes)
    assert sorted(order) == tests
    begun = 0
    for number in range(processes):
        stretch = order[begun : begun + (len(tests) - begun) // (processes - number)]
        long = [test >= 100 for test in stretch]
        assert long == sorted(long, reverse=True)
        assert sum(long) >= 13 // processes
        begun += len(stretch)


def test_more_long_ones_than_there_is_room_for_are_all_run() -> None:
    assert sorted(dealt([1, 2, 3], lambda _: True, 4)) == [1, 2, 3]
