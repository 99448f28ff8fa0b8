"""The way of Slack's requests to the processes: by turns, byte by byte, under the eyes of whoever plans a fault.

Where a process that is killed leaves a request without an answer, so does the front: nothing is sent twice, and the
person at the Slack client sees that it did not get through.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

END_OF_HEAD = b"\r\n\r\n"
KEPT = (b"content-type", b"content-length", b"x-slack-signature", b"x-slack-request-timestamp")
CONNECT_SECONDS = 2.0
COUNTING = (
    (b"sign_up.summary", b"view_submission"),
    (b"approval.approve", b"block_actions"),
    (b"approval.reason", b"view_submission"),
)
"""Words that are all in the body of a request that makes or decides a contract."""


class Place(Protocol):
    """A process as the front sees it."""

    port: int
    taking: bool
    """Whether a load balancer would send requests to it."""
    mute: bool
    """Whether nothing of what it says leaves it any more."""
    asked: int
    """Requests that count and are under way there."""


@dataclass
class Answers:
    """What the processes answered: HTTP statuses, requests that got no answer, the slowest answer in seconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    refused: int = 0
    """Requests for which there was no process at all."""
    slowest: float = 0.0
    slow: list[str] = field(default_factory=list)
    """What took longer than Slack waits."""


class Front:
    """Takes Slack's requests and passes each to one process.

    Args:
        sent: called when the last byte of a request that counts was forwarded.
        answered: called when the first bytes of its answer were forwarded, which is all of it in one piece.
    """

    def __init__(self, sent: Callable[[Place], None], answered: Callable[[Place], None]) -> None:
        self._sent, self._answered = sent, answered
        self.places: list[Place] = []
        self.told = Answers()
        self._turn = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Begin to listen, and return the address that Slack is told."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/slack/events"

    def close(self) -> None:
        """Listen no more."""
        if self._server:
            self._server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(END_OF_HEAD)
            body = await reader.readexactly(_length(head))
            if await self._pass_on(_rewritten(head) + body, writer):
                writer.close()
                return
        writer.transport.abort()

    async def _pass_on(self, request: bytes, writer: asyncio.StreamWriter) -> bool:
        """Let one process answer; return whether it did."""
        began = time.monotonic()
        for _ in list(self.places):
            place = self._next()
            if place is None:
                break
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    link = await asyncio.open_connection("127.0.0.1", place.port)
            except OSError:
                continue
            answer = await self._ask(place, link, request)
            self._note(request, answer, time.monotonic() - began)
            if answer and not place.mute:
                writer.write(answer)
                await writer.drain()
                if counts(request):
                    self._answered(place)
                return True
            return False
        self.told.refused += 1
        return False

    def _next(self) -> Place | None:
        taking = [place for place in self.places if place.taking]
        self._turn += 1
        return taking[self._turn % len(taking)] if taking else None

    async def _ask(
        self, place: Place, link: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
    ) -> bytes:
        reader, writer = link
        try:
            writer.write(request)
            await writer.drain()
            if counts(request):
                place.asked += 1
                self._sent(place)
            head = await reader.readuntil(END_OF_HEAD)
            return head + await reader.readexactly(_length(head))
        except (OSError, asyncio.IncompleteReadError):
            return b""
        finally:
            place.asked -= counts(request)
            writer.transport.abort()

    def _note(self, request: bytes, answer: bytes, seconds: float) -> None:
        if not answer:
            self.told.unanswered += 1
            return
        status = int(answer.split(b" ", 2)[1])
        self.told.statuses[status] += 1
        self.told.slowest = max(self.told.slowest, seconds)
        if seconds > 3.0:
            self.told.slow.append(f"{seconds:.1f} s for {request[-300:]!r}")


def counts(request: bytes) -> bool:
    """Return whether a request makes or decides a contract, as far as its bytes tell."""
    return any(all(word in request for word in words) for words in COUNTING)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _rewritten(head: bytes) -> bytes:
    """Return the head that a process gets: what the signature needs, and one request a connection."""
    first, *lines = head.removesuffix(END_OF_HEAD).split(b"\r\n")
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() in KEPT]
    return b"\r\n".join([first, b"host: bot", b"connection: close", *kept]) + END_OF_HEAD
