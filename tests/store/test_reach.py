"""One alert about a channel an hour, whoever asks at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from bot.store.engine import Store
from bot.store.pacing import ALERT
from tests.store.conftest import StandingClock

HOUR = timedelta(hours=1)


def taken(store: Store, channel: str = "C1") -> bool:
    return store.write.run(lambda unit: unit.pace.take(channel, ALERT, HOUR))


def test_of_many_at_once_one_takes_the_turn(store: Store) -> None:
    for number in range(10):
        with ThreadPoolExecutor(8) as threads:
            won = list(threads.map(lambda _, n=number: taken(store, f"C{n}"), range(8)))
        assert won.count(True) == 1


def test_the_next_turn_comes_after_an_hour_and_at_once_if_it_is_given_back(store: Store, clock: StandingClock) -> None:
    assert taken(store) and not taken(store)
    clock.forward(minutes=59)
    assert not taken(store)
    clock.forward(minutes=1)
    assert taken(store) and not taken(store)
    store.write.run(lambda unit: unit.pace.forget("C1", ALERT))
    assert taken(store)


def test_an_alert_is_no_message_to_the_channel(store: Store) -> None:
    assert taken(store)
    assert store.write.run(lambda unit: unit.pace.lock(["C1"])["C1"].free_at <= unit.now)
