"""One file, many processes: turns at writing, private, and never served from when damaged (RELIABILITY A7)."""

import asyncio
import contextlib
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.errors import Unavailable
from bot.store import schema, soundness
from bot.store.engine import Store, open_store
from bot.store.turns import Turns

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from bot.store.engine import open_store
import sqlalchemy as sa
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = open_store("sqlite:///" + path, patient=True)
for number in range(count):
    store.write.run(lambda unit: unit.seen.note([f"{name} {number} {part}" for part in range(40)], unit.now))
store.close()
"""


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "gatehouse.db"
    copy.write_bytes(sqlite_template.read_bytes())
    return copy


@contextlib.contextmanager
def opened(path: Path, *, patient: bool = False) -> Iterator[Store]:
    store = open_store(f"sqlite:///{path}", patient=patient)
    yield store
    store.close()


def test_a_writer_has_its_turn_from_begin_until_after_commit(path: Path) -> None:
    other = Turns(path, patience=0)
    with opened(path) as store:

        def work(unit: object) -> None:
            with pytest.raises(Unavailable):
                other.take()

        store.write.run(work)
        other.take()
        with pytest.raises(Unavailable):
            store.write.run(lambda _: None)
        assert store.read.run(lambda unit: unit.people.team()) == ""
        other.give()
        store.write.run(lambda _: None)


def test_nobody_checkpoints_out_of_turn(path: Path) -> None:
    """The writer's own checkpoint runs inside COMMIT, which the turn encloses; a reader has none."""
    with opened(path) as store:
        pages = store.read.run(lambda unit: unit.connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar())
        assert pages == 0


def test_a_process_that_dies_in_its_turn_leaves_it(path: Path) -> None:
    code = f"from bot.store.turns import Turns; from pathlib import Path\nTurns(Path({str(path)!r}), 0).take()\n"
    code += "print('taken', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stdout.readline() == b"taken\n"
        mine = Turns(path, patience=0)
        with pytest.raises(Unavailable):
            mine.take()
        process.send_signal(signal.SIGKILL)
        process.wait()
    mine.take()
    mine.give()


async def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(path), name, "60", cwd=ROOT)
        for name in "ab"
    ]
    assert [await process.wait() for process in processes] == [0, 0]
    with opened(path) as store:
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        count = store.read.run(lambda unit: unit.connection.execute(sa.text("SELECT count(*) FROM seen")).scalar())
    assert count == 2 * 60 * 40


def test_the_file_and_what_stands_beside_it_are_for_nobody_else(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        with opened(tmp_path / "new.db") as store:
            schema.upgrade(store.engine)
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    finally:
        os.umask(former)
    assert set(modes) >= {"new.db", "new.db-wal", "new.db.turn"}
    assert set(modes.values()) == {0o600}


def test_a_full_disk_is_told_and_over_when_there_is_room_again(path: Path) -> None:
    def fill(*numbers: int) -> None:
        for number in numbers:
            keys = [f"{number} {part}" for part in range(2000)]
            store.write.run(lambda unit, keys=keys: unit.seen.note(keys, unit.now))  # type: ignore[misc]

    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with opened(path) as store:
        fill(0)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 40_000, former[1]))
            with pytest.raises(Unavailable):
                fill(*range(1, 200))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, former)
            signal.signal(signal.SIGXFSZ, handler)
        fill(1000)
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_sound_file_and_none_at_all_pass(path: Path, tmp_path: Path) -> None:
    soundness.check(path)
    soundness.check(tmp_path / "none.db")


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(soundness.Damaged, match=r"gatehouse\.db is damaged \(file is not a database\)"):
        soundness.check(path)


def test_a_damaged_page_is_found_and_nothing_is_changed(path: Path) -> None:
    whole = path.read_bytes()
    broken = whole[:8192] + b"\xff" * 4096 + whole[12288:]
    path.write_bytes(broken)
    with pytest.raises(soundness.Damaged, match="newest backup"):
        soundness.check(path)
    assert path.read_bytes() == broken


def test_a_cut_file_is_found(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40_960])
    with pytest.raises(soundness.Damaged):
        soundness.check(path)


def test_an_empty_file_beside_a_full_log_is_not_taken_for_a_first_start(path: Path) -> None:
    path.with_name(path.name + "-wal").write_bytes(b"x" * 100)
    path.write_bytes(b"")
    with pytest.raises(soundness.Damaged, match="missing or empty"):
        soundness.check(path)


def test_a_long_look_is_cut_off(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "SECONDS", -1.0)
    monkeypatch.setattr(soundness, "STEPS", 1)
    soundness.check(path)


def test_a_locked_file_is_not_called_damaged(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        soundness.check(path)
