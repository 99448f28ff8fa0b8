"""Tells subscribers what has changed, so that a page can push it to a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator


class Topics:
    """Names of what changed: ``channel:C1``, ``modal:U1``, ``home:U1``, ``notice:U1``, ``people``, ``traffic``."""

    def __init__(self) -> None:
        self._waiting: list[tuple[dict[str, None], asyncio.Event]] = []

    def changed(self, topic: str) -> None:
        """Tell every subscriber; a topic that is waiting to be read is not told twice."""
        for pending, bell in self._waiting:
            pending[topic] = None
            bell.set()

    async def subscribe(self) -> AsyncGenerator[str, None]:
        """Topics as they change, from now on, oldest first."""
        pending: dict[str, None] = {}
        mine = (pending, asyncio.Event())
        self._waiting.append(mine)
        try:
            while True:
                await mine[1].wait()
                mine[1].clear()
                while pending:
                    topic = next(iter(pending))
                    del pending[topic]
                    yield topic
        finally:
            self._waiting.remove(mine)
