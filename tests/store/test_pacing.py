"""Turns of a conversation as rows: about one message a second, however many processes send (SPEC 6, delivery)."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot.domain.notifications import DestinationType, Kind, Notification
from bot.domain.pacing import LATENESS, SPACING, Pacing
from bot.store.engine import Store, open_store
from bot.store.pacing import POST, UPDATE
from bot.store.unit import Unit
from tests.store.conftest import StandingClock
from tests.store.deals import make_deal

SECOND = timedelta(seconds=1)
START = StandingClock().at


def sent_at(count: int, late: float = 0.0) -> list[datetime]:
    """Return when ``count`` messages go out that all come at once and come back when told, a little late."""
    pacing, waiting, sent = Pacing(START, START), [START] * count, []
    while waiting:
        now = min(waiting)
        waiting.remove(now)
        pacing, wait = pacing.turn(now)
        if wait:
            waiting.append(now + wait + timedelta(seconds=late))
        else:
            sent.append(now)
    return sent


def test_the_first_message_goes_at_once_and_the_others_a_second_apart() -> None:
    assert sent_at(5) == [START + number * SECOND for number in range(5)]


@pytest.mark.parametrize("late", [0.01, 0.1, 0.19])
def test_those_who_come_a_little_late_for_their_turn_still_get_it(late: float) -> None:
    sent = sent_at(30, late)
    assert sent[-1] < START + 30 * SECOND
    assert min(after - before for before, after in pairwise(sent)) >= SPACING - LATENESS


def test_after_a_rest_two_messages_still_keep_their_distance() -> None:
    pacing, wait = Pacing(START, START).turn(START)
    assert not wait
    pacing, wait = pacing.turn(START + 150 * SECOND)
    assert not wait
    assert pacing.turn(START + 150.1 * SECOND)[1] >= timedelta(seconds=0.7)


@pytest.fixture
def owed(store: Store) -> list[str]:
    """Owe the same contract to three people and give their ids."""
    people = ["U0ADA", "U0PAT", "U0EVE"]

    def work(unit: Unit) -> None:
        deal = make_deal(unit)
        for user in people:
            for kind in (Kind.REQUEST, Kind.WAITING):
                unit.outbox.add(deal.contract_id, kind, DestinationType.USER, user, 1)

    store.write.run(work)
    return people


def waits(store: Store) -> list[timedelta]:
    """Claim everything that is due and return how long each has to wait."""

    def work(unit: Unit) -> list[timedelta]:
        claimed: list[Notification] = unit.outbox.claim(100)
        found = unit.pace.take_turns(claimed).waits
        for one in claimed:
            unit.outbox.postpone(one, timedelta(0))
        return sorted(found.get(one.id, timedelta(0)) for one in claimed)

    return store.write.run(work)


@pytest.mark.usefixtures("owed")
def test_each_conversation_has_its_own_turns(store: Store) -> None:
    assert waits(store) == [timedelta(0)] * 3 + [SECOND] * 3


@pytest.mark.usefixtures("owed")
def test_another_process_waits_for_the_same_turns(store: Store, migrated_url: str, clock: StandingClock) -> None:
    waits(store)
    clock.forward(seconds=0.5)
    other = open_store(migrated_url, clock)
    try:
        assert min(waits(other)) >= SECOND / 2
    finally:
        other.close()


@pytest.mark.usefixtures("owed")
def test_a_pause_of_slack_holds_its_conversation_and_nothing_else(store: Store, clock: StandingClock) -> None:
    store.write.run(lambda unit: unit.pace.hold("U0ADA", POST, clock.at + 30 * SECOND))
    assert waits(store) == [timedelta(0)] * 2 + [SECOND] * 2 + [30 * SECOND, 31 * SECOND]


def test_a_pause_of_redrawing_holds_no_posts(store: Store, owed: list[str], clock: StandingClock) -> None:
    def drawn(unit: Unit) -> None:
        for one in unit.outbox.claim(100):
            unit.outbox.mark_sent(one, "D0", f"{one.id}")
            unit.outbox.redraw(one.contract_id, 2, (Kind.REQUEST, Kind.WAITING))

    store.write.run(drawn)
    store.write.run(lambda unit: unit.pace.hold(owed[0], UPDATE, clock.at + 30 * SECOND))
    assert waits(store) == [timedelta(0)] * 4 + [30 * SECOND] * 2


@pytest.mark.usefixtures("owed")
def test_old_turns_are_forgotten(store: Store, clock: StandingClock) -> None:
    waits(store)
    clock.forward(hours=2)
    assert store.write.run(lambda unit: unit.pace.delete_before(clock.at - timedelta(hours=1))) == 3
