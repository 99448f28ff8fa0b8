"""Serves a workspace: Web API, response_url, Socket Mode and the page, on one port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import uvicorn
from aiohttp import web
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.sandbox.delivery import Delivery
from bot.sandbox.misbehaving import answered, hold
from bot.sandbox.page import page_routes
from bot.sandbox.responding import responded
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.web_api.dispatch import endpoint
from bot.sandbox.workspace import Workspace

LAST_ANSWERS = 0.1
"""Seconds for what is under way when the server stops."""
_ANY = ("0.0.0.0", "::")  # noqa: S104 - such an address can be listened on but not called


class SandboxServer:
    """Serves a workspace while the ``async with`` lasts.

    Args:
        workspace: what is served.
        host: address to listen on.
        port: its port; 0 for any free one. ``url`` and ``api_url`` then say which.
        events_url: where the bot takes signed requests; without one it is reached by Socket Mode. Settable later.
        public_url: address under which the bot reaches this server, if it is another than ``http://host:port``.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        events_url: str | None = None,
        public_url: str | None = None,
    ) -> None:
        self.workspace = workspace
        self.socket_mode = SocketMode(workspace)
        self.delivery = Delivery(workspace, self.socket_mode, events_url)
        self._listener = _listener(host, port)
        bound = self._listener.getsockname()[1]
        reachable = "127.0.0.1" if host in _ANY else f"[{host}]" if ":" in host else host
        self.url = (public_url or f"http://{reachable}:{bound}").rstrip("/")
        self.api_url = f"{self.url}/api/"

    @property
    def events_url(self) -> str | None:
        """Where signed requests go; None: Socket Mode."""
        return self.delivery.events_url

    @events_url.setter
    def events_url(self, url: str | None) -> None:
        self.delivery.events_url = url

    async def __aenter__(self) -> SandboxServer:
        self.workspace.base_url = self.url
        self.workspace.delivery = self.delivery
        self._sockets = web.Server(self.socket_mode.serve, access_log=None)
        config = uvicorn.Config(
            self._app(),
            http=_Protocol,
            ws=self._websocket,  # type: ignore[arg-type]  # a factory is all that is asked for
            lifespan="off",
            date_header=False,
            log_level="warning",
            access_log=False,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        await self._server.ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket_mode.close()
        await self._sockets.shutdown(1)
        self._server.should_exit = self._server.force_exit = True
        self._server.leaving.set()
        await self._serving
        await self.delivery.close()

    def _app(self) -> Starlette:
        routes: list[BaseRoute] = [
            Route("/api/{method}", endpoint(self.workspace, self.delivery), methods=["GET", "POST"]),
            Route("/response/{kind}/{token}", self._response_url, methods=["POST"]),
            *page_routes(self.workspace),
        ]
        return Starlette(routes=routes)

    def _websocket(self, **_: Any) -> asyncio.Protocol:
        return self._sockets()

    async def _response_url(self, request: Request) -> Response:
        at = self.workspace
        exchange = at.exchange("to Slack", "response_url", _json(await request.body()))
        fault = at.faults.take("response_url")

        def run() -> tuple[int, dict[str, str], Any]:
            status, content = responded(at, request.path_params["token"], exchange.request)
            return status, {}, content

        with at.activity.under_way():
            response, exchange.status, exchange.response = await answered(fault, request, run)
        at.changed("traffic")
        await hold(fault, request)
        return response


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


def _listener(host: str, port: int) -> socket.socket:
    # With the protocol named, asyncio sends small answers at once (TCP_NODELAY) instead of up to 40 ms later.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class _Protocol(HttpToolsProtocol):
    """Puts the transport into the scope, so that a fault can cut the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["transport"] = self.transport  # type: ignore[typeddict-unknown-key]


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves the process's signals to whoever started it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready, self.leaving = asyncio.Event(), asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self.leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything; uvicorn would take a tenth of a second for it even where nobody is connected."""
        for closing in (*self.servers, *(sockets or ())):
            closing.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=LAST_ANSWERS)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
