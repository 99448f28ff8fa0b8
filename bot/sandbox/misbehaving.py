"""Carries out a planned fault on one request to Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bot.sandbox.faults import CUT, Fault

JSON = "application/json; charset=utf-8"
DRIP_SECONDS = 0.5
"""Between two bytes of an answer that never ends."""

_HTML = b"<!DOCTYPE html><html><head><title>Server Error | Slack</title></head><body>Something broke.</body></html>"
_UNSEEN = CUT | {"trickle"}
_SAID = {"html": _HTML, "empty": b"", "list": b"[]", "null": b"null", "bare": b'{"ok":true}'}
_STATUSES = {
    "500": "Internal Server Error",
    "502": "Bad Gateway",
    "503": "Service Unavailable",
    "504": "Gateway Timeout",
}

Run = Callable[[], tuple[int, dict[str, str], Any]]
"""Carries the request out; gives status, headers and the JSON of the answer."""


async def answered(fault: Fault | None, request: Request, run: Run) -> tuple[Response, int, Any]:
    """Carry out a request, or let it fail as planned.

    Returns:
        The response, and status and content as the bot sees them (0 and None if it sees nothing).
    """
    kind = fault.kind if fault else ""
    if fault and fault.seconds:
        await asyncio.sleep(fault.seconds)
    if fault is None or kind == "slow":
        status, headers, content = run()
        return Response(orjson.dumps(content), status, headers, JSON), status, content
    said = orjson.dumps(run()[2]) if fault.acted else b'{"ok":true,"channel":"C0","ts":"1.0"}'
    response = _failure(fault, said)
    if kind.startswith("reset"):
        transport: asyncio.Transport = request.scope["transport"]
        transport.abort()
    return (response, 0, None) if kind in _UNSEEN else (response, response.status_code, {"fault": kind})


async def hold(fault: Fault | None, request: Request) -> None:
    """Keep an answer that is to be lost until the bot has given up."""
    if fault and fault.kind in {"timeout", "lost_answer"}:
        message = await request.receive()
        while message["type"] != "http.disconnect":
            message = await request.receive()


def _failure(fault: Fault, said: bytes) -> Response:
    """Return a broken answer; ``said`` is what a sound one would say."""
    kind = fault.kind
    if kind == "429":
        body = orjson.dumps({"ok": False, "error": "ratelimited"})
        named = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
        return Response(body, 429, named, JSON)
    if kind == "truncated":
        return Response(said[: len(said) // 2], media_type=JSON)
    if kind == "trickle":
        return StreamingResponse(_dripping(said), media_type=JSON)
    if kind in _SAID:
        return Response(_SAID[kind], media_type="text/html" if kind == "html" else JSON)
    if kind.startswith("error:"):
        return Response(orjson.dumps({"ok": False, "error": kind.removeprefix("error:")}), media_type=JSON)
    return Response(_STATUSES.get(kind, "").encode(), int(kind) if kind in _STATUSES else 500, media_type="text/plain")


async def _dripping(said: bytes) -> AsyncIterator[bytes]:
    """Give an answer byte by byte, and its last byte never."""
    for byte in said[:-1]:
        yield bytes([byte])
        await asyncio.sleep(DRIP_SECONDS)
    while True:
        yield b" "
        await asyncio.sleep(DRIP_SECONDS)
