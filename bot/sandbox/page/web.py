"""HTTP around the page: security headers, and who may send forms to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Everything comes from this server; nothing inline runs, so no text of a bot can become a script."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

S = TypeVar("S")
Endpoint = Callable[[S, Request], Coroutine[Any, Any, Response]]


def html(body: str, status: int = 200) -> Response:
    """A page or a part of one."""
    return HTMLResponse(body, status, headers=HEADERS)


def nothing() -> Response:
    """Done; what changed is pushed."""
    return Response(status_code=204, headers=HEADERS)


class EventStream(StreamingResponse):
    """Server-sent events until the page goes away or the workspace stops; stopping it is no error."""

    def __init__(self, events: AsyncIterator[bytes]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events; when the server cancels its work, end the answer properly."""
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class Files(StaticFiles):
    """The style sheets and scripts, asked for again at every visit: they change with the version."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with the page's headers."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS | {"Cache-Control": "no-cache"})
        return response


def from_this_page(endpoint: Endpoint[S]) -> Endpoint[S]:
    """Refuse forms that another web site sends to this machine: their Origin is not the address they ask for."""

    @wraps(endpoint)
    async def guarded(self: S, request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return Response("This form came from another site.\n", 403, headers=HEADERS, media_type="text/plain")
        return await endpoint(self, request)

    return guarded
