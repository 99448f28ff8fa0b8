"""Turns at writing an SQLite file: one process at a time, from BEGIN to the checkpoint that may follow COMMIT.

SQLite 3.7.0 to 3.51.2 (but for 3.44.6+ and 3.50.7+) can lose pages when one connection checkpoints while another one
writes or checkpoints (sqlite.org/wal.html#walresetbug, RELIABILITY A7). In Gatehouse only writing connections
checkpoint, and each holds this lock from before BEGIN until after the checkpoint at the end of COMMIT. The checkpoint
of the last connection that closes is safe without: SQLite itself then holds the file exclusively.
"""

import fcntl
import os
import time
from pathlib import Path

from bot.errors import Unavailable

PAUSE = 0.002
"""Seconds between looks at a lock that somebody else holds."""


class Turns:
    """The lock of one connection; the system lets it go when its process ends, however that happens.

    Args:
        database: the SQLite file; the lock is a file beside it.
        patience: seconds to wait for one's turn.
    """

    def __init__(self, database: Path, patience: float) -> None:
        self._path = database.with_name(database.name + ".turn")
        self._patience = patience
        self._descriptor: int | None = None

    def take(self) -> None:
        """Wait for one's turn; a no-op while it lasts.

        Raises:
            Unavailable: another process has been writing for all of the patience.
        """
        if self._descriptor is not None:
            return
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        latest = time.monotonic() + self._patience
        while not _taken(descriptor):
            if time.monotonic() > latest:
                os.close(descriptor)
                raise Unavailable
            time.sleep(PAUSE)
        self._descriptor = descriptor

    def give(self) -> None:
        """End one's turn; a no-op between turns."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
