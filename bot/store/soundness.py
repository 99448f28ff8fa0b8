"""Whether an SQLite file can be served from: a look that takes a quarter of a second at most, however big it is.

``PRAGMA quick_check`` reads every page; it is cut off after ``SECONDS``. A small file is looked at whole, of a big one
the beginning. A page that is damaged further on is met later, by the work that reads it.
"""

import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

from bot.errors import WrongSettings

SECONDS = 0.25
STEPS = 10_000
"""Steps of SQLite's machine between two looks at the clock: about a millisecond."""

VERSION = sqlite3.sqlite_version_info
"""Of the SQLite that this Python brings."""


class Damaged(WrongSettings):
    """The database file is not one, or is not whole."""


def check(path: Path) -> None:
    """Look at a database file, unless there is none yet.

    Raises:
        Damaged: it can't be served from; the text says what to do.
    """
    if not path.exists() or not path.stat().st_size:
        wal = path.with_name(path.name + "-wal")
        if wal.exists() and wal.stat().st_size:
            raise Damaged(_sentence(path, f"it is missing or empty, while {wal.name} holds data"))
        return
    if found := _finding(path):
        raise Damaged(_sentence(path, found))


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Return whether an SQLite may lose pages when several connections write at once (bot/store/turns.py)."""
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return version >= (3, 7) and not mended


def _finding(path: Path) -> str | None:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    latest = time.monotonic() + SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > latest, STEPS)
    try:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error) if getattr(error, "sqlite_errorcode", 0) in BROKEN else None
    finally:
        connection.close()
    return None if found == "ok" else " ".join(found.split())


BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""What else may go wrong, such as a file without right to read, is told by opening it."""


def _sentence(path: Path, found: str) -> str:
    return (
        f"GATEHOUSE_DATABASE_URL: the database file {path} is damaged ({found}): nothing was changed. "
        "Put the newest backup in its place (docs/operations.md, Backup and restore), and keep the damaged file."
    )
