"""App Home: what somebody has, drawn each time it is opened and after what changes it."""

from tests.journeys.house import House
from tests.journeys.test_clients import stock
from tests.journeys.walking import create, step


async def test_somebody_without_clients_is_led_to_create_one(house: House) -> None:
    await house.bob.open_home()
    assert "My clients" in house.bob.sees()
    assert "You have no clients yet." in house.bob.sees()
    await house.bob.press("Create client")
    assert step(house.bob) == "1"


async def test_the_home_is_redrawn_after_a_client_was_made_and_after_it_was_edited(house: House) -> None:
    bob = house.bob
    await bob.open_home()
    await create(bob)
    assert bob.home
    assert "Web shop" in str(bob.home.blocks)
    published = [one for one in house.workspace.traffic if one.name == "views.publish"]
    await bob.press("Edit description")
    await bob.submit("Save")
    assert len([one for one in house.workspace.traffic if one.name == "views.publish"]) == len(published) + 1


async def test_a_client_opens_from_the_home_and_from_the_whole_list(house: House) -> None:
    bob = house.bob
    stock(house, "Acme Payments", 12)
    await bob.open_home()
    assert "1–10 of 12" in bob.sees()
    await bob.press("Details", near="Client 03")
    assert step(bob) == "Client"
    await bob.cancel()
    await bob.press("All my clients")
    await bob.press("Next page")
    assert "11–12 of 12" in bob.sees()


async def test_a_guest_reads_a_sentence_in_place_of_buttons(house: House) -> None:
    await house.gus.open_home()
    assert "Guests can't work with clients" in house.gus.sees()
    assert "Create client" not in house.gus.sees()


async def test_a_home_that_cannot_be_drawn_says_so(house: House) -> None:
    house.workspace.faults.add(method="users.info", kind="error:user_not_found", times=9)
    await house.bob.open_home()
    assert "Slack didn't tell us who you are just now: please try again." in house.bob.sees()


async def test_the_messages_tab_draws_nothing(house: House) -> None:
    await house.bob.open_home("messages")
    assert house.bob.home is None
