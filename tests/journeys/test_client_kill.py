"""A kill between commit and answer: the person tries again and sees the one client (SPEC 2.6, RELIABILITY F1)."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.catalogs import native
from bot.manifest import manifest
from bot.sandbox.answers import TROUBLE
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from bot.store.engine import open_store
from bot.usecases.catalog import apply_catalog
from tests.hatchery import PIPE, Hatched, hatch
from tests.journeys.house import CATALOG, SECRET_KEY, populate
from tests.journeys.walking import problem, step, to_summary


class Line:
    """Stands between Slack and the bot; while it is ``cut``, the bot is killed as soon as it has answered."""

    def __init__(self) -> None:
        self.bot: Hatched
        self.port = 0
        self.cut = False
        self.swallowed = b""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Bring one request to the bot, and its answer back."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(
            next(line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-len"))
        )
        body = await reader.readexactly(length)
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        back.write(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + body)
        answer = await there.read()
        if self.cut:
            self.swallowed = answer
            self.bot.kill()
            await asyncio.to_thread(self.bot.communicate)
        else:
            writer.write(answer)
            await writer.drain()
        for one in (back, writer):
            one.close()


async def start(line: Line, variables: dict[str, str]) -> None:
    """Start ``gatehouse serve`` and wait until it takes requests."""
    line.bot = hatch("serve", env={"PATH": os.environ["PATH"]} | variables, stderr=PIPE)
    assert line.bot.stderr
    while said := await asyncio.to_thread(line.bot.stderr.readline):
        if '"serving"' in said:
            line.port = json.loads(said)["port"]
            return
    pytest.fail("it did not begin to serve")


@asynccontextmanager
async def listening(carry: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> AsyncIterator[str]:
    server = await asyncio.start_server(carry, "127.0.0.1", 0)  # type: ignore[arg-type]
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/slack/events"


async def test_a_second_try_after_a_kill_shows_the_one_client(migrated_url: str) -> None:
    workspace, line = Workspace(manifest=manifest()), Line()
    populate(workspace)
    store = open_store(migrated_url, patient=True)
    store.write.run(lambda unit: apply_catalog(unit, native.parse(CATALOG).catalog, str))
    async with SandboxServer(workspace) as server, listening(line.carry) as server.events_url:
        variables = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_SIGNING_SECRET": workspace.signing_secret,
            "SLACK_API_URL": server.api_url,
            "GATEHOUSE_DATABASE_URL": migrated_url,
            "GATEHOUSE_SECRET_KEY": SECRET_KEY,
            "GATEHOUSE_PORT": "0",
            "GATEHOUSE_LOG_FORMAT": "json",
        }
        await start(line, variables)
        bob = workspace.actor("bob")
        workspace.quiet_seconds = 0.5
        await to_summary(bob)
        line.cut = True
        await bob.submit("Create Client")
        assert b'"response_action":"update"' in line.swallowed
        assert bob.notice == TROUBLE
        assert step(bob) == "3"
        line.cut = False
        await start(line, variables)
        await bob.submit("Create Client")
        assert step(bob) == "Client"
        assert problem(bob) == ""
        line.bot.terminate()
        await asyncio.to_thread(line.bot.communicate)
    found = store.read.run(lambda unit: list(unit.export.section("clients")))
    store.close()
    assert [client["name"] for client in found] == ["Web shop"]
    assert workspace.violations == []
