"""A time limit that costs nearly nothing until it is reached.

``asyncio.timeout`` makes and closes a timer for each use: 20 µs with uvloop, a sixth of an acknowledgement. All uses of
one limit end in the order they began, so one timer for the oldest is enough.
"""

import asyncio
from collections import deque
from types import TracebackType


class Patience:
    """A limit of so many seconds, for any number of blocks at once: ``async with patience.limit():``."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._limits: deque[Limit] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def limit(self) -> "Limit":
        """Return a block that is cancelled after the seconds, and then raises ``TimeoutError`` from its end."""
        return Limit(self)

    def begin(self, limit: "Limit") -> None:
        """Let a limit run from now."""
        loop = asyncio.get_running_loop()
        limit.ends = loop.time() + self.seconds
        while self._limits and self._limits[0].over:
            self._limits.popleft()
        self._limits.append(limit)
        if self._timer is None:
            self._timer = loop.call_at(limit.ends, self._ring)

    def _ring(self) -> None:
        """Cancel what is due, and wait for the oldest of the rest."""
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time()
        while self._limits and (self._limits[0].over or self._limits[0].ends <= now):
            self._limits.popleft().expire()
        if self._limits:
            self._timer = loop.call_at(self._limits[0].ends, self._ring)

    def close(self) -> None:
        """Take the timer back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Limit:
    """One use of a ``Patience``."""

    __slots__ = ("_expired", "_patience", "_task", "ends", "over")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._task: asyncio.Task[object] | None = None
        self._expired = False
        self.ends = 0.0
        self.over = False

    async def __aenter__(self) -> None:
        self._task = asyncio.current_task()
        self._patience.begin(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.over = True
        task, self._task = self._task, None
        if self._expired and task and task.uncancel() <= 0 and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancel the block, unless it is over."""
        if not self.over and self._task:
            self._expired = True
            self._task.cancel()
