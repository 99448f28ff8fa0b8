"""The wizard from its start to the client (SPEC 2.1–2.4, 2.6, 2.7)."""

import pytest

from bot.domain.people import Person
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.walking import create, enter, problem, step, to_details, to_summary
from tests.store.crowd import many_organizations

ONE_ONLY = """
version: 1
organizations:
  - name: Acme Payments
    members: [{user: U0BOB, roles: [Client Developer]}, {user: U0EVE, roles: [Viewer]}]
  - name: Hidden Valley
    members: [{user: U0ADA, roles: [Owner]}]
"""


async def test_three_steps_make_a_client_and_show_it(house: House) -> None:
    bob = house.bob
    await bob.command("/create-client")
    assert bob.modal
    assert bob.modal.title == "Create Client"
    assert step(bob) == "1"
    await bob.choose("Organization", "Acme Payments")
    await bob.submit("Next")
    assert step(bob) == "2"
    await enter(bob)
    await bob.submit("Next")
    assert step(bob) == "3"
    for value in ("Acme Payments", "Web shop", "1.0", "Sells things."):
        assert value in bob.sees()
    assert house.clients() == []
    await bob.submit("Create Client")
    assert bob.modal
    assert bob.modal.title == "Client"
    for value in ("Acme Payments", "Web shop", "Webshop", "1.0", "Created", "Sells things."):
        assert value in bob.sees()
    assert house.clients() == ["Web shop"]


async def test_what_is_stored_is_one_client_one_version_and_two_rows_of_audit(house: House) -> None:
    before = len(house.export()["audit"])
    await create(house.bob)
    state = house.export()
    bob = {"team": "T0GATEHOUSE", "user": "U0BOB"}
    [client] = state["clients"]
    assert client["organization"] == "AcmePayments"
    assert (client["id"], client["name"], client["description"]) == ("Webshop", "Web shop", "Sells things.")
    assert client["versions"] == [{"version": "1.0", "status": "Created"}]
    assert client["created_by"] == bob
    rows = [row for row in state["audit"] if row["actor"]["kind"] != "catalog"]
    assert len(state["audit"]) == before + 2
    assert [(row["what"], row["entity"], row["key"]) for row in rows] == [
        ("Create", "Client", "Webshop"),
        ("Create", "ClientVersion", "Webshop/1.0"),
    ]
    assert all(row["actor"] == {"kind": "person", "person": bob} for row in rows)


async def test_the_description_may_be_left_out(house: House) -> None:
    await to_details(house.bob)
    await enter(house.bob, description="")
    await house.bob.submit("Next")
    await house.bob.submit("Create Client")
    assert house.export()["clients"][0]["description"] == ""


async def test_the_shortcut_opens_step_one(house: House) -> None:
    await house.bob.shortcut("Create client")
    assert step(house.bob) == "1"


async def test_the_button_in_app_home_opens_step_one(house: House) -> None:
    await house.bob.open_home()
    await house.bob.press("Create client")
    assert step(house.bob) == "1"


async def test_the_button_in_the_help_opens_step_one(house: House) -> None:
    await house.bob.command("/gatehouse")
    help_message = house.bob.reads("general")[-1]
    await house.bob.press("Create client", message=help_message)
    assert step(house.bob) == "1"


@pytest.mark.parametrize("text", ["Acme Payments", "acmepayments", "  ACME   payments "])
async def test_a_named_organization_is_already_set_and_back_leads_to_step_one(house: House, text: str) -> None:
    await house.bob.command("/create-client", text)
    assert step(house.bob) == "2"
    assert "Acme Payments" in house.bob.sees()
    await house.bob.press("Back")
    assert step(house.bob) == "1"
    assert house.bob.value("Organization") == "Acme Payments"


async def test_an_empty_list_of_an_organization_leads_into_the_wizard_with_it_already_set(house: House) -> None:
    bob = house.bob
    await create(bob)
    await bob.cancel()
    await bob.command("/my-clients")
    await bob.choose("Organization", "Globex")
    assert "Globex has no clients yet." in bob.sees()
    await bob.press("Create client")
    assert step(bob) == "2"
    assert "Globex" in bob.sees()
    await enter(bob)
    await bob.submit("Next")
    await bob.submit("Create Client")
    assert [client["organization"] for client in house.export()["clients"]] == ["AcmePayments", "Globex"]


async def test_an_unknown_organization_and_one_without_the_right_get_the_same_sentence(house: House) -> None:
    sentences = []
    for text in ("Hidden Valley", "Nowhere Valley"):
        await house.bob.command("/create-client", text)
        assert step(house.bob) == "1"
        assert house.bob.value("Organization") is None
        sentences.append(problem(house.bob).replace(text, "…"))
        await house.bob.cancel()
    assert sentences[0] == sentences[1]
    assert "choose one from the list" in sentences[0]


async def test_the_only_organization_is_already_chosen(opened: OpenHouse) -> None:
    async with opened(catalog=ONE_ONLY) as house:
        await house.bob.command("/create-client")
        assert step(house.bob) == "1"
        assert house.bob.value("Organization") == "Acme Payments"
        await house.bob.cancel()
        await house.bob.command("/create-client", "Hidden Valley")
        assert step(house.bob) == "1"
        assert "Hidden Valley" in problem(house.bob)
        assert house.bob.value("Organization") == "Acme Payments"


async def test_a_start_from_an_organization_without_the_right_never_slips_into_another(opened: OpenHouse) -> None:
    async with opened(catalog=ONE_ONLY) as house:
        bob, sentences = house.bob, []
        await bob.open_home()
        hidden = house.organization("Hidden Valley")
        for forged in (hidden, "no-such-organization"):
            payload = bob.draft_press("Create client")
            payload["actions"][0]["value"] = forged
            await bob.send(payload)
            await bob.settle()
            assert step(bob) == "1"
            sentences.append(problem(bob))
            await bob.cancel()
        assert sentences[0] == sentences[1] != ""


async def test_the_organization_used_last_is_offered_first(house: House) -> None:
    bob = house.bob
    await bob.command("/create-client")
    assert await bob.options("Organization") == ["Acme Payments", "Globex"]
    await bob.cancel()
    await create(bob, "Globex")
    await bob.cancel()
    await bob.command("/create-client")
    assert await bob.options("Organization") == ["Globex", "Acme Payments"]
    assert await bob.options("Organization", "pay") == ["Acme Payments"]
    assert await bob.options("Organization", "hidden") == []


async def test_ten_thousand_organizations_are_searched_and_a_cut_list_says_so(house: House) -> None:
    bob = house.bob
    house.write(lambda unit: many_organizations(unit, Person(team=house.workspace.team_id, user="U0BOB"), 10_000))
    await bob.command("/create-client")
    shown = await bob.options("Organization")
    assert shown[:3] == ["Acme Payments", "Globex", "Organization 00000"]
    assert len(shown) == 100
    answer = [one for one in house.workspace.traffic if one.name == "block_suggestion"][-1].response
    assert answer["option_groups"][0]["label"]["text"] == "100 of 10,000 or more: type more to find others"
    assert await bob.options("Organization", "09999") == ["Organization 09999"]
    await bob.choose("Organization", "Organization 09999")
    await bob.submit("Next")
    assert step(bob) == "2"
    assert "Organization 09999" in bob.sees()


async def test_step_one_asks_for_an_organization(house: House) -> None:
    await house.bob.command("/create-client")
    await house.bob.submit("Next", force=True)
    assert house.bob.errors == {"Organization": "Choose an organization."}


async def test_back_keeps_every_entry_at_both_steps(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    await bob.press("Back")
    assert step(bob) == "2"
    assert [bob.value(label) for label in ("Name", "Version", "Description")] == ["Web shop", "1.0", "Sells things."]
    await bob.fill("Name", "Web shop two")
    await bob.press("Back")
    assert step(bob) == "1"
    assert bob.value("Organization") == "Acme Payments"
    await bob.choose("Organization", "Globex")
    await bob.submit("Next")
    assert "Globex" in bob.sees()
    values = [bob.value(label) for label in ("Name", "Version", "Description")]
    assert values == ["Web shop two", "1.0", "Sells things."]
    await bob.submit("Next")
    await bob.submit("Create Client")
    assert [(one["organization"], one["name"]) for one in house.export()["clients"]] == [("Globex", "Web shop two")]


async def test_back_keeps_entries_that_are_wrong(house: House) -> None:
    bob = house.bob
    wrong = {"Name": "Shop\u202ekcab", "Version": "one point zero", "Description": "x" * 600}
    await to_details(bob)
    for label, text in wrong.items():
        await bob.fill(label, text)
    await bob.press("Back")
    assert step(bob) == "1"
    await bob.submit("Next")
    assert {label: bob.value(label) for label in wrong} == wrong


async def test_an_entry_that_was_emptied_stays_empty(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    await bob.press("Back")
    await bob.fill("Description", "")
    await bob.submit("Next")
    assert "Sells things." not in bob.sees()
    await bob.submit("Create Client")
    assert house.export()["clients"][0]["description"] == ""


async def test_a_client_made_by_a_platform_admin_is_marked_in_the_audit(opened: OpenHouse) -> None:
    async with opened(GATEHOUSE_ADMINS="U0EVE") as house:
        await create(house.eve, "Hidden Valley")
        kinds = [row["actor"]["kind"] for row in house.export()["audit"] if row["entity"].startswith("Client")]
        assert kinds == ["admin", "admin"]


async def test_the_same_steps_lead_to_a_client_over_socket_mode(opened: OpenHouse) -> None:
    async with opened(socket=True) as house:
        await to_details(house.bob)
        await enter(house.bob, version="1 0")
        await house.bob.submit("Next")
        assert set(house.bob.errors) == {"Version"}
        await house.bob.fill("Version", "1.0")
        await house.bob.submit("Next")
        await house.bob.press("Back")
        await house.bob.submit("Next")
        await house.bob.submit("Create Client", times=2)
        assert step(house.bob) == "Client"
        assert house.clients() == ["Web shop"]


async def test_a_part_of_a_name_that_can_mean_one_organization_only_presets_it(house: House) -> None:
    await house.bob.command("/create-client", "acme")
    assert step(house.bob) == "2"
    assert "Acme Payments" in house.bob.sees()
