"""Which messages of a request are known, and when one that nobody knew of becomes the copy (RELIABILITY B16, C.4)."""

from datetime import timedelta

import pytest

from bot.domain.notifications import DestinationType, Kind, Notification
from bot.domain.people import Person
from bot.store.engine import Store
from bot.store.unit import Unit
from bot.usecases.copies import is_extra, note_extra
from tests.store.conftest import StandingClock
from tests.store.deals import ADA, TEAM, Deal, make_deal

WHERE = ("C1", "1772442000.000100")
"""Channel and timestamp of a message that nobody wrote down."""


@pytest.fixture
def deal(store: Store) -> Deal:
    def work(unit: Unit) -> Deal:
        unit.people.bind_team(TEAM, unit.now)
        made = make_deal(unit)
        unit.outbox.add(made.contract_id, Kind.REQUEST, DestinationType.CHANNEL, "C1", 1)
        return made

    return store.write.run(work)


def claimed(store: Store, kind: Kind) -> Notification:
    (one,) = [one for one in store.write.run(lambda unit: unit.outbox.claim(9)) if one.kind is kind]
    return one


def test_only_contracts_of_ones_own_workspace_count(store: Store, deal: Deal) -> None:
    stranger = Person(team="T0OTHER", user=ADA.user)
    assert store.read.run(lambda unit: is_extra(unit, ADA, deal.contract_id, Kind.REQUEST, *WHERE))
    assert not store.read.run(lambda unit: is_extra(unit, stranger, deal.contract_id, Kind.REQUEST, *WHERE))
    store.write.run(lambda unit: note_extra(unit, stranger, deal.contract_id, Kind.REQUEST, *WHERE))
    assert [one.kind for one in store.read.run(lambda unit: unit.outbox.undelivered(9))] == [Kind.REQUEST]


def test_a_message_is_noted_once_however_often_it_is_pressed(store: Store, deal: Deal) -> None:
    for _ in range(3):
        store.write.run(lambda unit: note_extra(unit, ADA, deal.contract_id, Kind.REQUEST, *WHERE))
    kinds = [one.kind for one in store.read.run(lambda unit: unit.outbox.undelivered(9))]
    assert sorted(kinds) == [Kind.EXTRA, Kind.REQUEST]


def test_a_message_becomes_the_copy_only_while_nobody_is_sending_one(
    store: Store, deal: Deal, clock: StandingClock
) -> None:
    sending = claimed(store, Kind.REQUEST)
    store.write.run(lambda unit: note_extra(unit, ADA, deal.contract_id, Kind.REQUEST, *WHERE))
    extra = claimed(store, Kind.EXTRA)
    assert not store.write.run(lambda unit: unit.copies.move(extra))
    clock.forward(seconds=16)
    assert store.write.run(lambda unit: unit.copies.move(extra))
    store.write.run(lambda unit: unit.outbox.mark_sent(sending, "C1", "1772442016.000200"))
    (copy,) = store.read.run(lambda unit: unit.copies.of(TEAM, deal.contract_id, Kind.REQUEST))
    assert (copy.channel, copy.ts, copy.state, copy.due_at) == (*WHERE, "sent", clock.at)


def test_whoever_redraws_the_copy_that_is_gone_writes_nothing_after_the_move(
    store: Store, deal: Deal, clock: StandingClock
) -> None:
    sent = claimed(store, Kind.REQUEST)
    store.write.run(lambda unit: unit.outbox.mark_sent(sent, "C1", "1772442000.000200"))
    store.write.run(lambda unit: unit.outbox.redraw(deal.contract_id, 2, (Kind.REQUEST,)))
    redrawing = claimed(store, Kind.REQUEST)
    store.write.run(lambda unit: note_extra(unit, ADA, deal.contract_id, Kind.REQUEST, *WHERE))
    extra = claimed(store, Kind.EXTRA)
    assert (extra.thread_channel, extra.thread) == ("C1", "1772442000.000200")
    assert store.write.run(lambda unit: unit.copies.move(extra))
    store.write.run(lambda unit: unit.outbox.mark_gone(redrawing, "message_not_found", post_again=True))
    (copy,) = store.read.run(lambda unit: unit.copies.of(TEAM, deal.contract_id, Kind.REQUEST))
    assert (copy.channel, copy.ts) == WHERE
    clock.forward(seconds=1)
    assert claimed(store, Kind.REQUEST).lease_until == clock.at + timedelta(seconds=15)
