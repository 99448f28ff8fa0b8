"""What every test stands on: closed doors to the outside, and a fresh database of either kind."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import settings

from bot.store import schema
from bot.store.engine import open_store
from tests import postgres
from tests.order import LONG, dealt
from tests.statements import share_compiled_statements

settings.register_profile("gatehouse", deadline=None)
settings.load_profile("gatehouse")

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
"""In CI a missing PostgreSQL or browser is a failure; at home it is a skip that says so."""


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def missing(what: str) -> NoReturn:
    """Skip what can't be tested here, saying so; in CI, fail."""
    if IN_CI:
        pytest.fail(f"CI tests everything, and this is missing: {what}", pytrace=False)
    pytest.skip(f"NOT TESTED, because this is missing: {what}")


def stays_here(address: object) -> bool:
    """Whether a socket address (or a host name) is a unix socket or this machine's loopback."""
    if isinstance(address, str | bytes) and (not address or address[:1] in ("/", b"/", "\0", b"\0")):
        return True
    host = address[0] if isinstance(address, tuple) else address
    host = host.decode() if isinstance(host, bytes) else str(host)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _guarded(real: Callable[..., Any], position: int) -> Callable[..., Any]:
    def guard(*arguments: Any, **options: Any) -> Any:
        address = arguments[position]
        if not stays_here(address):
            pytest.fail(f"A test must not leave this machine, and this one called {address!r}.")
        return real(*arguments, **options)

    return guard


def close_the_doors(patch: pytest.MonkeyPatch) -> None:
    """Let sockets reach loopback and unix sockets only, and look up no other names."""
    for name in ("connect", "connect_ex"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name), 1))
    patch.setattr(socket.socket, "sendto", _guarded(socket.socket.sendto, -1))
    real = socket.getaddrinfo

    def look_up(host: str | bytes | None, *arguments: Any, **options: Any) -> Any:
        # No host, or an address to listen on, asks nobody.
        if host in (None, "", "0.0.0.0", "::") or stays_here(host):  # noqa: S104 - compared, not listened on
            return real(host, *arguments, **options)
        return pytest.fail(f"A test must not ask the network for names, and this one asked for {host!r}.")

    patch.setattr(socket, "getaddrinfo", look_up)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what takes longest first."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = dealt(items, lambda item: item.nodeid.startswith(LONG), processes)


@pytest.fixture(scope="session", autouse=True)
def closed_doors() -> Iterator[None]:
    """Close the network for the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        close_the_doors(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_statements() -> Iterator[None]:
    """Compile each statement once for the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        share_compiled_statements(patch)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """Give this test process's PostgreSQL; without one, skip at home and fail in CI."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres.running())
        except postgres.NoPostgres as problem:
            missing(f"PostgreSQL: {problem}")
        yield server


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """Give the address of a fresh, empty PostgreSQL database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a fresh, empty database: each test runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gatehouse.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the path of an SQLite file with the newest schema and no rows, to be copied."""
    path = tmp_path_factory.mktemp("template") / "gatehouse.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Server) -> str:
    """Give the name of a PostgreSQL database with the newest schema and no rows, to be copied."""
    postgres_server.run("CREATE DATABASE migrated")
    _migrate(postgres_server.url("migrated"))
    return "migrated"


def _migrate(url: str) -> None:
    opened = open_store(url, patient=True)
    schema.upgrade(opened.engine)
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a database with the newest schema and no rows: each test runs on both kinds."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "gatehouse.db")
        yield f"sqlite:///{copy}"
    else:
        server: postgres.Server = request.getfixturevalue("postgres_server")
        with server.lent(request.getfixturevalue("postgres_template")) as url:
            yield url


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of the machine's Chromium, for Playwright's ``executable_path``."""
    if find_spec("playwright") is None:
        missing("Playwright, the extra 'browser'")
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    if not found:
        missing("Chromium, for example `apt install chromium`")
    return found[0]
