"""Slack's door as tests see it: the real web application on a real port; handlers and Slack only note things."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

from slack_sdk.web.async_client import AsyncWebClient

from bot.edge import Edge, MemoryReplayCache
from bot.metrics import Metrics
from bot.web import Readiness, Web, serve
from handlers.lines import bolt, dispatch
from handlers.payloads import Payload
from handlers.replies import Reply
from handlers.switchboard import Switchboard, Watch

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORMER = "0123456789abcdef0123456789abcdef"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class StillClock:
    """A clock that only tests move."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Forgetful(MemoryReplayCache):
    """A replay cache that can be emptied."""

    def clear(self) -> None:
        self._hashes.clear()
        self._seconds.clear()


@dataclass
class NotingSlack:
    """Notes what it is asked to do. Methods named in ``failing`` raise."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)

    async def open_view(self, trigger: str, view: dict[str, Any]) -> None:
        self._note("open_view", trigger=trigger, view=view)

    async def update_view(self, view_id: str, view: dict[str, Any], hash: str | None = None) -> None:
        self._note("update_view", view_id=view_id, view=view, hash=hash)

    async def publish_home(self, user: str, view: dict[str, Any], hash: str | None = None) -> None:
        self._note("publish_home", user=user, view=view)

    async def respond(self, response_url: str, text: str, blocks: Any = None, replace_original: bool = False) -> None:
        self._note("respond", response_url=response_url, text=text, replace_original=replace_original)

    async def ephemeral(self, channel: str, user: str, text: str, blocks: Any = None) -> None:
        self._note("ephemeral", channel=channel, user=user, text=text)

    async def post(self, channel: str, text: str, blocks: Any = None) -> None:
        self._note("post", channel=channel, text=text)

    def _note(self, name: str, **arguments: Any) -> None:
        self.calls.append((name, arguments))
        if name in self.failing:
            raise RuntimeError(f"{name} fails in this test")


@dataclass
class Noted:
    """Counts answers instead of publishing them."""

    answers: list[tuple[str, str]] = field(default_factory=list)

    def acknowledged(self, listener: str, outcome: str, seconds: float) -> None:
        self.answers.append((listener, outcome))


def switchboard(slack: NotingSlack | None = None, watch: Watch | None = None, **settings: Any) -> Switchboard:
    """Return a switchboard for the workspaces T111 and E111 with doubles around it."""
    defaults: dict[str, Any] = {
        "slack": slack or NotingSlack(),
        "watch": watch or Noted(),
        "allowed": {"T111", "E111"}.__contains__,
        "events": MemoryReplayCache(),
        "clock": StillClock(),
        "incident": lambda: "ABCD2345",
    }
    return Switchboard(**(defaults | settings))


@dataclass
class Answer:
    """What came back over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Doorway:
    """The application, serving."""

    port: int
    clock: StillClock
    slack: NotingSlack
    metrics: Metrics
    readiness: Readiness
    asked: list[Payload]
    """What reached the handlers."""
    replays: "Forgetful"
    events: "Forgetful"

    def forget(self) -> None:
        """Be as new, so that many tests can share one server."""
        self.clock.at = NOON
        for memory in (self.asked, self.slack.calls, self.slack.failing, self.replays, self.events):
            memory.clear()

    async def post(self, body: bytes, headers: list[tuple[str, str]], path: str = "/slack/events") -> Answer:
        """POST ``body`` with exactly these headers, and a content-length unless they say otherwise."""
        if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
            headers = [*headers, ("content-length", str(len(body)))]
        return await self.raw("POST", path, headers, body)

    async def get(self, path: str) -> Answer:
        """GET one of the service endpoints."""
        return await self.raw("GET", path, [], b"")

    async def raw(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
        """Send a request line, these headers and this body."""
        lines = [f"{method} {path} HTTP/1.1", "host: gatehouse", *(f"{name}: {value}" for name, value in headers)]
        return await self.send("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1") + body)

    async def send(self, request: bytes) -> Answer:
        """Send bytes as they are and read the answer to its end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            return parsed(await asyncio.wait_for(reader.read(), 10))
        finally:
            writer.close()
            await writer.wait_closed()

    async def genuine(self, body: bytes, kind: str = FORM, extra: tuple[tuple[str, str], ...] = ()) -> Answer:
        """POST ``body`` as Slack would, signed now."""
        return await self.post(body, [*signed(body, kind, self.clock.now()), *extra])


def signed(body: bytes, kind: str = FORM, at: datetime = NOON, secret: str = SECRET) -> list[tuple[str, str]]:
    """Return content type, timestamp and signature for ``body``."""
    stamp = str(int(at.timestamp()))
    return [
        ("content-type", kind),
        ("x-slack-request-timestamp", stamp),
        ("x-slack-signature", signature(body, stamp, secret)),
    ]


def signature(body: bytes, stamp: str, secret: str = SECRET) -> str:
    """Return the signature of docs.slack.dev/authentication/verifying-requests-from-slack."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()


def parsed(raw: bytes) -> Answer:
    """Return status, headers and body of an HTTP answer."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)


@asynccontextmanager
async def open_door(register: Any = None, checks: Any = None) -> AsyncIterator[Doorway]:
    """Serve the application with one noting handler for everything in ``register``, until the block ends."""
    asked: list[Payload] = []
    slack, clock, metrics, readiness = NotingSlack(), StillClock(), Metrics(), Readiness(checks or {})
    replays, events = Forgetful(), Forgetful()
    board = switchboard(slack, watch=metrics, clock=clock, events=events)
    if register:
        register(board, asked)
    web = Web(
        edge=Edge([SECRET, FORMER], replays, clock),
        dispatch=dispatch(bolt(board, AsyncWebClient("xoxb-test"))),
        readiness=readiness,
        metrics=metrics,
    )
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()

    async def drained() -> None:
        await board.drain(1)

    serving = asyncio.create_task(
        serve(web, "127.0.0.1", 0, on_stop=drained, started=started.set_result, stop=stop, linger=0)
    )
    try:
        yield Doorway(await started, clock, slack, metrics, readiness, asked, replays, events)
    finally:
        stop.set()
        await serving


def noting(board: Switchboard, asked: list[Payload]) -> None:
    """Register a handler that only notes, for one id of each kind."""

    async def note(payload: Payload) -> Reply:
        asked.append(payload)
        return Reply.options([]) if payload.kind == "options" else Reply.nothing()

    board.command("/apis")(note)
    board.shortcut("client.create")(note)
    board.action("client.create")(note)
    board.submission("client.details")(note)
    board.closed("client.details")(note)
    board.options("organization")(note)
    board.event("app_home_opened")(note)


CLICK: dict[str, Any] = {
    "type": "block_actions",
    "team": {"id": "T111"},
    "user": {"id": "U111", "team_id": "T111"},
    "trigger_id": "1.2.abc",
    "actions": [{"action_id": "client.create", "block_id": "b", "type": "button", "value": "x"}],
}
COMMAND = urlencode({"command": "/apis", "text": "pay", "team_id": "T111", "user_id": "U111"}).encode()
HOME = {"type": "app_home_opened", "user": "U111", "tab": "home"}
EVENT = json.dumps({"type": "event_callback", "team_id": "T111", "event_id": "Ev1", "event": HOME}).encode()


def click(**fields: Any) -> bytes:
    return b"payload=" + quote_plus(json.dumps(CLICK | fields)).encode()


CLICKED = click()


def form(text: str | bytes) -> bytes:
    return b"payload=" + quote_plus(text).encode()
