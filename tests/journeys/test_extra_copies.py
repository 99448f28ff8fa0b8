"""A message that stands twice is taken away by a press on the one the bot doesn't know of (RELIABILITY C.4, B16)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from bot.sandbox.acting import Actor
from bot.sandbox.records import Message
from bot.store.tables import notifications as rows
from tests.faults.town import sign_up
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.signing import buttons, statuses


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG) as house:
        yield house


async def ask(house: House, client: str = "Till", api: str = "Payments", plan: str = "Gold") -> str:
    team = house.workspace.team_id
    contract = house.write(lambda unit: sign_up(unit, team, client, api, plan))
    await house.delivered()
    return contract


def lose(house: House, about: str, times: int = 1) -> None:
    """Let the answers to the next posts there get lost."""
    house.workspace.faults.add(method="chat.postMessage", kind="reset_after", about=about, times=times)


async def twice(house: House, about: str = "C0APPROVALS", **asked: str) -> tuple[Message, Message]:
    """Have a request posted twice, and return the message that the bot doesn't know of, and the one it does."""
    lose(house, about)
    await ask(house, **asked)
    house.clock.forward(seconds=11)
    await house.delivered()
    unknown, known = asking(house, about, asked.get("client", ""))
    assert unknown.metadata == known.metadata
    return unknown, known


def asking(house: House, where: str = "C0APPROVALS", client: str = "") -> list[Message]:
    """Return the messages about requests in a channel, or those that a person has from the bot."""
    said = house.workspace.channel(where).messages if where.startswith("C") else direct(house, where)
    return [one for one in said if f"{client} 1.0" in one.text]


def direct(house: House, user: str) -> list[Message]:
    return house.workspace.direct(user).messages


def told(person: Actor) -> str:
    own = [one for one in person._at.ephemerals if one.ephemeral_to == person.member.id]
    return own[-1].text if own else ""


def deleted(house: House) -> int:
    """Return how often the bot asked for a deletion."""
    return sum(one.name == "chat.delete" for one in house.workspace.traffic)


def leftovers(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.export()["notifications"]
    return [one for one in found if one["kind"] == "extra" or one["state"] != "sent"]


@pytest.mark.parametrize(("label", "status"), [("Approve", "Active"), ("Claim", "AwaitingApproval")])
async def test_a_press_on_the_extra_one_counts_and_leaves_one_message(market: House, label: str, status: str) -> None:
    unknown, known = await twice(market)
    await market.pat.press(label, message=unknown)
    await market.delivered()
    assert asking(market) == [known]
    assert statuses(market) == [status]
    assert ("Approved" in known.text) == (label == "Approve")
    assert ("is looking at it" in str(known.blocks)) == (label == "Claim")
    assert leftovers(market) == [] and deleted(market) == 1


@pytest.mark.parametrize(
    ("label", "field", "submit"), [("Reject", "Reason", "Reject"), ("Ask for changes", "Question", "Ask")]
)
async def test_the_extra_one_goes_while_a_window_about_it_is_open(
    market: House, label: str, field: str, submit: str
) -> None:
    unknown, known = await twice(market)
    await market.pat.press(label, message=unknown)
    await market.delivered()
    assert asking(market) == [known]
    await market.pat.fill(field, "Which shop is this for?")
    await market.pat.submit(submit)
    await market.delivered()
    assert "Which shop is this for?" in str(known.blocks) or "Changes were asked for" in str(known.blocks)
    assert leftovers(market) == []


async def test_a_press_on_the_known_one_leaves_both_and_a_late_one_on_the_other_takes_it_away(market: House) -> None:
    unknown, known = await twice(market)
    await market.pat.press("Approve", message=known)
    await market.delivered()
    assert asking(market) == [unknown, known] and deleted(market) == 0
    await market.ada.press("Reject", message=unknown)
    await market.delivered()
    assert "Pat Approver approved this request" in told(market.ada)
    assert asking(market) == [known] and statuses(market) == ["Active"]


async def test_a_press_by_somebody_who_may_not_decide_takes_it_away_too(market: House) -> None:
    unknown, known = await twice(market)
    market.workspace.channel("approvals").members.add("U0EVE")
    await market.eve.press("Approve", message=unknown)
    await market.delivered()
    assert "Only approvers of Acme Payments" in told(market.eve)
    assert asking(market) == [known] and statuses(market) == ["AwaitingApproval"]


async def test_a_press_before_the_message_would_be_sent_again_keeps_it_the_only_one(market: House) -> None:
    lose(market, "C0APPROVALS")
    await ask(market)
    (message,) = asking(market)
    await market.pat.press("Approve", message=message)
    await market.delivered()
    market.clock.forward(minutes=10)
    await market.delivered()
    assert asking(market) == [message]
    assert "Approved" in message.text and buttons(message) == []
    assert leftovers(market) == [] and deleted(market) == 0


async def test_a_press_while_the_answer_is_still_on_its_way_changes_nothing(market: House) -> None:
    contract = await ask(market)
    (message,) = asking(market)
    under_way = {"ts": None, "channel": None, "state": "pending", "lease_until": market.clock.at.replace(second=15)}

    def not_written_down(unit: Any) -> None:
        one = sa.update(rows).where(rows.c.contract_id == contract, rows.c.kind == "request")
        unit.connection.execute(one.values(**under_way, due_at=market.clock.at))

    market.write(not_written_down)
    await market.pat.press("Claim", message=message)
    assert deleted(market) == 0
    market.write(lambda unit: unit.connection.execute(sa.update(rows).where(rows.c.kind == "request").values(
        ts=message.ts, channel=message.channel, state="sent", lease_until=None)) and None)  # fmt: skip
    market.clock.forward(seconds=20)
    await market.delivered()
    assert asking(market) == [message] and "is looking at it" in str(message.blocks)
    assert leftovers(market) == [] and deleted(market) == 0


@pytest.mark.parametrize("label", ["Approve", "Claim"])
async def test_where_people_deleted_the_known_one_the_other_becomes_the_copy(market: House, label: str) -> None:
    unknown, known = await twice(market)
    market.workspace.remove(known)
    await market.pat.press(label, message=unknown)
    await market.delivered()
    (left,) = asking(market)
    assert ("Approved" in left.text) == (label == "Approve")
    assert ("is looking at it" in str(left.blocks)) == (label == "Claim")
    assert leftovers(market) == []
    if label == "Claim":
        await market.ada.press("Approve", message=left)
        await market.delivered()
        assert asking(market) == [left] and "Approved" in left.text


async def test_an_approvers_direct_message_that_stands_twice_is_taken_away(market: House) -> None:
    unknown, known = await twice(market, "U0PAT", api="Whisper", plan="Only")
    await market.pat.press("Approve", message=unknown)
    await market.delivered()
    assert asking(market, "U0PAT") == [known] and "Approved" in known.text
    (other,) = asking(market, "U0ADA")
    assert "Approved" in other.text and leftovers(market) == []


async def test_the_requesters_own_message_that_stands_twice_is_taken_away(market: House) -> None:
    unknown, known = await twice(market, "U0BOB")
    await market.bob.press("Withdraw", message=unknown)
    await market.delivered()
    assert unknown not in asking(market, "U0BOB") and known in asking(market, "U0BOB")
    assert known.text.startswith("Withdrawn") and statuses(market) == ["Withdrawn"]


async def test_a_question_that_stands_twice_is_taken_away(market: House) -> None:
    await ask(market)
    lose(market, "U0BOB")
    await market.pat.press("Ask for changes", message=asking(market)[0])
    await market.pat.fill("Question", "Which shop?")
    await market.pat.submit("Ask")
    await market.delivered()
    market.clock.forward(seconds=11)
    await market.delivered()
    unknown, known = [one for one in market.bob.inbox() if one.text.startswith("Changes asked for")]
    await market.bob.press("Edit request", message=unknown)
    await market.delivered()
    assert [one for one in market.bob.inbox() if one.text.startswith("Changes asked for")] == [known]
    assert leftovers(market) == []


async def test_a_deletion_that_fails_is_tried_again(market: House) -> None:
    for number, kind in enumerate(("429", "500", "reset_before", "reset_after", "error:token_revoked")):
        client = f"Till{number}"
        unknown, known = await twice(market, client=client)
        faults = [market.workspace.faults.add(method=f"chat.{name}", kind=kind) for name in ("getPermalink", "delete")]
        await market.pat.press("Approve", message=unknown)
        for _ in range(4):
            market.clock.forward(minutes=2)
            await market.delivered()
        assert [fault.fired for fault in faults] == [1, 1], kind
        assert asking(market, client=client) == [known], kind
    assert leftovers(market) == []


async def test_a_message_slack_does_not_let_go_is_left_for_the_next_press(market: House) -> None:
    unknown, known = await twice(market)
    market.workspace.faults.add(method="chat.delete", kind="error:cant_delete_message")
    await market.pat.press("Claim", message=unknown)
    await market.delivered()
    assert asking(market) == [unknown, known] and leftovers(market) == []
    await market.pat.press("Claim", message=unknown)
    await market.delivered()
    assert asking(market) == [known] and leftovers(market) == []


async def test_what_was_owed_when_the_process_ended_is_done_by_the_next_one(market: House) -> None:
    unknown, known = await twice(market)
    market.workspace.faults.add(method="chat.getPermalink", kind="500", times=1)
    await market.pat.press("Approve", message=unknown)
    await market.bob.settle()
    await market.stop()
    assert asking(market) == [unknown, known]
    await market.start()
    market.clock.forward(minutes=1)
    await market.delivered()
    assert asking(market) == [known] and "Approved" in known.text and leftovers(market) == []


async def test_no_press_takes_a_message_away_that_belongs_to_something_else(market: House) -> None:
    first, second = await ask(market, "Till"), await ask(market, "Kiosk")
    await ask(market, "Booth", "Whisper", "Only")
    before = asking(market)
    assert len(before) == 2
    mixed = market.pat.draft_press("Claim", message=before[0])
    assert mixed["actions"][0]["value"] == first
    mixed["actions"][0]["value"] = second
    await market.pat.send(mixed)
    elsewhere = market.pat.draft_press("Claim", message=before[1])
    elsewhere["container"] |= {"channel_id": "C0GENERAL"}
    await market.pat.send(elsewhere)
    private = market.pat.draft_press("Claim", message=before[1])
    private["container"] |= {"is_ephemeral": True, "message_ts": "1772442000.999999"}
    await market.pat.send(private)
    theirs = market.pat.draft_press("Approve", message=before[1])
    theirs["team"] = {"id": "T0OTHER", "domain": "other"}
    theirs["container"] |= {"message_ts": "1772442000.999999"}
    await market.pat.send(theirs)
    await market.delivered()
    assert asking(market) == before and deleted(market) == 0 and leftovers(market) == []


async def test_a_press_in_the_queue_or_in_app_home_looks_for_no_message(market: House) -> None:
    await ask(market)
    await market.pat.command("/approvals")
    await market.pat.press("Claim")
    await market.pat.press("Approve")
    await market.delivered()
    assert len(asking(market)) == 1 and deleted(market) == 0
