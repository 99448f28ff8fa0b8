"""Bolt's part: one line from Slack, whether over HTTP or over a Socket Mode connection, to the switchboard.

Bolt asks its listeners one after the other at 10.6 µs each, and a listener can't be wrapped by a middleware; so the
line is a middleware that answers for all kinds, and the switchboard's table stands behind it (docs/door.md).
"""

import logging
from collections.abc import Awaitable, Callable, Sequence

import orjson
import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from handlers.payloads import Json
from handlers.switchboard import Switchboard

Dispatch = Callable[[Json], Awaitable[bytes]]
"""From a parsed payload to the bytes of the answer's JSON; none at all for an empty acknowledgement."""

_JSON: dict[str, str | Sequence[str]] = {"content-type": ["application/json;charset=utf-8"]}

_PAYLOAD = "gatehouse_payload"
"""Where the payload travels: given as the body, Bolt would look a dozen ids up in it, and fall over odd ones."""
_EMPTY = BoltResponse(status=200, body="")

log = structlog.get_logger(__name__)


class Line(AsyncMiddleware):
    """Hands every payload to the switchboard and its answer back."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse:
        answer = await self._board.answer(req.context[_PAYLOAD])
        if answer is None:
            return _EMPTY
        return BoltResponse(status=200, body=orjson.dumps(answer).decode(), headers=_JSON)


def bolt(board: Switchboard, client: AsyncWebClient) -> AsyncApp:
    """Return the Bolt app whose every payload goes to ``board``.

    The line stands before Bolt's authorization, which asks Slack who we are at first requests: whose workspace a
    payload may come from is the switchboard's ``allowed``.

    Args:
        board: the switchboard.
        client: the client with the one connection pool (``Slack.client``).
    """
    return AsyncApp(
        name="gatehouse",
        logger=logging.getLogger("slack_bolt.AsyncApp"),  # else Bolt sets that logger's level back to the root's
        client=client,
        before_authorize=Line(board),
        process_before_response=True,
        request_verification_enabled=False,  # bot/edge.py verifies, and before anything is parsed
        ssl_check_enabled=False,
        url_verification_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )


def dispatch(app: AsyncApp) -> Dispatch:
    """Return the function that sends a payload through ``app``; it raises nothing, and no answer is an error."""

    async def send(body: Json) -> bytes:
        try:
            request = AsyncBoltRequest(body={}, mode="socket_mode", context={_PAYLOAD: body})
            response = await app.async_dispatch(request)
        except Exception:
            log.exception("payload lost")
            return b""
        if response.status != 200:
            log.error("payload lost", status=response.status)
            return b""
        return response.body.encode()

    return send
