"""What an attempt came to: one table, held against Slack's own list of errors."""

from datetime import timedelta

import pytest

from bot.outbox import outcomes
from bot.outbox.outcomes import Refusal, about, pause


@pytest.mark.parametrize("code", sorted(outcomes.PERMANENT))
def test_a_destination_that_never_works_is_the_destinations_fault(code: str) -> None:
    assert about(code, updating=False) is Refusal.DESTINATION
    assert about(code, updating=True) is Refusal.COPY


@pytest.mark.parametrize("code", sorted(outcomes.TOKEN))
def test_a_bad_token_is_no_destinations_fault(code: str) -> None:
    assert about(code, updating=False) is about(code, updating=True) is Refusal.TOKEN


@pytest.mark.parametrize("code", sorted(outcomes.TOO_MUCH))
def test_what_slack_does_not_take_as_blocks_can_be_said_plainly(code: str) -> None:
    assert about(code, updating=False) is about(code, updating=True) is Refusal.LOOKS


@pytest.mark.parametrize("code", sorted(outcomes.GONE))
def test_a_copy_that_can_not_be_changed_is_gone_only_while_it_is_changed(code: str) -> None:
    assert about(code, updating=True) is Refusal.COPY
    assert about(code, updating=False) is not Refusal.COPY


def test_an_error_nobody_knows_is_tried_again() -> None:
    assert about("something_new", updating=False) is about("something_new", updating=True) is Refusal.OTHER


def test_no_error_is_in_two_lists() -> None:
    lists = (outcomes.PERMANENT, outcomes.TOKEN, outcomes.TOO_MUCH)
    assert len(frozenset().union(*lists)) == sum(map(len, lists))


def test_pauses_double_up_to_five_minutes_and_are_never_all_the_same() -> None:
    longest = [pause(attempt, chance=1.0).total_seconds() for attempt in range(1, 12)]
    assert longest == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert pause(1, chance=0.0) == timedelta(seconds=0.5)
    assert len({pause(9) for _ in range(20)}) > 1
    assert pause(10_000) <= timedelta(seconds=outcomes.LONGEST_PAUSE)


def test_a_notification_is_set_aside_within_a_quarter_of_an_hour() -> None:
    tried = (pause(attempt, chance=1.0) for attempt in range(1, outcomes.MOST_ATTEMPTS))
    assert sum(tried, timedelta(0)) < timedelta(minutes=15)
