"""Knows whether anything is under way between Slack and the bot, so that a test can wait for quiet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Activity:
    """Counts what is under way: requests to the bot, calls of the bot, answers being applied."""

    def __init__(self) -> None:
        self._running = 0
        self._last = 0.0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Mark the body of the ``with`` as under way."""
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            self._last = time.monotonic()
            if not self._running:
                self._idle.set()

    async def settled(self, quiet: float, limit: float) -> None:
        """Wait until nothing was under way for ``quiet`` seconds, at most ``limit`` seconds.

        Raises:
            TimeoutError: it did not become quiet.
        """
        async with asyncio.timeout(limit):
            while True:
                await self._idle.wait()
                rest = self._last + quiet - time.monotonic()
                if rest <= 0:
                    return
                await asyncio.sleep(rest)
