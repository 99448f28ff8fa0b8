"""The service endpoints, and how serving starts and stops."""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from bot.errors import WrongSettings
from bot.metrics import Metrics
from bot.web import Readiness, Web, listening, serve
from handlers.payloads import Payload
from handlers.replies import Reply
from handlers.switchboard import Switchboard
from tests.doorway import NOON, SECRET, Answer, noting, open_door, parsed, signed

ROOT = Path(__file__).parents[2]


async def test_the_process_says_that_it_lives() -> None:
    async with open_door() as door:
        answer = await door.get("/healthz")
        assert (answer.status, answer.body) == (200, b"ok")
        assert (await door.get("/nowhere")).status == 404


async def test_readiness_lists_what_is_missing() -> None:
    async def fine() -> str | None:
        return None

    async def behind() -> str | None:
        return "revision 3, needs 5"

    async def broken() -> str | None:
        raise ConnectionError

    async with open_door(checks={"database": fine}) as door:
        assert ((await door.get("/readyz")).status, (await door.get("/readyz")).body) == (200, b"[]")
    async with open_door(checks={"database": fine, "schema": behind, "scheduler": broken}) as door:
        answer = await door.get("/readyz")
        assert answer.status == 503
        assert json.loads(answer.body) == ["schema: revision 3, needs 5", "scheduler: ConnectionError"]


async def test_a_check_that_hangs_is_a_check_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def frozen() -> str | None:
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr("bot.web.CHECK_SECONDS", 0.01)
    async with open_door(checks={"database": frozen}) as door:
        assert json.loads((await door.get("/readyz")).body) == ["database: no answer within 0.01 s"]


async def test_a_process_that_stops_is_not_ready_but_lives() -> None:
    async with open_door() as door:
        door.readiness.stopping = True
        assert ((await door.get("/readyz")).status, (await door.get("/healthz")).status) == (503, 200)


async def test_a_process_that_stops_ends_each_connection_with_its_answer() -> None:
    async with open_door(noting) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)

        async def head(body: bytes) -> bytes:
            lines = [f"{name}: {value}" for name, value in signed(body, at=NOON, secret=SECRET)]
            lines = ["POST /slack/events HTTP/1.1", "host: x", *lines, f"content-length: {len(body)}", "", ""]
            writer.write("\r\n".join(lines).encode() + body)
            return await reader.readuntil(b"\r\n\r\n")

        assert b"connection: close" not in await head(b"command=%2Fapis&team_id=T111&user_id=U111")
        door.readiness.stopping = True
        assert b"connection: close" in await head(b"command=%2Fapis&team_id=T111&user_id=U222")
        assert await reader.read() == b""
        writer.close()


async def test_metrics_count_answers_by_listener_and_outcome() -> None:
    body = b"command=%2Fapis&team_id=T111&user_id=U111"
    async with open_door(noting) as door:
        await door.genuine(body)
        await door.genuine(body + b"&x=1")
        answer = await door.get("/metrics")
    text = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'gatehouse_acks_total{listener="command /apis",outcome="ok"} 2.0' in text
    assert 'gatehouse_ack_seconds_bucket{le="0.005"}' in text
    for name in ("outbox_depth", "outbox_oldest_seconds", "deliveries_total", "pending_approvals"):
        assert f"# TYPE gatehouse_{name} " in text


async def test_a_handler_that_fails_leaves_no_5xx() -> None:
    def register(board: Switchboard, _: list[Payload]) -> None:
        @board.command("/apis")
        async def fails(_: Payload) -> Reply:
            raise RuntimeError

    async with open_door(register) as door:
        answer = await door.genuine(b"command=%2Fapis&team_id=T111&user_id=U111")
    assert answer.status == 200
    assert "incident ABCD2345" in json.loads(answer.body)["text"]


def test_a_port_in_use_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WrongSettings, match=f"GATEHOUSE_PORT.*127.0.0.1 port {port} .[a-zA-Z ]*in use.[.] "):
            listening("127.0.0.1", port)


async def test_what_was_opened_is_closed_where_serving_cannot_begin() -> None:
    closed: list[bool] = []

    async def on_stop() -> None:
        closed.append(True)

    web = Web(edge=None, dispatch=nothing, readiness=Readiness({}), metrics=Metrics())
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(WrongSettings):
        await serve(web, "127.0.0.1", taken.getsockname()[1], on_stop=on_stop)
    assert closed == [True]


async def test_in_socket_mode_nobody_may_post() -> None:
    web = Web(edge=None, dispatch=nothing, readiness=Readiness({}), metrics=Metrics())
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    serving = asyncio.create_task(
        serve(web, "127.0.0.1", 0, on_stop=done, started=started.set_result, stop=stop, linger=0)
    )
    port = await started
    assert (await asked(port, "/slack/events", b"command=%2Fapis")).status == 404
    assert (await asked(port, "/healthz")).status == 200
    stop.set()
    await serving


async def nothing(_: object) -> bytes:
    raise AssertionError("nobody may post")


async def done() -> None:
    return None


def test_an_address_that_is_not_ours_is_a_sentence() -> None:
    with pytest.raises(WrongSettings, match=r"can't listen on 203\.0\.113\.1 port 3000"):
        listening("203.0.113.1", 3000)


SERVER = """
import asyncio, sys
from bot import web
from bot.clock import SystemClock
from bot.edge import Edge, MemoryReplayCache
from bot.metrics import Metrics
from handlers.lines import bolt, dispatch
from handlers.replies import Reply
from slack_sdk.web.async_client import AsyncWebClient
from tests.doorway import SECRET, StillClock, switchboard

async def main():
    board = switchboard()

    async def later():
        await asyncio.sleep(0.2)
        print("afterwards", flush=True)

    @board.command("/slow")
    async def slow(payload):
        print("begun", flush=True)
        await asyncio.sleep(0.3)
        return Reply({"text": "done"}, later)

    async def on_stop():
        print("left", await board.drain(2), flush=True)

    app = web.Web(
        edge=Edge([SECRET], MemoryReplayCache(), StillClock()),
        dispatch=dispatch(bolt(board, AsyncWebClient("xoxb-test"))),
        readiness=web.Readiness({}),
        metrics=Metrics(),
    )
    await web.serve(app, "127.0.0.1", 0, on_stop=on_stop, started=lambda port: print(port, flush=True), linger=0.2)
    print("ended", flush=True)

asyncio.run(main())
"""


async def asked(port: int, path: str, body: bytes | None = None) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "host: x", "connection: close"]
    if body is not None:
        lines += [f"{name}: {value}" for name, value in signed(body, at=NOON, secret=SECRET)]
        lines.append(f"content-length: {len(body)}")
    writer.write("\r\n".join([*lines, "", ""]).encode() + (body or b""))
    answer = parsed(await reader.read())
    writer.close()
    await writer.wait_closed()
    return answer


async def test_sigterm_makes_unready_finishes_what_runs_and_drains() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, cwd=ROOT, stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."}
    )
    assert process.stdout
    port = int(await process.stdout.readline())
    assert (await asked(port, "/readyz")).status == 200
    slow = asyncio.create_task(asked(port, "/slack/events", b"command=%2Fslow&team_id=T111&user_id=U111"))
    assert await process.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.05)
    assert (await asked(port, "/readyz")).status == 503
    assert json.loads((await slow).body) == {"text": "done"}
    assert (await process.stdout.read()).decode().split("\n") == ["afterwards", "left 0", "ended", ""]
    assert await process.wait() == 0
