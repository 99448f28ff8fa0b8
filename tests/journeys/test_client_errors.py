"""Bad entries, changes meanwhile and repetitions: one sentence each, and nothing is lost (SPEC 2.3, 2.6, 10)."""

import pytest

from tests.journeys.conftest import OpenHouse
from tests.journeys.house import CATALOG, House
from tests.journeys.walking import create, enter, problem, step, to_details, to_summary

WRONG = [
    ("Name", "   ", "name"),
    ("Name", "x" * 81, "80"),
    ("Name", "Web\u200bshop", "zero-width space (U+200B) at position 4"),
    ("Name", "Web\u202eshop", "turns the text direction (U+202E)"),
    ("Name", "Web\x07shop", "control character"),
    ("Name", "Web\ue000shop", "private-use"),
    ("Name", "🙂🙂", "letter"),
    ("Version", "1 0", "A-Z"),
    ("Version", "1/0", "A-Z"),
    ("Version", "1" * 41, "40"),
    ("Version", "versión", "A-Z"),
    ("Description", "x" * 513, "512"),
    ("Description", "a\u2066b", "turns the text direction"),
]
"""Field, entry, and words of the sentence that has to stand at the field."""
WITHOUT_BOB = CATALOG.replace("[Client Developer]", "[]")


async def test_an_entry_that_breaks_a_rule_is_told_at_its_field(house: House) -> None:
    bob = house.bob
    await to_details(bob)
    for label, text, words in WRONG:
        await enter(bob)
        await bob.fill(label, text)
        await bob.submit("Next", force=True)
        assert set(bob.errors) == {label}, text
        assert words.lower() in bob.errors[label].lower()
        assert bob.value(label) == text
        assert step(bob) == "2"


async def test_every_wrong_field_is_told_at_once_and_entries_stay(house: House) -> None:
    bob = house.bob
    await to_details(bob)
    await enter(bob, "x" * 81, "1 0", "y" * 513)
    await bob.submit("Next", force=True)
    assert set(bob.errors) == {"Name", "Version", "Description"}
    await enter(bob)
    await bob.submit("Next")
    assert step(bob) == "3"


async def test_texts_are_stored_trimmed_and_folded(house: House) -> None:
    await to_details(house.bob)
    await enter(house.bob, "  Cafe\u0301   Té  ", " 1.0 ", "One\r\nTwo")
    await house.bob.submit("Next")
    await house.bob.submit("Create Client")
    [client] = house.export()["clients"]
    assert (client["id"], client["name"], client["description"]) == ("CafeTe", "Café Té", "One\nTwo")
    assert client["versions"][0]["version"] == "1.0"


@pytest.mark.parametrize("name", ["Web shop", "WEB SHOP", "web, shop!", "Wéb shop", "Webshop"])
async def test_a_taken_name_is_told_at_its_field(house: House, name: str) -> None:
    bob = house.bob
    await create(bob)
    await bob.cancel()
    await to_details(bob)
    await enter(bob, name)
    await bob.submit("Next")
    assert "already has a client" in bob.errors["Name"]
    await bob.fill("Name", "Another shop")
    await bob.submit("Next")
    await bob.submit("Create Client")
    assert sorted(house.clients()) == ["Another shop", "Web shop"]


async def test_the_same_name_is_free_in_another_organization(house: House) -> None:
    await create(house.bob)
    await house.bob.cancel()
    await create(house.bob, "Globex")
    assert house.clients() == ["Web shop", "Web shop"]


async def test_a_name_taken_meanwhile_leads_back_with_every_entry(house: House) -> None:
    bob, ada = house.bob, house.ada
    await to_summary(bob)
    await create(ada, name="WEB SHOP")
    await bob.submit("Create Client")
    assert step(bob) == "2"
    assert "already has a client" in problem(bob)
    assert [bob.value(label) for label in ("Name", "Version", "Description")] == ["Web shop", "1.0", "Sells things."]
    await bob.fill("Name", "Web shop two")
    await bob.submit("Next")
    await bob.submit("Create Client")
    assert sorted(house.clients()) == ["WEB SHOP", "Web shop two"]


async def test_a_right_lost_at_step_one_is_told_at_the_field(house: House) -> None:
    bob = house.bob
    await bob.command("/create-client")
    await bob.choose("Organization", "Acme Payments")
    house.apply(WITHOUT_BOB)
    await bob.submit("Next")
    assert set(bob.errors) == {"Organization"}


@pytest.mark.parametrize("at", ["2", "3"])
async def test_a_right_lost_meanwhile_leads_to_step_one_with_every_entry(house: House, at: str) -> None:
    bob = house.bob
    await to_summary(bob)
    if at == "2":
        await bob.press("Back")
    house.apply(CATALOG.replace("{user: U0BOB, roles: [Client Developer]}", "{user: U0BOB, roles: []}", 1))
    await bob.submit()
    assert step(bob) == "1"
    assert "any more" in problem(bob)
    assert house.clients() == []
    await bob.choose("Organization", "Globex")
    await bob.submit("Next")
    assert [bob.value(label) for label in ("Name", "Version", "Description")] == ["Web shop", "1.0", "Sells things."]
    await bob.submit("Next")
    await bob.submit("Create Client")
    assert [one["organization"] for one in house.export()["clients"]] == ["Globex"]


async def test_an_organization_that_is_gone_is_like_a_lost_right(house: House) -> None:
    bob = house.bob
    await bob.command("/create-client", "Globex")
    await enter(bob)
    forged = bob.draft_submission()
    forged["view"]["private_metadata"] = forged["view"]["private_metadata"].replace(
        house.organization("Globex"), "AAAAAAAAAAAAAAAAAAAAAA"
    )
    answer = await bob.send(forged)
    assert "any more" in str(answer.body)
    assert "Step 1 of 3" in str(answer.body)


async def test_submitting_twice_at_once_makes_one_client_and_shows_it_twice(house: House) -> None:
    await to_summary(house.bob)
    await house.bob.submit("Create Client", times=2)
    assert step(house.bob) == "Client"
    answers = [one.response for one in house.workspace.traffic if one.name == "view_submission"][-2:]
    assert [answer["view"]["title"]["text"] for answer in answers] == ["Client", "Client"]
    assert house.clients() == ["Web shop"]
    rows = [row for row in house.export()["audit"] if row["entity"].startswith("Client")]
    assert len(rows) == 2


async def test_the_same_submit_later_and_after_a_restart_shows_the_client_it_made(house: House) -> None:
    bob = house.bob
    await create(bob)
    house.clock.forward(seconds=1)
    again = [await bob.repeat()]
    house.clock.forward(seconds=1)
    await house.stop()
    await house.start()
    again.append(await bob.repeat())
    for answer in again:
        assert answer.body["response_action"] == "update"
        assert answer.body["view"]["title"]["text"] == "Client"
        assert "Web shop" in str(answer.body)
    assert house.clients() == ["Web shop"]


async def test_a_replay_of_the_very_same_request_does_nothing(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    await bob.submit("Create Client")
    answer = await bob.repeat(exact=True)
    assert (answer.status, answer.body) == (200, None)
    assert house.clients() == ["Web shop"]


async def test_two_first_clients_at_once_share_one_personal_organization(opened: OpenHouse) -> None:
    async with opened() as house:
        nia, phone = house.nia, house.workspace.actor("nia", "phone")
        for one, name in ((nia, "First"), (phone, "Second")):
            await one.command("/create-client")
            if "didn't finish" in one.sees():
                await one.press("Start over")
            await one.submit("Next")
            await enter(one, name)
            await one.submit("Next")
        await nia.submit("Create Client")
        await phone.submit("Create Client")
        assert step(phone) == "Client"
        state = house.export()
        assert {(one["organization"], one["name"]) for one in state["clients"]} == {
            ("NiaNewcomer", "First"),
            ("NiaNewcomer", "Second"),
        }
        assert [one["organization"] for one in state["members"] if one["person"].get("user") == "U0NEW"] == [
            "NiaNewcomer"
        ]


async def test_a_draft_of_somebody_else_shows_and_makes_nothing(house: House) -> None:
    bob, ada = house.bob, house.ada
    await to_summary(bob)
    await to_summary(ada, name="Mine")
    forged = ada.draft_submission()
    theirs = bob.draft_submission()["view"]["private_metadata"]
    forged["view"]["private_metadata"] = theirs
    answer = await ada.send(forged)
    assert "Web shop" not in str(answer.body)
    assert house.clients() == []
    await bob.submit("Create Client")
    assert house.clients() == ["Web shop"]


async def test_a_window_that_carries_nonsense_is_answered_with_a_sentence(house: House) -> None:
    await to_summary(house.bob)
    for metadata in ("", "{}", "null", "[]", '{"draft": 1}', '{"draft": "' + "x" * 300 + '"}', "{"):
        forged = house.bob.draft_submission()
        forged["view"]["private_metadata"] = metadata
        answer = await house.bob.send(forged)
        assert "close it and start again" in str(answer.body), metadata
    assert house.clients() == []


async def test_another_workspace_gets_a_sentence_and_nothing_is_made(house: House) -> None:
    await to_summary(house.bob)
    foreign = house.bob.draft_submission()
    foreign["team"] = foreign["team"] | {"id": "T0ELSEWHERE"}
    foreign["view"] = foreign["view"] | {"team_id": "T0ELSEWHERE"}
    answer = await house.bob.send(foreign)
    assert "isn't connected to this workspace" in str(answer.body)
    assert house.clients() == []
