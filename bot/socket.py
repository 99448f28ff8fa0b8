"""Socket Mode: the same payloads over a WebSocket that we open, where nobody has to reach us.

Slack sends an envelope again if it isn't answered, perhaps over another connection; the answer of one that we know is
repeated and the work is not (docs.slack.dev/apis/events-api/using-socket-mode, slack/RULES.md A.2).
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import aiohttp
import orjson
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import WrongSettings
from bot.slack import Json

REMEMBERED = 1000
"""Envelopes whose answers are kept; Slack sends one again within seconds."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between attempts to connect: doubled each time."""
WRONG_TOKEN = frozenset({"invalid_auth", "not_authed", "not_allowed_token_type", "missing_scope", "account_inactive"})

log = structlog.get_logger(__name__)


class Connection(SocketModeClient):
    """slack_sdk's client, with a connect that asks for a new address each time.

    An address is good for one connection; slack_sdk's own loop tries a dead one for ever.
    """

    async def issue_new_wss_url(self) -> str:
        """Return an address to connect to, however long it takes."""
        pause = FIRST_PAUSE
        while not self.closed:
            try:
                return str((await self.web_client.apps_connections_open(app_token=self.app_token))["url"])
            except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError, AttributeError, ValueError) as error:
                log.warning("Socket Mode: no address from Slack", reason=_reason(error), again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        raise ConnectionError("closed")

    async def connect(self) -> None:
        """Connect, however long it takes."""
        pause = FIRST_PAUSE
        while not self.closed:
            try:
                await self._connected()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                log.warning("Socket Mode: can't connect", reason=_reason(error), again_in=pause)
                self.wss_uri = None
            else:
                log.info("Socket Mode: connected")
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _connected(self) -> None:
        """Open one connection and let it take the former one's place."""
        address = self.wss_uri or await self.issue_new_wss_url()
        former, self.wss_uri = self.current_session, None
        self.current_session = await self.aiohttp_client_session.ws_connect(
            address, autoping=False, heartbeat=self.ping_interval, proxy=self.proxy
        )
        self.stale = False
        self.last_ping_pong_time = None
        self.auto_reconnect_enabled = self.default_auto_reconnect_enabled
        await self.current_session.ping(f"sdk-ping-pong:{time.time()}".encode())
        monitor, self.current_session_monitor = (
            self.current_session_monitor,
            asyncio.ensure_future(self.monitor_current_session()),
        )
        receiver, self.message_receiver = self.message_receiver, asyncio.ensure_future(self.receive_messages())
        if former is not None and not former.closed:
            await former.close()
        for task in (monitor, receiver):  # last: one of them may be running this very line
            if task is not None:
                task.cancel()


class Socket:
    """The bot's side of Socket Mode.

    Args:
        app_token: ``xapp-…`` with ``connections:write``.
        client: the Web API client whose address is asked for connections.
        dispatch: answers a payload with the bytes of a JSON body, or with none; raises nothing.
        ping_interval: seconds between pings; a connection silent for four of them is replaced.
    """

    def __init__(
        self,
        app_token: str,
        client: AsyncWebClient,
        dispatch: Callable[[Json], Awaitable[bytes]],
        ping_interval: float = 5,
    ) -> None:
        self._app_token = app_token
        self._web_client = client
        self._dispatch = dispatch
        self._ping_interval = ping_interval
        self._connection: Connection | None = None
        self._answers: OrderedDict[str, asyncio.Task[bytes]] = OrderedDict()
        self._stopping = False

    @property
    def connected(self) -> bool:
        """Whether a connection is open now."""
        session = self._connection.current_session if self._connection else None
        return session is not None and not session.closed

    async def ready(self) -> str | None:
        """Return what is missing, for ``/readyz``; None while connected."""
        return None if self.connected else "not connected to Slack"

    async def start(self) -> None:
        """Connect.

        Raises:
            WrongSettings: Slack doesn't accept the app token.
        """
        await self._look_at_token()
        connection = self._connection = Connection(
            self._app_token, logger=_terse(), web_client=self._web_client, ping_interval=self._ping_interval
        )
        connection.message_listeners.append(_note)
        connection.socket_mode_request_listeners.append(self._received)
        await connection.connect()

    async def stop(self, seconds: float = 2.5) -> None:
        """Answer what is under way for at most ``seconds``, take nothing new, and close."""
        self._stopping = True
        running = {task for task in self._answers.values() if not task.done()}
        if running:
            await asyncio.wait(running, timeout=seconds)
            await asyncio.sleep(0)  # lets the answers out that just became ready
        if self._connection:
            await self._connection.close()  # type: ignore[no-untyped-call]

    async def _look_at_token(self) -> None:
        try:
            await self._web_client.apps_connections_open(app_token=self._app_token)
        except SlackApiError as error:
            code = _reason(error)
            if code in WRONG_TOKEN:
                raise WrongSettings(
                    f"SLACK_APP_TOKEN: Slack doesn't accept it ({code}). It starts with xapp- and needs the scope "
                    "connections:write; make one under Basic Information, App-Level Tokens."
                ) from None
        except (aiohttp.ClientError, OSError, TimeoutError, AttributeError, ValueError) as error:
            log.warning("Socket Mode: Slack can't be asked yet", reason=_reason(error))

    async def _received(self, connection: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Answer one envelope; one that came before gets the answer it got then."""
        if self._stopping:
            return  # unanswered, it is sent again to whoever is connected then
        answering = self._answers.get(request.envelope_id)
        if answering is None:
            answering = self._answers[request.envelope_id] = asyncio.create_task(self._answer(request))
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        answer = await asyncio.shield(answering)
        payload = orjson.loads(answer) if answer and request.accepts_response_payload else None
        if answer and payload is None:
            log.warning("Socket Mode: an answer that Slack takes none for", type=request.type)
        try:
            await connection.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))
        except (aiohttp.ClientError, OSError) as error:
            log.warning("Socket Mode: an answer was lost; Slack sends the envelope again", reason=_reason(error))

    async def _answer(self, request: SocketModeRequest) -> bytes:
        payload: object = request.payload
        if isinstance(payload, dict):
            return await self._dispatch(payload)
        log.warning("Socket Mode: an envelope without a payload", type=request.type)
        return b""


async def _note(_: AsyncBaseSocketModeClient, message: Json, __: str | None = None) -> None:
    """Log what Slack says about the connection itself."""
    kind = message.get("type")
    if kind == "hello":
        log.info("Socket Mode: hello", connections=message.get("num_connections"))


def _terse() -> logging.Logger:
    """Return slack_sdk's logger without tracebacks: a lost connection is a line, not a fault."""
    logger = logging.getLogger("slack_sdk.socket_mode")
    if not any(isinstance(each, _WithoutTraceback) for each in logger.filters):
        logger.addFilter(_WithoutTraceback())
    return logger


class _WithoutTraceback(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True


def _reason(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        data = getattr(error.response, "data", None)
        code = data.get("error") if isinstance(data, dict) else None
        return str(code or "unreadable answer")
    return type(error).__name__
