"""The whole house for tests: the real bot over real HTTP, in the local workspace, on a fresh database."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from bot.bootstrap import Runtime, build, rules_of
from bot.catalogs import native
from bot.manifest import manifest
from bot.sandbox.acting import Actor
from bot.sandbox.activity import Activity
from bot.sandbox.records import Message
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from bot.settings import Settings, load
from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from bot.usecases.chasing import escalate, expire, remind
from bot.usecases.export import export_document
from bot.web import serve
from tests.store.conftest import StandingClock

T = TypeVar("T")

SOON = timedelta(seconds=8)
"""Longer than the turn of a message in a busy channel, shorter than the pause after a failure."""
SECRET_KEY = "a-key-for-tests-that-protects-nothing"
PATIENCE = 30.0
"""Seconds of real time that deliveries may take on a busy machine."""
SLOWEST = 15.0
"""Seconds that what follows an answer may take: three calls to a Slack that doesn't answer."""
CATALOG = """
version: 1
organizations:
  - name: Acme Payments
    members:
      - {user: U0ADA, roles: [Owner]}
      - {user: U0BOB, roles: [Client Developer]}
      - {user: U0EVE, roles: [Viewer]}
  - name: Globex
    members:
      - {user: U0ADA, roles: [Owner]}
      - {user: U0BOB, roles: [Client Developer]}
  - name: Hidden Valley
    members:
      - {user: U0ADA, roles: [Owner]}
"""


class Quiet(Activity):
    """Knows of what follows the bot's answers, too: on a busy machine it may begin late."""

    def __init__(self, drained: Callable[[], Awaitable[int]]) -> None:
        super().__init__()
        self._drained = drained

    async def settled(self, quiet: float, limit: float) -> None:
        """Wait until everything is done that follows from what was done."""
        assert await self._drained() == 0
        await super().settled(quiet, limit)


class House:
    """A running bot and the people of its workspace: ``house.bob`` acts, ``house.export()`` tells what is stored."""

    def __init__(self, workspace: Workspace, server: SandboxServer, settings: Settings, clock: StandingClock) -> None:
        self.workspace, self.server, self.settings, self.clock = workspace, server, settings, clock
        self.runtime: Runtime
        self._beside: Store | None = None
        workspace.activity = Quiet(lambda: self.runtime.board.drain(SLOWEST))
        self._stop = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    def __getattr__(self, name: str) -> Actor:
        """Return the person with this handle."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.workspace.actor(name)

    async def start(self) -> None:
        """Start the bot; also after ``stop``, like the process of a new day."""
        self._stop = asyncio.Event()
        started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.runtime = await build(self.settings, clock=self.clock, strict=True)
        await self.runtime.start()
        self._serving = asyncio.create_task(
            serve(
                self.runtime.web, "127.0.0.1", 0, on_stop=self.runtime.stop, started=started.set_result, stop=self._stop
            )
        )
        both: set[asyncio.Future[Any]] = {started, self._serving}
        done, _ = await asyncio.wait(both, return_when="FIRST_COMPLETED")
        if self._serving in done:
            await self._serving
        if self.settings.mode == "http":
            self.server.events_url = f"http://127.0.0.1:{started.result()}/slack/events"

    async def stop(self) -> None:
        """Stop the bot as SIGINT does, and close what is open of its database."""
        if self._serving:
            self._stop.set()
            await self._serving
            self._serving = None
        if self._beside:
            self._beside.close()
            self._beside = None

    async def delivered(self) -> None:
        """Wait until every notification that can arrive soon has arrived; the clock moves on by their waits."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            await self.runtime.dispatcher.round()
            await self.bob.settle()
            due = [one.due_at for one in self.write(lambda unit: unit.outbox.undelivered(100)) if one.due_at]
            soon = [at for at in due if at - self.clock.at < SOON]
            if not soon:
                return
            self.clock.at = max(self.clock.at, min(soon))

    async def delivered_now(self) -> None:
        """Wait until every notification has arrived that is due at this moment; the clock stands still."""

        def due() -> bool:
            owed = self.write(lambda unit: unit.outbox.undelivered(1000))
            return any(one.due_at and one.due_at <= self.clock.at for one in owed)

        async with asyncio.timeout(PATIENCE):
            while due():
                await self.runtime.dispatcher.round()
                await self.bob.settle()

    async def tick(self) -> None:
        """Do what the scheduler does at each tick."""
        self.write(lambda unit: remind(unit, rules_of(self.settings)))
        self.write(lambda unit: escalate(unit, rules_of(self.settings)))
        self.write(expire)
        await self.delivered()

    def write(self, work: Callable[[Unit], T]) -> T:
        """Change the database next to the running bot, as a command does."""
        return self._store().write.run(work)

    def _store(self) -> Store:
        """Return the database as another process has it open: the bot's own pools are not asked."""
        if not self._beside:
            self._beside = open_store(self.settings.database_url, self.clock, patient=True)
        return self._beside

    def apply(self, catalog: str) -> None:
        """Apply a catalog file next to the running bot."""
        source = native.parse(catalog)
        self.write(lambda unit: apply_catalog(unit, source.catalog, str))

    def export(self) -> dict[str, Any]:
        """Return the export document."""
        return exported(self._store())

    def clients(self) -> list[str]:
        """Return the names of all clients that are stored."""
        return [client["name"] for client in self.export()["clients"]]

    def organization(self, name: str) -> str:
        """Return the opaque id of an organization."""
        found = self.write(lambda unit: unit.organizations.by_text(self.workspace.team_id, name))
        assert found, name
        return found.id

    def said_to(self, person: Actor, channel: str = "general") -> str:
        """Return the text of the last message only this person sees in a channel."""
        private: list[Message] = [m for m in person.reads(channel) if m.ephemeral_to == person.member.id]
        return private[-1].text if private else ""


def exported(store: Store) -> dict[str, Any]:
    """Return the export document of an open store."""
    text = io.StringIO()
    store.read.run(lambda unit: export_document(unit, text.write, lambda _section: None))
    document: dict[str, Any] = json.loads(text.getvalue())
    return document


def populate(workspace: Workspace) -> None:
    """Put the people of the tests into a workspace."""
    workspace.add_person("Ada Lovelace", id="U0ADA", handle="ada")
    workspace.add_person("Bob Ross", id="U0BOB", handle="bob")
    workspace.add_person("Pat Approver", id="U0PAT", handle="pat")
    workspace.add_person("Eve Adams", id="U0EVE", handle="eve")
    workspace.add_person("Nia Newcomer", id="U0NEW", handle="nia")
    workspace.add_person("Gus Guest", id="U0GUS", handle="gus", is_restricted=True)
    workspace.add_channel("general", id="C0GENERAL", members=["ada", "bob", "eve", "nia", "gus"])
    workspace.add_channel("approvals", id="C0APPROVALS", members=["ada", "pat"])


@asynccontextmanager
async def open_house(
    database_url: str, clock: StandingClock, *, socket: bool = False, catalog: str = CATALOG, **variables: str
) -> AsyncIterator[House]:
    """Give a house on a database, with further settings by their variables; no rule of Slack may be broken in it."""
    workspace = Workspace(manifest=manifest(socket=socket), now=lambda: clock.now().timestamp())
    populate(workspace)
    workspace.quiet_seconds = 0.01
    async with SandboxServer(workspace) as server:
        way = {"SLACK_APP_TOKEN": workspace.app_token} if socket else {"SLACK_SIGNING_SECRET": workspace.signing_secret}
        variables = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_API_URL": server.api_url,
            "GATEHOUSE_DATABASE_URL": database_url,
            "GATEHOUSE_SECRET_KEY": SECRET_KEY,
        } | variables
        house = House(workspace, server, load(_env_file=None, **way, **variables), clock)
        store = open_store(database_url, clock, patient=True)
        schema.upgrade(store.engine)
        store.close()
        if catalog:
            house.apply(catalog)
        await house.start()
        try:
            yield house
        finally:
            await house.stop()
    broken = [f"{one.rule}: {one.sentence} {one.pointer}" for one in workspace.violations]
    assert not broken, f"rules of Slack were broken: {broken}"
