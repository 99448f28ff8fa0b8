"""Clients after they are made: the list, the details, the description (SPEC 2.7, 7)."""

from bot.domain.clients import NewClient
from bot.sandbox.acting import Actor
from tests.journeys.house import House
from tests.journeys.walking import create, step

EMPTY = """
version: 1
organizations:
  - name: Globex
    members: [{user: U0EVE, roles: [Viewer]}]
"""


def stock(house: House, organization: str, count: int) -> None:
    """Put clients called ``Client 01`` and so on into an organization."""
    organization_id = house.organization(organization)
    names = [f"Client {number:02}" for number in range(1, count + 1)]
    new = [NewClient(key=name.replace(" ", ""), name=name, version="1.0", description="") for name in names]
    house.write(lambda unit: [unit.clients.create(organization_id, one, None, unit.now) for one in new])


def listed(person: Actor) -> list[str]:
    """The clients on the page in front."""
    return [line for line in person.sees().split("\n") if line.startswith(("Client ", "Web shop"))]


async def test_a_new_client_is_found_under_my_clients_and_in_app_home(house: House) -> None:
    bob = house.bob
    await bob.open_home()
    assert "You have no clients yet." in bob.sees()
    await create(bob)
    await bob.cancel()
    assert "Web shop" in bob.sees()
    await bob.command("/my-clients")
    assert listed(bob) == ["Web shop"]
    assert "Acme Payments  ·  1.0 Created" in bob.sees()
    assert "1–1 of 1" in bob.sees()


async def test_colleagues_of_the_organization_find_it_too_and_others_do_not(house: House) -> None:
    await create(house.bob)
    await house.eve.command("/my-clients")
    assert listed(house.eve) == ["Web shop"]
    await house.nia.command("/my-clients")
    assert "You have no clients yet." in house.nia.sees()


async def test_pages_are_turned_and_say_where_one_is(house: House) -> None:
    bob = house.bob
    stock(house, "Acme Payments", 23)
    await bob.command("/my-clients")
    assert listed(bob) == [f"Client {n:02}" for n in range(1, 11)]
    assert "1–10 of 23" in bob.sees()
    await bob.press("Next page")
    assert "11–20 of 23" in bob.sees()
    await bob.press("Next page")
    assert listed(bob) == ["Client 21", "Client 22", "Client 23"]
    assert "21–23 of 23" in bob.sees()
    assert "Next page" not in bob.sees()
    await bob.press("Previous page")
    assert "11–20 of 23" in bob.sees()
    await bob.press("Details", near="Client 14")
    assert step(bob) == "Client"
    await bob.press("Back")
    assert "11–20 of 23" in bob.sees()


async def test_a_list_is_narrowed_to_an_organization_and_widened_again(house: House) -> None:
    bob = house.bob
    stock(house, "Acme Payments", 12)
    stock(house, "Globex", 2)
    await bob.command("/my-clients")
    assert "1–10 of 14" in bob.sees()
    assert await bob.options("Organization") == ["Acme Payments", "Globex"]
    await bob.choose("Organization", "Acme Payments")
    assert "1–10 of 12" in bob.sees()
    await bob.press("Next page")
    assert "11–12 of 12" in bob.sees()
    await bob.press("All organizations")
    assert "1–10 of 14" in bob.sees()


async def test_a_viewer_sees_which_organization_a_list_is_narrowed_to_and_no_way_to_create(house: House) -> None:
    eve = house.eve
    house.apply(EMPTY)
    stock(house, "Acme Payments", 1)
    await eve.command("/my-clients")
    await eve.choose("Organization", "Acme Payments")
    assert eve.value("Organization") == "Acme Payments"
    assert "Create client" not in eve.sees()
    await eve.choose("Organization", "Globex")
    assert "Globex has no clients yet." in eve.sees()
    assert "Create client" not in eve.sees()


async def test_the_details_say_what_a_client_is(house: House) -> None:
    await create(house.bob)
    await house.bob.cancel()
    await house.bob.command("/my-clients")
    await house.bob.press("Details")
    for words in ("Web shop", "Acme Payments", "Id: Webshop", "Version: 1.0", "Status: Created", "Sells things."):
        assert words in house.bob.sees()


async def test_the_description_is_edited_later_and_nothing_else_can_be(house: House) -> None:
    bob = house.bob
    await create(bob)
    await bob.press("Edit description")
    assert bob.value("Description") == "Sells things."
    await bob.fill("Description", "Sells everything.")
    await bob.submit("Save")
    assert step(bob) == "Client"
    assert "Sells everything." in bob.sees()
    [client] = house.export()["clients"]
    assert (client["name"], client["description"]) == ("Web shop", "Sells everything.")
    last = house.export()["audit"][-1]
    changes = [row for row in house.export()["audit"] if row["what"] == "Update" and row["entity"] == "Client"]
    assert [(row["before"], row["after"]) for row in changes] == [
        ({"description": "Sells things."}, {"description": "Sells everything."})
    ]
    assert last


async def test_back_from_the_form_changes_nothing(house: House) -> None:
    bob = house.bob
    await create(bob)
    await bob.press("Edit description")
    await bob.fill("Description", "Never mind.")
    await bob.press("Back")
    assert "Sells things." in bob.sees()
    assert house.export()["clients"][0]["description"] == "Sells things."


async def test_a_description_can_be_taken_away_and_one_too_long_is_told_at_its_field(house: House) -> None:
    bob = house.bob
    await create(bob)
    await bob.press("Edit description")
    await bob.fill("Description", "x" * 513)
    await bob.submit("Save", force=True)
    assert "512" in bob.errors["Description"]
    await bob.fill("Description", "")
    await bob.submit("Save")
    assert step(bob) == "Client"
    assert house.export()["clients"][0]["description"] == ""


async def test_saving_the_same_again_writes_no_audit(house: House) -> None:
    bob = house.bob
    await create(bob)
    before = len(house.export()["audit"])
    await bob.press("Edit description")
    await bob.submit("Save")
    assert len(house.export()["audit"]) == before


async def test_whoever_may_only_look_gets_no_form_and_a_forged_one_changes_nothing(house: House) -> None:
    bob, eve = house.bob, house.eve
    await create(bob)
    await eve.command("/my-clients")
    await eve.press("Details")
    assert "Edit description" not in eve.sees()
    await bob.press("Edit description")
    forged = bob.draft_submission()
    forged["user"] = forged["user"] | {"id": "U0EVE"}
    answer = await eve.send(forged)
    assert "may not edit it" in str(answer.body)
    assert house.export()["clients"][0]["description"] == "Sells things."


async def test_a_forged_id_shows_the_same_as_one_that_is_not_there(house: House) -> None:
    await create(house.ada, "Hidden Valley", "Secret")
    hidden = house.ada.draft_press("Edit description")["actions"][0]["value"]
    await create(house.bob)
    await house.bob.cancel()
    await house.bob.command("/my-clients")
    sentences = []
    for value in (hidden, "no-such-client"):
        forged = house.bob.draft_press("Details")
        forged["actions"][0]["value"] = value
        await house.bob.send(forged)
        await house.bob.settle()
        sentences.append(house.bob.sees())
        assert "Secret" not in house.bob.sees()
    assert sentences[0] == sentences[1]
    assert "doesn't exist, or you may not see it" in sentences[0]


async def test_a_forged_page_number_shows_a_page(house: House) -> None:
    bob = house.bob
    stock(house, "Acme Payments", 12)
    for value in ("-1", "99", "9" * 200, "two", "", "٣"):
        await bob.command("/my-clients")
        forged = bob.draft_press("Next page")
        forged["actions"][0]["value"] = value
        await bob.send(forged)
        await bob.settle()
        assert "1–10 of 12" in bob.sees()
        assert "⚠️" not in bob.sees()
        await bob.cancel()


async def test_names_that_look_like_markup_are_shown_as_they_are(house: House) -> None:
    hostile = "<!channel> *b* &lt; <https://evil.example|bank> :wave:"
    await create(house.bob, name=hostile)
    assert hostile in house.bob.sees()
    await house.bob.cancel()
    await house.bob.command("/my-clients")
    assert hostile in house.bob.sees()
    sent = str([one.request for one in house.workspace.traffic if one.direction == "to Slack"])
    assert "'mrkdwn', 'text': '<!channel>" not in sent
