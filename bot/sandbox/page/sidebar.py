"""The list of conversations of one person."""

import hashlib
from dataclasses import dataclass
from typing import Any

from bot.sandbox.page.faces import Face, face_of
from bot.sandbox.page.reading import Reading
from bot.sandbox.records import Channel
from bot.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    url: str
    name: str
    mark: str
    current: bool
    unread: bool = False
    note: str = ""
    shade: str = ""


def sidebar(workspace: Workspace, reading: Reading, me: Face, base: str, at: str) -> dict[str, Any]:
    """Channels, direct messages and the app; ``at`` is the open channel's id, or ``home``.

    The conversation that is open counts as read.
    """
    mine = [one for one in workspace.channels.values() if me.id in one.members]
    if at in workspace.channels:
        reading.mark(me.id, workspace.channels[at])
    channels = [
        Entry(f"{base}/c/{one.id}", one.name, "#", one.id == at, reading.unread(me.id, one), _note(one))
        for one in sorted(mine, key=lambda one: one.name)
        if one.kind != "im"
    ]
    app = face_of(workspace, workspace.bot_user_id)
    entries = {
        "channels": channels,
        "directs": _directs(workspace, reading, me, base, at) if workspace.manifest.messages_enabled else [],
        "app_row": Entry(f"{base}/home", app.name, app.initials, at == "home", shade=app.shade),
    }
    return entries | {"side_rev": hashlib.blake2b(repr(entries).encode(), digest_size=8).hexdigest()}


def _directs(workspace: Workspace, reading: Reading, me: Face, base: str, at: str) -> list[Entry]:
    app = face_of(workspace, workspace.bot_user_id)
    channel = next((one for one in workspace.channels.values() if one.kind == "im" and one.user == me.id), None)
    unread = channel is not None and reading.unread(me.id, channel)
    current = channel is not None and channel.id == at
    return [Entry(f"{base}/app", app.name, app.initials, current, unread, "app", app.shade)]


def _note(channel: Channel) -> str:
    words = (
        "private" if channel.kind == "private" else "",
        "shared" if channel.is_ext_shared else "",
        "archived" if channel.is_archived else "",
    )
    return ", ".join(word for word in words if word)
