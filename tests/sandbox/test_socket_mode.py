"""Socket Mode, spoken by Slack's own client and by a bare WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.acting import Actor
from bot.sandbox.server import SandboxServer
from bot.sandbox.socket_mode import CONNECTION_SECONDS, MAX_CONNECTIONS
from bot.sandbox.workspace import Workspace
from tests.sandbox.parrot import modal, section
from tests.sandbox.test_modals import rules


class Line:
    """One bare WebSocket: what came over it, and a way to acknowledge."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def hears(self) -> dict[str, Any]:
        frame: dict[str, Any] = await self.socket.receive_json(timeout=5)
        return frame

    async def acknowledges(self, frame: dict[str, Any], **more: Any) -> None:
        await self.socket.send_json({"envelope_id": frame["envelope_id"]} | more)


class Lines:
    """Opens WebSockets to a workspace."""

    def __init__(self, server: SandboxServer, session: aiohttp.ClientSession) -> None:
        self._server, self._session = server, session

    async def opens(self) -> Line:
        """Another connection, before its hello was read."""
        return Line(await self._session.ws_connect(await self.url()))

    async def connects(self) -> Line:
        """Another connection, its hello read."""
        line = await self.opens()
        assert (await line.hears())["type"] == "hello"
        return line

    async def url(self) -> str:
        at = self._server.workspace
        answer = await AsyncWebClient(base_url=self._server.api_url).apps_connections_open(app_token=at.app_token)
        return str(answer["url"])


@pytest.fixture
async def lines(server: SandboxServer) -> AsyncIterator[Lines]:
    async with aiohttp.ClientSession() as session:
        yield Lines(server, session)


@pytest.fixture
def ada(workspace: Workspace) -> Actor:
    return workspace.actor("ada")


async def test_slacks_own_client_connects_answers_and_opens_a_modal(
    server: SandboxServer, workspace: Workspace, ada: Actor
) -> None:
    """The limit "apps.connections.open"."""
    api = AsyncWebClient(token=workspace.bot_token, base_url=server.api_url)
    client = SocketModeClient(workspace.app_token, web_client=AsyncWebClient(base_url=server.api_url))

    async def listen(_client: Any, request: SocketModeRequest) -> None:
        await api.views_open(trigger_id=request.payload["trigger_id"], view=modal(section("Hello")))
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    client.socket_mode_request_listeners.append(listen)
    await client.connect()  # type: ignore[no-untyped-call]
    await ada.command("/squawk")
    assert "Hello" in ada.sees()
    assert workspace.violations == []
    await client.close()  # type: ignore[no-untyped-call]


async def test_the_bots_own_token_opens_no_connection(server: SandboxServer, workspace: Workspace) -> None:
    api = AsyncWebClient(base_url=server.api_url)
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await api.apps_connections_open(app_token=workspace.bot_token)


async def test_an_address_works_for_one_connection(lines: Lines) -> None:
    url = await lines.url()
    async with aiohttp.ClientSession() as session:
        await session.ws_connect(url)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(url)


async def test_the_greeting_says_how_long_a_connection_lives(lines: Lines) -> None:
    hello = await (await lines.opens()).hears()
    assert hello["debug_info"]["approximate_connection_time"] == CONNECTION_SECONDS == 3600
    assert hello["num_connections"] == 1


async def test_ten_connections_are_the_most(lines: Lines) -> None:
    """The limit "socket.connections"."""
    held = [await lines.connects() for _ in range(MAX_CONNECTIONS)]
    refused = await lines.opens()
    assert (await refused.hears())["reason"] == "too_many_websockets"
    assert len(held) == 10


async def test_a_refresh_is_announced_and_closes(lines: Lines, server: SandboxServer) -> None:
    """The limit "socket.refresh"."""
    line = await lines.connects()
    await server.socket_mode.refresh("warning")
    assert await line.hears() == {"type": "disconnect", "reason": "warning", "debug_info": {"host": "sandbox"}}
    await server.socket_mode.refresh()
    assert (await line.hears())["reason"] == "refresh_requested"
    assert (await line.socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_an_acknowledgement_carries_the_answer(lines: Lines, ada: Actor) -> None:
    line = await lines.connects()
    typing = asyncio.create_task(ada.command("/squawk"))
    frame = await line.hears()
    assert (frame["type"], frame["accepts_response_payload"]) == ("slash_commands", True)
    await line.acknowledges(frame, payload={"text": "Hello Ada"})
    await typing
    assert [message.text for message in ada.reads("general")] == ["Hello Ada"]


async def test_a_payload_goes_to_one_of_the_connections(lines: Lines, ada: Actor) -> None:
    one, other = await lines.connects(), await lines.connects()
    for _ in range(2):
        typing = asyncio.create_task(ada.command("/squawk"))
        hearing = [asyncio.create_task(line.hears()) for line in (one, other)]
        done, waiting = await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        line = (one, other)[hearing.index(next(iter(done)))]
        await line.acknowledges(next(iter(done)).result())
        await typing
        for task in waiting:
            task.cancel()
            await asyncio.wait({task})


async def test_what_a_broken_connection_left_goes_to_another_at_once(lines: Lines, ada: Actor) -> None:
    one, other = await lines.connects(), await lines.connects()
    typing = asyncio.create_task(ada.command("/squawk"))
    hearing = {asyncio.create_task(line.hears()): line for line in (one, other)}
    done, waiting = await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
    await hearing[next(iter(done))].socket.close()
    again = await next(iter(waiting))
    assert again["envelope_id"] == next(iter(done)).result()["envelope_id"]
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "connection_closed")
    await hearing[next(iter(waiting))].acknowledges(again)
    await typing
    assert ada.notice is None


async def test_what_nobody_acknowledged_in_time_is_sent_again(lines: Lines, ada: Actor, workspace: Workspace) -> None:
    workspace.ack_seconds = 0.05
    line = await lines.connects()
    typing = asyncio.create_task(ada.command("/squawk"))
    first = await line.hears()
    await typing
    assert ada.notice == "operation_timeout"
    again = await line.hears()
    assert again["envelope_id"] == first["envelope_id"]
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")
    await line.acknowledges(again)
    assert rules(workspace) == ["ack.ttl"]


async def test_nobody_connected_is_a_timeout_and_breaks_no_rule(
    server: SandboxServer, workspace: Workspace, ada: Actor
) -> None:
    assert server.events_url is None
    workspace.ack_seconds = 0.05
    await ada.command("/squawk")
    assert ada.notice == "operation_timeout"
    assert workspace.violations == []


async def test_odd_acknowledgements_are_violations(
    lines: Lines, ada: Actor, workspace: Workspace, server: SandboxServer
) -> None:
    line = await lines.connects()
    clicking = asyncio.create_task(ada.shortcut("Squawk now"))
    frame = await line.hears()
    assert (frame["type"], frame["accepts_response_payload"]) == ("interactive", False)
    await line.acknowledges(frame, payload={"text": "unwanted"})
    await clicking
    await line.acknowledges(frame)
    await line.acknowledges({"envelope_id": "unknown"})
    await line.socket.send_str("nonsense")
    typing = asyncio.create_task(ada.command("/squawk"))
    await line.acknowledges(await line.hears())
    await typing
    assert rules(workspace) == ["ack.payload", "ack.double", "ack.unknown", "ack.body"]
    await server.socket_mode.drop()
    assert (await line.socket.receive()).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


async def test_events_count_their_tries_from_the_first(lines: Lines, ada: Actor) -> None:
    line = await lines.connects()
    opening = asyncio.create_task(ada.open_home())
    frame = await line.hears()
    assert (frame["type"], frame["retry_attempt"], frame["retry_reason"]) == ("events_api", 0, "")
    await line.acknowledges(frame)
    await opening
