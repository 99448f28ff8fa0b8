"""The status of a client version, and the entries of the wizard's second step (SPEC 1, 2.3, 4.6)."""

import itertools

import pytest

from bot.domain.clients import (
    ClientDraft,
    ClientPage,
    ClientStatus,
    ContractStatus,
    NewClient,
    check_entries,
    status_of,
)

C, S = ContractStatus, ClientStatus
OVER = [C.REJECTED, C.WITHDRAWN, C.EXPIRED, C.BROKEN]


@pytest.mark.parametrize(
    ("contracts", "published", "expected"),
    [
        ([], True, S.CREATED),
        (OVER, True, S.CREATED),
        ([C.ACTIVE], True, S.REGISTERED),
        ([C.ACTIVE], False, S.READY),
        ([C.ACTIVE, *OVER], True, S.REGISTERED),
        ([C.AWAITING_APPROVAL], True, S.AWAITING_APPROVAL),
        ([C.ACTIVE, C.AWAITING_APPROVAL], True, S.AWAITING_APPROVAL),
    ],
)
@pytest.mark.parametrize("current", [status for status in S if status is not S.RETIRED])
def test_the_status_follows_from_the_contracts(
    current: ClientStatus, contracts: list[ContractStatus], published: bool, expected: ClientStatus
) -> None:
    assert status_of(current, contracts, published=published) is expected


def test_retired_stays_retired_whatever_the_contracts() -> None:
    for contracts in itertools.chain([()], itertools.combinations(C, 2)):
        assert status_of(S.RETIRED, contracts, published=True) is S.RETIRED


def test_good_entries_are_cleaned() -> None:
    draft = ClientDraft(id="x", name="  Té  para dos ", version=" 1.0 ", description="One\r\nTwo ")
    checked = check_entries(draft)
    assert isinstance(checked, NewClient)
    assert (checked.key, checked.name, checked.version) == ("Teparados", "Té para dos", "1.0")
    assert checked.description.startswith("One\nTwo")


def test_every_wrong_entry_is_refused_at_its_own_field() -> None:
    checked = check_entries(ClientDraft(id="x", name="🙂", version="1 0", description="x" * 513))
    assert isinstance(checked, dict)
    assert set(checked) == {"name", "version", "description"}
    assert all(refusal.field == field for field, refusal in checked.items())


def test_a_page_counts_from_one_and_an_empty_one_from_nothing() -> None:
    empty = ClientPage(clients=(), page=0, size=10, total=0)
    assert (empty.first, empty.last) == (0, 0)
