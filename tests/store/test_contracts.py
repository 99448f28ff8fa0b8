"""Contracts as rows: one that lives, one decision, and none of another workspace (SPEC 4.4, 5.4, RELIABILITY T2)."""

from concurrent.futures import Future
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.domain.clients import ContractStatus
from bot.domain.ids import new_id
from bot.domain.policy import Permission
from bot.store.engine import Store
from bot.store.tables import contracts
from bot.store.unit import Unit
from tests.store.conftest import StandingClock
from tests.store.deals import ADA, TEAM, Deal, make_deal


@pytest.fixture
def deal(store: Store) -> Deal:
    """Give a contract that waits for approval, and everything it joins."""
    return store.write.run(make_deal)


def settle(store: Store, deal: Deal, status: ContractStatus) -> bool:
    return store.write.run(lambda unit: unit.contracts.settle(deal.contract_id, status, None, unit.now))


def status(store: Store, deal: Deal) -> ContractStatus:
    found = store.read.run(lambda unit: unit.contracts.get(TEAM, deal.contract_id))
    assert found
    return found.status


def test_a_second_live_contract_is_not_made_and_a_new_one_is_after_an_end(store: Store, deal: Deal) -> None:
    def again() -> str | None:
        return store.write.run(lambda unit: unit.contracts.create(deal.values))

    assert again() is None
    settle(store, deal, ContractStatus.ACTIVE)
    assert again() is None
    broken = sa.update(contracts).values(status=ContractStatus.BROKEN)
    store.write.run(lambda unit: unit.connection.execute(broken))
    assert again() is not None


def test_the_database_itself_refuses_a_second_live_contract(store: Store, deal: Deal) -> None:
    row = deal.values | {"id": new_id(), "revision": 1}
    with pytest.raises(IntegrityError):
        store.write.run(lambda unit: unit.connection.execute(sa.insert(contracts).values(row)))


@pytest.mark.parametrize("first", [ContractStatus.ACTIVE, ContractStatus.REJECTED, ContractStatus.EXPIRED])
def test_what_was_decided_stays_decided(store: Store, deal: Deal, first: ContractStatus) -> None:
    assert settle(store, deal, first)
    for later in (ContractStatus.ACTIVE, ContractStatus.REJECTED, ContractStatus.WITHDRAWN):
        assert not settle(store, deal, later)
    assert status(store, deal) is first


def test_of_many_who_decide_at_once_one_does(store: Store, deal: Deal) -> None:
    verdicts = [ContractStatus.ACTIVE, ContractStatus.REJECTED, ContractStatus.WITHDRAWN] * 8
    futures: list[Future[bool]] = [
        store.write.submit(
            lambda unit, to=one: unit.contracts.settle(deal.contract_id, to, None, unit.now)  # type: ignore[misc]
        )
        for one in verdicts
    ]
    assert sum(future.result() for future in futures) == 1


def test_a_decision_makes_a_new_revision_so_that_copies_are_drawn_again(store: Store, deal: Deal) -> None:
    settle(store, deal, ContractStatus.ACTIVE)
    found = store.read.run(lambda unit: unit.contracts.get(TEAM, deal.contract_id, lock=False))
    assert found
    assert found.revision == 2


def test_another_workspace_finds_none_of_our_ids(store: Store, deal: Deal) -> None:
    def looks(unit: Unit) -> list[object]:
        rows = unit.contracts
        return [
            rows.get("T0OTHER", deal.contract_id),
            rows.client_version("T0OTHER", deal.client_version_id),
            rows.joined(
                "T0OTHER", client=("shop", "till", "1.0"), api=("acme", "payments", "1.0"), plan=("gold", "1.0")
            ),
            rows.waiting("T0OTHER", None, offset=0, limit=10)[1] or None,
        ]

    assert store.read.run(looks) == [None] * 4


def test_ages_are_told_in_three_brackets(store: Store, deal: Deal, clock: StandingClock) -> None:
    def ages() -> dict[str, int]:
        return store.read.run(lambda unit: unit.contracts.waiting_by_age(clock.at))

    assert ages() == {"<24h": 1, "24h-72h": 0, ">72h": 0}
    clock.at += timedelta(hours=24)
    assert ages() == {"<24h": 0, "24h-72h": 1, ">72h": 0}
    clock.at += timedelta(hours=48)
    assert ages() == {"<24h": 0, "24h-72h": 0, ">72h": 1}
    settle(store, deal, ContractStatus.ACTIVE)
    assert ages() == {"<24h": 0, "24h-72h": 0, ">72h": 0}


def test_the_queue_is_oldest_first_and_pages_fit_together(store: Store, clock: StandingClock) -> None:
    made = []
    for number in range(7):
        made.append(store.write.run(lambda unit, n=number: make_deal(unit, f"Till{n}")).contract_id)  # type: ignore[misc]
        clock.forward(minutes=1)

    def page(offset: int) -> tuple[list[str], int]:
        def look(unit: Unit) -> tuple[list[str], int]:
            mine = unit.organizations.where_holding(ADA, Permission.PLAN_ADMIN)
            found, total = unit.contracts.waiting(TEAM, mine, offset=offset, limit=3)
            return [one.id for one in found], total

        return store.read.run(look)

    assert [page(0), page(3), page(6)] == [(made[:3], 7), (made[3:6], 7), (made[6:], 7)]
    assert store.read.run(lambda unit: unit.contracts.waiting(TEAM, [], offset=0, limit=3)) == ((), 0)
