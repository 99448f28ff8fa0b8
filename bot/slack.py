"""Everything we ask of Slack goes out here: one client, one connection pool, five seconds, no retries.

A call ends in one of four ways, and the caller must know which (RELIABILITY C.4, F3–F5): Slack did it; Slack says no
(``SlackRefused``); it was surely not sent (``SlackUnreachable``, ``SlackRateLimited``); nobody knows (``SlackUnsure``).
slack_sdk's own retry handlers are off, because they post twice when an answer is lost (RELIABILITY A3).
"""

import email.utils
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.endings import Posted, SlackRateLimited, SlackRefused, SlackUnreachable, SlackUnsure
from bot.errors import Refusal, WindowGone

Json = dict[str, Any]
Check = Callable[[str, Json], Iterable[str]]
"""Looks at a ``modal``, ``home`` or ``message`` before it goes out and yields what Slack would refuse in it."""

SLACK = "https://slack.com/api/"
HOOKS = "https://hooks.slack.com"
"""Where response_urls point (docs.slack.dev/interactivity/handling-user-interaction)."""
TIMEOUT = 5.0
"""Seconds for a whole call (RELIABILITY C.4)."""
CONNECT_TIMEOUT = 3.0
"""Seconds to connect: when these run out, surely nothing was sent."""
PAUSE_UNKNOWN = 10.0
"""Seconds to pause when a 429 doesn't say how long, or not readably."""
PAUSE_LEAST, PAUSE_MOST = 1.0, 3600.0
"""Bounds of a pause: never hammer, never believe more than an hour."""

PARTLY_DONE = frozenset({"fatal_error", "internal_error", "service_unavailable"})
"""Errors after which "some aspect of the operation" may have happened (docs.slack.dev/reference/methods)."""
LIMITED = frozenset({"ratelimited", "rate_limited"})
"""chat.postMessage lists the second spelling too, in a 200 (slack/RULES.md A.1)."""
TRIGGER_GONE = frozenset(
    {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged"}
)
VIEW_GONE = frozenset({"hash_conflict", "not_found", "view_not_found"})

log = structlog.get_logger(__name__)


class TriggerGone(SlackRefused, Refusal):
    """The trigger lives three seconds and opens one view (slack/RULES.md, rule 2)."""

    def __str__(self) -> str:
        return "That took too long, and Slack no longer lets a window open for it. Please try again."


class ViewGone(SlackRefused, WindowGone):
    """The view was closed or changed since."""

    def __str__(self) -> str:
        return "This window has changed in the meantime. Please look at it again, then repeat what you did."


class WindowRefused(SlackRefused, Refusal):
    """Slack doesn't show a window, for a reason that is neither its trigger nor its age."""

    def __str__(self) -> str:
        return "Slack didn't show this window. Please close what is open and start again: type /gatehouse."


class BadBlocks(Exception):
    """Our own check found what Slack would refuse; the text says what and where."""


def retry_after(header: str | None, now: float | None = None) -> float:
    """Return the seconds to pause for a ``Retry-After`` header, whatever stands in it (RELIABILITY F3).

    Args:
        header: whole or broken seconds, an HTTP date, nonsense, or None.
        now: POSIX seconds, for dates; the machine's clock if left out.
    """
    text = (header or "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, time.time() if now is None else now)
    if math.isnan(seconds):
        seconds = PAUSE_UNKNOWN
    return min(max(seconds, PAUSE_LEAST), PAUSE_MOST)


def _until(date: str, now: float) -> float:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return PAUSE_UNKNOWN


class Slack:
    """The Web API methods we use. Make it inside the running loop and close it at the end.

    Args:
        token: the bot token (``xoxb-…``).
        base_url: address of the Web API; another host than slack.com also allows response_urls of its own origin.
        check: our own look at what goes out; a finding is logged, or raised as ``BadBlocks`` if ``strict``.
        strict: whether a finding stops the call (in tests) or not (in service, where Slack itself decides).
    """

    def __init__(self, token: str, base_url: str = SLACK, *, check: Check | None = None, strict: bool = False) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT, sock_connect=CONNECT_TIMEOUT)
        self._session = aiohttp.ClientSession(timeout=timeout)
        self.client = AsyncWebClient(token=token, base_url=base_url, session=self._session, retry_handlers=[])
        self._hooks = _hook_origins(self.client.base_url)
        self._check = check
        self._strict = strict

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def open_view(self, trigger: str, view: Json) -> None:
        """Open a modal.

        Raises:
            TriggerGone: the trigger is used or older than 3 s.
            SlackRefused, SlackRateLimited, SlackUnreachable, SlackUnsure: see there; so for every method here.
        """
        self._look("modal", view)
        await _shown(self.client.views_open(trigger_id=trigger, view=view))

    async def update_view(self, view_id: str, view: Json, hash: str | None = None) -> None:
        """Replace an open view; with ``hash`` only if nobody changed it since, else ``ViewGone``."""
        self._look("modal", view)
        await _shown(self.client.views_update(view_id=view_id, view=view, hash=hash))

    async def publish_home(self, user: str, view: Json, hash: str | None = None) -> None:
        """Draw somebody's App Home."""
        self._look("home", view)
        await _shown(self.client.views_publish(user_id=user, view=view, hash=hash))

    async def respond(
        self, response_url: str, text: str, blocks: list[Json] | None = None, replace_original: bool = False
    ) -> None:
        """Answer through a payload's response_url: at most 5 times in 30 minutes, seen only by the person.

        Raises:
            SlackRefused: ``response_url_not_allowed`` if it points anywhere but to Slack (RELIABILITY B30).
        """
        message = {"response_type": "ephemeral", "text": text, "replace_original": replace_original}
        if blocks:
            message["blocks"] = blocks
            self._look("message", message)
        if _origin(response_url) not in self._hooks:
            raise SlackRefused("response_url_not_allowed")
        await _delivered(self._session, response_url, message)

    async def tell(self, response_url: str, user: str, text: str, blocks: list[Json] | None = None) -> None:
        """Say something only one person sees: through a response_url, or in a direct message where that way is closed.

        It is where the answer took too long, or the address leads anywhere but to Slack. Somebody whom Slack has no
        direct message for, a deactivated account for instance, reads nothing.
        """
        try:
            await self.respond(response_url, text, blocks)
        except SlackRefused:
            await self._tell_directly(user, text, blocks)

    async def _tell_directly(self, user: str, text: str, blocks: list[Json] | None) -> None:
        try:
            await self.post(user, text, blocks)
        except SlackRefused as refused:
            log.warning("somebody can't be told", user=user, reason=refused.code)

    async def post(
        self,
        channel: str,
        text: str,
        blocks: list[Json] | None = None,
        metadata: Json | None = None,
        thread_ts: str | None = None,
    ) -> Posted:
        """Post a message; ``channel`` may be a person's id. Nothing in it links, mentions or unfurls by itself."""
        arguments: Json = {"channel": channel, "text": text, "metadata": metadata, "thread_ts": thread_ts}
        arguments |= _message(text, blocks)
        self._look("message", arguments)
        quiet: Json = {"link_names": False, "parse": "none", "unfurl_links": False, "unfurl_media": False}
        return _posted(await _outcome(self.client.chat_postMessage(**arguments, **quiet)))

    async def update(
        self, channel: str, ts: str, text: str, blocks: list[Json] | None = None, metadata: Json | None = None
    ) -> Posted:
        """Replace one of our messages; give blocks *and* text, as text alone takes the blocks away."""
        arguments = _message(text, blocks) | {"channel": channel, "ts": ts, "metadata": metadata}
        self._look("message", arguments)
        return _posted(await _outcome(self.client.chat_update(**arguments, link_names=False, parse="none")))

    async def delete(self, channel: str, ts: str) -> None:
        """Delete one of our messages."""
        await _outcome(self.client.chat_delete(channel=channel, ts=ts))

    async def permalink(self, channel: str, ts: str) -> str:
        """Return the address of a message; ``SlackRefused`` with ``message_not_found`` if it is gone.

        It needs no scope (docs.slack.dev/reference/methods/chat.getPermalink).
        """
        answer = await _outcome(self.client.chat_getPermalink(channel=channel, message_ts=ts))
        return str(answer.get("permalink") or "")

    async def ephemeral(self, channel: str, user: str, text: str, blocks: list[Json] | None = None) -> None:
        """Show a message to one person in a channel they are in; it is gone after a reload."""
        arguments = _message(text, blocks) | {"channel": channel, "user": user}
        self._look("message", arguments)
        await _outcome(self.client.chat_postEphemeral(**arguments, link_names=False, parse="none"))

    async def user_info(self, user: str) -> Json:
        """Return the ``user`` object of users.info."""
        return _part(await _outcome(self.client.users_info(user=user)), "user")

    async def user_by_email(self, email_address: str) -> Json:
        """Return the ``user`` object of users.lookupByEmail; ``SlackRefused`` with ``users_not_found`` if nobody."""
        return _part(await _outcome(self.client.users_lookupByEmail(email=email_address)), "user")

    async def auth_test(self) -> Json:
        """Return who the token belongs to: ``team_id``, ``user_id``, ``bot_id``, … and ``scopes`` from the header."""
        return await _outcome(self.client.auth_test())

    @staticmethod
    def home_of(found: Json) -> str:
        """Return whose workspace an answer of ``auth_test`` names: of an organization-wide install, the enterprise."""
        enterprise = found.get("enterprise_id") or ""
        return str(enterprise if found.get("is_enterprise_install") else found.get("team_id") or enterprise)

    async def open_direct(self, user: str) -> str:
        """Return the id of the direct conversation with somebody."""
        return str(_part(await _outcome(self.client.conversations_open(users=user)), "channel")["id"])

    async def conversation_info(self, channel: str) -> Json:
        """Return the ``channel`` object of conversations.info."""
        return _part(await _outcome(self.client.conversations_info(channel=channel)), "channel")

    async def history(self, channel: str, oldest: str, latest: str | None = None, limit: int = 100) -> list[Json]:
        """Return messages of a channel between two timestamps, newest first, with their metadata."""
        found = await _outcome(
            self.client.conversations_history(
                channel=channel, oldest=oldest, latest=latest, limit=limit, inclusive=True, include_all_metadata=True
            )
        )
        messages = found.get("messages")
        return [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []

    async def replies(self, channel: str, ts: str, oldest: str) -> list[Json]:
        """Return the messages of a thread since a timestamp, oldest first, with their metadata; at most 1,000."""
        found = await _outcome(
            self.client.conversations_replies(
                channel=channel, ts=ts, oldest=oldest, limit=1_000, inclusive=True, include_all_metadata=True
            )
        )
        messages = found.get("messages")
        return [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []

    def _look(self, surface: str, payload: Json) -> None:
        findings = list(self._check(surface, payload)) if self._check else []
        if not findings:
            return
        if self._strict:
            raise BadBlocks("; ".join(findings))
        log.error("Slack would refuse this", surface=surface, findings=findings)


async def _shown(sending: Awaitable[Any]) -> None:
    """Wait for a call that shows a window; a refusal is one that a person can be told."""
    try:
        await _outcome(sending)
    except SlackRefused as refused:
        if isinstance(refused, Refusal):
            raise
        log.error("Slack refused a window", reason=str(refused))  # noqa: TRY400 - its reason says all there is to know
        raise WindowRefused(refused.code, refused.messages, refused.needed, refused.provided) from None


async def _outcome(sending: Awaitable[Any]) -> Json:
    """Wait for a call and return what Slack answered, or raise which of the other endings it was."""
    try:
        response = await sending
        return {**response.data, "scopes": response.headers.get("x-oauth-scopes", "")}
    except SlackApiError as error:
        raise _ending(error.response) from None
    except SlackRequestError as error:  # slack_sdk itself doesn't send it
        raise SlackRefused("invalid_arguments", (str(error),)) from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise SlackUnreachable(type(error).__name__) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SlackUnsure(type(error).__name__) from None
    except (AttributeError, TypeError, ValueError) as error:  # slack_sdk trips over a list, a string or null
        raise SlackUnsure(f"unreadable answer ({type(error).__name__})") from None


def _ending(response: Any) -> Exception:
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    data = getattr(response, "data", None)
    said = data if isinstance(data, dict) else {}
    code = said.get("error")
    if status == 429 or (status == 200 and code in LIMITED):
        return SlackRateLimited(retry_after(response.headers.get("Retry-After")))
    if status >= 500 or code in PARTLY_DONE or (status < 400 and not isinstance(code, str)):
        return SlackUnsure(f"HTTP {status} {code or 'without a readable answer'}")
    return _refusal(code if isinstance(code, str) else f"http_{status}", said)


def _refusal(code: str, said: Json) -> SlackRefused:
    about = said.get("response_metadata")
    messages = about.get("messages") if isinstance(about, dict) else None
    kind = TriggerGone if code in TRIGGER_GONE else ViewGone if code in VIEW_GONE else SlackRefused
    return kind(
        code,
        tuple(str(message) for message in messages) if isinstance(messages, list) else (),
        str(said.get("needed") or ""),
        str(said.get("provided") or ""),
    )


async def _delivered(session: aiohttp.ClientSession, url: str, message: Json) -> None:
    try:
        async with session.post(url, json=message, allow_redirects=False) as response:
            await response.read()
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise SlackUnreachable(type(error).__name__) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SlackUnsure(type(error).__name__) from None
    if response.status == 429:
        raise SlackRateLimited(retry_after(response.headers.get("Retry-After")))
    if response.status >= 500:
        raise SlackUnsure(f"HTTP {response.status}")
    if response.status != 200:
        raise SlackRefused(f"http_{response.status}")


def _message(text: str, blocks: list[Json] | None) -> Json:
    return {"text": text, "blocks": blocks} if blocks else {"text": text}


def _part(answer: Json, name: str) -> Json:
    part = answer.get(name)
    if not isinstance(part, dict):
        raise SlackUnsure(f"an answer without {name}")
    return part


def _posted(answer: Json) -> Posted:
    channel, ts = answer.get("channel"), answer.get("ts")
    if not isinstance(channel, str) or not isinstance(ts, str):
        raise SlackUnsure("an answer without channel and ts")
    return Posted(channel, ts)


def _hook_origins(base_url: str) -> frozenset[tuple[str, str, int | None]]:
    host = urlsplit(base_url).hostname or ""
    if host == "slack.com" or host.endswith(".slack.com"):
        return frozenset({_origin(HOOKS)})
    return frozenset({_origin(HOOKS), _origin(base_url)})


def _origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port; a URL that hides its host behind a user name has no origin."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ("", "", None)
    if "@" in parts.netloc or "\\" in url:
        return ("", "", None)
    return (parts.scheme, parts.hostname or "", port)
