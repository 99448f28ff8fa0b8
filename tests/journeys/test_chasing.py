"""Nothing is forgotten: reminders, digest, escalation, claims, and changes asked for (SPEC 5.9, 5.10, 6)."""

from collections.abc import AsyncIterator

import pytest

from tests.journeys.asking import ask, buttons, contracts, replies, request
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.signing import notifications
from tests.journeys.test_delivery_faults import with_history


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG, GATEHOUSE_ADMINS="U0EVE") as house:
        yield house


async def later(house: House, **time: float) -> None:
    house.clock.forward(**time)
    await house.tick()


async def test_a_reminder_stands_in_the_thread_after_a_day_and_then_ever_more_rarely(market: House) -> None:
    await ask(market)
    await later(market, hours=23)
    assert replies(market) == []
    await later(market, hours=2)
    assert len(replies(market)) == 1
    assert "still waits for a decision" in replies(market)[0]
    await later(market, hours=25)
    assert len(replies(market)) == 1
    await later(market, hours=24)
    assert len(replies(market)) == 2


async def test_nobody_is_reminded_at_night_in_their_own_zone(market: House) -> None:
    market.clock.forward(hours=12)
    await ask(market, api="Whisper", plan="Only")
    market.ada.member.tz = market.pat.member.tz = "Europe/Amsterdam"
    await later(market, hours=25)
    assert not any("Reminder" in message.text for message in market.pat.inbox())
    await later(market, hours=10)
    assert any("Reminder" in message.text for message in market.pat.inbox())


async def test_nobody_is_reminded_of_what_was_decided(market: House) -> None:
    await ask(market)
    market.clock.forward(hours=25)
    await market.pat.press("Approve", message=request(market))
    await market.tick()
    assert replies(market) == []


async def test_a_claim_shows_on_the_message_and_pauses_the_reminders_of_others(market: House) -> None:
    await ask(market)
    await later(market, hours=23)
    await market.pat.press("Claim", message=request(market))
    await market.delivered()
    assert "is looking at it" in str(request(market).blocks)
    assert "Approve" in buttons(request(market))
    await later(market, hours=2)
    assert replies(market) == []
    await later(market, hours=22)
    assert len(replies(market)) == 1


async def test_owners_are_asked_when_nobody_decides_and_later_the_platform_admins(market: House) -> None:
    await ask(market)
    await later(market, hours=73)
    assert any("Approval request" in message.text for message in market.ada.inbox())
    assert "were asked, too" in str(request(market).blocks)
    assert market.eve.inbox() == []
    await later(market, hours=73)
    assert any("Approval request" in message.text for message in market.eve.inbox())


async def test_who_has_many_waiting_gets_one_digest_a_day_in_place_of_reminders(market: House) -> None:
    for number in range(6):
        await ask(market, client=f"Till {number}")
    await later(market, hours=25)
    digests = [message for message in market.ada.reads("approvals") if "6 requests are waiting" in message.text]
    assert len(digests) == 1
    assert replies(market) == []
    await market.pat.press("Open queue", message=digests[0])
    assert "1–5 of 6" in market.pat.sees()


async def test_changes_are_asked_for_and_the_same_request_is_sent_again(market: House) -> None:
    await ask(market)
    await market.pat.press("Ask for changes", message=request(market))
    await market.pat.fill("Question", "Which shop is this for?")
    await market.pat.submit("Ask")
    await market.delivered()
    assert any("Which shop is this for?" in text for text in replies(market))
    asked = market.bob.inbox()[-1]
    assert "Which shop is this for?" in asked.text
    await later(market, hours=30)
    assert not any("Reminder" in text for text in replies(market))
    await market.bob.press("Edit request", message=asked)
    await market.bob.fill("Reason", "The shop in Berlin.")
    await market.bob.fill("Description", "Sells in Berlin.")
    await market.bob.submit("Send again")
    await market.delivered()
    assert len(contracts(market)) == 1
    assert "The shop in Berlin." in str(request(market).blocks)
    assert any("sent the request again" in text for text in replies(market))
    assert "Edit request" not in buttons(market.bob.inbox()[-1])
    assert market.export()["clients"][0]["description"] == "Sells in Berlin."
    await later(market, hours=25)
    assert any("Reminder" in text for text in replies(market))


async def change_to_free(market: House) -> None:
    """Let Bob be asked to change his request to the free plan, and fill the form in."""
    await ask(market)
    await market.pat.press("Ask for changes", message=request(market))
    await market.pat.fill("Question", "Would Free do?")
    await market.pat.submit("Ask")
    await market.delivered()
    await market.bob.press("Edit request", message=market.bob.inbox()[-1])
    await market.bob.choose("Plan", "Free 1.0: No approval needed")


async def test_a_request_changed_to_a_plan_without_approval_is_active_at_once(market: House) -> None:
    await change_to_free(market)
    await market.bob.submit("Send again")
    await market.delivered()
    assert contracts(market)[0]["status"] == "Active"
    assert contracts(market)[0]["plan"]["id"] == "Free"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("{name: Web Shop, members: [{user: U0BOB, roles: [Viewer]}]}", "may not sign up with this client"),
        ("{name: Acme Payments, apis: [{name: Payments, version: '1.4', status: Retired}]}", "is not published"),
        ("{name: Acme Payments, apis: [{name: Payments, version: '1.4', visibility: organization}]}", "any more"),
    ],
    ids=["right lost", "API retired", "API hidden"],
)
async def test_a_request_is_only_sent_again_as_long_as_it_could_be_made(market: House, change: str, words: str) -> None:
    await change_to_free(market)
    market.apply(f"version: 1\norganizations: [{change}]")
    await market.bob.submit("Send again")
    assert words in market.bob.sees()
    assert (contracts(market)[0]["status"], contracts(market)[0]["plan"]["id"]) == ("AwaitingApproval", "Gold")


async def test_times_of_the_organization_go_before_those_of_the_installation(opened: OpenHouse) -> None:
    own = CATALOG.replace(
        "    approval_channel: C0APPROVALS\n",
        '    approval_channel: C0APPROVALS\n    approvals: {remind_after: 2h, escalate_after: "0", expire_after: 3d}\n',
    )
    async with opened(catalog=own) as market:
        await ask(market)
        await later(market, hours=3)
        assert len(replies(market)) == 1
        await later(market, days=3)
        assert contracts(market)[0]["status"] == "Expired"


async def test_what_is_switched_off_never_happens(opened: OpenHouse) -> None:
    off = {"GATEHOUSE_REMIND_AFTER": "0", "GATEHOUSE_ESCALATE_AFTER": "0", "GATEHOUSE_EXPIRE_AFTER": "0"}
    async with opened(catalog=CATALOG, **off) as market:
        await ask(market)
        await later(market, days=400)
        assert replies(market) == []
        assert contracts(market)[0]["status"] == "AwaitingApproval"


async def test_a_reminder_that_may_stand_there_is_looked_for_though_it_says_nothing_any_more(market: House) -> None:
    await with_history(market)
    await ask(market)
    message = request(market)
    market.clock.forward(hours=25)
    market.workspace.faults.add(method="chat.postMessage", kind="reset_after")
    await market.tick()
    assert len(replies(market)) == 1
    await market.pat.press("Approve", message=message)
    market.clock.forward(seconds=20)
    await market.delivered()
    (known,) = notifications(market, "reminder")
    assert known["state"] == "sent"
    assert known["message"]["ts"] in {one.ts for one in market.workspace.channel("approvals").messages}
