"""Server-sent events: which part of a person's page has to be looked at again.

An event carries a name and nothing else; the page then fetches that part, so an event that comes twice does no harm.
"""

import asyncio
from collections.abc import AsyncIterator

from bot.sandbox.workspace import Workspace

HEARTBEAT_SECONDS = 15.0
"""A comment at least this often, so that a page which has gone away is noticed."""

GATHER_SECONDS = 0.03
"""How long changes are gathered before they are told: several changes of one action are one event."""

ALL = ("sidebar", "posts", "home", "modal", "toast", "traffic")


def parts_of(topic: str, person: str, channel: str, seen: frozenset[str]) -> tuple[str, ...]:
    """The parts of the page that a change concerns.

    Args:
        topic: what changed, as the workspace names it.
        person: whose page it is.
        channel: the id of the conversation that is open, or "".
        seen: ids of all conversations this person is in.
    """
    kind, _, about = topic.partition(":")
    if kind == "channel":
        posts = ("posts",) if about == channel else ()
        return (*posts, "sidebar") if about in seen or about == channel else ()
    if kind in ("people", "channels"):
        return ("sidebar",)
    if kind == "traffic":
        return ("traffic",)
    mine = about.split("/")[0] == person
    return {"modal": ("modal",), "home": ("home",), "notice": ("toast", "modal")}.get(kind, ()) if mine else ()


async def events(workspace: Workspace, person: str, channel: str) -> AsyncIterator[bytes]:
    """The stream of one open page: first every part once (something may have changed since it was drawn)."""
    pending: dict[str, None] = dict.fromkeys(ALL)
    bell = asyncio.Event()
    bell.set()
    listener = asyncio.create_task(_listen(workspace, person, channel, pending, bell))
    try:
        while True:
            yield await _next(pending, bell)
    finally:
        listener.cancel()


async def _listen(
    workspace: Workspace, person: str, channel: str, pending: dict[str, None], bell: asyncio.Event
) -> None:
    async for topic in workspace.subscribe():
        seen = frozenset(one.id for one in workspace.channels.values() if person in one.members)
        parts = parts_of(topic, person, channel, seen)
        pending.update(dict.fromkeys(parts))
        if parts:
            bell.set()


async def _next(pending: dict[str, None], bell: asyncio.Event) -> bytes:
    try:
        await asyncio.wait_for(bell.wait(), HEARTBEAT_SECONDS)
    except TimeoutError:
        return b": still here\n\n"
    await asyncio.sleep(GATHER_SECONDS)
    bell.clear()
    parts = list(pending)
    pending.clear()
    return b"".join(f"event: {part}\ndata: \n\n".encode() for part in parts)
