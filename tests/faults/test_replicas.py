"""Several processes on one PostgreSQL: replays, restarts, migrations (RELIABILITY B12, F19, F24, G14)."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from tests.faults import fleet, rolling
from tests.faults.fleet import Fleet
from tests.hatchery import PIPE, STDOUT, hatch
from tests.journeys.house import SECRET_KEY
from tests.journeys.walking import create, step


@pytest.fixture
async def pair(postgres_url: str) -> AsyncIterator[Fleet]:
    async with fleet.running(postgres_url, 2) as running:
        yield running


async def test_a_wizard_goes_on_at_whichever_replica_and_a_replay_works_at_none(pair: Fleet) -> None:
    bob = pair.workspace.actor("bob")
    await create(bob)
    assert step(bob) == "Client"
    await bob.command("/create-client")
    async with asyncio.timeout(10):
        while not bob.modal or step(bob) != "1":  # noqa: ASYNC110 - the window comes after the answer, from another process
            await asyncio.sleep(0.02)
    calls = len(pair.workspace.traffic)
    for _ in pair.balancer.replicas:
        answer = await bob.repeat(exact=True)
        assert (answer.status, answer.body) == (200, None)
    await bob.settle()
    ours = [one for one in list(pair.workspace.traffic)[calls:] if "views" in one.name]
    assert ours == []
    assert pair.clients() == ["Web shop"]
    assert pair.workspace.violations == []


async def test_replicas_stop_and_start_while_people_work_and_nothing_acknowledged_is_lost(postgres_url: str) -> None:
    result = await rolling.run(postgres_url, rolling.Options(stops=12, people=8, rate=20, seed=7, patience=20))
    assert result.breaches == []
    assert result.codes == {0: 12}
    assert len(result.clients.acknowledged) > 10
    assert len([one for one in result.told.sign_ups if one.told]) > 10


async def test_an_old_schema_is_refused_with_the_command_to_run_and_upgrades_take_turns(postgres_url: str) -> None:
    code, said = await gatehouse("serve", postgres_url)
    assert code == 2
    assert "gatehouse db upgrade" in said
    upgrades = await asyncio.gather(*(gatehouse("db upgrade", postgres_url) for _ in range(3)))
    assert [code for code, _ in upgrades] == [0, 0, 0]
    assert (await gatehouse("db current", postgres_url))[0] == 0


async def gatehouse(command: str, url: str) -> tuple[int | None, str]:
    """Run a command and return its exit code and what it said."""
    variables = {
        "SLACK_BOT_TOKEN": "xoxb-1-2-abc",
        "SLACK_SIGNING_SECRET": "a" * 32,
        "SLACK_API_URL": "http://127.0.0.1:9/",
        "GATEHOUSE_SECRET_KEY": SECRET_KEY,
        "GATEHOUSE_DATABASE_URL": url,
        "GATEHOUSE_PORT": "0",
    }
    process = hatch(*command.split(), env=os.environ | variables, stdout=PIPE, stderr=STDOUT)
    said, _ = await asyncio.to_thread(process.communicate)
    return process.returncode, said
