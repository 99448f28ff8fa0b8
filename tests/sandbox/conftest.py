"""A served workspace with three people, and a parrot for a bot."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.acting import Actor
from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace
from tests.sandbox.parrot import Parrot

SCOPES = [
    "commands",
    "chat:write",
    "im:write",
    "im:history",
    "channels:read",
    "channels:history",
    "groups:read",
    "im:read",
    "users:read",
    "users:read.email",
    "usergroups:read",
]


def manifest(**features: Any) -> dict[str, Any]:
    """A manifest with a command, shortcuts, a home and every event these tests listen to."""
    return {
        "display_information": {"name": "Parrot"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "Parrot"},
            "slash_commands": [
                {"command": "/squawk", "description": "Squawk"},
                {"command": "/escaped", "description": "Squawk", "should_escape": True},
            ],
            "shortcuts": [
                {"name": "Squawk now", "type": "global", "callback_id": "squawk", "description": "Squawk"},
                {"name": "Repeat this", "type": "message", "callback_id": "repeat", "description": "Repeat"},
            ],
        }
        | features,
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": ["app_home_opened", "message.im", "app_mention"]},
            "interactivity": {"is_enabled": True},
        },
    }


class Time:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_770_000_000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def workspace(time: Time) -> Workspace:
    workspace = Workspace(manifest=manifest(), team_id="T0NEST", team_name="Nest", now=time)
    workspace.quiet_seconds = 0.01
    workspace.add_person("Ada Lovelace", id="U0ADA", is_admin=True)
    workspace.add_person("Bob Kahn", id="U0BOB")
    workspace.add_person("Gil Evans", id="U0GIL", is_restricted=True)
    workspace.add_channel("general", id="C0GENERAL", members=["U0ADA", "U0BOB", "U0GIL"])
    return workspace


@pytest.fixture
async def server(workspace: Workspace) -> AsyncIterator[SandboxServer]:
    async with SandboxServer(workspace) as server:
        yield server


@pytest.fixture
async def parrot(workspace: Workspace, server: SandboxServer) -> AsyncIterator[Parrot]:
    async with Parrot(workspace, server) as parrot:
        yield parrot


@pytest.fixture
def ada(workspace: Workspace, parrot: Parrot) -> Actor:
    return workspace.actor("ada")


@pytest.fixture
def bob(workspace: Workspace, parrot: Parrot) -> Actor:
    return workspace.actor("bob")
