"""One serving process an SQLite file (RELIABILITY F15)."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import WrongSettings
from bot.store.lock import ServingLock

HOLD = """
import sys, pathlib
from bot.store.lock import ServingLock
ServingLock(pathlib.Path(sys.argv[1])).take()
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_to_take_it_is_told_what_to_do(tmp_path: Path) -> None:
    first, second = ServingLock(tmp_path / "x.db"), ServingLock(tmp_path / "x.db")
    first.take()
    with pytest.raises(WrongSettings, match="already serves from this SQLite file; stop it first"):
        second.take()
    first.release()
    second.take()
    second.release()
    second.release()


def test_a_kill_lets_it_go(tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    command = [sys.executable, "-c", HOLD, str(database)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WrongSettings):
            ServingLock(database).take()
        holder.kill()
        holder.wait()
    lock = ServingLock(database)
    lock.take()
    lock.release()


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match="can't write beside the database"):
        ServingLock(tmp_path / "nowhere" / "x.db").take()


def test_two_files_are_two_locks(tmp_path: Path) -> None:
    locks = [ServingLock(tmp_path / name) for name in ("a.db", "b.db")]
    for lock in locks:
        lock.take()
    for lock in locks:
        lock.release()
