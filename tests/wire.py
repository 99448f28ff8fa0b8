"""A Web API that answers as a test tells it to, in every way a network can."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.slack import Json

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Wire:
    """A Web API that answers as told and keeps what it was sent."""

    def __init__(self) -> None:
        self.answer: Answering = said({"ok": True})
        self.requests: list[tuple[str, Json]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        sent = json.loads(raw) if request.content_type == "application/json" else dict(await request.post())
        self.requests.append((request.path, sent | dict(request.query)))
        return await self.answer(request)


def said(body: Any, status: int = 200, **headers: str) -> Answering:
    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response(body, status=status, headers=named)

    return answer


def written(text: str, status: int = 200, kind: str = "application/json") -> Answering:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, content_type=kind)

    return answer


async def hung_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.close()
    return web.Response()


async def cut_short(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-length": "100", "content-type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"ok": tr')
    assert request.transport
    request.transport.close()
    return response


async def silent(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


@asynccontextmanager
async def serving() -> AsyncIterator[Wire]:
    """Serve a ``Wire`` until the block ends."""
    wire = Wire()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", wire.handle)
    runner = web.AppRunner(app, shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    wire.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    yield wire
    await runner.cleanup()
