"""Rules about contracts that come from Apiman, held against ours: docs/apiman.md names each of these tests."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.clients import ClientStatus
from bot.domain.people import Person
from bot.sandbox.acting import Actor
from bot.store.unit import Unit
from tests.journeys.asking import ask, choose_plan, contracts, request
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG) as house:
        yield house


async def ask_again(house: House, api: str, plan: str) -> None:
    """Bob signs the client he has up for another API."""
    await choose_plan(house.bob, api, plan)
    await house.bob.choose("Client", "Till")
    await house.bob.fill("Reason", "We sell more things.")
    await house.bob.submit("Next")
    await house.bob.submit("Sign Up")
    await house.delivered()


async def decide(house: House, button: str, api: str) -> None:
    """Pat opens the queue and decides the request for an API."""
    await house.pat.command("/approvals")
    await house.pat.press(button, block=buttons_below(house.pat, api))
    if button == "Reject":
        await house.pat.fill("Reason", "Not now.")
        await house.pat.submit("Reject")
    await house.pat.dismiss()
    await house.delivered()


def buttons_below(person: Actor, words: str) -> str:
    """Return the block_id of the first row of buttons below these words of the modal in front."""
    assert person.modal
    blocks = person.modal.blocks
    at = next(at for at, block in enumerate(blocks) if words in str(block))
    return str(next(block["block_id"] for block in blocks[at:] if block["type"] == "actions"))


def statuses(house: House) -> dict[str, str]:
    """Return the status of each contract by its API."""
    return {one["api"]["id"]: one["status"] for one in contracts(house)}


def client_status(house: House) -> str:
    return str(house.export()["clients"][0]["versions"][0]["status"])


async def test_whoever_could_approve_is_never_asked_to_wait(market: House) -> None:
    pat = market.pat
    await choose_plan(pat, "Payments", "Gold")
    assert "No approval needed" in pat.sees()
    await pat.choose("Organization", "Acme Payments")
    await pat.fill("Name", "Own tool")
    await pat.fill("Version", "1.0")
    await pat.submit("Next")
    await pat.submit("Sign Up")
    await market.delivered()
    assert statuses(market) == {"Payments": "Active"}
    assert market.ada.reads("approvals") == []


async def test_a_contract_is_with_the_plan_version_that_the_api_offers(market: House) -> None:
    await ask(market)
    assert contracts(market)[0]["plan"] == {"id": "Gold", "version": "2.0"}


async def test_an_offer_that_changes_later_leaves_contracts_as_they_are(market: House) -> None:
    await ask(market)
    market.apply(CATALOG.replace(", requires_approval: true", ""))
    await market.delivered()
    assert statuses(market) == {"Payments": "AwaitingApproval"}
    await decide(market, "Approve", "Payments")
    market.apply(CATALOG)
    assert statuses(market) == {"Payments": "Active"}


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('version: "1.4"', 'version: "1.4"\n        status: Retired', "is not published"),
        ('description: "10,000 calls an hour"', "locked: false", "is not open for contracts"),
    ],
    ids=["retired", "unlocked"],
)
async def test_what_can_no_longer_be_signed_up_for_says_so(
    market: House, before: str, after: str, sentence: str
) -> None:
    bob = market.bob
    await choose_plan(bob, "Payments", "Gold")
    await bob.fill("Name", "Till")
    await bob.fill("Version", "1.0")
    await bob.fill("Reason", "We sell things.")
    await bob.submit("Next")
    market.apply(CATALOG.replace(before, after))
    await bob.submit("Sign Up")
    assert sentence in bob.sees()
    assert contracts(market) == []
    assert market.clients() == []


async def test_a_client_version_that_was_retired_meanwhile_is_refused(market: House) -> None:
    await ask(market, plan="Free")
    bob = market.bob
    await choose_plan(bob, "Whisper", "Only")
    await bob.choose("Client", "Till")
    await bob.fill("Reason", "Psst.")
    await bob.submit("Next")
    market.write(retire_everything)
    await bob.submit("Sign Up")
    assert "retired meanwhile" in bob.sees()
    assert statuses(market) == {"Payments": "Active"}


def retire_everything(unit: Unit) -> None:
    person = Person(team=unit.people.team(), user="U0BOB")
    for choice in unit.clients.choices(person).shown:
        for version_id in unit.clients.version_ids(choice.id):
            unit.contracts.set_client_status(version_id, ClientStatus.RETIRED)


async def test_a_client_waits_until_the_last_of_its_requests_is_decided(market: House) -> None:
    await ask(market)
    await ask_again(market, "Whisper", "Only")
    await decide(market, "Approve", "Payments")
    assert client_status(market) == "AwaitingApproval"
    await decide(market, "Approve", "Whisper")
    assert client_status(market) == "Registered"


async def test_a_client_falls_back_to_waiting_and_keeps_its_active_contract(market: House) -> None:
    await ask(market, plan="Free")
    assert client_status(market) == "Registered"
    await ask_again(market, "Whisper", "Only")
    assert client_status(market) == "AwaitingApproval"
    assert statuses(market) == {"Payments": "Active", "Whisper": "AwaitingApproval"}


async def test_rejecting_the_last_waiting_request_leaves_what_was_approved(market: House) -> None:
    await ask(market, plan="Free")
    await ask_again(market, "Whisper", "Only")
    await decide(market, "Reject", "Whisper")
    assert statuses(market) == {"Payments": "Active", "Whisper": "Rejected"}
    assert client_status(market) == "Registered"


async def test_rejecting_one_of_several_waiting_requests_leaves_the_others_waiting(market: House) -> None:
    await ask(market)
    await ask_again(market, "Whisper", "Only")
    await decide(market, "Reject", "Payments")
    assert statuses(market) == {"Payments": "Rejected", "Whisper": "AwaitingApproval"}
    assert client_status(market) == "AwaitingApproval"


async def test_after_a_rejection_one_may_ask_again_and_the_first_request_stays(market: House) -> None:
    await ask(market)
    await decide(market, "Reject", "Payments")
    await ask_again(market, "Payments", "Gold")
    assert sorted(one["status"] for one in contracts(market)) == ["AwaitingApproval", "Rejected"]


async def test_a_contract_and_its_decision_stand_in_the_trail_of_both_organizations(market: House) -> None:
    await ask(market)
    await decide(market, "Approve", "Payments")
    rows = [row for row in market.export()["audit"] if row["entity"] == "Contract"]
    places = {row["what"]: {one["organization"] for one in rows if one["what"] == row["what"]} for row in rows}
    assert places == {what: {"AcmePayments", "WebShop"} for what in ("CreateContract", "ApproveContract")}


async def test_the_requester_and_the_admins_of_the_client_are_told_each_once(market: House) -> None:
    more = "      - {user: U0BOB, roles: [Client Developer]}\n      - {user: U0NEW, roles: [Client Developer]}"
    market.apply(CATALOG.replace("      - {user: U0BOB, roles: [Client Developer]}", more))
    await ask(market)
    assert market.nia.inbox() == []
    await decide(market, "Approve", "Payments")
    assert [message.text.split(":")[0] for message in market.nia.inbox()] == ["Approved"]
    assert [message.text.split(":")[0] for message in market.bob.inbox()] == ["Approved", "Approved"]
    assert market.eve.inbox() == []


async def test_a_platform_admin_may_decide_and_is_not_told_of_every_request(opened: OpenHouse) -> None:
    async with opened(catalog=CATALOG, GATEHOUSE_ADMINS="U0EVE") as market:
        await ask(market)
        assert market.eve.inbox() == []
        await market.eve.command("/approvals")
        await market.eve.press("Approve")
        await market.delivered()
        assert contracts(market)[0]["decided_by"]["user"] == "U0EVE"
        kinds = {row["actor"]["kind"] for row in market.export()["audit"] if row["what"] == "ApproveContract"}
        assert kinds == {"admin"}


async def test_an_approver_made_after_the_request_may_decide_it(market: House) -> None:
    await ask(market)
    member = "      - {user: U0NEW, roles: [API Developer]}\n    plans:\n      - {name: Free"
    market.apply(CATALOG.replace("    plans:\n      - {name: Free", member))
    market.workspace.channel("approvals").members |= {"U0NEW"}
    await market.nia.press("Approve", message=request(market))
    await market.delivered()
    assert contracts(market)[0]["decided_by"]["user"] == "U0NEW"


async def test_an_approver_who_lost_the_role_may_not_decide_any_more(market: House) -> None:
    await ask(market)
    message = request(market)
    market.workspace.channel("approvals").members |= {"U0PAT"}
    lost = CATALOG.replace("{user: U0PAT, roles: [Editor]}", "{user: U0PAT, roles: []}")
    market.apply(lost)
    await market.pat.press("Approve", message=message)
    assert "Only approvers of Acme Payments" in market.said_to(market.pat, "approvals")
    assert statuses(market) == {"Payments": "AwaitingApproval"}
