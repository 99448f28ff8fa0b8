"""Carries payloads to the bot, over signed HTTP or Socket Mode, and watches the three seconds it has to answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp
import orjson

from bot.sandbox.records import Exchange, Json
from bot.sandbox.signature import signature
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.workspace import Workspace

Kind = Literal["command", "interactive", "options", "events"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: ``status`` 0 if nothing did in time, ``body`` parsed JSON, else text, else None."""

    status: int
    body: Any
    exchange: Exchange
    headers: dict[str, str]
    sent_headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_ack(self) -> bool:
        """Whether Slack takes it for an acknowledgement."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing to bring to the bot. ``headers`` are added to an HTTP request.

    If it is not ``genuine`` (made up by a test), the bot does well to refuse it.
    """

    kind: Kind
    payload: Json
    headers: tuple[tuple[str, str], ...] = ()
    genuine: bool = True

    @property
    def name(self) -> str:
        """What it is called in the traffic."""
        if self.kind == "command":
            return str(self.payload["command"])
        if self.kind == "events":
            return str((self.payload.get("event") or self.payload).get("type"))
        return str(self.payload.get("type"))

    def encoded(self) -> tuple[bytes, str]:
        """Body and content type of the HTTP request."""
        if self.kind == "events":
            return orjson.dumps(self.payload), "application/json"
        form = self.payload if self.kind == "command" else {"payload": orjson.dumps(self.payload).decode()}
        return urlencode(form).encode(), "application/x-www-form-urlencoded"


class Delivery:
    """The way to the bot: ``events_url`` for signed requests; without one, whoever is connected by Socket Mode."""

    def __init__(self, workspace: Workspace, socket_mode: SocketMode, events_url: str | None) -> None:
        self._at, self.socket_mode, self.events_url = workspace, socket_mode, events_url
        self._session: aiohttp.ClientSession | None = None
        self._later: set[asyncio.Task[None]] = set()

    async def send(self, parcel: Parcel, headers: dict[str, str] | None = None) -> Answer:
        """Bring it to the bot and wait for the acknowledgement, at most ``ack_seconds``.

        ``headers`` take the place of freshly signed ones.
        """
        exchange = self._at.exchange("to bot", parcel.name, parcel.payload)
        begun = time.monotonic()
        with self._at.activity.under_way():
            if self.events_url:
                answer = await self._post(parcel, exchange, headers)
            else:
                answer = await self._envelope(parcel, exchange)
        exchange.status, exchange.response = answer.status, answer.body
        exchange.ms = (time.monotonic() - begun) * 1000
        self._at.changed("traffic")
        return answer

    def signed(self, body: bytes, content_type: str) -> dict[str, str]:
        """The headers of a genuine request with this body."""
        timestamp = str(int(self._at.now()))
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._at.signing_secret, timestamp, body),
        }

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this in the background, until the workspace closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def close(self) -> None:
        """Close the connections to the bot, and forget what was to be sent later."""
        for task in list(self._later):
            task.cancel()
        if self._session:
            await self._session.close()

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self._session

    async def _post(self, parcel: Parcel, exchange: Exchange, given: dict[str, str] | None) -> Answer:
        body, content_type = parcel.encoded()
        headers = given or (self.signed(body, content_type) | dict(parcel.headers))
        try:
            async with asyncio.timeout(self._at.ack_seconds):
                async with self._http().post(
                    str(self.events_url), data=body, headers=headers, allow_redirects=False
                ) as response:
                    content = _parsed(await response.read())
                    answered = {key.lower(): value for key, value in response.headers.items()}
                    return self._checked(parcel, Answer(response.status, content, exchange, answered, headers))
        except TimeoutError:
            sentence = f"{parcel.name} was not acknowledged within {self._at.ack_seconds:g} s"
            self._at.violated("ack.ttl", sentence, exchange=exchange.id)
            return Answer(0, None, exchange, {"fault": "http_timeout"}, headers)
        except aiohttp.ClientError:
            return Answer(0, None, exchange, {"fault": "connection_failed"}, headers)

    def _checked(self, parcel: Parcel, answer: Answer) -> Answer:
        if not answer.is_ack and (parcel.genuine or answer.status >= 500):
            sentence = f"{parcel.name} was answered with HTTP {answer.status}"
            self._at.violated("ack.status", sentence, exchange=answer.exchange.id)
        return answer

    async def _envelope(self, parcel: Parcel, exchange: Exchange) -> Answer:
        status, body = await self.socket_mode.send(parcel.kind, parcel.name, parcel.payload, exchange)
        return Answer(status, body, exchange, {} if status else {"fault": "http_timeout"})


def _parsed(content: bytes) -> Any:
    if not content.strip():
        return None
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.decode("utf-8", "replace")
