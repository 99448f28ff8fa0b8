"""Carries out a planned fault on one request to Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox.faults import Fault

JSON = "application/json; charset=utf-8"

_HTML = b"<!DOCTYPE html><html><head><title>Server Error | Slack</title></head><body>Something broke.</body></html>"
_UNSEEN = {"reset_before", "reset_after", "timeout", "lost_answer"}

Run = Callable[[], tuple[int, dict[str, str], Any]]
"""Carries the request out; gives status, headers and the JSON of the answer."""


async def answered(fault: Fault | None, request: Request, run: Run) -> tuple[Response, int, Any]:
    """Carry out a request, or let it fail as planned.

    Returns:
        The response, and status and content as the bot sees them (0 and None if it sees nothing).
    """
    kind = fault.kind if fault else ""
    if fault is None or kind in {"slow", "reset_after", "lost_answer"}:
        if fault and kind == "slow":
            await asyncio.sleep(fault.seconds)
        status, headers, content = run()
        response = Response(orjson.dumps(content), status, headers, JSON)
    else:
        response, content = _failure(fault), {"fault": kind}
    if kind.startswith("reset"):
        transport: asyncio.Transport = request.scope["transport"]
        transport.abort()
    return (response, 0, None) if kind in _UNSEEN else (response, response.status_code, content)


async def hold(fault: Fault | None, request: Request) -> None:
    """Keep an answer that is to be lost until the bot has given up."""
    if fault and fault.kind in {"timeout", "lost_answer"}:
        message = await request.receive()
        while message["type"] != "http.disconnect":
            message = await request.receive()


def _failure(fault: Fault) -> Response:
    if fault.kind == "429":
        body = orjson.dumps({"ok": False, "error": "ratelimited"})
        return Response(body, 429, {"Retry-After": fault.retry_after}, JSON)
    if fault.kind == "html":
        return Response(_HTML, 200, media_type="text/html")
    if fault.kind == "empty":
        return Response(b"", 200, media_type=JSON)
    if fault.kind.startswith("error:"):
        return Response(orjson.dumps({"ok": False, "error": fault.kind.removeprefix("error:")}), media_type=JSON)
    return Response(b"Internal Server Error", 500, media_type="text/plain")
