"""A bot that does nothing but what a test tells it: it answers requests and remembers them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxServer
from bot.sandbox.workspace import Workspace

Reply = Any
Answering = Callable[["Heard"], Awaitable[Reply]]


@dataclass
class Heard:
    """One request as it arrived: its parsed payload, its headers and raw body."""

    payload: dict[str, Any]
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """``command``, the payload's type, or the inner event's type."""
        if "command" in self.payload:
            return "command"
        return str(self.payload.get("event", self.payload)["type"])


@dataclass
class Parrot:
    """Listens on loopback and, while the ``async with`` lasts, is the bot of a served workspace."""

    workspace: Workspace
    server: SandboxServer
    heard: list[Heard] = field(default_factory=list)
    answers: dict[str, Answering] = field(default_factory=dict)

    def on(self, kind: str) -> Callable[[Answering], Answering]:
        """Answer this kind of request with the decorated function: None, JSON, a text, a status or a web.Response."""

        def enter(answering: Answering) -> Answering:
            self.answers[kind] = answering
            return answering

        return enter

    def always(self, kind: str, reply: Reply) -> None:
        """Answer this kind of request always the same."""

        @self.on(kind)
        async def _(_heard: Heard) -> Reply:
            return reply

    def last(self, kind: str) -> dict[str, Any]:
        """The last payload of this kind."""
        return [one.payload for one in self.heard if one.kind == kind][-1]

    def count(self, kind: str) -> int:
        """How many payloads of this kind came."""
        return sum(one.kind == kind for one in self.heard)

    @property
    def api(self) -> AsyncWebClient:
        """The Web API with the bot's token, without any retries."""
        return AsyncWebClient(token=self.workspace.bot_token, base_url=self.server.api_url, retry_handlers=[])

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._hear), shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.server.events_url = f"http://127.0.0.1:{port}/slack/events"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _hear(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        heard = Heard(_payload(request, body), {key.lower(): value for key, value in request.headers.items()}, body)
        self.heard.append(heard)
        answering = self.answers.get(heard.kind)
        reply = await answering(heard) if answering else None
        if isinstance(reply, web.Response):
            return reply
        if isinstance(reply, int):
            return web.Response(status=reply)
        return (
            web.Response(text=reply)
            if isinstance(reply, str)
            else web.json_response(reply)
            if reply
            else web.Response()
        )


def _payload(request: web.BaseRequest, body: bytes) -> dict[str, Any]:
    if request.content_type == "application/json":
        payload: dict[str, Any] = json.loads(body)
        return payload
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return json.loads(form["payload"]) if "payload" in form else form


async def never(_heard: Heard) -> Reply:
    """An answer that does not come."""
    await asyncio.Event().wait()


def words(text: str) -> dict[str, Any]:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> dict[str, Any]:
    """A section with this text."""
    return {"type": "section", "text": words(text)} | more


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": "button", "text": words(text), "action_id": action_id} | more


def text_input(block_id: str, label: str, *, action_id: str = "v", **element: Any) -> dict[str, Any]:
    """An input block with a text field."""
    field_ = {"type": "plain_text_input", "action_id": action_id} | element
    return {"type": "input", "block_id": block_id, "label": words(label), "element": field_}


def option(text: str, value: str | None = None) -> dict[str, Any]:
    """An option of a menu."""
    return {"text": words(text), "value": value or text.lower()}


def menu(block_id: str, label: str, element: dict[str, Any]) -> dict[str, Any]:
    """An input block around any element."""
    return {"type": "input", "block_id": block_id, "label": words(label), "element": {"action_id": "v"} | element}


def modal(*blocks: dict[str, Any], title: str = "A title", **more: Any) -> dict[str, Any]:
    """A modal with a submit button "Send"."""
    return {"type": "modal", "title": words(title), "submit": words("Send"), "blocks": list(blocks)} | more


def home(*blocks: dict[str, Any]) -> dict[str, Any]:
    """An App Home."""
    return {"type": "home", "blocks": list(blocks)}
