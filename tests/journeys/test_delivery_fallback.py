"""Destinations that can't be reached: the channel, then the approvers, then the admins, and the requester is told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.notifications import Kind
from bot.outbox.outcomes import PERMANENT
from bot.sandbox.records import Message
from tests.faults.town import sign_up
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.signing import notifications


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG, GATEHOUSE_ADMINS="U0EVE") as house:
        yield house


async def ask(house: House, api: str = "Payments", plan: str = "Gold", client: str = "Till") -> str:
    team = house.workspace.team_id
    contract = house.write(lambda unit: sign_up(unit, team, client, api, plan))
    await house.delivered()
    return contract


def asked(messages: list[Message]) -> list[str]:
    """Return the first words of those messages that ask for approval."""
    return [one.text.split(":")[0] for one in messages if one.text.startswith("Approval request")]


def failed(house: House) -> list[str]:
    return [one["destination"]["id"] for one in house.export()["notifications"] if one["state"] == "failed"]


async def test_from_the_channel_to_the_approvers_to_the_admins_to_the_requester(market: House) -> None:
    at = market.workspace
    await ask(market, client="One")
    assert len(asked(market.ada.reads("approvals"))) == 1
    at.channel("approvals").is_archived = True
    await ask(market, client="Two")
    assert asked(market.pat.inbox()) == asked(market.ada.inbox()) == ["Approval request"]
    assert asked(market.eve.inbox()) == []
    at.member("pat").deleted = True
    await ask(market, client="Three")
    assert len(asked(market.ada.inbox())) == 2 and asked(market.eve.inbox()) == []
    at.member("ada").deleted = True
    await ask(market, client="Four")
    assert len(asked(market.eve.inbox())) == 1
    assert any("could not be reached" in one.text for one in market.bob.inbox())
    at.member("eve").deleted = True
    await ask(market, client="Five")
    assert [one["state"] for one in notifications(market, "trouble")] == ["sent"] * 4
    assert failed(market).count("C0APPROVALS") == 4


@pytest.mark.parametrize("apart", [True, False])
async def test_a_digest_that_reaches_nobody_sends_each_request_it_lists_to_the_next(market: House, apart: bool) -> None:
    team = market.workspace.team_id
    for number in range(9):
        market.write(lambda unit, name=f"Till {number}": sign_up(unit, team, name, "Payments", "Gold"))  # type: ignore[misc]
        if apart:
            await market.delivered()
            market.clock.forward(seconds=2)
    await market.delivered()
    assert any("came at once" in one.text for one in market.ada.reads("approvals")) != apart
    market.workspace.channel("approvals").is_archived = True
    market.clock.forward(hours=25)
    await market.tick()
    for _ in range(3):
        market.clock.forward(seconds=30)
        await market.delivered()
    assert len(asked(market.pat.inbox())) == len(asked(market.ada.inbox())) == 9


async def test_with_nobody_at_all_the_requester_is_told(opened: OpenHouse) -> None:
    async with opened(catalog=CATALOG) as market:
        await ask(market, "Echo", "Only")
        said = "\n".join(one.text for one in market.bob.inbox())
        assert "No approver of Nobody Home can be reached. Ask the admins of Gatehouse for help." in said
        assert "told" not in said and "informed" not in said
        assert notifications(market, "request") == []


async def test_every_permanent_error_gives_a_destination_up_at_once(market: House) -> None:
    for number, code in enumerate(sorted(PERMANENT)):
        market.workspace.faults.clear()
        fault = market.workspace.faults.add(method="chat.postMessage", kind=f"error:{code}", times=1)
        await ask(market, client=f"Till {number}")
        assert fault.times == 0, code
    mine: list[dict[str, Any]] = market.export()["notifications"]
    assert {one["state"] for one in mine} <= {"sent", "failed"}
    assert len([one for one in mine if one["state"] == "failed"]) == len(PERMANENT)
    assert {one["attempts"] for one in mine if one["state"] == "failed"} == {1}


async def test_what_was_given_up_is_tried_again_on_request(market: House) -> None:
    market.workspace.channel("approvals").is_archived = True
    await ask(market)
    market.workspace.channel("approvals").is_archived = False
    (gone,) = [one["id"] for one in market.export()["notifications"] if one["state"] == "failed"]
    assert market.write(lambda unit: unit.outbox.retry([gone, "unknown"])) == [gone]
    await market.delivered()
    assert len(asked(market.ada.reads("approvals"))) == 1
    assert failed(market) == []


@pytest.mark.parametrize("code", ["token_revoked", "account_inactive"])
async def test_a_refused_token_gives_up_nothing_and_everything_arrives_once_it_is_replaced(
    market: House, code: str
) -> None:
    market.workspace.revoked = code
    await ask(market)
    for _ in range(12):
        market.clock.forward(minutes=5)
        await market.delivered()
    assert {one["state"] for one in market.export()["notifications"]} == {"pending"}
    market.workspace.revoked = None
    market.clock.forward(minutes=5)
    await market.delivered()
    assert {one["state"] for one in market.export()["notifications"]} == {"sent"}
    assert len(asked(market.ada.reads("approvals"))) == 1


async def test_copies_that_a_removed_bot_could_not_redraw_match_once_it_is_back(market: House) -> None:
    contract = await ask(market)
    (message,) = market.ada.reads("approvals")
    await market.pat.press("Claim", message=message)
    await market.delivered()
    market.workspace.revoked = "account_inactive"
    market.write(lambda unit: unit.contracts.change(contract, shows=True, claimed_by=None, claimed_until=None))
    market.write(lambda unit: unit.outbox.redraw(contract, 3, (Kind.REQUEST,)))
    for _ in range(3):
        market.clock.forward(minutes=2)
        await market.delivered()
    assert "is looking at it" in str(message.blocks)
    market.workspace.revoked = None
    market.clock.forward(minutes=2)
    await market.delivered()
    assert "is looking at it" not in str(message.blocks)
    assert failed(market) == []


async def test_the_export_tells_contracts_and_notifications_as_promised(market: House) -> None:
    await ask(market)
    await ask(market, plan="Free", client="Kiosk")
    await market.pat.press("Approve", message=market.ada.reads("approvals")[-1])
    await market.delivered()
    document = market.export()
    assert list(document) == [
        "version", "organizations", "members", "plans", "apis", "clients", "contracts", "notifications", "audit",
    ]  # fmt: skip
    by_client = {one["client"]["id"]: one for one in document["contracts"]}
    contract = by_client["Till"]
    promised = {
        "id": contract["id"],
        "client": {"organization": "WebShop", "id": "Till", "version": "1.0"},
        "api": {"organization": "AcmePayments", "id": "Payments", "version": "1.4"},
        "plan": {"id": "Gold", "version": "2.0"},
        "status": "Active",
        "requested_by": {"team": "T0GATEHOUSE", "user": "U0BOB"},
        "decided_by": {"team": "T0GATEHOUSE", "user": "U0PAT"},
        "reason": "We sell things.",
    }
    assert contract.items() >= promised.items()
    assert contract["requested_at"].endswith("Z") and contract["decided_at"].endswith("Z")
    assert (by_client["Kiosk"]["decided_by"], by_client["Kiosk"]["decided_at"]) == (None, None)
    (told,) = [one for one in document["notifications"] if one["kind"] == "request"]
    message = market.ada.reads("approvals")[-1]
    assert (
        told.items()
        >= {
            "contract": contract["id"],
            "kind": "request",
            "destination": {"type": "channel", "id": "C0APPROVALS"},
            "state": "sent",
            "message": {"channel": "C0APPROVALS", "ts": message.ts},
        }.items()
    )
    assert isinstance(told["attempts"], int) and told["attempts"] >= 1
