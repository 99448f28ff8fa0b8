"""Opening a database: the driver, its connections, and the care each kind needs."""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.clock import Clock, SystemClock
from bot.errors import WrongSettings
from bot.store.seen import SeenRegister
from bot.store.turns import Turns
from bot.store.unit import POSTGRES_THREADS, Pool, Writer

LOCK_WAIT = 1_000
"""Milliseconds a writer waits for another process on SQLite (RELIABILITY G7)."""
STATEMENT_TIMEOUT = 1_200
LOCK_TIMEOUT = 800
POOL_TIMEOUT = 0.4
"""Budget of one interaction on PostgreSQL: milliseconds, milliseconds, seconds (RELIABILITY G2)."""
CONNECT_SECONDS = 2
"""Seconds to connect to PostgreSQL, the fewest that its library knows."""
READ_ONLY = "25006"
"""What a server says that takes no writes (postgresql.org/docs/current/errcodes-appendix.html)."""
PATIENT_SECONDS = 60
"""Seconds a command waits for its turn at writing, where an interaction has ``LOCK_WAIT``."""

# The pool prints a traceback for each connection that is lost; whoever needed it says so in a line.
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


class Store:
    """An open database.

    ``write`` is for works that change something, ``read`` for those that only look; ``register``, on PostgreSQL, is
    where replicas claim what came from Slack.
    """

    def __init__(
        self, write: Pool | Writer, read: Pool, engine: sa.Engine, register: SeenRegister | None = None
    ) -> None:
        self.write, self.read, self.engine, self.register = write, read, engine, register

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def listen(self) -> None:
        """Call ``write.wake`` also for what other processes leave to be delivered; SQLite can't tell of it."""
        if isinstance(self.write, Pool):
            self.write.listen()

    def close(self) -> None:
        """Let works under way end, then close every connection."""
        self.write.close()
        if self.read is not self.write:
            self.read.close()
        if self.register:
            self.register.close()


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
        writing, reading = _sqlite(url, write=True, patient=patient), _sqlite(url, write=False, patient=patient)
        return Store(Writer(writing, clock), Pool(reading, clock, threads=2, writes=False), writing)
    engine = _postgres(url, POSTGRES_THREADS, patient=patient)
    pool = Pool(engine, clock, threads=POSTGRES_THREADS, writes=True)
    register = _postgres(url, 1, patient=patient, autocommit=True, synchronous_commit="off")
    return Store(pool, pool, engine, SeenRegister(register))


@contextlib.contextmanager
def reachable() -> Iterator[None]:
    """Say in one sentence that the database behind the block can't be opened or read.

    Raises:
        WrongSettings: it refuses connections, is locked, is no database, or may not be written.
    """
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise WrongSettings(
            f"GATEHOUSE_DATABASE_URL: the database can't be opened ({reason}); an example is sqlite:///gatehouse.db."
        ) from None


def _postgres(url: str, size: int, *, patient: bool, autocommit: bool = False, **parameters: str) -> sa.Engine:
    if not patient:
        parameters |= {"statement_timeout": str(STATEMENT_TIMEOUT), "lock_timeout": str(LOCK_TIMEOUT)}
    try:
        engine = sa.create_engine(
            "postgresql+psycopg://" + url.split("://", 1)[1],
            pool_size=size,
            max_overflow=0,
            pool_timeout=30 if patient else POOL_TIMEOUT,
            pool_pre_ping=not autocommit,
            isolation_level="AUTOCOMMIT" if autocommit else None,
            connect_args={
                "application_name": "gatehouse",
                "connect_timeout": 10 if patient else CONNECT_SECONDS,
                "options": " ".join(f"-c {name}={value}" for name, value in parameters.items()),
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 10_000 if patient else 2_000,
            },
        )
    except ImportError:
        raise WrongSettings(
            "The PostgreSQL driver is not installed: run pip install 'gatehouse[postgres]', or set "
            "GATEHOUSE_DATABASE_URL to an SQLite file, for example sqlite:///gatehouse.db."
        ) from None
    if not patient:
        _give_up(engine)
    return engine


def _give_up(engine: sa.Engine) -> None:
    """Make connections that wait for no answer that doesn't come, and leave a server that became read-only."""
    from bot.store.impatient import Impatient  # noqa: PLC0415 - the driver is an extra

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        return Impatient.connect(*arguments, **options)

    @sa.event.listens_for(engine, "handle_error")
    def leave(context: sa.engine.ExceptionContext) -> None:
        # A former primary after a failover: the address may lead to the new one by now.
        if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
            context.is_disconnect = True


def _sqlite(url: str, *, write: bool, patient: bool) -> sa.Engine:
    path = Path(sa.make_url(url).database or "")
    _make_private(path)
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
            connection.execute("PRAGMA wal_autocheckpoint = 0")  # only who writes checkpoints (bot/store/turns.py)
            connection.execute("PRAGMA query_only = ON")

    if write:
        _in_turn(engine, Turns(path, PATIENT_SECONDS if patient else LOCK_WAIT / 1000))
    else:
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _in_turn(engine: sa.Engine, turns: Turns) -> None:
    """Let the one connection of a writing engine have a turn from BEGIN until it is back in its pool."""

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        turns.take()
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @sa.event.listens_for(engine, "checkin")
    def give(_connection: sqlite3.Connection | None, _record: Any) -> None:
        turns.give()


def _make_private(path: Path) -> None:
    """Make a file that does not exist yet readable for us alone; what SQLite puts beside it gets the same mode."""
    with contextlib.suppress(OSError):  # that it is there, or can't be made: SQLite says so when it opens it
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
