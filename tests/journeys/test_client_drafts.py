"""Every way out of the wizard, and back into it (SPEC 2.5)."""

from tests.journeys.house import House
from tests.journeys.walking import create, enter, problem, step, to_details, to_summary


def drafts(house: House) -> int:
    """How many drafts are stored."""
    return house.write(lambda unit: unit.drafts.delete_before(unit.now.replace(year=unit.now.year + 1)))


async def offered(house: House) -> bool:
    """Start the wizard and tell whether a draft is offered."""
    await house.bob.command("/create-client")
    return "didn't finish" in house.bob.sees()


async def test_cancel_leaves_nothing_at_any_step(house: House) -> None:
    await house.bob.command("/create-client")
    await house.bob.cancel()
    await to_details(house.bob)
    await house.bob.cancel()
    await to_summary(house.bob)
    await house.bob.cancel()
    assert not await offered(house)
    await house.bob.cancel()
    assert drafts(house) == 0
    assert house.clients() == []


async def test_the_cross_keeps_a_draft_to_continue_with(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    await bob.dismiss()
    assert await offered(house)
    assert "Web shop" in bob.sees()
    assert "Acme Payments" in bob.sees()
    await bob.press("Continue")
    assert step(bob) == "2"
    assert [bob.value(label) for label in ("Name", "Version", "Description")] == ["Web shop", "1.0", "Sells things."]
    await bob.submit("Next")
    await bob.submit("Create Client")
    assert house.clients() == ["Web shop"]
    await bob.cancel()
    assert not await offered(house)


async def test_a_restart_of_the_bot_keeps_the_draft_and_the_open_window(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    await house.stop()
    await house.start()
    await bob.press("Back")
    assert bob.value("Name") == "Web shop"
    await bob.submit("Next")
    await bob.submit("Create Client")
    assert house.clients() == ["Web shop"]


async def test_a_draft_can_be_continued_after_a_restart(house: House) -> None:
    await to_summary(house.bob)
    await house.bob.dismiss()
    await house.stop()
    await house.start()
    assert await offered(house)
    await house.bob.press("Continue")
    assert house.bob.value("Name") == "Web shop"


async def test_starting_over_starts_empty_and_the_old_draft_is_offered_no_more(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    await bob.dismiss()
    assert await offered(house)
    await bob.press("Start over")
    assert step(bob) == "1"
    assert bob.value("Organization") is None
    await bob.choose("Organization", "Globex")
    await bob.submit("Next")
    assert bob.value("Name") in (None, "")
    await bob.cancel()
    assert not await offered(house)


async def test_starting_over_keeps_the_organization_it_was_started_with(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    await bob.dismiss()
    await bob.command("/create-client", "Globex")
    assert "didn't finish" in bob.sees()
    await bob.press("Start over")
    assert step(bob) == "2"
    assert "Globex" in bob.sees()


async def test_closing_the_offer_keeps_the_draft(house: House) -> None:
    await to_summary(house.bob)
    await house.bob.dismiss()
    assert await offered(house)
    await house.bob.cancel()
    assert await offered(house)


async def test_a_draft_is_offered_for_a_day(house: House) -> None:
    await to_summary(house.bob)
    await house.bob.dismiss()
    house.clock.forward(hours=23)
    assert await offered(house)
    await house.bob.cancel()
    house.clock.forward(hours=1, minutes=1)
    assert not await offered(house)


async def test_cancelling_a_continued_draft_ends_it(house: House) -> None:
    await to_summary(house.bob)
    await house.bob.dismiss()
    assert await offered(house)
    await house.bob.press("Continue")
    await house.bob.cancel()
    assert not await offered(house)


async def test_a_draft_with_only_an_organization_is_offered_too(house: House) -> None:
    await to_details(house.bob, "Globex")
    await house.bob.dismiss()
    assert await offered(house)
    await house.bob.press("Continue")
    assert step(house.bob) == "2"
    assert "Globex" in house.bob.sees()


async def test_a_start_with_an_organization_alone_leaves_nothing_behind(house: House) -> None:
    await house.bob.command("/create-client", "Globex")
    await house.bob.dismiss()
    assert not await offered(house)
    await house.bob.cancel()
    assert drafts(house) == 0


async def test_two_windows_at_once_make_two_clients(house: House) -> None:
    desktop, phone = house.bob, house.workspace.actor("bob", "phone")
    await to_details(desktop)
    await enter(desktop, "On the desktop")
    await phone.command("/create-client", "Globex")
    if "didn't finish" in phone.sees():
        await phone.press("Start over")
    await enter(phone, "On the phone")
    await desktop.submit("Next")
    await phone.submit("Next")
    assert "On the desktop" in desktop.sees()
    assert "On the phone" in phone.sees()
    await desktop.submit("Create Client")
    await phone.submit("Create Client")
    made = {(one["organization"], one["name"]) for one in house.export()["clients"]}
    assert made == {("AcmePayments", "On the desktop"), ("Globex", "On the phone")}


async def test_two_windows_with_one_draft_go_separate_ways(house: House) -> None:
    desktop, phone = house.bob, house.workspace.actor("bob", "phone")
    await to_summary(desktop)
    await phone.command("/create-client")
    await phone.press("Continue")
    await phone.fill("Name", "Second shop")
    await phone.submit("Next")
    await desktop.submit("Create Client")
    await phone.submit("Create Client")
    assert sorted(house.clients()) == ["Second shop", "Web shop"]


async def test_a_repeated_click_on_continue_takes_nothing_back(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    await bob.dismiss()
    assert await offered(house)
    click = bob.draft_press("Continue")
    await bob.press("Continue")
    await bob.fill("Name", "Better name")
    await bob.submit("Next")
    await bob.send(click)
    await bob.settle()
    assert step(bob) == "3"
    assert "Better name" in bob.sees()
    await bob.submit("Create Client")
    assert house.clients() == ["Better name"]


async def test_a_late_click_on_back_takes_nothing_back(house: House) -> None:
    bob = house.bob
    await to_details(bob)
    await enter(bob)
    click = bob.draft_press("Back")
    await bob.fill("Name", "Better name")
    await bob.submit("Next")
    await bob.send(click)
    await bob.settle()
    assert "Better name" in bob.sees()
    await bob.submit("Create Client")
    assert house.clients() == ["Better name"]


async def test_a_window_whose_draft_was_cancelled_elsewhere_says_so(house: House) -> None:
    bob = house.bob
    await to_summary(bob)
    cancelled = bob.draft_submission() | {"type": "view_closed", "is_cleared": False}
    await bob.send(cancelled)
    await bob.submit("Create Client")
    assert "cancelled or is older than 24 hours" in problem(bob)
    assert house.clients() == []


async def test_a_window_older_than_its_draft_keeps_what_stands_in_it(house: House) -> None:
    bob = house.bob
    await to_details(bob)
    assert drafts(house) == 1
    await enter(bob)
    await bob.submit("Next")
    assert step(bob) == "3"
    await bob.submit("Create Client")
    assert house.clients() == ["Web shop"]


async def test_a_finished_wizard_is_offered_no_more(house: House) -> None:
    await create(house.bob)
    await house.bob.cancel()
    assert not await offered(house)
