"""The local workspace as a Slack that can be watched: what calls come from whom, and what becomes of the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.server import SandboxServer


class Fate(Enum):
    """What becomes of one call of the Web API."""

    IGNORED = "Slack got it and did nothing"
    UNANSWERED = "Slack did it and sent no answer"
    ANSWERED = "Slack did it and answered"


Ask = Callable[[str, int], "Struck | None"]
"""Told the method and the caller's port, before the call; gives what is to happen, or nothing."""


class Struck:
    """A call that is to end badly.

    Args:
        fate: what becomes of the call itself.
        before: called just before the answer is sent, or would be.
        after: awaited when it was, or would have been.
    """

    def __init__(self, fate: Fate, before: Callable[[], None], after: Callable[[], Awaitable[None]]) -> None:
        self.fate, self.before, self.after = fate, before, after


class WatchedSlack(SandboxServer):
    """A local workspace whose calls somebody watches; ``ask`` may be set any time."""

    ask: Ask | None = None

    def _app(self) -> Starlette:
        app = super()._app()
        app.add_middleware(_Between, watched=self)
        return app


class _Between:
    """Stands between the wire and the workspace."""

    def __init__(self, app: ASGIApp, watched: WatchedSlack) -> None:
        self._app, self._watched = app, watched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ask, method = self._watched.ask, str(scope.get("path", "")).removeprefix("/api/")
        struck = ask(method, scope["client"][1]) if ask and scope["type"] == "http" else None
        if struck is None:
            await self._app(scope, receive, send)
        elif struck.fate is Fate.ANSWERED:
            await self._answer(struck, scope, receive, send)
        else:
            await self._stay_silent(struck, scope, receive, send)

    async def _answer(self, struck: Struck, scope: Scope, receive: Receive, send: Send) -> None:
        struck.before()
        await self._app(scope, receive, send)
        await struck.after()

    async def _stay_silent(self, struck: Struck, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the call, or not, and cut the line instead of an answer."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        if struck.fate is Fate.UNANSWERED:
            await self._app(scope, receive, keep)
        struck.before()
        await struck.after()
        transport: Any = scope["transport"]
        transport.abort()
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})
