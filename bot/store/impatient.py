"""A PostgreSQL connection that gives up: no thread waits for an answer that doesn't come.

The server's own time limits need a server that runs, and TCP's a network that says so; a frozen server or a hole in
the network does neither (RELIABILITY F14). So each statement, COMMIT and ping has a limit on this side as well; then
the connection is closed, which makes its pool open a new one.
"""

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")
ANSWER_SECONDS = 1.8
"""Seconds for one answer: longer than STATEMENT_TIMEOUT, so that a slow statement ends by the server's own limit."""


class Impatient(psycopg.Connection[Any]):
    """Closes itself when an answer takes longer than ``ANSWER_SECONDS``."""

    def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
        """Wait for an answer as the parent does, but no longer than the limit.

        Raises:
            psycopg.OperationalError: there was none; the connection is closed.
        """
        return super().wait(self._limited(gen), *arguments, **options)

    def _limited(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Pass everything on between the two; the parent comes by ten times a second even if nothing happens."""
        latest = time.monotonic() + ANSWER_SECONDS
        try:
            state = next(gen)
            while True:
                state = gen.send((yield state))
                if time.monotonic() > latest:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer within {ANSWER_SECONDS:g} s")
        except StopIteration as ended:
            result: T = ended.value
            return result
