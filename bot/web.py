"""The HTTP side: Slack's one address and the service endpoints, and how the process starts and stops serving.

Slack's address is answered by a bare ASGI function: Starlette's routing and request objects would cost as much as the
rest of an acknowledgement. Everything else is Starlette.
"""

import asyncio
import contextlib
import functools
import gc
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from bot.connection import Connection
from bot.edge import Edge, Json, Refused, Settled
from bot.errors import WrongSettings
from bot.metrics import CONTENT_TYPE, Metrics
from handlers.patience import Patience

EVENTS = "/slack/events"
SLOW_BODY = 5.0
"""Seconds for a body to arrive; Slack itself gives up after 3."""
MOST_DISCARDED = 1024 * 1024
"""Bytes of a refused body that are read and forgotten before the answer."""
CHECK_SECONDS = 1.0
"""Seconds for one readiness check; a frozen database must not hold /readyz (RELIABILITY F18)."""
LINGER = 3.0
"""Seconds between "not ready" and the end of accepting, so that a load balancer has noticed (RELIABILITY F19, G9)."""
GRACE = 3
"""Seconds that requests under way have to finish: a handler has 2. All of the stop stays under 10 (G14)."""

Check = Callable[[], Awaitable[str | None]]
"""Returns None if all is well, else what is not, in a few words."""

log = structlog.get_logger(__name__)


class Readiness:
    """Whether this process should be sent work: named checks, and false for good once it stops."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = dict(checks)
        self.stopping = False

    async def problems(self) -> list[str]:
        """Return what is not ready, one line each; nothing if all is."""
        if self.stopping:
            return ["stopping"]
        found = await asyncio.gather(*(self._problem(name, check) for name, check in self._checks.items()))
        return [problem for problem in found if problem]

    async def _problem(self, name: str, check: Check) -> str | None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                problem = await check()
        except TimeoutError:
            problem = f"no answer within {CHECK_SECONDS:g} s"
        except Exception as error:  # noqa: BLE001 - a check that breaks is a check that fails
            problem = type(error).__name__
        return f"{name}: {problem}" if problem else None


class Web:
    """The ASGI application.

    Args:
        edge: the verifier, or None in Socket Mode, where nobody may POST.
        dispatch: answers a genuine payload with the bytes of a JSON body, or with none; raises nothing.
        readiness: for ``/readyz``.
        metrics: for ``/metrics``.
        refresh: called before the metrics are read, to set what is looked up and not counted.
        routes: further endpoints.
    """

    def __init__(
        self,
        *,
        edge: Edge | None,
        dispatch: Callable[[Json], Awaitable[bytes]],
        readiness: Readiness,
        metrics: Metrics,
        refresh: Callable[[], Awaitable[None]] | None = None,
        routes: Sequence[BaseRoute] = (),
    ) -> None:
        self._edge = edge
        self._dispatch = dispatch
        self.readiness = readiness
        self._metrics = metrics
        self._refresh = refresh
        self._told: dict[str, int] = {}
        self._patience = Patience(SLOW_BODY)
        own = [
            Route("/healthz", _healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics_text),
        ]
        self._starlette = Starlette(routes=[*own, *routes])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event, as ASGI has it."""
        if scope["type"] == "http" and scope["path"] == EVENTS and self._edge:
            await self._slack(self._edge, scope, receive, send)
        else:
            await self._starlette(scope, receive, send)

    async def _slack(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            probe = scope["method"] == "GET" and scope["query_string"] == b"ssl_check=1"
            await _send(send, 200 if probe else 405)
            return
        body = _Body(receive)
        try:
            async with self._patience.limit():
                payload = await edge.admit(scope["headers"], body.chunks())
        except Settled as settled:
            await _send(send, 200, settled.answer)
        except Refused as refused:
            if refused.near:
                await self._discard(body)
            self.turned_away(refused.reason, refused.status)
            await _send(send, refused.status, last=body.is_unread)
        except TimeoutError:
            self.turned_away("slow body", 408)
            await _send(send, 408, last=body.is_unread)
        except _Gone:
            self._metrics.refused("gone")
        except Exception:  # RELIABILITY B11: every failure in this path is a 401
            log.exception("the edge failed")
            self.turned_away("fault", 401)
            await _send(send, 401, last=body.is_unread)
        else:
            await _send(send, 200, await self._dispatch(payload), last=self.readiness.stopping)

    def turned_away(self, reason: str, status: int) -> None:
        """Count a refusal; the log gets one line a minute for each reason, whatever the flood."""
        self._metrics.refused(reason)
        minute = int(asyncio.get_running_loop().time()) // 60
        if self._told.get(reason) != minute:
            self._told[reason] = minute
            log.warning("request refused", reason=reason, status=status)

    async def _discard(self, body: "_Body") -> None:
        """Read a refused body to its end if that is near: a client that still sends would not see the answer."""
        with contextlib.suppress(TimeoutError, _Gone):
            async with self._patience.limit():
                async for _ in body.chunks(MOST_DISCARDED):
                    pass

    async def _readyz(self, _: Request) -> Response:
        problems = await self.readiness.problems()
        return JSONResponse(problems, 503) if problems else JSONResponse([])

    async def _metrics_text(self, _: Request) -> Response:
        if self._refresh:
            try:
                await self._refresh()
            except Exception as error:  # noqa: BLE001 - the counters are worth more than the gauges
                log.warning("metrics are stale", error=type(error).__name__)
        return Response(self._metrics.text(), headers={"content-type": CONTENT_TYPE})


async def serve(
    app: Web,
    host: str,
    port: int,
    *,
    on_stop: Callable[[], Awaitable[None]],
    started: Callable[[int], None] | None = None,
    stop: asyncio.Event | None = None,
    linger: float = LINGER,
) -> None:
    """Serve until SIGTERM, SIGINT or ``stop``; then be unready at once, finish what is under way and call ``on_stop``.

    Args:
        app: what is served.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        on_stop: drains and closes the rest, after the last answer or if serving can't begin; at most 2 s.
        started: called with the port once connections are accepted.
        stop: ends the serving like SIGTERM, but without lingering; given by those whose process does more than serve.
        linger: seconds to go on accepting after SIGTERM.

    Raises:
        WrongSettings: the address can't be listened on.
    """
    try:
        await _serve(app, listening(host, port), started, stop, linger)
    finally:
        await on_stop()


async def _serve(
    app: Web,
    listener: socket.socket,
    started: Callable[[int], None] | None,
    stop: asyncio.Event | None,
    linger: float,
) -> None:
    if stop is None:
        _settle()
    stop = stop or asyncio.Event()
    server = _server(app)
    lingering = _on_signals(stop, server)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await _running(server, serving)
    if started:
        started(listener.getsockname()[1])
    await asyncio.wait({serving, waiting := asyncio.create_task(stop.wait())}, return_when="FIRST_COMPLETED")
    waiting.cancel()
    app.readiness.stopping = True
    if lingering:
        await asyncio.sleep(linger)
    server.should_exit = True
    await serving


def _server(app: Web) -> "_Server":
    return _Server(
        uvicorn.Config(
            app,
            http=cast("type[asyncio.Protocol]", functools.partial(Connection, told=app.turned_away)),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=GRACE,
        )
    )


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens on ``host`` and ``port``.

    Raises:
        WrongSettings: the port is in use, or the address isn't this machine's.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # create_server repeats the address there
        raise WrongSettings(
            f"GATEHOUSE_HOST and GATEHOUSE_PORT: can't listen on {host} port {port} ({reason}). "
            f"Stop what uses it, or take another: GATEHOUSE_PORT={port + 1}"
        ) from error


def _settle() -> None:
    """Take what was loaded out of the garbage collector's sight: walking it again and again is a tenth of the work."""
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    """uvicorn, without its signal handlers: they end the process before the outbox and the rest are drained."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop at once where no request is under way: uvicorn takes a tenth of a second even then."""
        for closing in (*self.servers, *(sockets or ())):
            closing.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


def _on_signals(stop: asyncio.Event, server: uvicorn.Server) -> list[signal.Signals]:
    """Let SIGTERM and SIGINT set ``stop``; a second one ends at once. A SIGTERM is noted in the list: linger then."""
    lingering: list[signal.Signals] = []

    def received(number: signal.Signals) -> None:
        if stop.is_set():
            server.force_exit = True
        elif number is signal.SIGTERM:
            lingering.append(number)
        stop.set()

    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread, or Windows
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, received, number)
    return lingering


async def _running(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has a flag and no event
        await asyncio.sleep(0.005)


class _Gone(Exception):
    """The client hung up before its body had arrived."""


class _Body:
    """A request's body as it comes in, readable in two goes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True

    @property
    def is_unread(self) -> bool:
        """Whether bytes of it are still to come: then nothing that follows on its connection would be understood."""
        return self._more

    async def chunks(self, most: int | None = None) -> AsyncIterator[bytes]:
        """Yield what is left, up to about ``most`` bytes; a client that hung up raises ``_Gone``."""
        size = 0
        while self._more and (most is None or size < most):
            message = await self._receive()
            if message["type"] != "http.request":
                raise _Gone
            self._more = bool(message.get("more_body"))
            chunk = message.get("body", b"")
            size += len(chunk)
            yield chunk


async def _send(send: Send, status: int, body: bytes = b"", *, last: bool = False) -> None:
    """Answer; the ``last`` one ends its connection and says so, so that no balancer sends on it what would be lost."""
    headers: list[tuple[bytes, bytes]] = [(b"content-length", b"%d" % len(body))]
    if last:
        headers.append((b"connection", b"close"))
    if body:
        headers.append((b"content-type", b"application/json;charset=utf-8"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    message: dict[str, Any] = {"type": "http.response.body", "body": body}
    await send(message)


async def _healthz(_: Request) -> Response:
    return PlainTextResponse("ok")
