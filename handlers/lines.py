"""Bolt's part: one line from Slack, whether over HTTP or over a Socket Mode connection, to the switchboard.

Bolt asks its listeners one after the other at 10.6 µs each, and a listener can't be wrapped by a middleware; so the
line is a middleware that answers for all kinds, and the switchboard's table stands behind it (docs/door.md).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from handlers.payloads import Json
from handlers.switchboard import Switchboard

Dispatch = Callable[[Json], Awaitable[bytes]]
"""From a parsed payload to the bytes of the answer's JSON; none at all for an empty acknowledgement."""

_JSON: dict[str, str | Sequence[str]] = {"content-type": ["application/json;charset=utf-8"]}

log = structlog.get_logger(__name__)


class Installed(AsyncAuthorize):
    """Says whose bot this is, from what was asked once at the start: Bolt's own way asks again at first requests."""

    def __init__(self, result: AuthorizeResult) -> None:
        self._result = result

    async def __call__(self, **_: Any) -> AuthorizeResult:
        return self._result


class Line(AsyncMiddleware):
    """Hands every payload to the switchboard and its answer back."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt passes it by this name
    ) -> BoltResponse:
        answer = await self._board.answer(req.body)
        if answer is None:
            return BoltResponse(status=200, body="")
        return BoltResponse(status=200, body=orjson.dumps(answer).decode(), headers=_JSON)


def bolt(board: Switchboard, client: AsyncWebClient, identity: Json) -> AsyncApp:
    """Return the Bolt app whose every payload goes to ``board``.

    Args:
        board: the switchboard.
        client: the client that shares the one connection pool (``Slack.client``).
        identity: what auth.test said about the bot (``team_id``, ``user_id``, ``bot_id``).
    """
    result = AuthorizeResult(
        enterprise_id=identity.get("enterprise_id"),
        team_id=identity.get("team_id"),
        bot_id=identity.get("bot_id"),
        bot_user_id=identity.get("user_id"),
        bot_token=client.token,
    )
    app = AsyncApp(
        name="gatehouse",
        client=AsyncWebClient(base_url=client.base_url, session=client.session, retry_handlers=[]),
        authorize=Installed(result),
        process_before_response=True,
        request_verification_enabled=False,  # bot/edge.py verifies, and before anything is parsed
        ssl_check_enabled=False,
        url_verification_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    app.use(Line(board))
    return app


def dispatch(app: AsyncApp) -> Dispatch:
    """Return the function that sends a payload through ``app``; it raises nothing, and no answer is an error."""

    async def send(body: Json) -> bytes:
        try:
            response = await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        except Exception:  # Bolt looks into payloads before any of its handlers can stop it
            log.exception("payload refused", reason="Bolt can't read it")
            return b""
        if response.status != 200:
            log.error("payload lost", status=response.status)
            return b""
        return response.body.encode()

    return send
