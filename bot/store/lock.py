"""One serving process an SQLite file: a lock beside it that the system lets go even after a kill."""

import fcntl
import os
from pathlib import Path

from bot.errors import WrongSettings


class ServingLock:
    """Held while a process serves from an SQLite file; commands beside it are short and take SQLite's own lock."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            WrongSettings: another process serves from this file, or the folder can't be written.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise WrongSettings(
                f"GATEHOUSE_DATABASE_URL: can't write beside the database ({error.strerror}: {self._path}); "
                "an example is sqlite:///gatehouse.db in a folder that can be written."
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise WrongSettings(
                "GATEHOUSE_DATABASE_URL: another Gatehouse already serves from this SQLite file; stop it first, "
                "or use PostgreSQL for several replicas, for example postgresql://user:password@host/gatehouse."
            ) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go; a no-op if it was never taken."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
