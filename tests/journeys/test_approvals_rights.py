"""Who may decide, and what becomes of buttons that are old, foreign or forged: authority is read when it counts."""

import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain.ids import new_id
from bot.sandbox.acting import Actor
from bot.sandbox.records import Message
from bot.store.tables import contracts as contract_rows
from bot.store.tables import drafts, notifications
from bot.store.unit import Unit
from tests.faults.town import sign_up
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.signing import buttons, contracts, request, statuses

OWNER = "version: 1\norganizations: [{name: Acme Payments, members: [{user: %s, roles: [%s]}]}]"


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG, GATEHOUSE_ADMINS="U0ROOT") as house:
        at = house.workspace
        at.add_person("Root Admin", id="U0ROOT", handle="root")
        at.add_person("Slack Owner", id="U0BOSS", handle="boss", is_admin=True)
        at.add_person("Una Ultra", id="U0ULTRA", handle="una", is_ultra_restricted=True)
        at.add_team("T0OTHER", "Other Inc", installed=True)
        at.add_person("Olga Other", id="U0OLGA", handle="olga", team_id="T0OTHER")
        at.add_person("Sam Stranger", id="U0SAM", handle="sam", team_id="T0FAR", is_stranger=True)
        at.channel("approvals").members |= set(at.people)
        yield house


async def ask(house: House, client: str = "Till", api: str = "Payments", plan: str = "Gold") -> str:
    """Let Bob sign a new client up without a window, and everybody be told; return the contract's id."""
    team = house.workspace.team_id
    contract = house.write(lambda unit: sign_up(unit, team, client, api, plan))
    await house.delivered()
    return contract


def give(house: House, user: str, *roles: str) -> None:
    house.apply(OWNER % (user, ", ".join(roles)))


def told(person: Actor) -> str:
    """Return the last words only this person was told, wherever."""
    own = [one for one in person._at.ephemerals if one.ephemeral_to == person.member.id]
    return own[-1].text if own else ""


async def test_whoever_may_not_decide_is_told_why_and_nothing_happens(market: House) -> None:
    await ask(market)
    for handle, role, words in (
        ("eve", "", "Only approvers of Acme Payments"),
        ("eve", "Viewer", "Only approvers of Acme Payments"),
        ("eve", "Client Developer", "Only approvers of Acme Payments"),
        ("eve", "User Manager", "Only approvers of Acme Payments"),
        ("boss", "", "Only approvers of Acme Payments"),
        ("bob", "", "Only approvers of Acme Payments"),
        ("bob", "Owner", "can't decide your own request"),
        ("gus", "Owner", "Guests can't"),
        ("una", "Owner", "Guests can't"),
        ("sam", "Owner", "other workspaces"),
        ("olga", "Owner", "isn't connected to this workspace"),
    ):
        person = market.workspace.actor(handle)
        if role:
            give(market, person.member.id, role)
        market.workspace.ephemerals.clear()
        await person.press("Approve", message=request(market))
        assert words in told(person), (handle, role, told(person))
        assert statuses(market) == ["AwaitingApproval"], (handle, role)
    assert [row["what"] for row in market.export()["audit"] if "Approve" in row["what"]] == []


async def test_a_reason_typed_by_somebody_who_may_not_rejects_nothing(market: House) -> None:
    await ask(market)
    await market.ada.press("Reject", message=request(market))
    await market.ada.fill("Reason", "No.")
    payload = market.ada.draft_submission()
    for handle in ("eve", "bob", "gus", "sam"):
        forged = copy.deepcopy(payload)
        member = market.workspace.member(handle)
        forged["user"] |= {"id": member.id, "team_id": member.team_id}
        await market.ada.send(forged)
        assert statuses(market) == ["AwaitingApproval"], handle


async def test_a_platform_admin_may_decide_and_the_audit_marks_it(market: House) -> None:
    await ask(market)
    await market.root.press("Approve", message=request(market))
    await market.delivered()
    assert statuses(market) == ["Active"]
    (row,) = [row for row in market.export()["audit"] if row["what"] == "ApproveContract"][:1]
    assert row["actor"]["kind"] == "admin" and row["actor"]["person"]["user"] == "U0ROOT"


async def test_a_right_that_was_lost_or_given_after_the_message_counts_at_the_click(market: House) -> None:
    await ask(market)
    give(market, "U0PAT")
    await market.pat.press("Approve", message=request(market))
    assert "Only approvers" in told(market.pat)
    give(market, "U0EVE", "Editor")
    await market.eve.press("Approve", message=request(market))
    await market.delivered()
    assert contracts(market)[0]["decided_by"]["user"] == "U0EVE"


async def test_a_right_lost_while_the_reason_is_typed_decides_nothing(market: House) -> None:
    await ask(market)
    await market.pat.press("Reject", message=request(market))
    await market.pat.fill("Reason", "No budget.")
    give(market, "U0PAT", "Viewer")
    await market.pat.submit("Reject")
    assert "Only approvers" in market.pat.sees()
    assert market.pat.value("Reason") == "No budget."
    assert statuses(market) == ["AwaitingApproval"]


async def test_somebody_deactivated_with_an_open_window_decides_nothing(market: House) -> None:
    await ask(market)
    await market.pat.press("Reject", message=request(market))
    await market.pat.fill("Reason", "No budget.")
    payload = market.pat.draft_submission()
    market.workspace.member("pat").deleted = True
    market.clock.forward(seconds=61)
    answer = await market.pat.send(payload)
    assert "deactivated" in str(answer.body)
    assert statuses(market) == ["AwaitingApproval"]


async def test_while_slack_does_not_tell_about_an_account_it_decides_nothing(market: House) -> None:
    await ask(market)
    message = request(market)
    await market.pat.command("/approvals")
    await market.pat.dismiss()
    market.clock.forward(seconds=61)
    market.workspace.faults.add(method="users.info", kind="500", times=9)
    await market.pat.press("Claim", message=message)
    assert "is looking at it" not in str(message.blocks)
    await market.pat.press("Approve", message=message)
    assert statuses(market) == ["AwaitingApproval"]
    assert "Slack didn't tell us who you are just now: please try again." in told(market.pat)
    market.workspace.faults.clear()
    await market.pat.press("Approve", message=message)
    assert statuses(market) == ["Active"]


async def test_a_button_pressed_too_late_tells_what_became_of_the_request(market: House) -> None:
    for number, (end, words) in enumerate(
        (("withdraw", "Bob Ross withdrew"), ("expire", "expired"), ("approve", "Ada Lovelace approved"))
    ):
        await ask(market, f"Till{number}x")
        message = request(market)
        drawn = list(message.blocks)
        draft = market.pat.draft_press("Approve", message=message)
        rejecting = market.pat.draft_press("Reject", message=message)
        if end == "withdraw":
            await market.bob.press("Withdraw", message=market.bob.inbox()[-1])
        elif end == "approve":
            await market.ada.press("Approve", message=message)
        else:
            market.clock.forward(days=15)
            await market.tick()
        await market.delivered()
        before = statuses(market)
        for late in (draft, rejecting):
            message.blocks = drawn
            market.workspace.ephemerals.clear()
            await market.pat.send(late)
            await market.delivered()
            assert words in told(market.pat), (end, told(market.pat))
            assert buttons(message) == [], end
        assert statuses(market) == before


async def test_a_request_that_is_gone_and_a_forged_value_are_the_same_unknown(market: House) -> None:
    contract = await ask(market)
    draft = market.pat.draft_press("Approve", message=request(market))

    def gone(unit: Unit) -> None:
        unit.connection.execute(sa.delete(notifications))
        unit.connection.execute(sa.delete(drafts))
        unit.connection.execute(sa.delete(contract_rows).where(contract_rows.c.id == contract))

    market.write(gone)
    for value in (contract, new_id(), "", "x" * 2000, "'; DROP TABLE contracts;--", "\x00", "<!channel>"):
        market.workspace.ephemerals.clear()
        draft["actions"][0]["value"] = value
        await market.pat.send(copy.deepcopy(draft) | {"response_url": _fresh(market, request(market))})
        await market.pat.settle()
        assert "This request is not known any more." in told(market.pat), value


def _fresh(house: House, message: Message) -> str:
    """Return a response_url that was not used yet."""
    token = house.workspace.response_urls.issue("U0PAT", message.channel, message)
    return f"{house.server.url}/response/actions/{token}"


async def test_another_workspace_with_the_app_cannot_use_our_ids(market: House) -> None:
    await ask(market)
    for label in ("Approve", "Reject"):
        draft = market.pat.draft_press(label, message=request(market))
        draft["team"] = {"id": "T0OTHER", "domain": "other"}
        draft["user"] |= {"team_id": "T0OTHER"}
        await market.pat.send(draft)
    mine = market.bob.draft_press("Withdraw", message=market.bob.inbox()[-1])
    await market.bob.send(mine | {"team": {"id": "T0OTHER", "domain": "other"}})
    await market.delivered()
    assert statuses(market) == ["AwaitingApproval"]


async def test_only_the_requester_can_withdraw(market: House) -> None:
    await ask(market)
    draft = market.bob.draft_press("Withdraw", message=market.bob.inbox()[-1])
    for handle in ("pat", "ada", "eve", "root"):
        draft["user"] |= {"id": market.workspace.member(handle).id}
        await market.bob.send(draft)
        assert statuses(market) == ["AwaitingApproval"], handle


async def test_two_clicks_at_once_decide_once(market: House) -> None:
    await ask(market)
    await market.pat.press("Approve", message=request(market), times=2)
    await market.delivered()
    assert statuses(market) == ["Active"]
    outcomes: list[dict[str, Any]] = [one for one in market.export()["notifications"] if one["kind"] == "outcome"]
    assert len(outcomes) == len({one["destination"]["id"] for one in outcomes})
    assert len([row for row in market.export()["audit"] if row["what"] == "ApproveContract"]) == 2


async def test_self_approval_is_a_setting(opened: OpenHouse) -> None:
    async with opened(catalog=CATALOG, GATEHOUSE_ALLOW_SELF_APPROVAL="true") as market:
        await ask(market)
        give(market, "U0BOB", "Editor")
        market.workspace.channel("approvals").members.add("U0BOB")
        await market.bob.press("Approve", message=request(market))
        assert contracts(market)[0]["decided_by"]["user"] == "U0BOB"


@pytest.mark.parametrize(
    ("reason", "words"),
    [("", "Enter a reason."), ("x" * 1001, "1,000"), ("tab\x07bell", "Change the reason"), ("a\u202eb", "Change the")],
)
async def test_a_reason_that_can_not_stay_is_said_at_its_field(opened: OpenHouse, reason: str, words: str) -> None:
    async with opened(catalog=CATALOG) as market:
        await ask(market)
        await market.pat.press("Reject", message=request(market))
        await market.pat.fill("Reason", reason)
        await market.pat.submit("Reject", force=True)
        assert words in market.pat.errors["Reason"]
        assert statuses(market) == ["AwaitingApproval"]
