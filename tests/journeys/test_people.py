"""Guests, strangers, apps, deactivated people and newcomers (SPEC 2.8, RELIABILITY B3–B5)."""

import asyncio

import pytest

from bot import accounts
from bot.domain.people import Person
from bot.sandbox.acting import Actor
from bot.sandbox.events import emit
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.walking import create, enter, problem, step, to_details, to_summary


def told(person: Actor) -> str:
    """The last sentence this person was told, wherever."""
    own = person.reads("general") + person.inbox()
    return f"{problem(person)} {own[-1].text if own else ''}"


GUEST = "Guests can't work with clients"


async def every_start(person: Actor) -> list[str]:
    """Try each way in and return what was said."""
    said = []
    await person.command("/create-client")
    said.append(told(person))
    await person.shortcut("Create client")
    said.append(told(person))
    await person.command("/my-clients")
    said.append(told(person))
    return said


@pytest.mark.parametrize("flags", [{"is_restricted": True}, {"is_restricted": True, "is_ultra_restricted": True}])
async def test_guests_get_a_sentence_at_every_start(house: House, flags: dict[str, bool]) -> None:
    house.workspace.add_person("Una Visitor", id="U0UNA", handle="una", **flags)
    house.workspace.channel("general").members.add("U0UNA")
    for said in await every_start(house.una):
        assert GUEST in said
    assert house.clients() == []


async def test_a_guest_with_a_role_from_the_catalog_may_still_not(house: House) -> None:
    house.apply(
        "version: 1\norganizations:\n  - {name: Globex, members: [{user: U0GUS, roles: [Owner]}, "
        "{user: U0EVE, roles: [Owner]}]}\n"
    )
    await house.gus.command("/create-client", "Globex")
    assert GUEST in told(house.gus)
    assert step(house.gus) in ("", "Create Client")
    assert house.clients() == []


async def test_people_of_another_workspace_get_a_sentence(house: House) -> None:
    house.workspace.add_person("Olga Outside", id="U0OLGA", handle="olga", team_id="T0ELSEWHERE")
    await to_summary(house.bob)
    theirs = house.bob.draft_submission()
    theirs["user"] = {"id": "U0OLGA", "name": "olga", "team_id": "T0ELSEWHERE"}
    answer = await house.bob.send(theirs)
    assert "People from other workspaces can't work with clients" in str(answer.body)
    house.clock.forward(seconds=1)
    theirs["user"].pop("team_id")
    answer = await house.bob.send(theirs)
    assert "People from other workspaces can't work with clients" in str(answer.body)
    assert house.clients() == []


async def test_whoever_became_a_guest_while_the_window_was_open_is_refused(house: House) -> None:
    await to_summary(house.bob)
    house.bob.member.is_restricted = True
    house.clock.forward(minutes=2)
    await house.bob.submit("Create Client")
    assert GUEST in problem(house.bob)
    assert house.clients() == []
    house.bob.member.is_restricted = False
    house.clock.forward(minutes=2)
    await house.bob.submit("Create Client")
    assert house.clients() == ["Web shop"]


async def test_slack_is_asked_beside_the_steps_of_a_wizard_so_that_its_end_need_not_wait(house: House) -> None:
    def asked() -> int:
        return sum(one.name == "users.info" for one in house.workspace.traffic)

    await to_summary(house.bob)
    house.clock.forward(minutes=2)
    await house.bob.press("Back")
    before = asked()
    await house.bob.submit("Next")
    assert asked() == before + 1
    await house.bob.submit("Create Client")
    assert house.clients() == ["Web shop"]
    assert asked() == before + 1


async def test_an_answer_of_slack_that_came_too_late_for_one_act_counts_for_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await to_summary(house.bob)
    house.clock.forward(minutes=2)
    monkeypatch.setattr(accounts, "DIRECTORY_PATIENCE", 0.01)
    slow = house.workspace.faults.add(method="users.info", kind="slow", seconds=0.3)
    late = house.bob.draft_submission()
    await house.bob.press("Back")
    await asyncio.gather(*(house.bob.command("/my-clients") for _ in range(3)))
    await house.bob.settle()
    assert slow.fired == 1
    await house.runtime.desk.freshen(Person(team=house.workspace.team_id, user="U0BOB"))  # written down by now
    before = [one.name for one in house.workspace.traffic].count("users.info")
    await house.bob.send(late)
    assert house.clients() == ["Web shop"]
    assert [one.name for one in house.workspace.traffic].count("users.info") == before


async def test_whoever_was_deactivated_while_the_window_was_open_is_refused(house: House) -> None:
    await to_summary(house.bob)
    late = house.bob.draft_submission()
    house.bob.member.deleted = True
    house.clock.forward(minutes=2)
    answer = await house.bob.send(late)
    assert "This account is deactivated" in str(answer.body)
    assert house.clients() == []


async def test_whoever_was_deactivated_is_shown_nothing_by_back(house: House) -> None:
    await to_summary(house.bob)
    late = house.bob.draft_press("Back")
    gone = {"id": "U0BOB", "team_id": house.workspace.team_id, "deleted": True}
    await emit(house.workspace, {"type": "user_change", "user": gone}, who="U0BOB")
    answer = await house.bob.send(late)
    await house.bob.settle()
    said = str(answer.body) + house.bob.sees() + told(house.bob)
    assert "deactivated" in said and "Step 2" not in said


async def test_whoever_became_a_guest_sees_no_details_any_more(house: House) -> None:
    await create(house.bob)
    await house.bob.cancel()
    await house.bob.command("/my-clients")
    late = house.bob.draft_press("Details")
    await house.bob.cancel()
    house.bob.member.is_restricted = True
    house.clock.forward(minutes=2)
    await house.bob.open_home()
    await house.bob.send(late | {"view": None, "container": {}})
    await house.bob.settle()
    assert "Sells things." not in house.bob.sees()
    assert GUEST in told(house.bob) + house.bob.sees()


async def test_a_newcomer_gets_a_personal_organization_with_their_first_client(house: House) -> None:
    nia = house.nia
    await nia.command("/create-client")
    assert nia.value("Organization") == "Nia Newcomer (personal)"
    assert await nia.options("Organization") == ["Nia Newcomer (personal)"]
    await nia.submit("Next")
    await enter(nia)
    await nia.submit("Next")
    assert "NiaNewcomer" not in [one["id"] for one in house.export()["organizations"]]
    await nia.submit("Create Client")
    state = house.export()
    assert [(one["organization"], one["name"]) for one in state["clients"]] == [("NiaNewcomer", "Web shop")]
    assert ("NiaNewcomer", ["Owner"]) in [(one["organization"], one["roles"]) for one in state["members"]]
    made = [(row["what"], row["entity"]) for row in state["audit"] if row["actor"]["person"]]
    assert made == [
        ("Create", "Organization"),
        ("Grant", "Organization"),
        ("Create", "Client"),
        ("Create", "ClientVersion"),
    ]
    await nia.cancel()
    await to_details(nia, "Nia Newcomer")
    await enter(nia, "Second")
    await nia.submit("Next")
    await nia.submit("Create Client")
    assert len([one for one in house.export()["organizations"] if one["id"] == "NiaNewcomer"]) == 1


async def test_going_back_and_cancelling_leaves_a_newcomer_without_organization(house: House) -> None:
    nia = house.nia
    await nia.command("/create-client")
    await nia.submit("Next")
    await enter(nia)
    await nia.press("Back")
    assert nia.value("Organization") == "Nia Newcomer (personal)"
    await nia.submit("Next")
    assert nia.value("Name") == "Web shop"
    await nia.cancel()
    assert "NiaNewcomer" not in [one["id"] for one in house.export()["organizations"]]


async def test_a_newcomer_whose_name_is_taken_gets_another_id(house: House) -> None:
    house.apply("version: 1\norganizations: [{name: Nia Newcomer}]\n")
    await house.nia.command("/create-client")
    await house.nia.submit("Next")
    await enter(house.nia)
    await house.nia.submit("Next")
    await house.nia.submit("Create Client")
    assert [one["organization"] for one in house.export()["clients"]] == ["NiaNewcomerU0NEW"]


async def test_without_self_service_a_newcomer_reads_whom_to_ask(opened: OpenHouse) -> None:
    async with opened(GATEHOUSE_SELF_SERVICE="false") as house:
        await house.nia.command("/create-client")
        assert "ask an owner of one to make you a Client Developer" in told(house.nia)
        assert house.nia.modal is None


async def test_somebody_named_by_their_address_counts_from_their_first_use(opened: OpenHouse) -> None:
    catalog = "version: 1\norganizations: [{name: Acme, members: [{user: NIA@example.com, roles: [Owner]}]}]\n"
    async with opened(catalog=catalog) as house:
        await create(house.nia, "Acme")
        assert [one["organization"] for one in house.export()["clients"]] == ["Acme"]


async def test_an_account_that_slack_says_has_changed_counts_at_once(house: House) -> None:
    await to_summary(house.bob)
    guest = {"id": "U0BOB", "team_id": house.workspace.team_id, "real_name": "Bob Ross", "is_restricted": True}
    await emit(house.workspace, {"type": "user_change", "user": guest}, who="U0BOB")
    await house.bob.submit("Create Client")
    assert GUEST in problem(house.bob)


async def test_members_named_by_address_or_never_seen_are_asked_about_before_anybody_needs_them(
    opened: OpenHouse,
) -> None:
    catalog = """
version: 1
organizations:
  - name: Acme Payments
    members:
      - {user: pat@example.com, roles: [Owner]}
      - {user: U0ADA, roles: [Editor]}
      - {user: nobody@example.com, roles: [Viewer]}
"""
    async with opened(catalog=catalog) as house:
        assert await house.runtime.desk.meet_members() <= 2
        people = {one["person"].get("user") for one in house.export()["members"]}
        assert people == {"U0PAT", "U0ADA", None}
        zones = house.write(lambda unit: unit.organizations.zones(house.workspace.team_id, ["U0PAT", "U0ADA"]))
        assert zones == {"U0PAT": "Europe/Amsterdam", "U0ADA": "Europe/Amsterdam"}
        assert await house.runtime.desk.meet_members() == 0


BY_ADDRESS = """
version: 1
organizations:
  - name: Acme Payments
    members:
      - {user: pat@example.com, roles: [Owner]}
      - {user: U0EVE, roles: [Owner]}
"""


@pytest.mark.parametrize(
    "kind", ["429", "500", "reset_before", "error:ratelimited", "error:internal_error", "error:fatal_error",
             "error:missing_scope", "error:token_revoked"],
)  # fmt: skip
async def test_a_member_slack_could_not_tell_about_is_asked_about_again_soon(opened: OpenHouse, kind: str) -> None:
    async with opened(catalog="") as house:
        faults = [
            house.workspace.faults.add(method=f"users.{name}", kind=kind, times=9) for name in ("info", "lookupByEmail")
        ]
        house.apply(BY_ADDRESS)
        for _ in range(2):
            assert await house.runtime.desk.meet_members() == 0
        assert sum(fault.times for fault in faults) < 18
        house.workspace.faults.clear()
        assert await house.runtime.desk.meet_members() == 0
        house.clock.forward(minutes=1)
        assert await house.runtime.desk.meet_members() == 2
        assert {one["person"].get("user") for one in house.export()["members"]} == {"U0PAT", "U0EVE"}


async def test_somebody_who_joins_the_workspace_later_is_found_within_the_hour(opened: OpenHouse) -> None:
    catalog = "version: 1\norganizations: [{name: Acme, members: [{user: late@example.com, roles: [Owner]}]}]\n"
    async with opened(catalog="") as house:
        house.apply(catalog)
        assert await house.runtime.desk.meet_members() == 0
        house.workspace.add_person("Lara Late", id="U0LATE", handle="late")
        assert await house.runtime.desk.meet_members() == 0
        house.clock.forward(hours=1)
        assert await house.runtime.desk.meet_members() == 1


async def test_without_slack_somebody_known_goes_on_for_a_day_and_no_longer(house: House) -> None:
    await to_summary(house.bob)
    await house.bob.press("Back")
    house.workspace.faults.add(method="users.info", kind="500", times=99)
    house.clock.forward(hours=23, minutes=50)
    await enter(house.bob)
    await house.bob.submit("Next")
    assert step(house.bob) == "3"
    house.clock.forward(minutes=20)
    await house.bob.submit("Create Client")
    assert "Slack didn't tell us who you are just now: please try again." in problem(house.bob)
    assert house.clients() == []
    house.workspace.faults.clear()
    await house.bob.submit("Create Client")
    assert house.clients() == ["Web shop"]
