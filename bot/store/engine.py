"""Opening a database: the driver, its connections, and the care each kind needs."""

import sqlite3
from typing import Any

import sqlalchemy as sa

from bot.clock import Clock, SystemClock
from bot.errors import WrongSettings
from bot.store.unit import POSTGRES_THREADS, Pool, Writer

LOCK_WAIT = 1_000
"""Milliseconds a writer waits for another process on SQLite (RELIABILITY G7)."""
STATEMENT_TIMEOUT = 1_200
LOCK_TIMEOUT = 800
POOL_TIMEOUT = 0.4
"""Budget of one interaction on PostgreSQL: milliseconds, milliseconds, seconds (RELIABILITY G2)."""


class Store:
    """An open database: ``write`` for works that change something, ``read`` for those that only look."""

    def __init__(self, write: Pool | Writer, read: Pool, engine: sa.Engine) -> None:
        self.write, self.read, self.engine = write, read, engine

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Let works under way end, then close every connection."""
        self.write.close()
        if self.read is not self.write:
            self.read.close()


def open_store(url: str, clock: Clock | None = None, *, patient: bool = False) -> Store:
    """Open the database behind a URL of INTERFACE 2.

    Args:
        url: ``sqlite:///PATH`` or ``postgresql://…``.
        clock: where ``Unit.now`` comes from.
        patient: no time limits a statement, for commands and migrations rather than interactions.

    Raises:
        WrongSettings: the PostgreSQL driver is not installed.
    """
    clock = clock or SystemClock()
    if url.startswith("sqlite"):
        writing, reading = _sqlite(url, write=True), _sqlite(url, write=False)
        return Store(Writer(writing, clock), Pool(reading, clock, threads=2, writes=False), writing)
    engine = _postgres(url, patient=patient)
    pool = Pool(engine, clock, threads=POSTGRES_THREADS, writes=True)
    return Store(pool, pool, engine)


def _postgres(url: str, *, patient: bool) -> sa.Engine:
    options = "" if patient else f"-c statement_timeout={STATEMENT_TIMEOUT} -c lock_timeout={LOCK_TIMEOUT}"
    try:
        return sa.create_engine(
            "postgresql+psycopg://" + url.split("://", 1)[1],
            pool_size=POSTGRES_THREADS,
            max_overflow=0,
            pool_timeout=30 if patient else POOL_TIMEOUT,
            pool_pre_ping=True,
            connect_args={
                "application_name": "gatehouse",
                "connect_timeout": 10 if patient else 2,
                "options": options,
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        )
    except ImportError:
        raise WrongSettings(
            "The PostgreSQL driver is not installed: run pip install 'gatehouse[postgres]', or set "
            "GATEHOUSE_DATABASE_URL to an SQLite file, for example sqlite:///gatehouse.db."
        ) from None


def _sqlite(url: str, *, write: bool) -> sa.Engine:
    engine = sa.create_engine(url, pool_size=1 if write else 2, max_overflow=0 if write else 2)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own BEGIN is deferred; ours below takes the write lock at once.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {LOCK_WAIT}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
        else:
            # Only the writer checkpoints: two connections doing so at once can lose pages in SQLite before 3.51.3
            # (sqlite.org/wal.html#walresetbug).
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("PRAGMA query_only = ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
