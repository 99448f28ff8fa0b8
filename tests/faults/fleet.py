"""Several ``gatehouse serve`` on one PostgreSQL, behind a load balancer of our own, in a local workspace."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from bot.bootstrap import prepared_store
from bot.catalogs import native
from bot.clock import SystemClock
from bot.manifest import manifest
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from bot.settings import Settings, load
from bot.store import schema
from bot.store.engine import open_store
from bot.usecases.catalog import apply_catalog
from bot.usecases.people import bind_team
from tests.hatchery import Hatched, hatch
from tests.journeys.house import CATALOG, SECRET_KEY, exported, populate
from tests.ports import free_port

STDERR = 2
"""Where replicas log to: our own standard error."""
START_SECONDS = 60
LOOK = 0.5
"""Seconds between the balancer's looks at ``/readyz``; a replica that stops takes requests for three more."""
KEPT = ("content-type", "x-slack-signature", "x-slack-request-timestamp")


class Replica:
    """One process of the program as it is installed, and its port."""

    def __init__(self, process: Hatched, port: int) -> None:
        self.process, self.port = process, port
        self.up = True
        """Whether the balancer's last look at ``/readyz`` found it so."""

    async def ready(self, session: aiohttp.ClientSession) -> bool:
        """Return whether ``/readyz`` says so."""
        try:
            async with session.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def end(self, number: signal.Signals) -> tuple[int, float]:
        """Send a signal; return the exit code and the seconds until then."""
        began = asyncio.get_running_loop().time()
        self.process.send_signal(number)
        code = await asyncio.to_thread(self.process.wait)
        return code, asyncio.get_running_loop().time() - began


class Balancer:
    """Sends requests to the ready replicas by turns; none is sent twice. It looks at ``/readyz`` as real ones do."""

    def __init__(self) -> None:
        self.replicas: list[Replica] = []
        self.refused = 0
        """Requests that no replica answered."""
        self.statuses: Counter[int] = Counter()
        """What was answered, and how often."""
        self.slowest = 0.0
        """Seconds of the slowest answer."""
        self._turn = 0
        self._session: aiohttp.ClientSession

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Give the address that Slack is told."""
        app = web.Application()
        app.router.add_post("/slack/events", self._forward)
        runner = web.AppRunner(app)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with aiohttp.ClientSession() as self._session:
            watching = asyncio.create_task(self._watch())
            yield f"http://127.0.0.1:{port}/slack/events"
            watching.cancel()
        await runner.cleanup()

    async def _watch(self) -> None:
        while True:
            for replica in list(self.replicas):
                replica.up = await replica.ready(self._session)
            await asyncio.sleep(LOOK)

    async def send(self, replica: Replica, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Send one request to one replica and return its status and body."""
        url, began = f"http://127.0.0.1:{replica.port}/slack/events", asyncio.get_running_loop().time()
        async with self._session.post(url, data=body, headers=headers) as answer:
            content = await answer.read()
        self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)
        self.statuses[answer.status] += 1
        return answer.status, content

    async def _forward(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: request.headers[name] for name in KEPT if name in request.headers}
        for _ in self.replicas:
            self._turn += 1
            replica = self.replicas[self._turn % len(self.replicas)]
            if not replica.up:
                continue
            try:
                status, answer = await self.send(replica, body, headers)
            except aiohttp.ClientConnectorError:
                continue
            except aiohttp.ClientError:
                break
            return web.Response(status=status, body=answer, content_type="application/json")
        self.refused += 1
        return web.Response(status=502)


class Fleet:
    """What runs together, and the settings that all replicas share."""

    def __init__(self, workspace: Workspace, settings: Settings, balancer: Balancer) -> None:
        self.workspace, self.settings, self.balancer = workspace, settings, balancer
        self._session: aiohttp.ClientSession

    async def launch(self) -> Replica:
        """Start a replica and give it requests once it is ready."""
        port = free_port()
        variables = os.environ | environment(self.settings) | {"GATEHOUSE_PORT": str(port)}
        replica = Replica(hatch("serve", env=variables, stderr=STDERR), port)
        async with aiohttp.ClientSession() as session:
            for _ in range(START_SECONDS * 20):
                if await replica.ready(session):
                    self.balancer.replicas.append(replica)
                    return replica
                assert replica.process.poll() is None, f"a replica ended with {replica.process.returncode}"
                await asyncio.sleep(0.05)
        raise AssertionError("a replica did not become ready")

    async def retire(self, replica: Replica, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """End a replica; the balancer notices by itself, as real ones do."""
        ended = await replica.end(number)
        self.balancer.replicas.remove(replica)
        return ended

    def clients(self) -> list[str]:
        """Return the names of all clients that are stored."""
        store = open_store(self.settings.database_url, patient=True)
        try:
            return [client["name"] for client in exported(store)["clients"]]
        finally:
            store.close()


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that a replica is started with."""
    return {
        "SLACK_BOT_TOKEN": settings.bot_token,
        "SLACK_SIGNING_SECRET": settings.signing_secrets[0],
        "SLACK_APP_TOKEN": "",
        "SLACK_API_URL": settings.api_url,
        "GATEHOUSE_DATABASE_URL": settings.database_url,
        "GATEHOUSE_SECRET_KEY": SECRET_KEY,
        "GATEHOUSE_LOG_LEVEL": "warning",
    }


@asynccontextmanager
async def running(database_url: str, replicas: int, catalog: str = CATALOG, people: int = 0) -> AsyncIterator[Fleet]:
    """Give a fleet on an empty database, with the people of the tests and ``people`` more: w0, w1 and so on."""
    workspace = Workspace(manifest=manifest())
    populate(workspace)
    for number in range(people):
        workspace.add_person(f"Walker {number}", id=f"U0W{number}", handle=f"w{number}")
        workspace.channel("general").members.add(f"U0W{number}")
    balancer = Balancer()
    async with SandboxServer(workspace) as server, balancer.serving() as url:
        settings = load(
            _env_file=None,
            SLACK_BOT_TOKEN=workspace.bot_token,
            SLACK_SIGNING_SECRET=workspace.signing_secret,
            SLACK_API_URL=server.api_url,
            GATEHOUSE_DATABASE_URL=database_url,
            GATEHOUSE_SECRET_KEY=SECRET_KEY,
        )
        await asyncio.to_thread(_stock, settings, workspace.team_id, catalog, people)
        server.events_url = url
        fleet = Fleet(workspace, settings, balancer)
        try:
            await asyncio.gather(*(fleet.launch() for _ in range(replicas)))
            yield fleet
        finally:
            await asyncio.gather(*(replica.end(signal.SIGINT) for replica in balancer.replicas))


def _stock(settings: Settings, team: str, catalog: str, people: int) -> None:
    migrating = open_store(settings.database_url, patient=True)
    schema.upgrade(migrating.engine)
    migrating.close()
    members = "".join(f"      - {{user: U0W{number}, roles: [Client Developer]}}\n" for number in range(people))
    text = catalog.replace("    members:\n", f"    members:\n{members}", 1)
    store = prepared_store(settings, SystemClock())
    try:
        store.write.run(lambda unit: bind_team(unit, team))
        store.write.run(lambda unit: apply_catalog(unit, native.parse(text).catalog, str))
    finally:
        store.close()
