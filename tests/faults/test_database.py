"""A database that is down, silent, slow, read-only or just failed over (RELIABILITY F14): told, and over when it is.

That every answer came within Slack's three seconds is the local workspace's own check: a late one shows another
sentence and breaks a rule, which fails the test.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psutil
import psycopg
import pytest

from bot.bootstrap import Runtime, serve_forever
from bot.errors import GatehouseError
from bot.settings import load
from tests import postgres
from tests.faults.conftest import Disturbed
from tests.faults.proxy import At, Mode, Proxy
from tests.journeys.house import SECRET_KEY, House, open_house
from tests.journeys.walking import problem, step, to_summary
from tests.store.conftest import StandingClock

SENTENCE = "Temporarily unavailable. We could not confirm that it was saved; submitting again is safe."


def direct(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@contextmanager
def passing(proxy: Proxy, mode: Mode, delay: float = 0) -> Iterator[None]:
    proxy.set(mode, delay)
    yield
    proxy.set(Mode.OPEN)


@contextmanager
def read_only(disturbed: Disturbed) -> Iterator[None]:
    name = disturbed.direct.rpartition("/")[2].partition("?")[0]
    direct(disturbed.direct, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert disturbed.proxy.cut_all()
    yield
    with psycopg.connect(disturbed.direct, options="-c default_transaction_read_only=off", autocommit=True) as owner:
        owner.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())


@contextmanager
def taken(disturbed: Disturbed) -> Iterator[None]:
    """Hold what every transaction wants, so that all connections of the pool wait."""
    with psycopg.connect(disturbed.direct) as other:
        other.execute("LOCK TABLE drafts, clients, seen, notifications, contracts IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


async def until_ready(house: House) -> None:
    """Wait for the probe that began while there was trouble, and for the next one."""
    for _ in range(100):
        if not (problems := await house.runtime.web.readiness.problems()):
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"still not ready: {problems}")


TROUBLES: dict[str, Callable[[Disturbed], AbstractContextManager[None]]] = {
    "refused": lambda at: passing(at.proxy, Mode.REFUSE),
    "silent": lambda at: passing(at.proxy, Mode.HOLE),
    "slow": lambda at: passing(at.proxy, Mode.SLOW, 2.0),
    "read-only": read_only,
    "taken": taken,
}


async def create(house: House) -> None:
    await house.bob.submit("Create Client")
    await house.bob.settle()


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_is_told_in_the_same_modal_and_the_repeat_succeeds(disturbed: Disturbed, trouble: str) -> None:
    house = disturbed.house
    await to_summary(house.bob)
    with TROUBLES[trouble](disturbed):
        await create(house)
        assert problem(house.bob) == SENTENCE
        assert "Web shop" in house.bob.sees()
        assert (await house.runtime.web.readiness.problems())[0].startswith("database: ")
    await create(house)
    assert step(house.bob) == "Client"
    assert house.clients() == ["Web shop"]
    await until_ready(house)


async def test_a_failover_is_not_even_noticed(disturbed: Disturbed) -> None:
    house = disturbed.house
    await to_summary(house.bob)
    assert disturbed.proxy.cut_all() > 0
    await create(house)
    assert step(house.bob) == "Client"


@pytest.mark.parametrize("at", [At.BEFORE_COMMIT, At.AFTER_COMMIT])
async def test_a_cut_around_the_commit_leaves_one_client_after_the_repeat(disturbed: Disturbed, at: At) -> None:
    house, proxy = disturbed.house, disturbed.proxy
    await to_summary(house.bob)
    proxy.cut(at)
    await create(house)
    if proxy.fired == 0 or step(house.bob) != "Client":
        assert problem(house.bob) == SENTENCE
        await create(house)
    assert proxy.fired == 1
    assert step(house.bob) == "Client"
    assert house.clients() == ["Web shop"]


async def test_threads_that_waited_for_a_silent_database_come_back(disturbed: Disturbed) -> None:
    pool = disturbed.house.runtime.store.write
    disturbed.proxy.set(Mode.HOLE)
    waiting = [pool.submit(lambda unit: unit.people.team()) for _ in range(20)]
    assert all(future.exception(timeout=30) for future in waiting)
    disturbed.proxy.set(Mode.OPEN)
    assert pool.submit(lambda unit: unit.people.team()).result(timeout=10) == disturbed.house.workspace.team_id


async def test_a_frozen_server_is_told_and_serves_again_when_it_thaws(clock: StandingClock) -> None:
    with postgres.running() as server, server.database() as url:
        async with open_house(url, clock) as house:
            await to_summary(house.bob)
            frozen = everyone(server)
            for process in frozen:
                process.send_signal(signal.SIGSTOP)
            try:
                await create(house)
                assert problem(house.bob) == SENTENCE
            finally:
                for process in frozen:
                    process.send_signal(signal.SIGCONT)
            await create(house)
            assert step(house.bob) == "Client"
            assert house.clients() == ["Web shop"]


def everyone(server: postgres.Server) -> list[psutil.Process]:
    """Return the processes of a server, all of its connections' as well."""
    main = psutil.Process(int((server.folder / "data" / "postmaster.pid").read_text().split()[0]))
    assert main.pid != os.getpid()
    return [main, *main.children(recursive=True)]


async def test_a_database_that_falls_silent_during_a_start_is_named(behind_proxy: tuple[Proxy, str]) -> None:
    proxy, direct_url = behind_proxy
    variables = {"SLACK_BOT_TOKEN": "xoxb-1-2-abc", "SLACK_SIGNING_SECRET": "8f" * 16}
    settings = load(
        _env_file=None, GATEHOUSE_DATABASE_URL=proxy.url(direct_url), GATEHOUSE_SECRET_KEY=SECRET_KEY, **variables
    )
    real = Runtime.start

    async def silent(runtime: Runtime) -> None:
        proxy.set(Mode.REFUSE)
        await real(runtime)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runtime, "start", silent)
        with pytest.raises(GatehouseError, match="The database stopped answering during the start"):
            await serve_forever(settings)
