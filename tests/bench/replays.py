"""What noticing replays adds to an acknowledgement: ``python -m tests.bench.replays``.

The database keeps its promises to the disk, as in service. ``at once`` is how many requests arrive together; the
processor time is this process's own, the database's not included.
"""

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime

import uvloop

from bot.replays import replays_of
from bot.store import schema
from bot.store.engine import open_store
from tests import postgres

REQUESTS = 1024
ROUNDS = 5


async def measure(url: str, name: str) -> list[str]:
    """Return a line of a Markdown table for each number of requests at once."""
    store = open_store(url)
    schema.upgrade(store.engine)
    replays = replays_of(store)
    await replays.recall()

    async def one(key: str) -> float:
        began = time.perf_counter()
        await replays.seen(key, datetime.now(UTC))
        return time.perf_counter() - began

    async def some(at_once: int, number: int) -> tuple[float, float, float]:
        waits: list[float] = []
        cpu = time.process_time()
        for start in range(0, REQUESTS, at_once):
            keys = (f"{number} {at_once} {start + index}" for index in range(at_once))
            waits += await asyncio.gather(*(one(key) for key in keys))
        spent = time.process_time() - cpu
        waits.sort()
        return spent / REQUESTS * 1e6, waits[REQUESTS // 2] * 1e3, waits[REQUESTS * 99 // 100] * 1e3

    lines = []
    for at_once in (1, 8, 64):
        figures = [await some(at_once, number) for number in range(ROUNDS)]
        middle = [statistics.median(each) for each in zip(*figures, strict=True)]
        lines.append(f"| {name} | {at_once} | {middle[0]:.0f} | {middle[1]:.3f} | {middle[2]:.3f} |")
    replays.close()
    store.close()
    return lines


def main() -> None:
    """Measure both databases and print a table of medians."""
    with postgres.running(postgres.DURABLE) as server, server.database() as url:
        lines = uvloop.run(measure(url, "PostgreSQL"))
    with tempfile.TemporaryDirectory() as folder:
        lines += uvloop.run(measure(f"sqlite:///{folder}/gatehouse.db", "SQLite"))
    print("| database | at once | CPU µs | p50 ms | p99 ms |", "|---|---|---|---|---|", *lines, sep="\n")


if __name__ == "__main__":
    main()
