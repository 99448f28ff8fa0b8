"""The outbox as rows: owed once, claimed by one at a time, marked only by whoever holds the claim (SPEC 6)."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain.clients import ContractStatus
from bot.domain.notifications import DestinationType, Kind, Notification, State
from bot.store.engine import Store, open_store
from bot.store.outbox import LEASE
from bot.store.tables import notifications
from tests.store.conftest import StandingClock
from tests.store.deals import make_deal

CHANNEL = DestinationType.CHANNEL


@pytest.fixture
def contract(store: Store) -> str:
    """Give the id of a contract that waits for approval."""
    return store.write.run(make_deal).contract_id


def owe(store: Store, contract: str, destination: str = "C0APPROVALS", kind: Kind = Kind.REQUEST) -> bool:
    return store.write.run(lambda unit: unit.outbox.add(contract, kind, CHANNEL, destination, 1))


def claim(store: Store, limit: int = 10) -> list[Notification]:
    return store.write.run(lambda unit: unit.outbox.claim(limit))


def row(store: Store) -> Any:
    return store.read.run(lambda unit: unit.connection.execute(sa.select(notifications)).one())


def sent(store: Store, one: Notification) -> None:
    store.write.run(lambda unit: unit.outbox.mark_sent(one, "C0APPROVALS", "1.000100"))


def again(store: Store, one: Notification, error: str, **how: bool) -> None:
    store.write.run(lambda unit: unit.outbox.mark_again(one, timedelta(0), error, **how))


def redraw(store: Store, contract: str, revision: int) -> None:
    store.write.run(lambda unit: unit.outbox.redraw(contract, revision, (Kind.REQUEST,)))


def test_a_destination_is_owed_a_message_once(store: Store, contract: str) -> None:
    assert owe(store, contract)
    assert not owe(store, contract)
    assert owe(store, contract, "U0PAT")
    assert len(claim(store)) == 2


def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(
    store: Store, contract: str, clock: StandingClock
) -> None:
    owe(store, contract)
    assert len(claim(store)) == 1
    assert claim(store) == []
    clock.at += LEASE
    assert claim(store) == []
    clock.forward(seconds=0.001)
    assert [one.attempts for one in claim(store)] == [2]


def test_whoever_lost_the_lease_marks_nothing(store: Store, contract: str, clock: StandingClock) -> None:
    owe(store, contract)
    (paused,) = claim(store)
    clock.forward(seconds=20)
    (newer,) = claim(store)
    sent(store, paused)
    assert row(store).state == State.PENDING
    store.write.run(lambda unit: unit.outbox.mark_failed(paused, "late"))
    store.write.run(lambda unit: unit.outbox.drop(paused))
    assert row(store).state == State.PENDING
    sent(store, newer)
    assert row(store).state == State.SENT


def test_a_claim_given_back_does_not_revive_an_older_one(store: Store, contract: str, clock: StandingClock) -> None:
    owe(store, contract)
    (paused,) = claim(store)
    clock.forward(seconds=20)
    (newer,) = claim(store)
    store.write.run(lambda unit: unit.outbox.postpone(newer, timedelta(seconds=1)))
    assert row(store).attempts == paused.attempts
    sent(store, paused)
    assert row(store).state == State.PENDING


def test_a_claim_can_be_renewed_only_while_it_is_held(store: Store, contract: str, clock: StandingClock) -> None:
    owe(store, contract)
    (one,) = claim(store)
    clock.forward(seconds=10)
    renewed = store.write.run(lambda unit: unit.outbox.renew(one))
    assert renewed
    clock.forward(seconds=10)
    assert claim(store) == []
    assert store.write.run(lambda unit: unit.outbox.renew(one)) is None
    clock.forward(seconds=10)
    assert len(claim(store)) == 1
    assert store.write.run(lambda unit: unit.outbox.renew(renewed)) is None


def test_after_a_crash_the_next_claim_is_unsure_since_the_first_one(
    store: Store, contract: str, clock: StandingClock
) -> None:
    owe(store, contract)
    (first,) = claim(store)
    begun = clock.at
    assert not first.unsure
    clock.forward(seconds=20)
    (second,) = claim(store)
    assert second.unsure and second.posting_since == begun


def test_a_sure_failure_needs_no_look_and_an_unsure_one_does(store: Store, contract: str, clock: StandingClock) -> None:
    owe(store, contract)
    (one,) = claim(store)
    again(store, one, "refused")
    (one,) = claim(store)
    assert not one.unsure
    again(store, one, "timeout", unsure=True)
    (one,) = claim(store)
    assert one.unsure


def test_giving_a_claim_back_counts_as_no_attempt_and_keeps_what_is_unsure(
    store: Store, contract: str, clock: StandingClock
) -> None:
    owe(store, contract)
    claim(store)
    clock.forward(seconds=20)
    (one,) = claim(store)
    store.write.run(lambda unit: unit.outbox.postpone(one, timedelta(seconds=3)))
    assert claim(store) == []
    clock.forward(seconds=3)
    (later,) = claim(store)
    assert later.attempts == one.attempts and later.unsure


def test_a_pause_that_slack_asks_for_counts_as_no_attempt(store: Store, contract: str) -> None:
    owe(store, contract)
    for _ in range(3):
        again(store, claim(store)[0], "ratelimited", counts=False)
    assert row(store).attempts == 0


def test_a_change_during_the_call_makes_the_message_due_again(store: Store, contract: str) -> None:
    owe(store, contract)
    (one,) = claim(store)
    redraw(store, contract, 2)
    sent(store, one)
    (later,) = claim(store)
    assert (later.shown, later.wanted, later.ts) == (1, 2, "1.000100")
    sent(store, later)
    assert claim(store) == []


def test_a_redraw_that_looked_before_a_decision_takes_nothing_back(store: Store, contract: str) -> None:
    owe(store, contract)
    (one,) = claim(store)
    redraw(store, contract, 2)
    redraw(store, contract, 1)
    sent(store, one)
    assert [later.wanted for later in claim(store)] == [2]


def test_a_message_that_was_found_is_drawn_again_as_nobody_knows_what_it_shows(store: Store, contract: str) -> None:
    owe(store, contract)
    (one,) = claim(store)
    store.write.run(lambda unit: unit.outbox.mark_found(one, "C0APPROVALS", "1.000100"))
    (later,) = claim(store)
    assert (later.ts, later.shown, later.unsure) == ("1.000100", 0, False)


def test_a_deleted_copy_is_posted_anew_or_let_be(store: Store, contract: str) -> None:
    owe(store, contract)
    sent(store, claim(store)[0])
    redraw(store, contract, 2)
    (one,) = claim(store)
    store.write.run(lambda unit: unit.outbox.mark_gone(one, "message_not_found", post_again=True))
    assert (row(store).state, row(store).ts) == (State.PENDING, None)
    sent(store, claim(store)[0])
    redraw(store, contract, 3)
    (one,) = claim(store)
    store.write.run(lambda unit: unit.outbox.mark_gone(one, "message_not_found", post_again=False))
    assert (row(store).state, row(store).due_at, row(store).shown) == (State.SENT, None, 3)


def test_attempts_are_counted_from_the_last_success(store: Store, contract: str) -> None:
    owe(store, contract)
    for revision in range(2, 12):
        (one,) = claim(store)
        assert one.attempts == 1
        sent(store, one)
        redraw(store, contract, revision)
    for attempt in (1, 2, 3):
        (one,) = claim(store)
        assert one.attempts == attempt
        again(store, one, "odd")


def test_what_was_given_up_is_not_redrawn_but_can_be_tried_again_from_the_start(store: Store, contract: str) -> None:
    owe(store, contract)
    (one,) = claim(store)
    store.write.run(lambda unit: unit.outbox.mark_failed(one, "is_archived"))
    redraw(store, contract, 2)
    assert claim(store) == []
    assert store.write.run(lambda unit: unit.outbox.retry([one.id, "nothing"])) == [one.id]
    assert [later.attempts for later in claim(store)] == [1]


def test_a_retry_leaves_alone_what_is_under_way(store: Store, contract: str) -> None:
    owe(store, contract)
    (one,) = claim(store)
    store.write.run(lambda unit: unit.outbox.retry([one.id]))
    assert claim(store) == []


def test_depth_and_age_count_what_should_be_there_by_now(store: Store, contract: str, clock: StandingClock) -> None:
    assert store.read.run(lambda unit: unit.outbox.depth()) == (0, 0.0)
    owe(store, contract)
    sent(store, claim(store)[0])
    copy = store.read.run(lambda unit: unit.outbox.copies(contract))[0]
    night = clock.at + timedelta(hours=9)
    store.write.run(lambda unit: unit.outbox.add_reply(copy, Kind.REMINDER, 1, 1, night))
    assert store.read.run(lambda unit: unit.outbox.depth()) == (0, 0.0)
    owe(store, contract, "U0PAT")
    clock.forward(seconds=30)
    assert store.read.run(lambda unit: unit.outbox.depth()) == (1, 30.0)


def test_old_deliveries_are_forgotten_but_not_the_copies_of_what_still_waits(
    store: Store, contract: str, clock: StandingClock
) -> None:
    owe(store, contract)
    sent(store, claim(store)[0])
    copy = store.read.run(lambda unit: unit.outbox.copies(contract))[0]
    store.write.run(lambda unit: unit.outbox.add_reply(copy, Kind.REMINDER, 1, 1, clock.at))
    sent(store, claim(store)[0])
    clock.forward(days=100)

    def tidied() -> int:
        moment = clock.at - timedelta(days=90)
        return store.write.run(lambda unit: unit.outbox.delete_before(moment))

    assert tidied() == 0
    store.write.run(lambda unit: unit.contracts.settle(contract, ContractStatus.EXPIRED, None, unit.now))
    assert (tidied(), tidied(), tidied()) == (1, 1, 0)


def test_many_claimers_at_once_get_each_row_once(store: Store, contract: str, migrated_url: str) -> None:
    for number in range(60):
        owe(store, contract, f"C{number:03}")
    other = open_store(migrated_url, StandingClock(), patient=True)
    futures = [one.write.submit(lambda unit: unit.outbox.claim(5)) for one in (store, other) for _ in range(12)]
    claimed = [one.id for future in futures for one in future.result()]
    other.close()
    assert len(claimed) == len(set(claimed)) == 60


def test_what_asks_for_a_decision_goes_before_all_else(store: Store, contract: str, clock: StandingClock) -> None:
    for number in range(5):
        owe(store, contract, f"U0{number}", Kind.OUTCOME)
        clock.forward(seconds=1)
    owe(store, contract)
    assert [one.kind for one in claim(store, 1)] == [Kind.REQUEST]
    assert [one.destination for one in claim(store, 2)] == ["U00", "U01"]
