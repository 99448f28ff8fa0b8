"""Between the bot and the local workspace without a network: the same requests and answers, a tenth of the time.

Towards the bot: an ASGI request, signed as Slack signs it. Towards Slack: what slack_sdk was told to send, carried out
by the workspace's own table of methods. Nothing of the bot is replaced but two sockets.
"""

import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.sandbox.faults import CUT, Fault
from bot.sandbox.responding import responded
from bot.sandbox.signature import signature
from bot.sandbox.web_api.dispatch import _about, _dressed, _result
from tests.journeys.house import House

Json = dict[str, Any]
FORM, JSON = b"application/x-www-form-urlencoded", b"application/json"


@dataclass(frozen=True)
class Answered:
    """What came back: the status, the bytes of the body, and how long it took in seconds."""

    status: int
    body: bytes
    seconds: float

    @property
    def parsed(self) -> Any:
        """The body as JSON; None if there is none."""
        return orjson.loads(self.body) if self.body else None


@dataclass
class ShortWire:
    """The way to the bot of a house and back; ``calls`` are what it asked of Slack since they were last emptied."""

    house: House
    calls: list[tuple[str, Json]] = field(default_factory=list)

    def __post_init__(self) -> None:
        slack = self.house.runtime.slack
        slack.client.api_call = self._call  # type: ignore[method-assign]
        slack._session = _Hooks(self, slack._session)  # type: ignore[assignment]

    async def send(self, body: bytes, kind: bytes) -> Answered:
        """Bring a body to the bot, well signed at the house's time."""
        stamp = str(int(self.house.clock.at.timestamp()))
        signed = signature(self.house.workspace.signing_secret, stamp, body)
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            (b"x-slack-request-timestamp", stamp.encode()),
            (b"x-slack-signature", signed.encode()),
        ]
        scope: Json = {"type": "http", "method": "POST", "path": "/slack/events", "query_string": b""}
        sent: list[Any] = []

        async def receive() -> Json:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        begun = time.monotonic()
        try:
            await self.house.runtime.web(scope | {"headers": headers}, receive, send)
        except Exception:
            # As uvicorn does: it logs what an application lets out, and answers in its place.
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
            sent[:] = [{"status": 500}, {}]
        return Answered(sent[0]["status"], sent[1].get("body", b""), time.monotonic() - begun)

    async def _call(self, api_method: str, *, http_verb: str = "POST", **given: Any) -> AsyncSlackResponse:
        """Stand in for the client's ``api_call``: what goes over the wire is JSON, so it becomes JSON here, too."""
        wanted: Json = json.loads(json.dumps(given.get("json") or given.get("params") or given.get("data") or {}))
        self.calls.append((api_method, wanted))
        at, client = self.house.workspace, self.house.runtime.slack.client
        fault = at.faults.take(api_method, _about(at, wanted))
        if fault is None or fault.acted:
            result = _result(at, self.house.server.delivery, api_method, wanted, at.bot_token, None)
        else:
            result = {"ok": False, "error": fault.kind.removeprefix("error:")}
        status, headers, content = _dressed(at, api_method, result)
        if fault:
            status, headers = _broken(fault, status, headers)
        response = AsyncSlackResponse(
            client=client,
            http_verb=http_verb,
            api_url=api_method,
            req_args={},
            data=content,
            headers=headers,
            status_code=status,
        )
        response.validate()  # type: ignore[no-untyped-call]  # raises what Slack refused
        return response


def _broken(fault: Fault, status: int, headers: Json) -> tuple[int, Json]:
    """Return what a planned fault makes of an answer.

    Raises:
        aiohttp.ClientError: the connection is cut; so with ``ValueError`` for an answer that nobody can read.
    """
    if fault.kind in CUT:
        raise aiohttp.ServerDisconnectedError
    if fault.kind == "429":
        return 429, headers | {"Retry-After": fault.retry_after}
    if fault.kind.isdigit():
        return int(fault.kind), headers
    if not fault.kind.startswith("error:"):
        raise ValueError(fault.kind)
    return status, headers


class _Hooks:
    """Stands in for the session that answers go to response_urls on."""

    def __init__(self, wire: ShortWire, real: Any) -> None:
        self._wire, self._real = wire, real

    def post(self, url: str, *, json: Json, allow_redirects: bool) -> "_Hooks._Post":
        assert not allow_redirects
        self._wire.calls.append(("response_url", {"url": url, **json}))
        at = self._wire.house.workspace
        if url.startswith(at.base_url):
            return _Hooks._Post(responded(at, urlsplit(url).path.rpartition("/")[2], json)[0])
        return _Hooks._Post(404)

    async def close(self) -> None:
        await self._real.close()

    @dataclass
    class _Post:
        """An answer to a response_url, as aiohttp gives it."""

        status: int

        async def __aenter__(self) -> "_Hooks._Post":
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        async def read(self) -> bytes:
            return b""
