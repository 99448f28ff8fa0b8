"""The whole house for tests: the real bot over real HTTP, in the local workspace, on a fresh database."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.bootstrap import Runtime, build
from bot.catalogs import native
from bot.manifest import manifest
from bot.sandbox.acting import Actor
from bot.sandbox.records import Message
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from bot.settings import Settings, load
from bot.store import schema
from bot.store.engine import open_store
from bot.usecases.catalog import apply_catalog
from bot.usecases.export import export_document
from bot.web import serve
from tests.store.conftest import StandingClock

SECRET_KEY = "a-key-for-tests-that-protects-nothing"
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


class House:
    """A running bot and the people of its workspace: ``house.bob`` acts, ``house.export()`` tells what is stored."""

    def __init__(self, workspace: Workspace, server: SandboxServer, settings: Settings, clock: StandingClock) -> None:
        self.workspace, self.server, self.settings, self.clock = workspace, server, settings, clock
        self.runtime: Runtime
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
        done, _ = await asyncio.wait({started, self._serving}, return_when="FIRST_COMPLETED")
        if self._serving in done:
            await self._serving
        if self.settings.mode == "http":
            self.server.events_url = f"http://127.0.0.1:{started.result()}/slack/events"

    async def stop(self) -> None:
        """Stop the bot as SIGINT does."""
        if self._serving:
            self._stop.set()
            await self._serving
            self._serving = None

    def apply(self, catalog: str) -> None:
        """Apply a catalog file next to the running bot, as the command line does."""
        store = open_store(self.settings.database_url, self.clock, patient=True)
        try:
            source = native.parse(catalog)
            store.write.run(lambda unit: apply_catalog(unit, source.catalog, str))
        finally:
            store.close()

    def export(self) -> dict[str, Any]:
        """Return the export document."""
        store = open_store(self.settings.database_url, self.clock, patient=True)
        try:
            text = io.StringIO()
            store.read.run(lambda unit: export_document(unit, text.write, lambda _section: None))
        finally:
            store.close()
        document: dict[str, Any] = json.loads(text.getvalue())
        return document

    def clients(self) -> list[str]:
        """Return the names of all clients that are stored."""
        return [client["name"] for client in self.export()["clients"]]

    def said_to(self, person: Actor, channel: str = "general") -> str:
        """Return the text of the last message only this person sees in a channel."""
        private: list[Message] = [m for m in person.reads(channel) if m.ephemeral_to == person.member.id]
        return private[-1].text if private else ""


def populate(workspace: Workspace) -> None:
    """Put the people of the tests into a workspace."""
    workspace.add_person("Ada Lovelace", id="U0ADA", handle="ada")
    workspace.add_person("Bob Ross", id="U0BOB", handle="bob")
    workspace.add_person("Eve Adams", id="U0EVE", handle="eve")
    workspace.add_person("Nia Newcomer", id="U0NEW", handle="nia")
    workspace.add_person("Gus Guest", id="U0GUS", handle="gus", is_restricted=True)
    workspace.add_channel("general", id="C0GENERAL", members=["ada", "bob", "eve", "nia", "gus"])
    workspace.add_channel("approvals", id="C0APPROVALS", members=["ada"])


@asynccontextmanager
async def open_house(
    database_url: str, clock: StandingClock, *, socket: bool = False, catalog: str = CATALOG, **variables: str
) -> AsyncIterator[House]:
    """Give a house on a database, with further settings by their variables; no rule of Slack may be broken in it."""
    workspace = Workspace(manifest=manifest(socket=socket), now=lambda: clock.now().timestamp())
    populate(workspace)
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
