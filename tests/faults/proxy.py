"""A proxy in front of PostgreSQL that cuts, holds and slows on command, and says that it did.

It speaks the protocol just enough to see what passes: the frontend's statements and the server's command tags
(postgresql.org/docs/current/protocol-message-formats.html). It runs in a thread, so tests of any kind can use it:

    with Proxy(postgres_socket) as proxy:
        proxy.cut(at=AFTER_COMMIT)           # the next COMMIT happens, its answer never arrives
        ...
        assert proxy.fired == 1
"""

import asyncio
import struct
import threading
from collections.abc import Callable, Coroutine
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

T = TypeVar("T")
CHUNK = 65536
START_UP = 8
"""Bytes of length and version before the first message has a type."""
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


class Mode(Enum):
    """What happens to everything that passes."""

    OPEN = "open"
    REFUSE = "refuse"  # new connections are closed at once, and those that stand are cut
    HOLE = "hole"  # accepted and read, never answered: a frozen server, or a hole in the network
    SLOW = "slow"  # each answer of the server is late


class At(Enum):
    """Where a single fault strikes."""

    STATEMENT = "statement"  # the first message of the client after which a transaction is open
    BEFORE_COMMIT = "before commit"  # COMMIT was sent and never reaches the server
    AFTER_COMMIT = "after commit"  # the server has committed, its answer never reaches the client


class Proxy:
    """Listens on loopback, forwards to PostgreSQL's socket, and disturbs.

    Args:
        target: path of PostgreSQL's unix socket, or the address of a database on it.
    """

    def __init__(self, target: Path | str) -> None:
        self._target = target if isinstance(target, Path) else socket_of(target)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self.mode = Mode.OPEN
        self.delay = 0.0
        self.port = 0
        self.commits = 0
        """COMMITs that the server answered."""
        self.fired = 0
        """Single faults that struck; a planned one that didn't makes a test worthless."""
        self._plan: list[tuple[At, Callable[[], None] | None]] = []
        self._held = asyncio.Event()
        self._let_go = asyncio.Event()

    def __enter__(self) -> "Proxy":
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def url(self, database_url: str) -> str:
        """Return the address of a database, by way of this proxy."""
        parts = urlsplit(database_url)
        return f"postgresql://{parts.username}@127.0.0.1:{self.port}{parts.path}"

    def set(self, mode: Mode, delay: float = 0.0) -> None:
        """Let everything pass, refuse, swallow or slow it from now on; ``delay`` is in seconds an answer."""
        self._run(self._set(mode, delay))

    def cut_all(self) -> int:
        """Cut every connection, as a failover does; return how many there were."""
        return self._run(self._cut_all())

    def cut(self, at: At, meanwhile: Callable[[], None] | None = None) -> None:
        """Strike once, at the next such moment: call ``meanwhile`` while the message is held, then cut.

        Several are struck one after the other, in the order they were planned.
        """
        self._loop.call_soon_threadsafe(self._plan.append, (at, meanwhile))
        self._run(_nothing())

    def strikes(self, at: At) -> bool:
        """Return whether a planned fault is for this moment; then it is taken."""
        if not self._plan or self._plan[0][0] is not at:
            return False
        self.fired += 1
        meanwhile = self._plan.pop(0)[1]
        if meanwhile:
            meanwhile()
        return True

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        await self._cut_all()

    async def _set(self, mode: Mode, delay: float) -> None:
        self.mode, self.delay = mode, delay
        if mode is Mode.REFUSE:
            await self._cut_all()
        for link in self._links:
            link.changed.set()

    async def _cut_all(self) -> int:
        links, self._links = self._links, set()
        for link in links:
            link.cut()
        await asyncio.gather(*(link.over.wait() for link in links))
        return len(links)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode is Mode.REFUSE:
            writer.transport.abort()
            return
        link = Link(self, reader, writer)
        self._links.add(link)
        try:
            await link.run(self._target)
        finally:
            self._links.discard(link)


class Link:
    """One client's connection and ours to the server."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._client, self._to_client = proxy, reader, writer
        self._to_server: asyncio.StreamWriter | None = None
        self._committing = False
        self._tasks: list[asyncio.Task[None]] = []
        self.changed = asyncio.Event()
        self.over = asyncio.Event()

    async def run(self, target: Path) -> None:
        """Forward both ways until one side ends."""
        try:
            await self._open()
            server, self._to_server = await asyncio.open_unix_connection(str(target))
            self._tasks = [asyncio.create_task(self._up()), asyncio.create_task(self._down(server))]
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass  # the server is gone: so is the client's connection
        finally:
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self.over.set()

    def cut(self) -> None:
        """End both sides at once, without a farewell."""
        self.changed.set()
        for task in self._tasks:
            task.cancel()
        for writer in (self._to_client, self._to_server):
            if writer:
                writer.transport.abort()
        if not self._tasks:
            self.over.set()

    async def _open(self) -> None:
        """Wait while everything is swallowed."""
        while self._proxy.mode is Mode.HOLE and not self._to_client.is_closing():
            self.changed.clear()
            await self.changed.wait()

    async def _up(self) -> None:
        """Forward the client's messages; the first has no type, and may be a question about encryption."""
        start = await self._client.readexactly(START_UP)
        length, version = struct.unpack("!II", start)
        if version in (SSL_REQUEST, GSS_REQUEST):
            self._to_client.write(b"N")
            return await self._up()
        await self._send_up(start + await self._client.readexactly(length - START_UP))
        while True:
            kind, message = await _message(self._client)
            await self._open()
            await self._look_up(kind, message)

    async def _look_up(self, kind: bytes, message: bytes) -> None:
        text = message[5:].upper()
        commits = kind in b"QP" and b"COMMIT" in text
        if commits and self._proxy.strikes(At.BEFORE_COMMIT):
            return self.cut()
        if kind in b"QP" and not commits and text.startswith(b"BEGIN") and self._proxy.strikes(At.STATEMENT):
            return self.cut()
        self._committing |= commits
        await self._send_up(message)
        return None

    async def _send_up(self, message: bytes) -> None:
        assert self._to_server
        self._to_server.write(message)
        await self._to_server.drain()

    async def _down(self, server: asyncio.StreamReader) -> None:
        while True:
            kind, message = await _message(server)
            await self._open()
            if self._proxy.mode is Mode.SLOW and kind == b"Z":
                await asyncio.sleep(self._proxy.delay)
            if self._committing and kind == b"C" and message[5:].startswith(b"COMMIT"):
                self._committing = False
                self._proxy.commits += 1
                if self._proxy.strikes(At.AFTER_COMMIT):
                    return self.cut()
            self._to_client.write(message)
            await self._to_client.drain()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one message with a type; return the type, and all of its bytes."""
    head = await reader.readexactly(5)
    length = int.from_bytes(head[1:], "big")
    return head[:1], head + await reader.readexactly(length - 4)


async def _nothing() -> None:
    return None


def socket_of(database_url: str) -> Path:
    """Return the path of the unix socket that an address of ``tests.postgres`` names."""
    folder = unquote(parse_qs(urlsplit(database_url).query)["host"][0])
    return Path(folder) / ".s.PGSQL.5432"
