"""A tap on the way from one process to PostgreSQL: it recognises transactions by their SQL, and can hold a message.

Unlike ``tests.faults.proxy`` it runs in the loop of whoever watches, so a watcher can act at exactly that moment: while
it is asked, nothing moves. Messages are told apart as far as needed: statements by their text (or by the name under
which the driver prepared them on this connection), the transaction's end by its command tag
(postgresql.org/docs/current/protocol-message-formats.html).
"""

import asyncio
import re
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

CANCEL, SSL_REQUEST, GSS_REQUEST = 80877102, 80877103, 80877104
HEAD = 5
"""Bytes of type and length before the rest of a message."""


class Work(Enum):
    """What a transaction does, told by a statement that no other one has."""

    SIGN_UP = r"INSERT INTO contracts"
    DECISION = r"UPDATE contracts SET status="
    REMINDER = r"UPDATE contracts SET remind_at=.*reminders="
    CLAIM = r"UPDATE notifications SET .*posting_since=CASE"
    MARK = r"UPDATE notifications SET state=.*shown=.*ts="
    BY_SOMEBODY = r"^(?!.*(SKIP LOCKED|notifications|seen|turns))(.*FOR (NO KEY )?(UPDATE|SHARE)|INSERT INTO|UPDATE )"
    """Writes or locks something that no job of the clock or of the outbox touches first."""


_KNOWN = {work: re.compile(work.value.encode(), re.DOTALL) for work in Work}
Works = frozenset[Work]


class Moment(Enum):
    """When a watcher is asked."""

    QUERY = "a statement of an open transaction was seen and is not forwarded yet"
    COMMITTING = "COMMIT was seen and is not forwarded yet"
    COMMITTED = "the server committed, its answer is not forwarded yet"


Watch = Callable[[Moment, Works], bool]
"""Told of a moment and of what the transaction did so far; true: hold this message, and all that follow, for good."""


def works_of(statement: bytes) -> Works:
    """Return what a statement tells about its transaction."""
    return frozenset(work for work, pattern in _KNOWN.items() if pattern.search(statement))


class Tap:
    """Listens on loopback and forwards to PostgreSQL's socket.

    Args:
        target: path of the socket.
        watch: asked at each moment.
    """

    def __init__(self, target: Path, watch: Watch) -> None:
        self.target, self.watch = target, watch
        self.frozen = False
        """Whether nothing passes any more, in either direction."""
        self.links: set[Link] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.get_running_loop().create_server(lambda: Link(self), "127.0.0.1", 0)

    def url(self, database_url: str) -> str:
        """Return the address of a database, by way of this tap."""
        assert self._server
        parts = urlsplit(database_url)
        return f"postgresql://{parts.username}@127.0.0.1:{self._server.sockets[0].getsockname()[1]}{parts.path}"

    def cut_all(self) -> int:
        """Cut every connection, as a failover does; return how many there were."""
        links = list(self.links)
        for link in links:
            link.cut()
        return len(links)

    def close(self) -> None:
        """Listen no more and cut what is there."""
        if self._server:
            self._server.close()
        self.cut_all()


class Link(asyncio.Protocol):
    """One connection of the process, and ours to the server for it."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._client: asyncio.Transport | None = None
        self._server: asyncio.Transport | None = None
        self._opening: asyncio.Task[None] | None = None
        self._up, self._down = bytearray(), bytearray()
        self._started = self._held = self._committing = self._open = False
        self._prepared: dict[bytes, Works] = {}
        self._works: Works = frozenset()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the server, too."""
        self._client = cast("asyncio.Transport", transport)
        self._tap.links.add(self)
        self._opening = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        assert self._client
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_unix_connection(lambda: Answers(self), str(self._tap.target))
        except OSError:
            self._client.abort()
            return
        self._server = transport
        if self._client.is_closing():
            transport.abort()
        else:
            self._forward()

    def cut(self) -> None:
        """End both sides without a farewell."""
        for transport in (self._client, self._server):
            if transport:
                transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The process is gone, or we cut it: the server has to see that at once, so that its locks go."""
        self._tap.links.discard(self)
        if self._server:
            self._server.abort()

    def data_received(self, data: bytes) -> None:
        """Forward whole messages of the process, once the server can be reached."""
        self._up += data
        if self._server:
            self._forward()

    def _forward(self) -> None:
        assert self._server
        passing = bytearray()
        while not (self._held or self._tap.frozen) and (size := self._complete()):
            message = bytes(self._up[:size])
            if not self._started:
                del self._up[:size]
                passing += self._first(message)
            elif self._sees(message):
                self._held = True
            else:
                del self._up[:size]
                passing += message
        if passing:
            self._server.write(passing)

    def _complete(self) -> int:
        """Return the size of the first message if all of it is there, else 0."""
        start = 1 if self._started else 0
        if len(self._up) < start + 4:
            return 0
        size = start + int.from_bytes(self._up[start : start + 4], "big")
        return size if len(self._up) >= size else 0

    def _first(self, message: bytes) -> bytes:
        """Look at a message without a type: a question about encryption is answered with no."""
        assert self._client
        version = int.from_bytes(message[4:8], "big")
        if version in (SSL_REQUEST, GSS_REQUEST):
            self._client.write(b"N")
            return b""
        self._started = version != CANCEL
        return message

    def _sees(self, message: bytes) -> bool:
        """Return whether the watcher wants this message held."""
        kind, content = message[:1], message[HEAD:]
        if kind == b"Q":
            return self._plain(content.rstrip(b"\0"))
        if kind == b"P":
            name, _, rest = content.partition(b"\0")
            self._prepared[name] = works_of(rest.partition(b"\0")[0])
        elif kind == b"B":
            found = self._prepared.get(content.split(b"\0", 2)[1], frozenset())
            self._works |= found
            return self._open and self._tap.watch(Moment.QUERY, self._works)
        return False

    def _plain(self, statement: bytes) -> bool:
        """Look at a statement that comes as text: the driver opens and ends transactions with such."""
        word = statement[:6].upper()
        if word == b"COMMIT":
            held = self._tap.watch(Moment.COMMITTING, self._works)
            self._committing = not held
            return held
        if word in (b"BEGIN", b"ROLLBA"):
            self._works, self._open = frozenset(), word == b"BEGIN"
        return False

    def answered(self, data: bytes) -> None:
        """Forward what the server says; the answer to COMMIT only when it is there as a whole."""
        assert self._client
        if self._held or self._tap.frozen:
            return
        if self._committing:
            self._down += data
            if not _ends_ready(self._down):
                return
            data, self._committing, self._open = bytes(self._down), False, False
            self._down.clear()
            works, self._works = self._works, frozenset()
            if b"COMMIT\0" in data and self._tap.watch(Moment.COMMITTED, works):
                self._held = True
                return
        self._client.write(data)

    def server_lost(self) -> None:
        """The server hung up: so do we, unless the process is not to notice."""
        if self._client and not self._held:
            self._client.abort()


class Answers(asyncio.Protocol):
    """The server's side of a link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def data_received(self, data: bytes) -> None:
        self._link.answered(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.server_lost()


def _ends_ready(answers: bytearray) -> bool:
    """Return whether the last whole message says that the server waits for the next one."""
    at = last = 0
    while at + HEAD <= len(answers):
        last, at = at, at + 1 + int.from_bytes(answers[at + 1 : at + HEAD], "big")
    return at == len(answers) and answers[last : last + 1] == b"Z"
