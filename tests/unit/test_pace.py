"""About one message a second in each channel, however many want to be sent at once."""

from itertools import pairwise

import pytest

from bot.outbox.pace import LATENESS, REMEMBERED, Pace


def sent_at(pace: Pace, count: int, late: float = 0.0, channel: str = "C1") -> list[float]:
    """Return when ``count`` messages go out that all come at once and come back when told, a little late."""
    waiting, sent = [0.0] * count, []
    while waiting:
        now = min(waiting)
        waiting.remove(now)
        wait = pace.wait(channel, now)
        if wait:
            waiting.append(now + wait + late)
        else:
            sent.append(now)
    return sent


def test_the_first_message_goes_at_once_and_the_others_a_second_apart() -> None:
    assert sent_at(Pace(), 5) == [0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("late", [0.01, 0.1, 0.19])
def test_those_who_come_a_little_late_for_their_turn_still_get_it(late: float) -> None:
    sent = sent_at(Pace(), 30, late)
    assert sent[-1] < 30
    assert min(after - before for before, after in pairwise(sent)) >= 1 - LATENESS - 1e-9


def test_after_a_rest_two_messages_still_keep_their_distance() -> None:
    pace = Pace()
    assert pace.wait("C1", 100.0) == 0.0
    assert pace.wait("C1", 100.5) > 0.0
    assert pace.wait("C1", 250.0) == 0.0
    assert pace.wait("C1", 250.1) >= 1 - LATENESS - 0.1


def test_one_channel_never_delays_another() -> None:
    pace = Pace()
    assert [pace.wait(f"C{number}", 0.0) for number in range(50)] == [0.0] * 50


def test_a_pause_holds_everything_of_its_channel_and_nothing_else() -> None:
    pace = Pace()
    pace.hold("C1", 30.0)
    assert [pace.wait("C1", 0.0), pace.wait("C1", 0.0)] == [30.0, 31.0]
    assert pace.wait("C2", 0.0) == 0.0


def test_without_a_distance_only_pauses_hold() -> None:
    pace = Pace(spacing=0.0)
    assert [pace.wait("C1", 5.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    pace.hold("C1", 9.0)
    assert pace.wait("C1", 5.0) == 4.0
    assert pace.wait("C1", 9.0) == 0.0


def test_the_channels_that_are_remembered_are_bounded() -> None:
    pace = Pace()
    for number in range(REMEMBERED + 500):
        pace.wait(f"C{number}", float(number))
        pace.wait(f"C{number}", float(number))
    assert len(pace._free) == len(pace._given) == REMEMBERED
