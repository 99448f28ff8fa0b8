"""HTTP as bytes on a socket: what is written piece by piece, and every answer that comes back."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

Headers = list[tuple[str, str]]
PATH = "/slack/events"
PATIENCE = 25.0
"""Seconds until an answer counts as none; the server ends each connection that it won't answer in less."""


@dataclass(frozen=True)
class Sending:
    """What goes over one connection.

    Args:
        pieces: written one after the other.
        pause: seconds between them.
        answers: how many answers are waited for; more that come with them count as well.
        hangs_up: says after the last piece that nothing more will come.
    """

    pieces: tuple[bytes, ...]
    pause: float = 0.0
    answers: int = 1
    hangs_up: bool = False


@dataclass(frozen=True)
class Reply:
    """One answer, without the interim ones (1xx)."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Heard:
    """What came back over one connection: no reply if it was only closed."""

    replies: tuple[Reply, ...]
    closed: bool
    seconds: float
    """From the last byte written to the last answer or the end; 0 if that came before."""

    @property
    def statuses(self) -> tuple[int, ...]:
        return tuple(reply.status for reply in self.replies)


def request(
    headers: Headers, body: bytes, *, line: str = f"POST {PATH} HTTP/1.1", length: bool = True, end: bytes = b"\r\n"
) -> bytes:
    """Return a request with exactly these headers, a host, and (``length``) the true content-length."""
    fields = [("host", "gatehouse"), *headers, *([("content-length", str(len(body)))] if length else [])]
    head = [line, *(f"{name}: {value}" for name, value in fields)]
    return end.join(part.encode("latin-1") for part in head) + 2 * end + body


def plain(headers: Headers, body: bytes, line: str = f"POST {PATH} HTTP/1.1") -> Sending:
    """Return a well-formed request in one piece."""
    return Sending((request(headers, body, line=line),))


def chunked(headers: Headers, chunks: bytes) -> Sending:
    """Return a request whose body is said to come in chunks."""
    return Sending((request([*headers, ("transfer-encoding", "chunked")], chunks, length=False),))


def in_chunks(body: bytes, size: int = 4096) -> bytes:
    """Return a body in well-formed chunks."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


async def talk(port: int, sending: Sending) -> Heard:
    """Send over a connection of its own and return what came back; whoever is answered says no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writing = asyncio.create_task(_write(writer, sending))
    try:
        replies, closed = await _answers(reader, sending.answers)
        return Heard(replies, closed, time.perf_counter() - writing.result() if writing.done() else 0.0)
    finally:
        writing.cancel()
        writer.close()


async def _write(writer: asyncio.StreamWriter, sending: Sending) -> float:
    """Write all pieces and return when that was done."""
    with contextlib.suppress(OSError):  # it was closed on us: what was answered before is read nevertheless
        for number, piece in enumerate(sending.pieces):
            if number and sending.pause:
                await asyncio.sleep(sending.pause)
            writer.write(piece)
            await writer.drain()
        if sending.hangs_up:
            writer.write_eof()
    return time.perf_counter()


async def _answers(reader: asyncio.StreamReader, wanted: int) -> tuple[tuple[Reply, ...], bool]:
    heard, closed = b"", False
    replies: list[Reply] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while len(replies) < wanted and not closed:
                data = await _some(reader)
                closed = not data
                heard = _parsed(heard + data, replies)
    return tuple(replies), closed


async def _some(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65_536)
    except OSError:
        return b""


def _parsed(heard: bytes, replies: list[Reply]) -> bytes:
    """Move whole answers from what was heard to ``replies`` and return the rest."""
    while True:
        head, gap, rest = heard.partition(b"\r\n\r\n")
        if not gap:
            return heard
        status = int(head[9:12])
        length = 0 if status < 200 else _length(head)
        if len(rest) < length:
            return heard
        if status >= 200:
            replies.append(Reply(status, rest[:length]))
        heard = rest[length:]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
