"""What people enter in the sign-up wizard: kept, narrowed, refused at its field, and never trusted (SPEC 4.2)."""

import asyncio
import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from bot.desk import Desk
from bot.domain.clients import ClientStatus
from bot.domain.contracts import SignUpDraft
from bot.domain.ids import new_id
from bot.domain.people import Person
from bot.sandbox.acting import Actor
from bot.store.tables import clients
from bot.store.unit import Unit
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.signing import choose_plan, contracts, enter, make_client, problem, statuses, to_summary
from tests.store.crowd import many_organizations

BOTH = """
version: 1
organizations:
  - {name: Web Shop, members: [{user: U0BOB, roles: [Client Developer]}]}
  - {name: Book Shop, members: [{user: U0BOB, roles: [Client Developer]}]}
"""


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG) as house:
        yield house


def last_click(house: House) -> dict[str, Any]:
    """Return the last click that Slack sent, as if it had been made once more."""
    sent = [one.request for one in house.workspace.traffic if one.name == "block_actions"]
    click: dict[str, Any] = copy.deepcopy(sent[-1])
    return click | {"trigger_id": "1.1.again"}


@pytest.mark.parametrize(
    ("reason", "words"),
    [("", "Enter a reason."), (" \n ", "Enter a reason."), ("x" * 1001, "1,000"), ("a\x07b", "Change the reason")],
)
async def test_a_reason_that_can_not_stay_is_said_at_its_field(market: House, reason: str, words: str) -> None:
    await choose_plan(market.bob)
    await enter(market.bob, reason=reason)
    await market.bob.submit("Next", force=True)
    assert words in market.bob.errors["Reason"]
    assert market.bob.value("Name") == "Till"


async def test_each_wrong_field_says_so_at_once(market: House) -> None:
    await choose_plan(market.bob)
    await enter(market.bob, client="!!!", version="1 0", reason="")
    await market.bob.submit("Next", force=True)
    assert set(market.bob.errors) == {"Name", "Version", "Reason"}


async def test_a_click_that_is_written_down_after_the_submit_of_its_window_takes_nothing_back(
    market: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_client(market, "Kiosk", "1.0")
    bob, go_on, keep = market.bob, asyncio.Event(), Desk.keep_sign_up

    async def keep_late(desk: Desk, person: Person, draft: SignUpDraft) -> None:
        await go_on.wait()
        await keep(desk, person, draft)

    await choose_plan(bob)
    await bob.choose("Client to sign up", "New client")
    click = last_click(market)
    await enter(bob)
    monkeypatch.setattr(Desk, "keep_sign_up", keep_late)
    await bob.send(click)
    assert bob.modal
    await bob._submit(bob.modal)  # as people do, without waiting for what else is under way
    go_on.set()
    await bob.settle()
    await bob.submit("Sign Up")
    assert "Waiting for approval" in bob.sees()


async def test_switching_between_new_and_existing_keeps_what_was_typed(market: House) -> None:
    make_client(market, "Kiosk", "1.0")
    bob = market.bob
    await choose_plan(bob)
    await bob.choose("Client", "Kiosk")
    await bob.choose("Client to sign up", "New client")
    await enter(bob, reason="Because.")
    await bob.choose("Client to sign up", "Existing client")
    assert (bob.value("Client"), bob.value("Reason")) == ("Kiosk", "Because.")
    await bob.choose("Client to sign up", "New client")
    assert (bob.value("Name"), bob.value("Version"), bob.value("Reason")) == ("Till", "1.0", "Because.")


async def test_a_submit_that_comes_without_the_click_on_the_radio_is_understood(market: House) -> None:
    make_client(market, "Kiosk", "1.0")
    bob = market.bob
    await choose_plan(bob)
    await bob.fill("Reason", "Because.")
    view = bob.modal
    assert view
    new = {"text": {"type": "plain_text", "text": "New client"}, "value": "new"}
    view.typed["kind", "sign_up.kind"] = new
    await bob.submit("Next", force=True)
    assert bob.value("Client to sign up") == "New client"
    await bob.fill("Name", "Till")
    await bob.fill("Version", "1.0")
    await bob.submit("Next")
    await bob.submit("Sign Up")
    assert market.clients() == ["Kiosk", "Till"] and statuses(market) == ["AwaitingApproval"]


async def test_of_a_client_with_several_versions_one_is_chosen_and_retired_ones_are_not_offered(market: House) -> None:
    make_client(market, "Kiosk", "1.0", "2.0", "3.0")
    make_client(market, "Solo", "1.0")
    retire(market, "Kiosk", "2.0")
    bob = market.bob
    await choose_plan(bob)
    await bob.choose("Client", "Solo")
    assert "Version" not in labels(bob)
    await bob.choose("Client", "Kiosk")
    assert sorted(await bob.options("Version")) == ["1.0", "3.0"]
    await bob.fill("Reason", "Because.")
    await bob.submit("Next", force=True)
    assert "Choose a version" in bob.errors["Version"]
    await bob.choose("Version", "1.0")
    await bob.submit("Next")
    await bob.submit("Sign Up")
    assert contracts(market)[0]["client"] == {"organization": "WebShop", "id": "Kiosk", "version": "1.0"}
    await choose_plan(bob)
    await bob.choose("Client", "Kiosk")
    await bob.choose("Version", "3.0")
    await bob.fill("Reason", "Because.")
    await bob.submit("Next")
    await bob.submit("Sign Up")
    assert {one["client"]["version"] for one in contracts(market)} == {"1.0", "3.0"}


async def test_a_client_whose_versions_are_all_retired_is_not_offered(market: House) -> None:
    make_client(market, "Kiosk", "1.0")
    make_client(market, "Solo", "1.0")
    retire(market, "Kiosk", "1.0")
    await choose_plan(market.bob)
    assert await market.bob.options("Client") == ["Solo"]


async def test_choosing_an_organization_narrows_the_list_of_clients(market: House) -> None:
    market.apply(BOTH)
    make_client(market, "Kiosk", "1.0")
    make_client(market, "Novel", "1.0", organization="Book Shop")
    bob = market.bob
    await choose_plan(bob)
    assert await bob.options("Client") == ["Kiosk", "Novel"]
    await bob.choose("Client", "Kiosk")
    await bob.choose("Organization", "Book Shop")
    assert bob.value("Client") is None
    assert await bob.options("Client") == ["Novel"]
    await bob.choose("Client", "Novel")
    await bob.fill("Reason", "Because.")
    await bob.submit("Next")
    await bob.submit("Sign Up")
    assert contracts(market)[0]["client"]["organization"] == "BookShop"


async def test_type_ahead_finds_one_of_thousands_of_clients(market: House) -> None:
    organization = market.organization("Web Shop")

    def crowd(unit: Unit) -> None:
        rows = [
            {
                "id": new_id(),
                "organization_id": organization,
                "key": f"Client{number:04}",
                "folded": f"client{number:04}",
                "name": f"Client {number:04}",
                "sort_name": f"client {number:04}",
                "description": "",
                "created_at": unit.now,
            }
            for number in range(3_000)
        ]
        unit.connection.execute(sa.insert(clients), rows)
        for row in rows:
            unit.clients.add_version(str(row["id"]), "1.0", ClientStatus.CREATED, unit.now)

    market.write(crowd)
    bob = market.bob
    await choose_plan(bob)
    first = await bob.options("Client")
    assert len(first) == 100
    assert await bob.options("Client", "2749") == ["Client 2749"]
    assert await bob.options("Client", "no such") == []
    await bob.choose("Client", "Client 2749")
    await bob.fill("Reason", "Because.")
    await bob.submit("Next")
    await bob.submit("Sign Up")
    assert contracts(market)[0]["client"]["id"] == "Client2749"


async def test_organizations_are_found_among_thousands_for_a_new_client(market: House) -> None:
    market.write(lambda unit: many_organizations(unit, _bob(market), 1_000))
    await choose_plan(market.bob)
    await market.bob.choose("Organization", "Organization 00747")
    await enter(market.bob)
    await market.bob.submit("Next")
    await market.bob.submit("Sign Up")
    assert contracts(market)[0]["client"]["organization"] == "Organization00747"


async def test_somebody_without_an_organization_signs_up_from_a_personal_one(market: House) -> None:
    nia = market.nia
    await to_summary(nia)
    assert market.clients() == []
    await nia.submit("Sign Up")
    await market.delivered()
    assert contracts(market)[0]["client"]["organization"] == "NiaNewcomer"
    assert nia.inbox()[-1].text.startswith("Waiting for approval")


async def test_guests_and_people_without_self_service_get_a_sentence(opened: OpenHouse) -> None:
    async with opened(catalog=CATALOG, GATEHOUSE_SELF_SERVICE="false") as market:
        await market.nia.command("/apis", "Payments")
        await market.nia.press("Learn More")
        await market.nia.press("Sign Up", near="Gold")
        assert "can't sign up yet" in market.nia.sees()
        await market.gus.command("/apis", "Payments")
        assert market.gus.told("Guests can't") or "Guests can't" in market.said_to(market.gus)


async def test_an_unfinished_sign_up_is_offered_again_for_its_plan_only(market: House) -> None:
    bob = market.bob
    await to_summary(bob)
    await bob.dismiss()
    await choose_plan(bob, plan="Free")
    assert "Start over" not in bob.sees()
    await bob.dismiss()
    await choose_plan(bob)
    assert "didn't finish" in bob.sees()
    await bob.press("Continue")
    assert (bob.value("Name"), bob.value("Reason")) == ("Till", "We sell things.")
    await bob.dismiss()
    await choose_plan(bob)
    await bob.press("Start over")
    assert bob.value("Name") is None
    market.clock.forward(hours=25)
    await bob.dismiss()
    await choose_plan(bob)
    assert "didn't finish" not in bob.sees()
    assert contracts(market) == [] and market.clients() == []


async def test_two_windows_that_go_on_with_one_draft_are_two_requests_of_their_own(market: House) -> None:
    bob, phone = market.bob, market.workspace.actor("bob", "phone")
    await to_summary(bob)
    await choose_plan(phone)
    await phone.press("Continue")
    await phone.fill("Name", "Phone")
    await phone.submit("Next")
    await bob.submit("Sign Up")
    await phone.submit("Sign Up")
    await market.delivered()
    assert sorted(one["client"]["id"] for one in contracts(market)) == ["Phone", "Till"]


async def test_forged_windows_make_nothing(market: House) -> None:
    make_client(market, "Kiosk", "1.0")
    await to_summary(market.bob)
    draft = market.bob.draft_submission()
    stolen = copy.deepcopy(draft)
    stolen["user"] |= {"id": "U0EVE"}
    await market.eve.send(stolen)
    assert contracts(market) == []
    for metadata in ("", "{}", "[]", '{"draft":"x"}', '{"draft":"x","offer":"y","admin":true}', "x" * 3000):
        forged = copy.deepcopy(draft)
        forged["view"]["private_metadata"] = metadata
        answer = await market.bob.send(forged)
        assert answer.status == 200, metadata
        assert contracts(market) == [], metadata
    await market.bob.submit("Sign Up")
    assert statuses(market) == ["AwaitingApproval"]


async def test_a_foreign_client_in_a_forged_field_is_not_signed_up(market: House) -> None:
    make_client(market, "Kiosk", "1.0")
    make_client(market, "Secret", "1.0", organization="Quiet Corner")
    foreign = market.write(
        lambda unit: unit.connection.execute(sa.select(clients.c.id).where(clients.c.name == "Secret")).scalar_one()
    )
    bob = market.bob
    await choose_plan(bob)
    await bob.choose("Client", "Kiosk")
    await bob.fill("Reason", "Because.")
    draft = bob.draft_submission()
    for block_id, entry in draft["view"]["state"]["values"].items():
        if block_id.startswith("client__r"):
            entry["sign_up.client"]["selected_option"]["value"] = foreign
    answer = await bob.send(draft)
    assert "Secret" not in str(answer.body)
    assert "errors" in str(answer.body) or "⚠️" in str(answer.body)
    assert problem(bob) == "" and contracts(market) == []


def _bob(house: House) -> Person:
    return Person(team=house.workspace.team_id, user="U0BOB")


def labels(person: Actor) -> list[str]:
    """Return the labels of the fields in front."""
    assert person.modal
    return [block["label"]["text"] for block in person.modal.blocks if block["type"] == "input"]


def retire(house: House, client: str, version: str) -> None:
    """Retire one version of a client."""
    team = house.workspace.team_id

    def work(unit: Unit) -> None:
        client_id = unit.connection.execute(sa.select(clients.c.id).where(clients.c.name == client)).scalar_one()
        found = unit.clients.get(team, client_id)
        assert found
        (version_id,) = [one.id for one in found.versions if one.version == version]
        unit.contracts.set_client_status(version_id, ClientStatus.RETIRED)

    house.write(work)


async def test_a_platform_admin_signs_any_client_up(opened: OpenHouse) -> None:
    async with opened(catalog=CATALOG, GATEHOUSE_ADMINS="U0PAT") as market:
        make_client(market, "Kiosk", "1.0")
        await choose_plan(market.pat, plan="Free")
        await market.pat.choose("Client", "Kiosk")
        await market.pat.submit("Next")
        await market.pat.submit("Sign Up")
        assert contracts(market)[0]["client"] == {"organization": "WebShop", "id": "Kiosk", "version": "1.0"}
        created = [row for row in market.export()["audit"] if row["what"] == "CreateContract"]
        assert {row["actor"]["kind"] for row in created} == {"admin"}
