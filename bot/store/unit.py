"""One transaction: everything in it happens or nothing does. The one commit of the house stands here.

Work is an ordinary function of a :class:`Unit`. On PostgreSQL a small pool of threads runs transactions side by side.
On SQLite one thread owns the only writing connection, so that there is no lock to fight over; works that wait together
share one commit, each behind its own savepoint (PERFORMANCE, facts).
"""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.clock import Clock
from bot.domain.clients import ClientDraft
from bot.domain.contracts import SignUpDraft
from bot.errors import GatehouseError, Unavailable
from bot.store.apis import ApiRows
from bot.store.audit import AuditTrail
from bot.store.bursts import BurstRows
from bot.store.catalog import CatalogRows
from bot.store.clients import ClientRows
from bot.store.contracts import ContractRows
from bot.store.copies import CopyRows
from bot.store.drafts import DraftRows
from bot.store.export import ExportRows
from bot.store.listening import Announcer
from bot.store.organizations import OrganizationRows
from bot.store.outbox import OutboxRows
from bot.store.pacing import PaceRows
from bot.store.people import PeopleRows
from bot.store.reach import ReachRows
from bot.store.reminders import ReminderRows
from bot.store.search import SearchRows
from bot.store.seen import SeenRows

T = TypeVar("T")
Work = Callable[["Unit"], T]
log = logging.getLogger(__name__)

GROUP = 64
"""Most works in one commit on SQLite: bounds how long the first of them waits."""
UNDONE = ("40001", "40P01")
"""What PostgreSQL says after it rolled a transaction back that stood in another one's way: it surely did nothing
(postgresql.org/docs/current/errcodes-appendix.html, class 40)."""
POSTGRES_THREADS = 8
"""Transactions side by side in one process; its pool holds as many connections."""


class Unit:
    """What a use case sees of the database while its transaction is open."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        """The transaction's time, UTC: every row it writes carries the same."""

    @cached_property
    def people(self) -> PeopleRows:
        return PeopleRows(self.connection)

    @cached_property
    def organizations(self) -> OrganizationRows:
        return OrganizationRows(self.connection)

    @cached_property
    def clients(self) -> ClientRows:
        return ClientRows(self.connection)

    @cached_property
    def drafts(self) -> DraftRows[ClientDraft]:
        return DraftRows(self.connection, "client", ClientDraft, "client_id")

    @cached_property
    def sign_ups(self) -> DraftRows[SignUpDraft]:
        return DraftRows(self.connection, "sign_up", SignUpDraft, "contract_id")

    @cached_property
    def apis(self) -> ApiRows:
        return ApiRows(self.connection)

    @cached_property
    def contracts(self) -> ContractRows:
        return ContractRows(self.connection)

    @cached_property
    def outbox(self) -> OutboxRows:
        return OutboxRows(self.connection, self.now)

    @cached_property
    def bursts(self) -> BurstRows:
        return BurstRows(self.connection, self.now)

    @cached_property
    def copies(self) -> CopyRows:
        return CopyRows(self.connection, self.now)

    @cached_property
    def reach(self) -> ReachRows:
        return ReachRows(self.connection, self.now)

    @cached_property
    def pace(self) -> PaceRows:
        return PaceRows(self.connection, self.now)

    @cached_property
    def reminders(self) -> ReminderRows:
        return ReminderRows(self.connection, self.now)

    @cached_property
    def search(self) -> SearchRows:
        return SearchRows(self.connection)

    @cached_property
    def catalog(self) -> CatalogRows:
        return CatalogRows(self.connection)

    @cached_property
    def export(self) -> ExportRows:
        return ExportRows(self.connection, self.now)

    @cached_property
    def seen(self) -> SeenRows:
        return SeenRows(self.connection)

    @cached_property
    def audit(self) -> AuditTrail:
        return AuditTrail(self.connection, self.now)


def _translated(error: Exception) -> Exception:
    """Return what the caller should see: our own errors as they are, a database out of reach as Unavailable."""
    if isinstance(error, GatehouseError):
        return error
    if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and not isinstance(error, IntegrityError)):
        log.warning("database did not answer: %s", str(error.orig if isinstance(error, DBAPIError) else error).strip())
        unavailable = Unavailable()
        unavailable.__cause__ = error
        return unavailable
    return error


def _nobody() -> None:
    """Nobody delivers in this process: the next tick of one that does will find it."""


class Pool:
    """Runs each work in its own transaction on one of a few threads."""

    def __init__(self, engine: sa.Engine, clock: Clock, *, threads: int, writes: bool) -> None:
        self._engine, self._clock, self._writes = engine, clock, writes
        self.wake = _nobody
        """Called after a commit that left something to be delivered, here or, after ``listen``, in another process."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._announcer = Announcer(engine, self._heard)

    def listen(self) -> None:
        """Hear of commits of other processes too; only PostgreSQL tells of them."""
        self._announcer.listen()

    def _heard(self) -> None:
        self.wake()

    def submit(self, work: Work[T]) -> Future[T]:
        """Run ``work`` soon; the future carries its result or its error."""
        return self._threads.submit(self.run, work)

    def run(self, work: Work[T]) -> T:
        """Run ``work`` in this thread; once more if the database undid it for the sake of another transaction.

        Raises:
            Unavailable: the database did not answer; whether it committed is not known.
        """
        try:
            try:
                return self._once(work)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) not in UNDONE:
                    raise
                return self._once(work)
        except Exception as error:  # noqa: BLE001 - it goes to the caller
            raise _translated(error) from error.__cause__

    def _once(self, work: Work[T]) -> T:
        with self._engine.connect() as connection:
            unit = Unit(connection, self._clock.now())
            result = work(unit)
            if self._writes:
                if unit.outbox.added:
                    self._announcer.announce(connection)
                connection.commit()
        if unit.outbox.added:
            self.wake()
        return result

    def close(self) -> None:
        self._announcer.close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()


class _Errand(Generic[T]):
    """A work waiting for the writer, and the future its caller holds."""

    def __init__(self, work: Work[T]) -> None:
        self._work = work
        self.future: Future[T] = Future()
        self.wakes = False
        self._result: T | None = None
        self._error: Exception | None = None

    def begins(self) -> bool:
        """Return whether the caller still waits; from here on they can't take the work back."""
        return self.future.set_running_or_notify_cancel()

    def attempt(self, connection: sa.Connection, now: datetime) -> None:
        """Do the work behind a savepoint: its failure undoes nothing of its neighbours."""
        savepoint = connection.begin_nested()
        unit = Unit(connection, now)
        try:
            self._result = self._work(unit)
        except Exception as error:  # noqa: BLE001 - it goes to the caller
            savepoint.rollback()
            self._error = error
        else:
            savepoint.commit()
            self.wakes = unit.outbox.added

    def settle(self, failure: Exception | None) -> None:
        """Tell the caller, now that the commit has happened or failed."""
        error = self._error or failure
        if error is None:
            self.future.set_result(self._result)  # type: ignore[arg-type]
        else:
            self.future.set_exception(_translated(error))


class Writer:
    """The one thread that writes to an SQLite file."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self.wake = _nobody
        """Called after a commit that left something to be delivered."""
        self.first: Work[None] | None = None
        """Part of every transaction, before the works that wait for it."""
        self._waiting: queue.SimpleQueue[_Errand[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work_off, name="writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> Future[T]:
        """Run ``work`` in the next commit; the future is done when that commit is on the disk, or failed."""
        errand = _Errand(work)
        self._waiting.put(errand)
        return errand.future

    def run(self, work: Work[T]) -> T:
        """Run ``work`` and wait for its commit."""
        return self.submit(work).result()

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join()
        self._engine.dispose()

    def _work_off(self) -> None:
        while (first := self._waiting.get()) is not None:
            self._commit_together([first, *self._others()])

    def _others(self) -> list[_Errand[Any]]:
        others: list[_Errand[Any]] = []
        while len(others) < GROUP - 1:
            try:
                errand = self._waiting.get_nowait()
            except queue.Empty:
                break
            if errand is None:
                self._waiting.put(None)
                break
            others.append(errand)
        return others

    def _commit_together(self, waiting: list[_Errand[Any]]) -> None:
        errands = [errand for errand in waiting if errand.begins()]
        failure: Exception | None = None
        try:
            with self._engine.connect() as connection:
                self._attempt(connection, errands)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may be left waiting
            failure = error
        for errand in errands:
            errand.settle(failure)
        if failure is None and any(errand.wakes for errand in errands):
            self.wake()

    def _attempt(self, connection: sa.Connection, errands: list[_Errand[Any]]) -> None:
        try:
            connection.begin()
            now = self._clock.now()
            if self.first:
                self.first(Unit(connection, now))
            for errand in errands:
                errand.attempt(connection, now)
            connection.commit()
        except Exception:
            # A commit that failed leaves its transaction open in SQLite: the next one needs a new connection.
            connection.invalidate()
            raise
