"""The ways through the windows that people take in long stories; each tells whether it came to its end."""

from bot.sandbox.acting import Actor
from bot.sandbox.finding import Impossible
from tests.faults.expected import Api, Request, Window
from tests.faults.stage import Stage


async def create_walk(on: Stage, window: Window) -> bool:
    """Walk to the summary of a new client in an organization; False if that can't be."""
    person, client = on.person(window.user), window.client
    await person.command("/create-client", client.organization)
    await _start_over(person)
    if person.modal is None or "Step 2 of 3" not in person.sees():
        return _left(on, window.user)
    await person.fill("Name", client.name)
    await person.fill("Version", "1.0")
    await person.submit("Next")
    return _is_at_the_end(person, "Create Client") or _left(on, window.user)


async def sign_up_walk(on: Stage, window: Window) -> bool:
    """Walk to the summary of a sign-up; False if that can't be."""
    person, api = on.person(window.user), window.api
    assert api is not None
    try:
        await person.command("/apis", api.name)
        await person.press("Learn More", near=api.name)
        await person.press("Sign Up", near=window.plan)
        await _start_over(person)
        await (_with_new(person, window) if window.is_new else _with_existing(on, window))
        await person.fill("Reason", window.reason)
    except Impossible:
        return _left(on, window.user)
    await person.submit("Next", force=True)
    if api.terms and _has(person, "I accept the terms and conditions"):
        await person.tick("I accept the terms and conditions")
        await person.submit("Next")
    # Whoever has only one organization is not asked which: it may be another one than this.
    is_there = not window.is_new or f"Organization: {window.client.organization}" in person.sees()
    return (_is_at_the_end(person, "Sign Up") and is_there) or _left(on, window.user)


async def _with_new(person: Actor, window: Window) -> None:
    if person.value("Client to sign up") != "New client":
        await person.choose("Client to sign up", "New client")
    if _has(person, "Organization"):
        await person.choose("Organization", window.client.organization)
    await person.fill("Name", window.client.name)
    await person.fill("Version", "1.0")


async def _with_existing(on: Stage, window: Window) -> None:
    """Choose the client; one of the same name in another organization is not meant.

    Raises:
        Impossible: it is not offered.
    """
    person = on.person(window.user)
    if person.value("Client to sign up") != "Existing client":
        await person.choose("Client to sign up", "Existing client")
    if _has(person, "Organization"):
        await person.choose("Organization", window.client.organization)
    await person.choose("Client", window.client.name)
    chosen = person.draft_submission()["view"]["state"]["values"].values()
    ids = [entry["sign_up.client"]["selected_option"]["value"] for entry in chosen if "sign_up.client" in entry]
    home = "SELECT name FROM organizations WHERE id IN (SELECT organization_id FROM clients WHERE id = '%s')"
    if [row["name"] for id_ in ids for row in on.rows(home % id_)] != [window.client.organization]:
        raise Impossible(f"{window.client.name} of {window.client.organization} is not offered")


async def open_form(on: Stage, user: str, request: Request, label: str) -> bool:
    """Press a button behind which there is a form; False if none opens."""
    on.leave(user)
    await on.press(user, request.id, label)
    modal = on.person(user).modal
    return modal is not None and modal.submit_label is not None


async def answer_form(on: Stage, user: str, plan: str, api: Api, reason: str) -> bool:
    """Change plan and reason of a request; False if the plan is not there to be chosen."""
    person = on.person(user)
    words = "Approval required" if api.offers[plan] else "No approval needed"
    try:
        await person.choose("Plan", f"{plan} 1.0: {words}")
    except Impossible:
        return _left(on, user)
    await person.fill("Reason", reason)
    return True


async def _start_over(person: Actor) -> None:
    """Let go of what was begun before, if that is offered."""
    if person.modal and "didn't finish" in person.sees():
        await person.press("Start over")


def _has(person: Actor, label: str) -> bool:
    return person.modal is not None and any(label in str(block) for block in person.modal.blocks)


def _is_at_the_end(person: Actor, label: str) -> bool:
    modal = person.modal
    return modal is not None and modal.submit_label == label and not person.errors and "⚠️" not in person.sees()


def _left(on: Stage, user: str) -> bool:
    on.leave(user)
    return False
