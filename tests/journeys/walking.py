"""The way through the client wizard, walked by a person of the house."""

import asyncio

from bot.sandbox.acting import Actor

PATIENCE = 10.0
"""Seconds until a window must be there: it is opened after the answer, by a process that may be another one."""


async def opened(person: Actor) -> None:
    """Wait until a window is in front of somebody; without one the next step says what is missing."""
    for _ in range(int(PATIENCE / 0.02)):
        if person.modal is not None:
            return
        await asyncio.sleep(0.02)


async def to_details(person: Actor, organization: str = "Acme Payments") -> None:
    """Start the wizard and choose an organization."""
    await person.command("/create-client")
    await opened(person)
    await person.choose("Organization", organization)
    await person.submit("Next")


async def enter(
    person: Actor, name: str = "Web shop", version: str = "1.0", description: str = "Sells things."
) -> None:
    """Type into the fields of step 2."""
    await person.fill("Name", name)
    await person.fill("Version", version)
    await person.fill("Description", description)


async def to_summary(person: Actor, organization: str = "Acme Payments", name: str = "Web shop") -> None:
    """Walk to step 3."""
    await to_details(person, organization)
    await enter(person, name)
    await person.submit("Next")


async def create(person: Actor, organization: str = "Acme Payments", name: str = "Web shop") -> None:
    """Walk to the end."""
    await to_summary(person, organization, name)
    await person.submit("Create Client")


def step(person: Actor) -> str:
    """Return which step of the wizard is in front: ``1``, ``2``, ``3``, or the title of another window, or nothing."""
    if person.modal is None:
        return ""
    shown = person.sees()
    found = [number for number in "123" if f"Step {number} of 3" in shown]
    return found[0] if found else person.modal.title


def problem(person: Actor) -> str:
    """Return the sentence on top of the modal in front that says what is wrong, or nothing."""
    lines = person.sees().split("\n") if person.modal else []
    return next((line.removeprefix("⚠️ ") for line in lines if line.startswith("⚠️")), "")
