"""A local Slack, a process of its own, in which requests stand already; it tells which of them got a reply.

``python -m tests.bench.threads CHANNELS EACH`` prints the address of its Web API, and for each line that it reads, what
stands in it by then.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from bot.manifest import manifest
from bot.sandbox.records import Message
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from tests import stock
from tests.bench import processes


class Threads:
    """What asks the process."""

    def __init__(self, process: psutil.Popen) -> None:
        self._process = process
        self.api = self._line()

    def _line(self) -> str:
        return str(self._process.stdout.readline().decode().strip())

    def found(self) -> dict[str, Any]:
        """Return replies by the number of the request, other messages by channel, and how many rules were broken."""
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._line())
        return told


@contextmanager
def standing(channels: int, each: int) -> Iterator[Threads]:
    """Give a Slack with ``each`` requests in each channel: number 0 in the first, 1 in the second, and so on."""
    command = [sys.executable, "-m", "tests.bench.threads", str(channels), str(each)]
    with processes.serving(command, piped=True) as process:
        yield Threads(process)


def _workspace(channels: int, each: int) -> Workspace:
    at = Workspace(manifest=manifest(), team_id=stock.TEAM, bot_token=processes.TOKEN)
    for number in range(channels):
        at.add_channel(f"channel-{number}", id=f"C{number:04}")
    for number in range(channels * each):
        channel = f"C{number % channels:04}"
        at.put(Message(stock.timestamp(number), channel, at.bot_user_id, text="Approval request", bot_id=at.bot_id))
    return at


def _told(at: Workspace, requests: int) -> dict[str, Any]:
    numbers = {stock.timestamp(number): number for number in range(requests)}
    messages = [message for channel in at.channels.values() for message in channel.messages]
    replies = Counter(numbers[one.thread_ts] for one in messages if one.thread_ts and one.thread_ts != one.ts)
    others = Counter(one.channel for one in messages if not one.thread_ts and one.ts not in numbers)
    return {"replies": replies, "others": others, "broken": len(at.violations)}


async def main(channels: int, each: int) -> None:
    """Serve until standard input ends."""
    at, loop = _workspace(channels, each), asyncio.get_running_loop()
    async with SandboxServer(at) as server:
        print(server.api_url, flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(_told(at, channels * each)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
