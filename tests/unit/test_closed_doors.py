"""Tests reach nothing but this machine, and each has a database of its own."""

import socket
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import conftest
from tests.conftest import stays_here
from tests.postgres import NoPostgres, Server, _within_reach, find_programs


@pytest.mark.parametrize(
    "address", [("127.0.0.1", 80), ("::1", 80, 0, 0), ("localhost", 1), "/tmp/x", "\0abstract", b""]
)
def test_loopback_and_unix_sockets_stay_here(address: object) -> None:
    assert stays_here(address)


@pytest.mark.parametrize(
    "address", [("192.0.2.1", 443), ("slack.com", 443), "slack.com", b"slack.com", ("10.0.0.1", 1)]
)
def test_everything_else_does_not(address: object) -> None:
    assert not stays_here(address)


@pytest.mark.parametrize("name", ["connect", "connect_ex"])
def test_a_socket_to_the_outside_fails_the_test(name: str) -> None:
    with socket.socket() as plug, pytest.raises(pytest.fail.Exception, match="must not leave"):
        getattr(plug, name)(("192.0.2.1", 443))


def test_a_datagram_to_the_outside_fails_the_test() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as plug, pytest.raises(pytest.fail.Exception, match="must not leave"):
        plug.sendto(b"hello", ("192.0.2.1", 53))


def test_looking_up_a_foreign_name_fails_the_test() -> None:
    with pytest.raises(pytest.fail.Exception, match="must not ask"):
        socket.getaddrinfo("slack.com", 443)


@pytest.mark.parametrize("round_", [1, 2])
def test_each_test_gets_an_empty_postgresql_database(postgres_url: str, round_: int) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE TABLE proof (n int)")
        assert connection.execute("SELECT lower('ÄÖÜ')").fetchone() == ("äöü",)


def test_a_lent_database_comes_back_empty_and_with_nobody_in_it(
    postgres_server: Server, postgres_template: str
) -> None:
    def insert(url: str) -> psycopg.Connection[tuple[Any, ...]]:
        connection = psycopg.connect(url, autocommit=True)
        connection.execute("INSERT INTO workspace (id, team, bound_at) VALUES (1, 'T1', now())")
        connection.execute("INSERT INTO seen (key, until) VALUES ('one', now())")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        return connection

    with postgres_server.lent(postgres_template) as first:
        staying = insert(first)
    with postgres_server.lent(postgres_template) as second, postgres_server.lent(postgres_template) as third:
        assert second == first != third
        with psycopg.connect(second) as there, psycopg.connect(third) as elsewhere:
            version = "SELECT version_num FROM alembic_version"
            assert there.execute(version).fetchall() == elsewhere.execute(version).fetchall()
        insert(second).close()
        with pytest.raises(psycopg.OperationalError):
            staying.execute("SELECT 1")
    staying.close()


@pytest.mark.parametrize("change", ["CREATE TABLE proof (n int)", "ALTER TABLE seen ADD COLUMN n int"])
def test_whoever_changes_the_schema_of_a_lent_database_is_told(
    postgres_server: Server, postgres_template: str, change: str
) -> None:
    with (
        pytest.raises(RuntimeError, match="schema of a lent database"),
        postgres_server.lent(postgres_template) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        connection.execute(change.encode())


def test_each_test_runs_on_both_kinds_of_database(database_url: str) -> None:
    assert database_url.startswith(("sqlite:///", "postgresql://"))


@pytest.mark.parametrize(("in_ci", "outcome"), [(True, pytest.fail.Exception), (False, pytest.skip.Exception)])
def test_what_is_missing_fails_in_ci_and_is_skipped_at_home(
    in_ci: bool, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "IN_CI", in_ci)
    with pytest.raises(outcome, match="a certain program"):
        conftest.missing("a certain program")


def test_postgresql_is_missing_without_its_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEST_PG_BIN", str(tmp_path))
    with pytest.raises(NoPostgres, match="TEST_PG_BIN"):
        find_programs()
    for name in ("postgres", "initdb"):
        (tmp_path / name).touch()
    assert find_programs() == tmp_path


def test_programs_in_a_closed_folder_are_copied_to_where_everybody_may_go(tmp_path: Path) -> None:
    programs = tmp_path / "closed" / "install" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").touch(mode=0o755)
    (tmp_path / "closed").chmod(0o700)
    folder = tmp_path / "server"
    folder.mkdir()
    assert _within_reach(programs, folder) == folder / "programs" / "bin"
    assert (folder / "programs" / "bin" / "postgres").is_file()
    assert _within_reach(Path("/usr/bin"), folder) == Path("/usr/bin")
