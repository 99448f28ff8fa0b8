"""Who lives in the demo's workspace, where it is day for them, and what one of them asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from tzlocal import get_localzone_name

from bot.domain.daytime import is_day, zone
from bot.sandbox.acting import Actor
from bot.sandbox.events import emit
from bot.sandbox.finding import Impossible
from bot.sandbox.web_api.call import Call
from bot.sandbox.web_api.users import user
from bot.sandbox.workspace import Workspace

AMSTERDAM = "Europe/Amsterdam"
"""Where Slack's examples live, and so do these people if nobody says otherwise."""
AROUND = (
    *("Pacific/Auckland", "Asia/Tokyo", "Asia/Kolkata", AMSTERDAM),
    *("America/Sao_Paulo", "America/Los_Angeles", "Pacific/Honolulu"),
)
"""Places at most five hours apart: in one of them it is always before one o'clock by day."""
EVENING_COMES = timedelta(hours=2)
"""By day, how long it has to stay so: a demo that is shown at the end of the day."""

GLANCE, LOOKS = 0.1, 300
"""Seconds between two looks at a window, and how often somebody looks before they give up."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: a new client, and the API and plan it wants."""

    client: str
    api: str
    plan: str
    reason: str


WISHES = (
    Wish("Standup board", "Asana", "Gold", "Shows each team its open tasks, every ten minutes."),
    Wish("Cloud costs", "DigitalOcean API", "Gold", "Reads the bill of 300 projects every night."),
    Wish("Image scanner", "Docker HUB API", "Gold", "Looks for old images in 2,000 repositories."),
    Wish("Release notes", "LaunchDarkly REST API", "Gold", "Collects what was switched on since the last release."),
    Wish("Deploy watch", "Vercel API", "Gold", "Tells the support team of each deployment."),
    Wish("Lobby music", "SoundCloud Public API", "Gold", "Plays all day in five lobbies."),
)
"""One more than are reminded of one by one (SPEC 6, digest). Pat decides each, and is told directly."""


def people(workspace: Workspace, place: str = AMSTERDAM) -> None:
    """Fill the workspace with the people and channels of the demo, at home in a time zone.

    The sample catalog knows their ids.
    """
    at = datetime.fromtimestamp(workspace.now(), zone(place)).utcoffset() or timedelta()
    home = {"tz": place, "tz_offset": int(at.total_seconds())}
    workspace.add_person("Bob Ross", id="U0BOB", handle="bob", **home)
    workspace.add_person("Ada Lovelace", id="U0ADA", handle="ada", is_admin=True, **home)
    workspace.add_person("Pat Approver", id="U0PAT", handle="pat", **home)
    workspace.add_person("Eve Adams", id="U0EVE", handle="eve", **home)
    workspace.add_person("Nia Newcomer", id="U0NEW", handle="nia", **home)
    workspace.add_person("Gus Guest", id="U0GUS", handle="gus", is_restricted=True, **home)
    workspace.add_person("Dan Departed", id="U0DAN", handle="dan", deleted=True, **home)
    workspace.add_person("Olga Outside", id="U0OLGA", handle="olga", team_id="T0ELSEWHERE", **home)
    everybody = ["bob", "ada", "pat", "eve", "nia", "gus"]
    workspace.add_channel("general", id="C0GENERAL", members=everybody)
    workspace.add_channel("api-approvals", id="C0APPROVALS", members=["ada", "pat"])
    workspace.add_channel("partners", id="C0PARTNERS", members=["bob", "ada", "olga"], is_ext_shared=True)


def here() -> str:
    """Return this machine's time zone by its name; UTC if it has none."""
    try:
        return get_localzone_name() or "UTC"
    except (LookupError, ValueError):
        return "UTC"


def place_by_day(now: datetime, own: str) -> str:
    """Return ``own`` while it is day there and stays so for two hours, else the place with most of its day to come.

    Nobody is reminded at night (SPEC 6): a demo that is looked at late is looked at by people of elsewhere.
    """
    if all(is_day(at, zone(own)) for at in (now, now + EVENING_COMES)):
        return own
    return min((name for name in AROUND if is_day(now, zone(name))), key=lambda name: _local(now, zone(name)))


def _local(now: datetime, place: ZoneInfo) -> str:
    return f"{now.astimezone(place):%H:%M}"


async def announce(workspace: Workspace) -> None:
    """Tell the bot of everybody's account: since it was last told, they may have moved."""
    assert workspace.delivery
    call = Call(workspace, workspace.delivery, {})
    for member in list(workspace.people.values()):
        if not member.is_bot:
            await emit(workspace, {"type": "user_change", "user": user(call, member)}, who=member.id)


async def ask(person: Actor, wishes: Iterable[Wish] = WISHES, *, organization: str = "") -> None:
    """Sign up for plans as anybody does in the page.

    Args:
        person: who asks.
        wishes: what for, one after the other.
        organization: whose clients these are, for somebody who may choose.

    Raises:
        Impossible: the bot shows something else than the way through the wizard.
    """
    for wish in wishes:
        await person.command("/apis", wish.api)
        await _patiently(partial(person.press, "Learn More"))
        await _patiently(partial(person.press, "Sign Up", near=wish.plan))
        await _patiently(partial(_enter, person, wish, organization))
        await person.submit("Next")
        await _patiently(partial(person.submit, "Sign Up"))
        await person.cancel()


async def _enter(person: Actor, wish: Wish, organization: str) -> None:
    if person.value("Client to sign up") != "New client":
        await person.choose("Client to sign up", "New client")
    if organization:
        await person.choose("Organization", organization)
    for label, text in (("Name", wish.client), ("Version", "1.0"), ("Reason", wish.reason)):
        await person.fill(label, text)


async def _patiently(step: Callable[[], Awaitable[None]]) -> None:
    """Take a step as soon as the window is there that it needs: the bot opens it after its answer."""
    for _ in range(LOOKS - 1):
        try:
            return await step()
        except Impossible:
            await asyncio.sleep(GLANCE)
    return await step()
