"""Signing up as people do it, for the journeys that begin with a waiting request."""

from typing import Any

from bot.sandbox.acting import Actor
from bot.sandbox.records import Message
from tests.journeys.house import House


async def look_at(person: Actor, api: str) -> None:
    """Open the details of the first API that is found."""
    await person.command("/apis", api)
    await person.press("Learn More")


async def choose_plan(person: Actor, api: str, plan: str) -> None:
    """Press Sign Up beside a plan."""
    await look_at(person, api)
    await person.press("Sign Up", near=plan)


async def ask(house: House, api: str = "Payments", plan: str = "Gold", client: str = "Till") -> None:
    """Bob signs a new client up."""
    bob = house.bob
    await choose_plan(bob, api, plan)
    if house.clients():
        await bob.choose("Client to sign up", "New client")
    await bob.fill("Name", client)
    await bob.fill("Version", "1.0")
    await bob.fill("Reason", "We sell things.")
    await bob.submit("Next")
    await bob.submit("Sign Up")
    await house.delivered()


def contracts(house: House) -> list[dict[str, Any]]:
    """Return all contracts of the export."""
    found: list[dict[str, Any]] = house.export()["contracts"]
    return found


def request(house: House) -> Message:
    """Return the approvers' newest message that is no reply."""
    return [message for message in house.ada.reads("approvals") if message.thread_ts in (None, message.ts)][-1]


def replies(house: House) -> list[str]:
    """Return what stands in the threads of the approval channel."""
    return [message.text for message in house.ada.reads("approvals") if message.thread_ts not in (None, message.ts)]


def buttons(message: Message) -> list[str]:
    """Return the labels of a message's buttons."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row]
