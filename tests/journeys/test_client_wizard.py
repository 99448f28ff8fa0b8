"""The wizard from its start to the client, and every way out of it (SPEC 2)."""

from tests.journeys.house import House


async def test_three_steps_make_a_client_and_show_it(house: House) -> None:
    bob = house.bob
    await bob.command("/create-client")
    assert bob.modal and bob.modal.title == "Create Client"
    assert "Step 1 of 3" in bob.sees()
    await bob.choose("Organization", "Acme Payments")
    await bob.submit("Next")
    await bob.fill("Name", "Web shop")
    await bob.fill("Version", "1.0")
    await bob.fill("Description", "Sells things.")
    await bob.submit("Next")
    assert "Step 3 of 3" in bob.sees()
    for value in ("Acme Payments", "Web shop", "1.0", "Sells things."):
        assert value in bob.sees()
    assert house.clients() == []
    await bob.submit("Create Client")
    assert bob.modal and bob.modal.title == "Client"
    assert "Web shop" in bob.sees()
    assert house.clients() == ["Web shop"]
