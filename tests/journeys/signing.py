"""The way through the sign-up wizard, step by step, and what comes of it."""

from typing import Any

from bot.domain.clients import ClientStatus
from bot.sandbox.acting import Actor
from bot.sandbox.records import Message
from bot.store.unit import Unit
from tests.journeys.house import House


async def choose_plan(person: Actor, api: str = "Payments", plan: str = "Gold") -> None:
    """Find an API and press Sign Up beside one of its plans."""
    await person.command("/apis", api)
    await person.press("Learn More")
    await person.press("Sign Up", near=plan)


async def enter(person: Actor, client: str = "Till", version: str = "1.0", reason: str = "We sell things.") -> None:
    """Type into the client step, for a new client."""
    if person.value("Client to sign up") != "New client":
        await person.choose("Client to sign up", "New client")
    await person.fill("Name", client)
    await person.fill("Version", version)
    await person.fill("Reason", reason)


async def to_summary(person: Actor, api: str = "Payments", plan: str = "Gold", client: str = "Till") -> None:
    """Walk to the summary with a new client; an API with terms is not for this."""
    await choose_plan(person, api, plan)
    await enter(person, client)
    await person.submit("Next")
    assert person.modal
    assert person.modal.submit_label == "Sign Up", person.sees()


async def ask(
    house: House, api: str = "Payments", plan: str = "Gold", client: str = "Till", by: Actor | None = None
) -> None:
    """Sign a new client up, and have everybody told."""
    person = by or house.bob
    await to_summary(person, api, plan, client)
    await person.submit("Sign Up")
    await house.delivered()


def make_client(house: House, name: str, *versions: str, organization: str = "Web Shop") -> None:
    """Put a client with these versions into an organization, Bob's if left out."""
    organization_id = house.organization(organization)

    def work(unit: Unit) -> None:
        client_id, _ = unit.clients.ensure(organization_id, name, name, "", unit.now)
        for version in versions:
            unit.clients.add_version(client_id, version, ClientStatus.CREATED, unit.now)

    house.write(work)


def contracts(house: House) -> list[dict[str, Any]]:
    """Return the contracts as the export tells them."""
    found: list[dict[str, Any]] = house.export()["contracts"]
    return found


def statuses(house: House) -> list[str]:
    """Return the statuses of all contracts, oldest first."""
    return [one["status"] for one in contracts(house)]


def notifications(house: House, kind: str) -> list[dict[str, Any]]:
    """Return the notifications of a kind as the export tells them."""
    return [one for one in house.export()["notifications"] if one["kind"] == kind]


def request(house: House) -> Message:
    """Return the newest message in the approval channel."""
    return house.ada.reads("approvals")[-1]


def buttons(message: Message) -> list[str]:
    """Return the words on the buttons of a message."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row]


def problem(person: Actor) -> str:
    """Return the sentence on top of the modal in front that says what is wrong, or nothing."""
    lines = person.sees().split("\n") if person.modal else []
    return next((line.removeprefix("⚠️ ") for line in lines if line.startswith("⚠️")), "")
