"""From an API to an active contract, with and without somebody's approval (SPEC 4, 5)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.records import Message
from tests.journeys.asking import ask, buttons, choose_plan, contracts, request
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG) as house:
        yield house


async def test_a_plan_without_approval_is_active_at_once(market: House) -> None:
    await ask(market, plan="Free")
    assert "Approved" in market.bob.sees()
    assert [one["status"] for one in contracts(market)] == ["Active"]
    assert [message.text[:8] for message in market.bob.inbox()] == ["Approved"]
    assert market.ada.reads("approvals") == []
    assert market.export()["clients"][0]["versions"] == [{"version": "1.0", "status": "Registered"}]


async def test_a_plan_with_approval_waits_and_its_approvers_are_told_in_their_channel(market: House) -> None:
    await ask(market)
    assert "Waiting for approval" in market.bob.sees()
    assert market.bob.inbox()[-1].text.startswith("Waiting for approval")
    message = request(market)
    for words in ("Till 1.0", "Web Shop", "Payments 1.4", "Gold 2.0", "We sell things."):
        assert words in str(message.blocks)
    assert market.export()["clients"][0]["versions"] == [{"version": "1.0", "status": "AwaitingApproval"}]


async def test_approving_redraws_the_message_and_tells_the_requester_once(market: House) -> None:
    await ask(market)
    await market.pat.press("Approve", message=request(market))
    await market.delivered()
    assert "Approve" not in buttons(request(market))
    assert "Approved" in request(market).text
    told = [message.text for message in market.bob.inbox()]
    assert [text.split(":")[0] for text in told] == ["Approved", "Approved"]
    assert "Withdraw" not in buttons(market.bob.inbox()[0])
    assert contracts(market)[0]["decided_by"]["user"] == "U0PAT"


async def test_the_first_verdict_wins_and_the_second_approver_is_told_who_was_faster(market: House) -> None:
    await ask(market)
    message = request(market)
    before = message.blocks
    await market.pat.press("Approve", message=message)
    await market.ada.send(market.ada.draft_press("Approve", message=with_blocks(message, before)))
    await market.delivered()
    assert [one["decided_by"]["user"] for one in contracts(market)] == ["U0PAT"]
    assert "Pat Approver approved this request" in market.said_to(market.ada, "approvals")


@pytest.mark.parametrize("button", ["Approve", "Reject", "Claim", "Ask for changes"])
async def test_a_button_that_should_be_gone_has_the_message_drawn_again(market: House, button: str) -> None:
    await ask(market)
    message = request(market)
    before = message.blocks
    await market.pat.press("Approve", message=message)
    await market.delivered()
    market.workspace.traffic.clear()
    await market.ada.send(market.ada.draft_press(button, message=with_blocks(message, before)))
    await market.delivered()
    assert message.ts in [one.request["ts"] for one in market.workspace.traffic if one.name == "chat.update"]


async def test_rejecting_needs_a_reason_and_the_requester_reads_it(market: House) -> None:
    await ask(market)
    await market.pat.press("Reject", message=request(market))
    await market.pat.submit("Reject", force=True)
    assert market.pat.errors == {"Reason": "Enter a reason."}
    await market.pat.fill("Reason", "Budget is spent.")
    await market.pat.submit("Reject")
    await market.delivered()
    assert contracts(market)[0]["status"] == "Rejected"
    assert "Budget is spent." in market.bob.inbox()[-1].text
    assert market.bob.inbox()[-1].text.startswith("Rejected")
    assert market.export()["clients"][0]["versions"][0]["status"] == "Created"


async def test_the_requester_withdraws_while_it_waits(market: House) -> None:
    await ask(market)
    await market.bob.press("Withdraw", message=market.bob.inbox()[0])
    await market.delivered()
    assert contracts(market)[0]["status"] == "Withdrawn"
    assert market.bob.inbox()[-1].text.startswith("Withdrawn")
    assert "Approve" not in buttons(request(market))


async def test_without_a_channel_each_approver_gets_a_direct_message(market: House) -> None:
    await ask(market, api="Whisper", plan="Only")
    for approver in (market.ada, market.pat):
        assert "Approval request" in approver.inbox()[-1].text
    await market.ada.press("Approve", message=market.ada.inbox()[-1])
    await market.delivered()
    assert "Approve" not in buttons(market.pat.inbox()[-1])


async def test_with_nobody_to_decide_the_admins_are_told_and_the_requester_hears_of_it(opened: OpenHouse) -> None:
    async with opened(catalog=CATALOG, GATEHOUSE_ADMINS="U0EVE") as market:
        await ask(market, api="Echo", plan="Only")
        assert "Approval request" in market.eve.inbox()[-1].text
        assert any("can be reached; 1 platform admin was asked" in message.text for message in market.bob.inbox())


async def test_a_dead_channel_falls_back_to_the_approvers_themselves(market: House) -> None:
    market.workspace.channel("approvals").is_archived = True
    await ask(market)
    assert "Approval request" in market.pat.inbox()[-1].text
    failed = [one for one in market.export()["notifications"] if one["state"] == "failed"]
    assert [one["destination"]["id"] for one in failed] == ["C0APPROVALS"]


async def test_who_may_not_decide_is_told_so_and_nothing_happens(market: House) -> None:
    await ask(market)
    market.workspace.channel("approvals").members |= {"U0EVE", "U0GUS", "U0BOB"}
    for person in (market.eve, market.gus, market.bob):
        await person.press("Approve", message=request(market))
        assert "can" in market.said_to(person, "approvals")
    assert contracts(market)[0]["status"] == "AwaitingApproval"


async def test_the_queue_lists_what_waits_and_takes_decisions(market: House) -> None:
    await ask(market)
    await market.pat.command("/approvals")
    assert "Till 1.0" in market.pat.sees()
    await market.pat.press("Approve")
    assert "Nothing is waiting" in market.pat.sees()
    await market.bob.command("/approvals")
    assert "Nothing is waiting" in market.bob.sees()


async def test_a_request_expires_by_itself(market: House) -> None:
    await ask(market)
    market.clock.forward(days=15)
    await market.tick()
    assert contracts(market)[0]["status"] == "Expired"
    assert market.bob.inbox()[-1].text.startswith("Expired")
    assert "Approve" not in buttons(request(market))


async def test_a_client_has_one_live_contract_with_an_api_version_whatever_the_plan(market: House) -> None:
    await ask(market)
    await choose_plan(market.bob, "Payments", "Free")
    await market.bob.choose("Client", "Till")
    await market.bob.submit("Next")
    assert "already has a contract" in market.bob.errors["Client"]
    assert len(contracts(market)) == 1


async def test_terms_have_to_be_accepted_and_are_kept_with_the_contract(market: House) -> None:
    bob = market.bob
    await choose_plan(bob, "Ledger", "Gold")
    await bob.fill("Name", "Till")
    await bob.fill("Version", "1.0")
    await bob.fill("Reason", "Books.")
    await bob.submit("Next")
    await bob.submit("Next", force=True)
    assert "have to be accepted" in str(bob.errors)
    await bob.tick("I accept the terms and conditions")
    await bob.submit("Next")
    await bob.press("Back")
    await bob.press("Back")
    assert bob.value("Name") == "Till"
    await bob.submit("Next")
    await bob.tick("I accept the terms and conditions")
    await bob.submit("Next")
    await bob.submit("Sign Up")
    assert contracts(market)[0]["terms"] == {"url": "https://acme.example/terms", "version": "2026-03"}


async def test_cancel_leaves_no_client_and_no_contract(market: House) -> None:
    bob = market.bob
    await choose_plan(bob, "Payments", "Free")
    await bob.fill("Name", "Till")
    await bob.fill("Version", "1.0")
    await bob.submit("Next")
    await bob.cancel()
    assert market.clients() == [] and contracts(market) == []


async def test_the_same_submit_twice_makes_one_contract(market: House) -> None:
    bob = market.bob
    await choose_plan(bob, "Payments", "Free")
    await bob.fill("Name", "Till")
    await bob.fill("Version", "1.0")
    await bob.submit("Next")
    await bob.submit("Sign Up", times=2)
    await market.delivered()
    assert len(contracts(market)) == 1
    assert market.clients() == ["Till"]
    assert len(bob.inbox()) == 1


async def test_a_message_that_was_not_posted_before_a_restart_arrives_after_it_once(market: House) -> None:
    market.workspace.faults.add(method="chat.postMessage", kind="500", times=100)
    await ask(market)
    assert market.ada.reads("approvals") == []
    await market.stop()
    market.workspace.faults.clear()
    market.clock.forward(minutes=5)
    await market.start()
    await market.delivered()
    assert len(market.ada.reads("approvals")) == 1


def with_blocks(message: Message, blocks: list[dict[str, Any]]) -> Message:
    """Return the message as somebody still sees it whose screen is a moment behind."""
    message.blocks = blocks
    return message
