"""Socket Mode over a real WebSocket: answers, envelopes sent again, lost connections, tokens that are wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import WSMsgType, web
from slack_sdk.web.async_client import AsyncWebClient

from bot import socket as socket_module
from bot.errors import WrongSettings
from bot.socket import Socket
from handlers.lines import bolt, dispatch
from handlers.payloads import Payload
from tests.doorway import noting, switchboard

PAYLOADS = Path(__file__).parents[1] / "payloads"
Json = dict[str, Any]


class Applink:
    """Slack's end: hands out addresses, each good for one connection, and keeps what it hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Json] = asyncio.Queue()
        self.connections: list[web.WebSocketResponse] = []
        self.error = ""
        self.dead_addresses = 0
        self.asked = 0
        self.url = ""

    async def open(self, _: web.Request) -> web.Response:
        self.asked += 1
        if self.error:
            return web.json_response({"ok": False, "error": self.error})
        address = self.url.replace("http", "ws") + f"link/?ticket={self.asked}"
        if self.dead_addresses:
            self.dead_addresses -= 1
            address = address.replace("link", "gone")
        return web.json_response({"ok": True, "url": address})

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        self.connections.append(connection)
        await connection.send_json({"type": "hello", "num_connections": 1})
        async for message in connection:
            if message.type == WSMsgType.TEXT:
                await self.heard.put(json.loads(message.data))
        return connection

    async def send(self, envelope: Json) -> None:
        await self.connections[-1].send_json(envelope)

    async def answer(self) -> Json:
        return await asyncio.wait_for(self.heard.get(), 5)

    async def connected(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.connections) < count:  # noqa: ASYNC110 - the other end sets no event
                await asyncio.sleep(0.01)


@pytest.fixture
async def applink() -> AsyncIterator[Applink]:
    applink = Applink()
    app = web.Application()
    app.router.add_post("/api/apps.connections.open", applink.open)
    app.router.add_get("/link/", applink.link)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    applink.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield applink
    for connection in applink.connections:
        await connection.close()
    await runner.cleanup()


def client(applink: Applink) -> AsyncWebClient:
    return AsyncWebClient(base_url=applink.url + "api/", retry_handlers=[])


Dispatch = Callable[[Json], Awaitable[bytes]]


@pytest.fixture
async def opened(
    applink: Applink, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[Dispatch], Awaitable[Socket]]]:
    monkeypatch.setattr(socket_module, "FIRST_PAUSE", 0.01)
    sockets: list[Socket] = []

    async def start(dispatching: Dispatch) -> Socket:
        socket = Socket("xapp-test", client(applink), dispatching, ping_interval=0.1)
        sockets.append(socket)
        await socket.start()
        await applink.connected(1)
        return socket

    yield start
    for socket in sockets:
        await socket.stop()


Opened = Callable[[Dispatch], Awaitable[Socket]]


def envelope(number: int = 1, **fields: Any) -> Json:
    given = {
        "envelope_id": f"e{number}",
        "type": "slash_commands",
        "accepts_response_payload": True,
        "payload": {"command": "/apis", "team_id": "T111", "user_id": "U111"},
    }
    return given | fields


async def test_an_envelope_takes_the_same_way_as_a_request(applink: Applink, opened: Opened) -> None:
    asked: list[Payload] = []
    board = switchboard()
    noting(board, asked)
    await opened(dispatch(bolt(board, AsyncWebClient("xoxb-test"))))
    await applink.send(envelope())
    assert await applink.answer() == {"envelope_id": "e1"}
    assert [payload.name for payload in asked] == ["/apis"]
    await applink.send(envelope(2, payload={"command": "/old", "team_id": "T111", "user_id": "U111"}))
    answer = await applink.answer()
    assert answer["envelope_id"] == "e2" and answer["payload"]["response_type"] == "ephemeral"


RECORDED = [json.loads(path.read_bytes()) for path in sorted(PAYLOADS.glob("envelope-*.json"))]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded["type"])
async def test_recorded_envelopes_are_acknowledged(applink: Applink, opened: Opened, recorded: Json) -> None:
    await opened(dispatch(bolt(switchboard(), AsyncWebClient("xoxb-test"))))
    await applink.send(recorded)
    assert (await applink.answer())["envelope_id"] == recorded["envelope_id"]


async def test_an_envelope_sent_again_gets_the_same_answer_and_no_second_work(applink: Applink, opened: Opened) -> None:
    worked = 0

    async def work(_: Json) -> bytes:
        nonlocal worked
        worked += 1
        return b'{"text": "done"}'

    await opened(work)
    for attempt in range(2):
        await applink.send(envelope(retry_attempt=attempt))
        assert await applink.answer() == {"envelope_id": "e1", "payload": {"text": "done"}}
    assert worked == 1


async def test_an_answer_that_slack_takes_none_for_is_left_out(applink: Applink, opened: Opened) -> None:
    async def work(_: Json) -> bytes:
        return b'{"text": "done"}'

    await opened(work)
    await applink.send(envelope(accepts_response_payload=False))
    assert await applink.answer() == {"envelope_id": "e1"}


async def nothing(_: Json) -> bytes:
    return b""


async def test_a_lost_connection_is_replaced(applink: Applink, opened: Opened) -> None:
    socket = await opened(nothing)
    await applink.connections[0].close()
    await applink.connected(2)
    await applink.send(envelope())
    assert await applink.answer() == {"envelope_id": "e1"}
    assert await socket.ready() is None


async def test_a_connection_slack_wants_refreshed_is_replaced(applink: Applink, opened: Opened) -> None:
    await opened(nothing)
    asked = applink.asked
    await applink.send({"type": "disconnect", "reason": "refresh_requested"})
    await applink.connected(2)
    await applink.send(envelope())
    assert await applink.answer() == {"envelope_id": "e1"}
    assert applink.asked == asked + 1


async def test_a_dead_address_is_not_tried_for_ever(applink: Applink, opened: Opened) -> None:
    applink.dead_addresses = 3
    with structlog.testing.capture_logs() as lines:
        await opened(nothing)
    await applink.send(envelope())
    assert await applink.answer() == {"envelope_id": "e1"}
    assert "Socket Mode: can't connect" in [line["event"] for line in lines]


@pytest.mark.parametrize("code", ["invalid_auth", "not_allowed_token_type", "missing_scope"])
async def test_a_wrong_token_is_a_sentence(applink: Applink, code: str) -> None:
    applink.error = code
    with pytest.raises(WrongSettings, match=f"SLACK_APP_TOKEN.*{code}.*connections:write"):
        await Socket("xapp-test", client(applink), nothing).start()


async def test_stopping_answers_what_runs_and_takes_nothing_new(applink: Applink, opened: Opened) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()

    async def work(_: Json) -> bytes:
        begun.set()
        await finish.wait()
        return b""

    socket = await opened(work)
    await applink.send(envelope(1))
    await begun.wait()
    stopping = asyncio.create_task(socket.stop())
    await asyncio.sleep(0)
    await applink.send(envelope(2))
    await asyncio.sleep(0.05)
    finish.set()
    await stopping
    assert await applink.answer() == {"envelope_id": "e1"} and applink.heard.empty()
    assert await socket.ready() == "not connected to Slack"
