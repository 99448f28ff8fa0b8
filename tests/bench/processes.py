"""Servers as processes of their own, and the Slack they all ask: what every benchmark over HTTP needs."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psutil
from aiohttp import web

from tests.bench import load, traffic
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
TOKEN = "xoxb-1-2-abcdefabcdefabcdefabcdef"


def cpu(process: psutil.Popen) -> float:
    """Return the seconds of processor time a process has used."""
    spent = process.cpu_times()
    return float(spent.user + spent.system)


@contextmanager
def serving(command: Sequence[str | Path], *, piped: bool = False, **variables: str) -> Iterator[psutil.Popen]:
    """Start a server on the first core with further environment variables, and end it with the block.

    With ``piped`` its standard input and output are pipes to us.

    Its modules are compiled once and kept, as those of an installed program are.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": f"{tempfile.gettempdir()}/gatehouse-bench-{os.getuid()}"} | variables
    pipe = subprocess.PIPE if piped else None
    process = psutil.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
    try:
        process.cpu_affinity([0])
        yield process
    finally:
        process.terminate()
        process.wait(timeout=15)


@contextmanager
def gatehouse(api: str, database_url: str, port: int) -> Iterator[psutil.Popen]:
    """Start ``gatehouse serve`` over HTTP, by the way of the installed console script."""
    with serving(
        [sys.executable, "-c", "from bot.cli import main; main()", "serve"],
        SLACK_BOT_TOKEN=TOKEN,
        SLACK_SIGNING_SECRET=traffic.SECRET,
        SLACK_API_URL=api,
        GATEHOUSE_DATABASE_URL=database_url,
        GATEHOUSE_PORT=str(port),
        GATEHOUSE_SECRET_KEY="a-key-for-benchmarks-that-protects-nothing",
        GATEHOUSE_LOG_LEVEL="warning",
    ) as process:
        yield process


async def first_answer(port: int, request: bytes) -> list[load.Line]:
    """Return a connection that got a 200, as soon as there is one.

    Raises:
        RuntimeError: another answer came, or none within ten seconds.
    """
    for _ in range(2000):
        try:
            (line,) = await load.connect(port, 1)
        except OSError:
            await asyncio.sleep(0.005)
            continue
        if await line.ask(request) == 200:
            return [line]
        raise RuntimeError("the first request was refused")
    raise RuntimeError("the server did not start")


class LocalSlack:
    """A Web API that says yes to everything, with what its callers expect; ``calls`` counts them."""

    def __init__(self, port: int, seconds: float) -> None:
        self.api, self.calls = f"http://127.0.0.1:{port}/api/", 0
        self._seconds = seconds

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a call after some seconds."""
        self.calls += 1
        if self._seconds:
            await asyncio.sleep(self._seconds)
        return _answer(request)


def _answer(request: web.Request) -> web.Response:
    known = {"ok": True, "team_id": "T111", "user_id": "UBOT", "bot_id": "B111", "team": "acme", "user": "bot"}
    match request.match_info["method"]:
        case "users.info":
            known = {"ok": True, "user": {"id": request.query["user"], "team_id": "T111", "real_name": "Ada"}}
        case "views.publish" | "views.update":
            known = {"ok": True, "view": {"id": "V111", "hash": "1.a"}}
        case "chat.postMessage":
            known = {"ok": True, "channel": "C111", "ts": "1700000000.000100"}
    return web.json_response(known, headers={"x-oauth-scopes": "commands,chat:write"})


@asynccontextmanager
async def slack(seconds: float = 0.0) -> AsyncIterator[LocalSlack]:
    """Give a Slack that knows what servers ask for at their start and afterwards, and takes so long for each call."""
    at = LocalSlack(free_port(), seconds)
    app = web.Application()
    app.router.add_route("*", "/api/{method}", at.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(at.api.split(":")[2].split("/")[0])).start()
    try:
        yield at
    finally:
        await runner.cleanup()
