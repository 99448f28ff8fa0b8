"""What outlives the process: messages, who talks with the app, and what was read, as lines of JSON in one file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from bot.sandbox.records import Channel, Json, Message

if TYPE_CHECKING:
    from bot.sandbox.workspace import Workspace


class Taken(Exception):
    """Another workspace writes into this journal."""


class Journal:
    """A workspace's memory on the disk.

    A line is written before the app hears that its call worked: a kill at any moment loses nothing that the app was
    told of. It is not forced through to the platter, so a power cut may. Messages for one person's eyes are not kept,
    as Slack keeps none; neither are open modals.

    Args:
        path: the file; made if it is not there, readable by its owner only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._lock = -1

    def open(self, at: Workspace) -> None:
        """Bring a workspace, which has its people and channels already, to where it was; note what happens from now on.

        Raises:
            Taken: another process has it open.
            OSError: the file can't be read or written.
        """
        self._lock = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise Taken from None
        for line in self._lines():
            _redo(at, line)
        self._begin_anew(at)
        at.note = self._write

    def close(self) -> None:
        """Write no more, and let others have the file."""
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock = -1

    def _lines(self) -> Iterator[Json]:
        if not self._path.exists():
            return
        for line in self._path.read_bytes().splitlines():
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                # A kill cut the last line off: the app was not told that this call worked.
                continue

    def _begin_anew(self, at: Workspace) -> None:
        """Replace the file by one without what was changed or taken away since."""
        fresh = self._path.with_name(f"{self._path.name}.new")
        self._file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.write(self._file, b"".join(map(_line, _state(at))))
        fresh.replace(self._path)

    def _write(self, record: Json) -> None:
        os.write(self._file, _line(record))


def posted(message: Message) -> Json:
    """The record of a message as it is now."""
    return {"message": message}


def removed(message: Message) -> Json:
    """The record of a message that was taken away."""
    return {"removed": [message.channel, message.ts]}


def opened(direct: Channel) -> Json:
    """The record of direct messages that were begun."""
    return {"direct": [direct.id, direct.user, direct.created]}


def looked(channel: Channel, person: str, ts: str) -> Json:
    """The record of how far a person has read."""
    return {"read": [channel.id, person, ts]}


def _line(record: Json) -> bytes:
    # orjson writes a dataclass field by field.
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _state(at: Workspace) -> Iterator[Json]:
    for channel in at.channels.values():
        if channel.kind == "im":
            yield opened(channel)
        yield from map(posted, channel.messages)
        yield from (looked(channel, person, ts) for person, ts in channel.read.items())


def _redo(at: Workspace, record: Json) -> None:
    """Let one thing happen again; what is about people or channels that are no longer there is passed over."""
    ((kind, about),) = record.items()
    if kind == "direct" and about[1] in at.people:
        at.begin_direct(Channel(about[0], "directmessage", "im", user=about[1], created=about[2]))
        return
    where = at.channels.get(about["channel"] if kind == "message" else about[0])
    if where is None:
        return
    if kind == "message":
        _put(at, where, Message(**about))
    elif kind == "removed":
        where.messages = [one for one in where.messages if one.ts != about[1]]
    elif kind == "read":
        where.read[about[1]] = about[2]


def _put(at: Workspace, where: Channel, message: Message) -> None:
    before = where.find(message.ts)
    if before is None:
        where.messages.append(message)
        at.passed(message.ts)
    else:
        where.messages[where.messages.index(before)] = message
