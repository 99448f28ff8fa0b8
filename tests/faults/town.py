"""Real ``gatehouse serve`` processes on one database, around one local workspace: what can be killed, and raced."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import orjson
import sqlalchemy as sa

from bot.catalogs import native
from bot.domain.contracts import SignUpDraft
from bot.domain.ids import new_id
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules
from bot.manifest import manifest
from bot.sandbox.delivery import Parcel
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.tables import notifications
from bot.store.unit import Unit
from bot.usecases import contracts
from bot.usecases.catalog import apply_catalog
from bot.usecases.people import bind_team
from bot.usecases.sign_up_drafts import keep_sign_up
from tests.hatchery import Hatched, hatch
from tests.journeys.house import exported, populate
from tests.journeys.market import CATALOG
from tests.ports import free_port

T = TypeVar("T")
Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
MINUTE = timedelta(minutes=1)
START = 60.0
"""Seconds a process may take to get ready on a busy machine."""
HISTORY = ("channels:history", "groups:history", "im:history")
"""Scopes with which a message whose post got no answer can be looked for."""
RULES = HouseRules()


@dataclass(frozen=True)
class Answered:
    """What a process answered: status 0 where it answered nothing."""

    status: int
    body: Any
    seconds: float


@dataclass
class Server:
    """One ``gatehouse serve``."""

    port: int
    process: subprocess.Popen[bytes] | Hatched

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it as power failure does: nothing is finished, nothing is written."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def pause(self) -> None:
        """Let it stand still, in the middle of whatever it does."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on as if nothing had happened."""
        self.process.send_signal(signal.SIGCONT)


@dataclass
class Town:
    """The workspace, the database, and the processes between them."""

    workspace: Workspace
    slack: SandboxServer
    store: Store
    database_url: str
    http: aiohttp.ClientSession
    servers: list[Server] = field(default_factory=list)

    async def serve(self, **variables: str) -> Server:
        """Start one more process and wait until it is ready."""
        port = free_port()
        server = Server(port, hatch("serve", env=self.environment(port) | variables))
        self.servers.append(server)
        await self._ready(server)
        self.slack.events_url = f"{server.url}/slack/events"
        return server

    def environment(self, port: int) -> dict[str, str]:
        """Return the variables that a process is started with."""
        settings = {
            "SLACK_BOT_TOKEN": self.workspace.bot_token,
            "SLACK_SIGNING_SECRET": self.workspace.signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "GATEHOUSE_DATABASE_URL": self.database_url,
            "GATEHOUSE_PORT": str(port),
            "GATEHOUSE_SECRET_KEY": "a-key-for-tests-that-protects-nothing",
            "GATEHOUSE_LOG_LEVEL": "warning",
            "GATEHOUSE_TICK": "200ms",
        }
        return os.environ | {"PYTHONPATH": str(ROOT)} | settings

    async def _ready(self, server: Server) -> None:
        async with asyncio.timeout(START):
            while server.process.poll() is None:
                try:
                    async with self.http.get(f"{server.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        raise AssertionError(f"gatehouse serve ended with {server.process.returncode}")

    async def send(self, server: Server, payload: Json) -> Answered:
        """Send an interaction, well signed, straight to one process."""
        body, kind = Parcel("interactive", payload).encoded()
        headers = self.slack.delivery.signed(body, kind)
        begun = time.monotonic()
        try:
            async with self.http.post(f"{server.url}/slack/events", data=body, headers=headers) as response:
                raw = await response.read()
                return Answered(response.status, orjson.loads(raw) if raw else None, time.monotonic() - begun)
        except aiohttp.ClientError:
            return Answered(0, None, time.monotonic() - begun)

    async def do(self, work: Callable[[Unit], T]) -> T:
        """Run a transaction beside the processes."""
        return await asyncio.wrap_future(self.store.write.submit(work))

    async def request(self, client: str, api: str = "Payments", plan: str = "Gold") -> str:
        """Let Bob sign a new client up, without anybody's window, and return the contract's id."""
        return await self.do(lambda unit: sign_up(unit, self.workspace.team_id, client, api, plan))

    async def leases_end(self) -> None:
        """Put what is claimed a minute back, so that nobody has to wait until its leases end."""

        def work(unit: Unit) -> None:
            claimed = sa.select(notifications.c.id, notifications.c.lease_until, notifications.c.posting_since)
            for id_, until, since in unit.connection.execute(claimed.where(notifications.c.lease_until.is_not(None))):
                earlier = {"lease_until": until - MINUTE, "posting_since": since - MINUTE if since else None}
                one = sa.update(notifications).where(notifications.c.id == id_)
                unit.connection.execute(one.values(**earlier))

        await self.do(work)

    def calls(self, method: str) -> int:
        """Return how many calls of a Web API method have come."""
        return sum(one.direction == "to Slack" and one.name == method for one in self.workspace.traffic)

    def export(self) -> Json:
        """Return the export document."""
        return exported(self.store)

    async def until(self, true: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something has come about.

        Raises:
            TimeoutError: it didn't.
        """
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - other processes bring it about, and none of them sets an event
                await asyncio.sleep(0.02)


def sign_up(unit: Unit, team: str, client: str, api: str, plan: str) -> str:
    """Sign a new client of Bob's up and return the contract's id."""
    profile = Profile(person=Person(team=team, user="U0BOB"), name="Bob Ross", home_team=team)
    shop = unit.organizations.by_text(team, "Web Shop")
    offer_id = offers(unit)[api, plan]
    assert shop
    draft = SignUpDraft(
        id=new_id(),
        offer=offer_id,
        kind="new",
        organization=shop.id,
        organization_name=shop.name,
        name=client,
        version="1.0",
        reason="We sell things.",
    )
    keep_sign_up(unit, profile.person, draft)
    return contracts.sign_up(unit, RULES, profile, draft.id).id


def offers(unit: Unit) -> dict[tuple[str, str], str]:
    """Return the ids of all offers by API and plan."""
    found = unit.connection.exec_driver_sql(
        "SELECT apis.name, plans.name, offers.id FROM offers JOIN api_versions ON api_versions.id = api_version_id "
        "JOIN apis ON apis.id = api_id JOIN plan_versions ON plan_versions.id = plan_version_id "
        "JOIN plans ON plans.id = plan_id"
    )
    return {(api, plan): id_ for api, plan, id_ in found}


@asynccontextmanager
async def town(
    database_url: str,
    *,
    scopes: tuple[str, ...] = (),
    catalog: str = CATALOG,
    serving: type[SandboxServer] = SandboxServer,
) -> AsyncIterator[Town]:
    """Give a workspace and a migrated, filled database; processes are started by ``serve`` and end with the block."""
    described = manifest()
    described["oauth_config"]["scopes"]["bot"] += scopes
    workspace = Workspace(manifest=described)
    populate(workspace)
    workspace.quiet_seconds = 0.0
    store = open_store(database_url, patient=True)
    schema.upgrade(store.engine)
    store.write.run(lambda unit: bind_team(unit, workspace.team_id))
    store.write.run(lambda unit: apply_catalog(unit, native.parse(catalog).catalog, str))
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(serving(workspace))
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)))
        there = Town(workspace, slack, store, database_url, http)
        try:
            yield there
        finally:
            for server in there.servers:
                server.resume()
                server.kill()
            store.close()
