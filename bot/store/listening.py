"""PostgreSQL tells other replicas at once that there is something to deliver (LISTEN and NOTIFY).

The rows are what counts: a notification that is lost, while the connection is down for instance, costs a tick and
nothing else (postgresql.org/docs/current/sql-notify.html).
"""

import logging
import secrets
import threading
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

CHANNEL = "gatehouse_outbox"
PATIENCE = 0.25
"""Seconds until the listening thread looks whether it should end."""
PAUSE = 1.0
"""Seconds before it connects again."""

log = logging.getLogger(__name__)


class Announcer:
    """Says in a transaction that it leaves something to be delivered, and hears when other processes say so.

    Args:
        engine: of a PostgreSQL database.
        heard: called in a thread of its own; also after each connecting, for what was said before it.
    """

    def __init__(self, engine: sa.Engine, heard: Callable[[], None]) -> None:
        self._engine, self._heard = engine, heard
        self._name = secrets.token_hex(8)
        """What this process says comes back to it, and it knows already."""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def announce(self, connection: sa.Connection) -> None:
        """Tell the others once this transaction commits; nobody hears of one that is rolled back."""
        connection.execute(_NOTIFY, {"channel": CHANNEL, "name": self._name})

    def listen(self) -> None:
        """Begin to hear the others."""
        self._thread = threading.Thread(target=self._keep_listening, name="listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear no more."""
        self._stopping.set()
        if self._thread:
            self._thread.join()

    def _keep_listening(self) -> None:
        failures = (DBAPIError, PoolTimeout, self._engine.dialect.loaded_dbapi.Error)
        while not self._stopping.is_set():
            try:
                self._listen()
            except failures as error:
                log.warning("other replicas are not heard just now: %s", str(error).strip())
                self._stopping.wait(PAUSE)

    def _listen(self) -> None:
        # A connection of its own: the pool's are for interactions.
        borrowed = self._engine.raw_connection()
        connection = borrowed.driver_connection
        assert connection is not None
        borrowed.detach()
        try:
            connection.rollback()
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            self._heard()
            while not self._stopping.is_set():
                for notification in connection.notifies(timeout=PATIENCE):
                    if notification.payload != self._name:
                        self._heard()
                    if self._stopping.is_set():
                        break
        finally:
            borrowed.close()


_NOTIFY = sa.select(sa.func.pg_notify(sa.bindparam("channel"), sa.bindparam("name")))
