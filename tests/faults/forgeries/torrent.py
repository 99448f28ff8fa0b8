"""A process of its own that only sends, so that its work delays nobody whose time is taken."""

import asyncio
import pickle
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.forgeries.rawhttp import Sending, talk

BEGUN = b"begun"
"""What the process says when it begins; after it comes what it has to tell at its end."""
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Order:
    """What to send: to these ports by turns, ``rate`` a second, from the beginning again when it is used up."""

    ports: tuple[int, ...]
    sendings: tuple[Sending, ...]
    rate: int
    seconds: int


@dataclass
class Sent:
    """What came of it."""

    count: int = 0
    let_in: int = 0
    """Answered with a 2xx or a 5xx."""
    seconds: float = 0.0


async def pour(order: Order) -> Sent:
    """Send whatever the server does, and wait for the last answer."""
    sent, begun = Sent(), time.monotonic()

    async def one(number: int) -> None:
        port = order.ports[number % len(order.ports)]
        heard = await talk(port, order.sendings[number % len(order.sendings)])
        sent.count += 1
        sent.let_in += any(status < 400 or status >= 500 for status in heard.statuses)

    async with asyncio.TaskGroup() as group:
        for number in range(order.rate * order.seconds):
            await asyncio.sleep(max(begun + number / order.rate - time.monotonic(), 0))
            group.create_task(one(number))
    sent.seconds = time.monotonic() - begun
    return sent


class Torrent:
    """The process that pours."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ended(self) -> Sent:
        """Wait for its end and return what came of it.

        Raises:
            RuntimeError: it ended with an error; its words are on standard error.
        """
        said, _ = await self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(f"the torrent ended with {self._process.returncode}")
        sent: Sent = pickle.loads(said)  # noqa: S301 - our own process wrote it
        return sent


async def begun(order: Order) -> Torrent:
    """Start a process and return once it has begun to pour.

    Raises:
        asyncio.IncompleteReadError: it ended before; its words are on standard error.
    """
    # Imported by its name, so that what is read and written is of the same classes on both sides.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"from {__name__} import main; main()"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin and process.stdout
    process.stdin.write(pickle.dumps(order))
    process.stdin.close()
    await process.stdout.readexactly(len(BEGUN))
    return Torrent(process)


def main() -> None:
    """Read an order from standard input, pour, and write what came of it to standard output."""
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own process wrote it
    sys.stdout.buffer.write(BEGUN)
    sys.stdout.buffer.flush()
    sys.stdout.buffer.write(pickle.dumps(asyncio.run(pour(order))))
