"""Socket Mode: WebSockets over which the bot gets its payloads (docs.slack.dev/apis/events-api/using-socket-mode)."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from bot.sandbox.records import Exchange, Json
from bot.sandbox.workspace import Workspace

MAX_CONNECTIONS = 10
"""Connections an app may have at once; each payload goes to any one of them."""

CONNECTION_SECONDS = 3600
"""Life of a connection as announced in ``hello``."""

REDELIVERIES = 2
"""How often an envelope that nobody acknowledged is sent again. Slack documents no number; slackapi/bolt-js#2487."""

_ENVELOPE_TYPES = {
    "command": "slash_commands",
    "interactive": "interactive",
    "options": "interactive",
    "events": "events_api",
}
_ANSWERABLE = {"view_submission", "block_suggestion"}
_KEPT = 500


@dataclass(slots=True, eq=False)
class Connection:
    """One WebSocket of the bot."""

    socket: web.WebSocketResponse
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    retiring: bool = False


@dataclass(slots=True)
class Envelope:
    """One envelope under way and its acknowledgement."""

    id: str
    name: str
    answerable: bool
    exchange: int
    ack: asyncio.Future[Any]
    overdue: bool = False


class SocketMode:
    """All connections of the bot, and the envelopes on them."""

    def __init__(self, workspace: Workspace) -> None:
        self._at = workspace
        self.connections: list[Connection] = []
        self._tickets: set[str] = set()
        self._envelopes: OrderedDict[str, Envelope] = OrderedDict()
        self._turn = 0
        self._later: set[asyncio.Task[None]] = set()

    def url(self, *, debug_reconnects: bool = False) -> str:
        """A WebSocket address that works for one connection."""
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        base = self._at.base_url.replace("http", "ws", 1)
        return f"{base}/socket?ticket={ticket}&app_id={self._at.app_id}" + ("&debug_reconnects=true" * debug_reconnects)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Accept a connection, greet it and read acknowledgements until it closes."""
        ticket = request.query.get("ticket", "")
        if request.path != "/socket" or ticket not in self._tickets:
            return web.Response(status=403)
        self._tickets.discard(ticket)
        connection = Connection(web.WebSocketResponse(heartbeat=10, max_msg_size=16 * 1024 * 1024))
        await connection.socket.prepare(request)
        if len(self.connections) >= MAX_CONNECTIONS:
            await self._disconnect(connection, "too_many_websockets")
            return connection.socket
        self.connections.append(connection)
        await self._greet(connection, 360 if request.query.get("debug_reconnects") else CONNECTION_SECONDS)
        try:
            async for message in connection.socket:
                if message.type is WSMsgType.TEXT:
                    self._heard(message.data)
        finally:
            self._gone(connection)
        return connection.socket

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to go, as Slack does now and then: warning first, then the close.

        Args:
            reason: ``warning`` (only announces), ``refresh_requested`` or ``link_disabled``.
        """
        for connection in list(self.connections):
            await self._disconnect(connection, reason)

    async def drop(self) -> None:
        """Cut all connections without a word."""
        for connection in list(self.connections):
            self._gone(connection)
            await connection.socket.close(code=1011)

    async def close(self) -> None:
        """Close all connections and forget what was to be sent again."""
        for task in list(self._later):
            task.cancel()
        await self.refresh("link_disabled")

    async def send(self, kind: str, name: str, payload: Json, exchange: Exchange) -> tuple[int, Any]:
        """Send one payload and wait for its acknowledgement; gives (200, payload) or (0, None).

        Not acknowledged in time, or the connection closed: it goes to another connection, with ``retry_attempt``.
        """
        loop = asyncio.get_running_loop()
        body_type = str(payload.get("type", ""))
        answerable = kind == "command" or body_type in _ANSWERABLE
        envelope = Envelope(secrets.token_hex(16), name, answerable, exchange.id, loop.create_future())
        self._remember(envelope)
        frame = {
            "envelope_id": envelope.id,
            "payload": payload,
            "type": _ENVELOPE_TYPES[kind],
            "accepts_response_payload": answerable,
        }
        if kind == "events":
            frame |= {"retry_attempt": 0, "retry_reason": ""}
        try:
            async with asyncio.timeout(self._at.ack_seconds):
                return 200, await self._until_acknowledged(envelope, frame)
        except TimeoutError:
            envelope.overdue = True
            self._overdue(envelope, frame)
            return 0, None

    async def _until_acknowledged(self, envelope: Envelope, frame: Json) -> Any:
        attempt = 0
        while True:
            connection = await self._pick()
            again = {"retry_attempt": attempt, "retry_reason": "connection_closed"} if attempt else {}
            await self._put(connection, frame | again)
            if await self._acked_or_closed(envelope, connection):
                return envelope.ack.result()
            attempt += 1

    async def _acked_or_closed(self, envelope: Envelope, connection: Connection) -> bool:
        closing = asyncio.ensure_future(connection.closed.wait())
        try:
            await asyncio.wait({envelope.ack, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()
        return envelope.ack.done()

    def _overdue(self, envelope: Envelope, frame: Json) -> None:
        if not self.connections:
            return
        sentence = f"{envelope.name} was not acknowledged within {self._at.ack_seconds:g} s"
        self._at.violated("ack.ttl", sentence, exchange=envelope.exchange)
        task = asyncio.get_running_loop().create_task(self._redeliver(envelope, frame))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _redeliver(self, envelope: Envelope, frame: Json) -> None:
        for attempt in range(1, REDELIVERIES + 1):
            if envelope.ack.done() or not self.connections:
                return
            await self._put(await self._pick(), frame | {"retry_attempt": attempt, "retry_reason": "timeout"})
            await asyncio.wait({envelope.ack}, timeout=self._at.ack_seconds)

    async def _pick(self) -> Connection:
        while True:
            able = [one for one in self.connections if not one.retiring]
            if able:
                self._turn += 1
                return able[self._turn % len(able)]
            await asyncio.sleep(0.02)

    async def _put(self, connection: Connection, frame: Json) -> None:
        try:
            await connection.socket.send_str(orjson.dumps(frame).decode())
        except (ConnectionError, RuntimeError):
            self._gone(connection)

    def _heard(self, text: str) -> None:
        try:
            body = orjson.loads(text)
            envelope_id = body["envelope_id"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            self._at.violated("ack.body", f"not an acknowledgement: {text[:80]}")
            return
        envelope = self._envelopes.get(envelope_id)
        if envelope is None:
            self._at.violated("ack.unknown", f"acknowledged an unknown envelope {envelope_id}")
            return
        self._acknowledged(envelope, body.get("payload"))

    def _acknowledged(self, envelope: Envelope, payload: Any) -> None:
        if envelope.ack.done():
            self._at.violated("ack.double", f"{envelope.name} was acknowledged twice", exchange=envelope.exchange)
            return
        if payload and not envelope.answerable:
            sentence = f"{envelope.name} takes no payload in its answer"
            self._at.violated("ack.payload", sentence, exchange=envelope.exchange)
        envelope.ack.set_result(payload or None)

    def _remember(self, envelope: Envelope) -> None:
        self._envelopes[envelope.id] = envelope
        if len(self._envelopes) > _KEPT:
            self._envelopes.popitem(last=False)

    async def _greet(self, connection: Connection, seconds: int) -> None:
        await self._put(
            connection,
            {
                "type": "hello",
                "num_connections": len(self.connections),
                "debug_info": {
                    "host": "sandbox",
                    "build_number": 1,
                    "approximate_connection_time": seconds,
                },
                "connection_info": {"app_id": self._at.app_id},
            },
        )

    async def _disconnect(self, connection: Connection, reason: str) -> None:
        await self._put(connection, {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
        if reason != "warning":
            connection.retiring = True
            self._gone(connection)
            await connection.socket.close()

    def _gone(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
        connection.closed.set()
