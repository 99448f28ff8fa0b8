"""Slack fails in every way a network can: each destination gets its message, and sees it once (SPEC 6, delivery)."""

from collections.abc import AsyncIterator
from itertools import pairwise

import aiohttp
import pytest

from bot import slack
from bot.manifest import manifest
from bot.sandbox.manifest import Manifest
from bot.sandbox.records import Message
from tests.faults.town import HISTORY, sign_up
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.signing import buttons, notifications

RETRY_AFTER = ("1", "30", "2.5", "", "soon", "-5", "0", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999")
SURE = [("429", after) for after in RETRY_AFTER] + [(kind, "1") for kind in ("error:ratelimited", "error:odd_error")]
UNSURE = [(kind, "1") for kind in ("500", "html", "empty", "reset_before", "reset_after", "timeout", "lost_answer")] + [
    (f"error:{code}", "1") for code in ("internal_error", "fatal_error")
]
DONE_ALREADY = {"reset_after", "lost_answer"}
"""After these the message is in Slack, and the bot does not know."""


@pytest.fixture
async def market(opened: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(slack, "TIMEOUT", 1.0)
    async with opened(catalog=CATALOG) as house:
        yield house


async def with_history(house: House) -> None:
    """Let the bot start again with scopes to read what was said."""
    described = manifest()
    described["oauth_config"]["scopes"]["bot"] += HISTORY
    await house.stop()
    house.workspace.manifest = Manifest(described)
    await house.start()


async def ask(house: House, client: str, plan: str = "Gold") -> str:
    """Sign a client up without a window and let everything that can arrive soon arrive."""
    team = house.workspace.team_id
    contract = house.write(lambda unit: sign_up(unit, team, client, "Payments", plan))
    await house.delivered()
    return contract


async def in_the_end(house: House) -> None:
    """Let the pauses after failures pass, however long."""
    for _ in range(12):
        if not [one for one in house.export()["notifications"] if one["state"] == "pending"]:
            return
        house.clock.forward(minutes=6)
        await house.delivered()


def about(house: House, client: str, channel: str = "approvals") -> list[Message]:
    """Return the messages of a channel about a client."""
    return [one for one in house.workspace.channel(channel).messages if f"{client} 1.0" in str(one.blocks)]


def fail(house: House, method: str, kind: str, after: str = "1", times: int = 1) -> None:
    house.workspace.faults.clear()
    house.workspace.faults.add(method=method, kind=kind, retry_after=after, times=times)


async def test_with_a_history_scope_each_failed_post_ends_in_exactly_one_message(market: House) -> None:
    await with_history(market)
    for number, (kind, after) in enumerate([*SURE, *UNSURE]):
        fail(market, "chat.postMessage", kind, after, times=2)
        await ask(market, f"Till{number}x")
        await in_the_end(market)
        assert len(about(market, f"Till{number}x")) == 1, (kind, after)
    assert {one["state"] for one in market.export()["notifications"]} == {"sent"}


def calls(house: House, method: str) -> int:
    """Return how often the bot called a method about the channel."""
    return sum(one.name == method and one.request.get("channel") == "C0APPROVALS" for one in house.workspace.traffic)


async def test_nothing_goes_there_before_slack_takes_it_again(market: House) -> None:
    market.workspace.faults.add(method="chat.postMessage", kind="429", about="C0APPROVALS", retry_after="30")
    team = market.workspace.team_id
    market.write(lambda unit: sign_up(unit, team, "Till", "Payments", "Gold"))
    await market.delivered_now()
    for seconds, asked in ((29.0, 1), (1.1, 2)):
        market.clock.forward(seconds=seconds)
        market.write(lambda unit, name=f"Till {asked}": sign_up(unit, team, name, "Payments", "Gold"))  # type: ignore[misc]
        await market.delivered_now()
        assert calls(market, "chat.postMessage") == asked
    (message,) = about(market, "Till")
    market.workspace.faults.add(method="chat.update", kind="429", about="C0APPROVALS", retry_after="30")
    await market.pat.press("Approve", message=message)
    await market.delivered_now()
    for seconds, asked in ((29.0, 1), (1.1, 2)):
        market.clock.forward(seconds=seconds)
        await market.delivered_now()
        assert calls(market, "chat.update") == asked
    assert buttons(message) == []


async def test_without_a_history_scope_a_lost_answer_costs_at_most_one_more_message(market: House) -> None:
    for number, (kind, after) in enumerate([*SURE[:1], *UNSURE[3:7]]):
        fail(market, "chat.postMessage", kind, after, times=2)
        await ask(market, f"Till{number}x")
        await in_the_end(market)
        assert len(about(market, f"Till{number}x")) == (2 if kind in DONE_ALREADY else 1), kind
    assert all(one.name != "conversations.history" for one in market.workspace.traffic)


async def test_a_message_that_cannot_be_looked_for_yet_is_not_sent_again_blindly(market: House) -> None:
    await with_history(market)
    fail(market, "chat.postMessage", "lost_answer", times=2)
    await ask(market, "Till")
    market.workspace.faults.clear()
    market.workspace.faults.add(method="conversations.history", kind="500", times=3)
    market.workspace.faults.add(method="conversations.open", kind="429", times=2)
    for _ in range(6):
        market.clock.forward(seconds=20)
        await market.delivered()
    assert len(about(market, "Till")) == 1
    assert len(market.bob.inbox()) == 1


async def test_a_message_that_was_found_shows_what_was_decided_meanwhile(market: House) -> None:
    await with_history(market)
    fail(market, "chat.postMessage", "lost_answer", times=1)
    await ask(market, "Till")
    (message,) = about(market, "Till")
    assert "Approve" in buttons(message)
    await market.pat.press("Approve", message=message)
    market.clock.forward(seconds=20)
    await market.delivered()
    assert about(market, "Till") == [message]
    assert buttons(message) == [] and "Approved" in message.text


async def test_a_message_is_found_behind_a_page_of_others(market: House) -> None:
    await with_history(market)
    fail(market, "chat.postMessage", "lost_answer", times=1)
    await ask(market, "Till")
    channel = market.workspace.channel("approvals")
    for number in range(250):
        ts = market.workspace.next_ts()
        market.workspace.put(Message(ts, channel.id, "U0ADA", text=f"Line {number}"))
    market.clock.forward(seconds=20)
    await market.delivered()
    assert len(about(market, "Till")) == 1


@pytest.mark.parametrize("kind", ["429", "500", "lost_answer", "reset_before", "error:odd_error"])
async def test_copies_that_could_not_be_redrawn_are_drawn_again_until_they_match(market: House, kind: str) -> None:
    await ask(market, "Till")
    (message,) = about(market, "Till")
    fail(market, "chat.update", kind, times=4)
    await market.pat.press("Approve", message=message)
    for _ in range(8):
        market.clock.forward(minutes=2)
        await market.delivered()
    assert buttons(message) == [] and "Approved" in message.text
    assert [one.text.split(":")[0] for one in market.bob.inbox()] == ["Approved", "Approved"]


async def test_a_deleted_copy_is_replaced_while_it_waits_and_let_be_after_the_decision(market: House) -> None:
    contract = await ask(market, "Till")
    market.workspace.remove(about(market, "Till")[0])
    kinds = ("request",)
    market.write(lambda unit: unit.outbox.redraw(contract, 1, kinds))  # type: ignore[arg-type]
    await market.delivered()
    (message,) = about(market, "Till")
    await market.pat.press("Approve", message=message)
    await market.delivered()
    market.workspace.remove(message)
    market.write(lambda unit: unit.outbox.redraw(contract, 2, kinds))  # type: ignore[arg-type]
    await market.delivered()
    await in_the_end(market)
    assert about(market, "Till") == []
    assert {one["state"] for one in market.export()["notifications"]} == {"sent"}


async def test_blocks_that_slack_refuses_go_out_as_plain_text(market: House) -> None:
    for number, code in enumerate(("invalid_blocks", "msg_blocks_too_long", "msg_too_long", "too_many_attachments")):
        market.workspace.faults.clear()
        market.workspace.faults.add(method="chat.postMessage", kind=f"error:{code}", times=1)
        await ask(market, f"Till{number}x")
        messages = [*market.workspace.channel("approvals").messages, *market.bob.inbox()]
        plain = [one for one in messages if f"Till{number}x" in one.text and not one.blocks]
        assert len(plain) == 1, code


async def test_a_request_as_plain_text_says_what_is_asked_and_where_its_buttons_are(market: House) -> None:
    await market.bob.command("/my-clients")
    fault = market.workspace.faults.add(method="chat.postMessage", kind="error:invalid_blocks", about="C0APPROVALS")
    await ask(market, "Till")
    (message,) = market.workspace.channel("approvals").messages
    assert (fault.fired, message.blocks) == (1, [])
    assert message.text == (
        "Approval request: Till 1.0 wants Payments 1.4 under Gold 2.0, asked for by Bob Ross of Web Shop. "
        "/approvals lists it with buttons."
    )
    await market.pat.command("/approvals")
    await market.pat.press("Approve")
    await market.delivered()
    assert message.text == "Approval request: Approved: Till 1.0 wants Payments 1.4 under Gold 2.0"


async def test_a_notification_nobody_can_send_is_set_aside_and_delays_no_other(market: House) -> None:
    fail(market, "chat.postMessage", "error:odd_error", times=100)
    await ask(market, "Till", plan="Free")
    for _ in range(12):
        market.clock.forward(minutes=6)
        await market.delivered()
    (poison,) = market.export()["notifications"]
    assert (poison["state"], poison["attempts"], poison["message"]) == ("failed", 8, None)
    market.workspace.faults.clear()
    await ask(market, "Kiosk", plan="Free")
    assert len(market.bob.inbox()) == 1
    assert market.write(lambda unit: unit.outbox.retry([poison["id"]])) == [poison["id"]]
    await market.delivered()
    assert len(market.bob.inbox()) == 2


async def test_an_odd_error_after_a_long_outage_sets_nothing_aside(market: House) -> None:
    fail(market, "chat.postMessage", "429", times=8)
    await ask(market, "Till", plan="Free")
    await in_the_end(market)
    fail(market, "chat.postMessage", "error:token_revoked", times=8)
    await ask(market, "Kiosk", plan="Free")
    await in_the_end(market)
    assert [one["state"] for one in market.export()["notifications"]] == ["sent", "sent"]
    assert len(market.bob.inbox()) == 2


async def test_each_channel_gets_about_one_message_a_second_and_delays_no_other(market: House) -> None:
    team = market.workspace.team_id
    market.workspace.post_rate = 1.0 / 0.79
    for number in range(5):
        market.write(lambda unit, n=number: sign_up(unit, team, f"Till{n}", "Payments", "Gold"))  # type: ignore[misc]
    market.write(lambda unit: sign_up(unit, team, "Quiet", "Whisper", "Only"))
    await market.delivered_now()
    assert len(market.workspace.channel("approvals").messages) == 1
    assert any("Quiet" in one.text for one in market.pat.inbox())
    begun = market.clock.at
    await market.delivered()
    stamps = [float(one.ts) for one in market.workspace.channel("approvals").messages]
    assert len(stamps) == 5
    assert min(after - before for before, after in pairwise(stamps)) >= 0.79
    assert (market.clock.at - begun).total_seconds() < 12
    limited = [one for one in market.workspace.traffic if one.status == 429]
    assert limited == []


async def test_notifications_are_counted_and_what_is_late_shows_in_the_metrics(market: House) -> None:
    fail(market, "chat.postMessage", "500", times=100)
    await ask(market, "Till")
    market.clock.forward(seconds=40)
    text = (await metrics(market)).replace(".0\n", "\n")
    assert "gatehouse_outbox_depth 2\n" in text
    assert "gatehouse_outbox_oldest_seconds 4" in text
    assert 'gatehouse_deliveries_total{outcome="unsure"}' in text
    assert 'gatehouse_pending_approvals{age="<24h"} 1\n' in text
    market.clock.forward(hours=30)
    assert 'gatehouse_pending_approvals{age="24h-72h"} 1\n' in (await metrics(market)).replace(".0\n", "\n")
    market.workspace.faults.clear()
    await in_the_end(market)
    text = (await metrics(market)).replace(".0\n", "\n")
    assert "gatehouse_outbox_depth 0\n" in text
    assert notifications(market, "request")[0]["state"] == "sent"


async def metrics(house: House) -> str:
    """Return what /metrics says."""
    address = str(house.server.events_url).replace("/slack/events", "/metrics")
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return await answer.text()
