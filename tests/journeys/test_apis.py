"""Finding an API and looking at it, by people in the local workspace (SPEC 3)."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.acting import Actor
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House

CATALOG = r"""
version: 1
organizations:
  - name: Acme Payments
    members:
      - {user: U0ADA, roles: [Owner]}
      - {user: U0BOB, roles: [Client Developer]}
      - {user: U0EVE, roles: [Viewer]}
    plans:
      - {name: Free, version: "1.0", description: "100 calls an hour"}
      - {name: Gold, version: "2.0", description: "10,000 calls an hour"}
      - {name: Draft, version: "0.1", description: "Still being written", locked: false}
    apis:
      - name: Payments
        version: "1.9"
        description: The old way to take a payment.
        plans: [{plan: Free, version: "1.0"}]
      - name: Payments
        version: "1.10"
        description: "Take a payment, refund it, list settlements.\nFor shops and <b>banks</b>."
        endpoint: https://api.acme.example/payments/v1
        documentation: https://developer.acme.example/payments
        tags: [money, settlement]
        plans:
          - {plan: Free, version: "1.0", requires_approval: false}
          - {plan: Gold, version: "2.0", requires_approval: true}
          - {plan: Draft, version: "0.1"}
      - {name: Payments, version: "1.2", status: Retired, description: Gone for good.}
      - {name: Payments, version: "3.0-beta", status: Created, description: Not for anybody yet.}
      - {name: Payroll, version: "1.0", visibility: organization, description: Salaries of our own people.}
      - {name: Partner Ledger, version: "1.0", visibility: members, description: Books for partners.}
      - {name: Sandcastle, version: "0.1", status: Created, description: Under construction.}
      - {name: Steam Engine, version: "1.0", status: Retired, description: Retired long ago.}
  - name: Weather Works
    members:
      - {user: U0ADA, roles: [Owner]}
    apis:
      - {name: Forecast, version: "2.0", tags: [rain], description: "Tomorrow's <!channel> *weather* & <https://evil.example|click>"}
      - {name: Köpenick Radar, version: "2.0", description: Rain and payments for rain gear.}
"""


@pytest.fixture
async def house(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG) as one:
        yield one


def found(person: Actor) -> list[str]:
    """The first line of each entry of the list in front."""
    assert person.modal is not None
    lines = [block["text"]["text"] for block in person.modal.blocks if block["block_id"].startswith("api_")]
    return [line.split("\n")[0] for line in lines]


async def search(person: Actor, text: str) -> list[str]:
    await person.fill("Search", text)
    await person.submit("Search")
    return found(person)


async def learn_more(person: Actor, name: str) -> None:
    await person.press("Learn More", near=name)
    assert person.modal is not None and person.modal.title == "API"


async def test_everything_somebody_may_see_is_listed_by_name(house: House) -> None:
    await house.bob.command("/apis")
    assert house.bob.modal and house.bob.modal.title == "Find an API"
    assert found(house.bob) == ["Forecast 2.0", "Köpenick Radar 2.0", "Partner Ledger 1.0", "Payments 1.10"]
    for words in ("Acme Payments", "Take a payment, refund it, list settlements.", "money, settlement", "1–4 of 4"):
        assert words in house.bob.sees()


async def test_an_api_shows_with_its_newest_published_version(house: House) -> None:
    await house.ada.command("/apis", "payments")
    assert "Payments 1.10" in found(house.ada)
    assert not any("beta" in name or "1.9" in name for name in found(house.ada))


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("payments", ["Payments 1.10", "Partner Ledger 1.0", "Köpenick Radar 2.0"]),
        ("PAYM", ["Payments 1.10", "Partner Ledger 1.0", "Köpenick Radar 2.0"]),
        ("ayment", ["Payments 1.10", "Partner Ledger 1.0", "Köpenick Radar 2.0"]),
        ("forecats", ["Forecast 2.0"]),
        ("koepenick", ["Köpenick Radar 2.0"]),
        ("kopenick", ["Köpenick Radar 2.0"]),
        ("KÖPENICK", ["Köpenick Radar 2.0"]),
        ("rain", ["Forecast 2.0", "Köpenick Radar 2.0"]),
        ("settlement", ["Payments 1.10"]),
        ("weather works", ["Forecast 2.0", "Köpenick Radar 2.0"]),
        ("acme refund", ["Payments 1.10"]),
        ("fo", ["Forecast 2.0", "Köpenick Radar 2.0", "Partner Ledger 1.0", "Payments 1.10"]),
        ("rian", []),
        ("payments submarine", []),
        ("!!!", []),
    ],
)
async def test_search_finds_words_parts_and_one_typo(house: House, typed: str, names: list[str]) -> None:
    await house.bob.command("/apis", typed)
    assert found(house.bob) == names
    if not names:
        assert f"No API that you may see matches “{typed}”" in house.bob.sees()


async def test_searching_again_in_the_window_replaces_the_list(house: House) -> None:
    await house.bob.command("/apis", "forecast")
    assert await search(house.bob, "ledger") == ["Partner Ledger 1.0"]
    await house.bob.fill("Search", "radar")
    await house.bob.enter("Search")
    assert found(house.bob) == ["Köpenick Radar 2.0"]
    assert await search(house.bob, "") == ["Forecast 2.0", "Köpenick Radar 2.0", "Partner Ledger 1.0", "Payments 1.10"]


async def test_the_shortcut_and_app_home_lead_to_the_list(house: House) -> None:
    await house.bob.shortcut("Find an API")
    assert house.bob.modal and house.bob.modal.title == "Find an API"
    await house.bob.cancel()
    await house.bob.open_home()
    await house.bob.press("Find an API")
    assert "Payments 1.10" in found(house.bob)


@pytest.mark.parametrize(
    ("handle", "hidden"),
    [
        ("ada", []),
        ("eve", []),
        ("bob", ["Payroll", "Sandcastle"]),
        ("nia", ["Payroll", "Sandcastle", "Partner Ledger"]),
    ],
)
async def test_what_one_may_not_see_looks_like_what_does_not_exist(
    house: House, handle: str, hidden: list[str]
) -> None:
    person, nobody = house.workspace.actor(handle), "Nonexistent"
    for name in ("Payroll", "Sandcastle", "Partner Ledger"):
        await person.command("/apis", name)
        assert bool(found(person)) is (name not in hidden)
    await person.command("/apis", nobody)
    said = person.sees().replace(nobody, "?")
    for name in hidden:
        await person.command("/apis", name)
        assert person.sees().replace(name, "?") == said


async def test_a_forged_id_tells_nothing_about_a_hidden_api(house: House) -> None:
    await house.ada.command("/apis", "payroll")
    hidden = house.ada.draft_press("Learn More")["actions"][0]["value"]
    await house.nia.command("/apis", "forecast")
    said = []
    for value in (hidden, "no-such-id", "", "x" * 2000):
        forged = house.nia.draft_press("Learn More")
        forged["actions"][0]["value"] = value
        answer = await house.nia.send(forged)
        await house.nia.settle()
        assert answer.is_ack
        assert house.nia.modal is not None and house.nia.modal.title != "API"
        said.append(house.nia.sees())
        await house.nia.command("/apis", "forecast")
    assert len(set(said)) == 1
    assert "That API doesn't exist, or you may not see it." in said[0]


async def test_learn_more_shows_the_details_with_the_plans(house: House) -> None:
    await house.bob.command("/apis", "payments")
    await learn_more(house.bob, "Payments 1.10")
    seen = house.bob.sees()
    for words in (
        *("Payments", "1.10", "Published", "Acme Payments", "money, settlement", "Plans"),
        *("https://api.acme.example/payments/v1", "Take a payment, refund it, list settlements.", "<b>banks</b>"),
        *("Free 1.0", "100 calls an hour", "No approval needed", "Gold 2.0", "Approval required", "Sign Up"),
    ):
        assert words in seen
    assert "Draft" not in seen


async def test_the_version_switch_shows_what_one_may_see_newest_first(house: House) -> None:
    await house.bob.command("/apis", "payments")
    await learn_more(house.bob, "Payments 1.10")
    assert await house.bob.options("Version") == ["1.10", "1.9", "1.2  ·  Retired"]
    await house.bob.choose("Version", "1.9")
    assert "The old way to take a payment." in house.bob.sees()
    await house.bob.choose("Version", "1.2  ·  Retired")
    assert "This version is retired, so nobody can sign up for it any more" in house.bob.sees()
    assert "Sign Up" not in house.bob.sees()


async def test_inside_a_version_that_is_not_published_yet_can_be_looked_at(house: House) -> None:
    await house.eve.command("/apis", "sandcastle")
    assert found(house.eve) == ["Sandcastle 0.1  ·  Not published yet"]
    await learn_more(house.eve, "Sandcastle")
    assert "This version is not published yet, so nobody can sign up for it." in house.eve.sees()


async def test_an_api_without_plans_says_so(house: House) -> None:
    await house.nia.command("/apis", "forecast")
    await learn_more(house.nia, "Forecast")
    assert "offers no plan yet, so nobody can sign up for it: ask Weather Works for one" in house.nia.sees()


async def test_a_hostile_description_is_shown_as_it_is_written(house: House) -> None:
    await house.nia.command("/apis", "forecast")
    hostile = "Tomorrow's <!channel> *weather* & <https://evil.example|click>"
    assert hostile in house.nia.sees()
    await learn_more(house.nia, "Forecast")
    assert hostile in house.nia.sees()
    assert house.nia.modal is not None
    marked = [block for block in house.nia.modal.blocks if "mrkdwn" in str(block)]
    assert not any("evil.example" in str(block) for block in marked)


async def test_back_leads_to_the_list_as_it_was(opened: OpenHouse) -> None:
    async with opened(catalog=_many(25)) as house:
        await house.bob.command("/apis", "service")
        await house.bob.press("Next page")
        before = house.bob.sees()
        await learn_more(house.bob, "Service 15")
        await house.bob.press("Back")
        assert house.bob.sees() == before
        assert house.bob.value("Search") == "service"


async def test_pages_show_every_api_once(opened: OpenHouse) -> None:
    async with opened(catalog=_many(25)) as house:
        for text in ("", "service", "numbered"):
            await house.bob.command("/apis", text)
            pages = [found(house.bob)]
            assert "1–10 of 25" in house.bob.sees() and "Previous page" not in house.bob.sees()
            await house.bob.press("Next page")
            assert "11–20 of 25" in house.bob.sees()
            pages.append(found(house.bob))
            await house.bob.press("Next page")
            assert "21–25 of 25" in house.bob.sees() and "Next page" not in house.bob.sees()
            pages.append(found(house.bob))
            assert [name for page in pages for name in page] == [f"Service {number:02} 1.0" for number in range(25)]
            await house.bob.press("Previous page")
            assert found(house.bob) == pages[1]


async def test_guests_are_told_that_they_cannot_look(house: House) -> None:
    await house.gus.command("/apis", "payments")
    assert house.gus.told("Guests can't work with clients here")
    assert "Payments 1.10" not in house.gus.sees()


async def test_what_a_catalog_file_changes_is_found_at_once(house: House) -> None:
    await house.bob.command("/apis", "submarine")
    assert found(house.bob) == []
    house.apply(
        "version: 1\norganizations: [{name: Weather Works, apis: ["
        "{name: Forecast, version: '2.0', tags: [submarine]},"
        "{name: Köpenick Radar, version: '2.0', visibility: organization}]}]"
    )
    assert await search(house.bob, "submarine") == ["Forecast 2.0"]
    assert await search(house.bob, "radar") == []


async def test_a_platform_admin_sees_the_inside_of_every_organization(opened: OpenHouse) -> None:
    async with opened(catalog=CATALOG, GATEHOUSE_ADMINS="U0NEW") as house:
        await house.nia.command("/apis", "payroll")
        assert found(house.nia) == ["Payroll 1.0"]
        await learn_more(house.nia, "Payroll")


def _many(count: int) -> str:
    apis = "".join(
        f"      - {{name: Service {number:02}, version: '1.0', description: Numbered {number}.}}\n"
        for number in range(count)
    )
    return f"version: 1\norganizations:\n  - name: Acme Payments\n    apis:\n{apis}"
