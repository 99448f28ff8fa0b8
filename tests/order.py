"""The order in which tests run: what takes longest begins first and everywhere at once, so none is left for last."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
LONG = ("tests/faults/", "tests/test_house.py")
"""Where tests start several processes and kill them, or check the whole of the code."""


def dealt(tests: Sequence[T], is_long: Callable[[T], bool], processes: int) -> list[T]:
    """Return all tests so that each process, which gets a stretch of them, begins with its share of the long ones.

    pytest-xdist gives each process as many tests as the next (``--dist worksteal``).
    """
    long, short = [test for test in tests if is_long(test)], [test for test in tests if not is_long(test)]
    order: list[T] = []
    for number in range(processes):
        share = long[number::processes]
        stretch = (len(tests) - len(order)) // (processes - number)
        others = max(0, stretch - len(share))
        order += share + short[:others]
        del short[:others]
    return order + short
