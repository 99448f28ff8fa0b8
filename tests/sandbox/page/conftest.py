"""A served workspace with five people, the stub bot, and a visitor who reads pages over plain HTTP."""

import html
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from tests.sandbox.page.stub_bot import MANIFEST, StubBot


def peopled() -> Workspace:
    """A workspace with a member, an admin, a guest, someone deactivated and someone from elsewhere."""
    workspace = Workspace(manifest=MANIFEST)
    workspace.add_person("Ada Lovelace", id="U0ADA", is_admin=True)
    workspace.add_person("Bob Kahn", id="U0BOB")
    workspace.add_person("Grace Hopper", id="U0GRACE", is_restricted=True)
    workspace.add_person("Dan Gone", id="U0DAN", deleted=True)
    workspace.add_person("Eve Extern", id="U0EVE", team_id="T0OTHER")
    workspace.add_channel("general", id="C0GENERAL", members=["U0ADA", "U0BOB", "U0GRACE", "U0DAN"])
    workspace.add_channel("approvals", id="C0APPROVALS", private=True, members=["U0ADA"])
    workspace.add_channel("old-plans", id="C0OLD", members=["U0ADA"], is_archived=True)
    return workspace


@dataclass
class Visitor:
    """Reads pages and sends forms as one person."""

    http: ClientSession
    url: str
    workspace: Workspace
    bot: StubBot
    person: str = "U0ADA"

    async def page(self, path: str, status: int = 200) -> str:
        """What stands under the person's address."""
        async with self.http.get(f"{self.url}/as/{self.person}/{path}") as answer:
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def send(self, path: str, status: int | None = None, **fields: Any) -> str:
        """Send a form."""
        async with self.http.post(f"{self.url}/as/{self.person}/{path}", data=fields) as answer:
            assert answer.status in ({status} if status else {200, 204}), await answer.text()
            return await answer.text()

    async def command(self, text: str, channel: str = "C0GENERAL") -> None:
        """Type a slash command into the composer."""
        await self.send("send", text=text, channel=channel)

    async def submit(self, **typed: str) -> str:
        """Press the modal's submit button with these texts in its fields, by block_id."""
        view = self.workspace.actor(self.person).modal
        assert view is not None
        fields: dict[str, Any] = {"f" + json.dumps([block, f"{block}.set"]): text for block, text in typed.items()}
        return await self.send("submit", view=view.id, hash=view.hash, **fields)


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    """Ada at her browser."""
    workspace = peopled()
    workspace.quiet_seconds = 0.01
    async with SandboxServer(workspace) as server, StubBot(workspace.bot_token, server.api_url) as bot:
        server.events_url = bot.url
        async with ClientSession() as http:
            yield Visitor(http, server.url, workspace, bot)


def words(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
