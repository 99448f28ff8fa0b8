"""A small HTTP client that is faster than what it measures: keep-alive connections over asyncio's protocols."""

import asyncio
import time
from collections.abc import Iterator
from typing import cast


class Line(asyncio.Protocol):
    """One connection: one request at a time, its answer's status."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[int] | None = None
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        lowered = head.lower()
        if b"transfer-encoding: chunked" in lowered:
            whole = body.endswith(b"0\r\n\r\n")
        else:
            at = lowered.find(b"content-length:")
            whole = at < 0 or len(body) >= int(lowered[at + 15 :].split(b"\r\n", 1)[0])
        if whole and self._waiting:
            self._buffer = b""
            self._waiting.set_result(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionResetError())

    async def ask(self, request: bytes) -> int:
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        self._transport.close()


async def connect(port: int, count: int) -> list[Line]:
    """Return ``count`` open connections to a port of this machine."""
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Line, "127.0.0.1", port))[1] for _ in range(count)]


async def flat_out(lines: list[Line], requests: Iterator[bytes], count: int) -> float:
    """Send ``count`` requests, each connection the next as soon as it has its answer; return the seconds it took.

    Raises:
        RuntimeError: an answer was not a 200.
    """
    left = count

    async def keep_asking(line: Line) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            _must_be_fine(await line.ask(next(requests)))

    started = time.perf_counter()
    await asyncio.gather(*(keep_asking(line) for line in lines))
    return time.perf_counter() - started


async def paced(lines: list[Line], requests: Iterator[bytes], rate: float, seconds: float) -> list[float]:
    """Send ``rate`` requests a second whatever the server does; return the seconds from due time to answer, sorted.

    Raises:
        RuntimeError: an answer was not a 200.
    """
    free: asyncio.Queue[Line] = asyncio.Queue()
    for line in lines:
        free.put_nowait(line)
    took: list[float] = []
    started = time.perf_counter()

    async def one(line: Line, due: float) -> None:
        _must_be_fine(await line.ask(next(requests)))
        took.append(time.perf_counter() - due)
        free.put_nowait(line)

    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = started + number / rate
            while (early := due - time.perf_counter()) > 0:  # noqa: ASYNC110 - a moment is waited for, not an event
                await asyncio.sleep(early if early > 0.002 else 0)
            group.create_task(one(await free.get(), due))
    return sorted(took)


def _must_be_fine(status: int) -> None:
    if status != 200:
        raise RuntimeError(f"answered with {status}")
