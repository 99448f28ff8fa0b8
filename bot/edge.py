"""The verifier in front of everything: nothing that Slack did not sign is ever parsed.

Order (RELIABILITY B11–B15, G1): size → header grammar → HMAC over the raw bytes → time → replay → parse. Whatever fails
is turned away with a bare status; no line of a refused body is ever logged, and nothing here ends in a 5xx.
Rules of the signature: docs.slack.dev/authentication/verifying-requests-from-slack.
"""

import hmac
import re
from binascii import a2b_qp
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

import orjson
import structlog

from bot.clock import Clock

Json = dict[str, Any]
Headers = Sequence[tuple[bytes, bytes]]
"""As ASGI has them: names in lower case."""

MOST_BYTES = 256 * 1024
"""Largest body read: Slack's own largest, a view, is 250 kB (docs.slack.dev/reference/methods/views.open)."""
MOST_SKEW = 300
"""Seconds a timestamp may be off in either direction."""
REMEMBERED = 600
"""Seconds a signature is remembered: one from 300 s ahead stays valid for 600 s."""
SAME_MOMENT = 3
"""Seconds after its timestamp in which a menu's request that came before is answered again."""
MOST_FIELDS = 100
"""Fields of a form; a slash command has about 16."""
SHORTEST_SECRET = 16
"""Shortest signing secret accepted; Slack's have 32 hexadecimal digits."""

_TIMESTAMP = re.compile(rb"[0-9]{10}")
_SIGNATURE = re.compile(rb"v0=[0-9a-f]{64}")
_FORM, _JSON = "form", "json"
_TYPES = {b"application/x-www-form-urlencoded": _FORM, b"application/json": _JSON}
_CHARSETS = re.compile(rb"""charset\s*=\s*"?utf-?8"?""", re.IGNORECASE)
_ONCE = {
    b"x-slack-request-timestamp": 401,
    b"x-slack-signature": 401,
    b"content-type": 415,
    b"content-encoding": 415,
    b"content-length": 413,
}
"""Headers of which a second one is refused, and with which status."""
_JSON_KINDS = ("event_callback", "url_verification", "app_rate_limited")
"""What comes as JSON; everything else comes as a form (slack/payloads/INDEX.md)."""

log = structlog.get_logger(__name__)


class Refused(Exception):
    """The request is turned away with ``status``. The reason is one of a few fixed words, for metrics and log.

    ``near`` is false if the headers announce a body so big that its end isn't worth waiting for.
    """

    def __init__(self, reason: str, status: int = 401, *, near: bool = True) -> None:
        super().__init__(reason)
        self.near = near
        self.reason = reason
        self.status = status


class Settled(Exception):
    """The request is genuine and needs no work: ``answer`` is the body of its 200."""

    def __init__(self, reason: str, answer: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer


class ReplayCache(Protocol):
    """Remembers keys for a while, insert-once; replicas can share one through the database."""

    async def seen(self, key: str, now: datetime) -> bool:
        """Return whether ``key`` came before, and remember it."""
        ...


class MemoryReplayCache:
    """Keys of one process, forgotten after ``ttl`` seconds, and the oldest first when there are more than ``most``.

    It keeps a 64-bit hash of each key in place of the key: 40,000 take about 4 MB.
    """

    def __init__(self, ttl: int = REMEMBERED, most: int = 40_000) -> None:
        self._ttl = ttl
        self.most = most
        self._latest, self._lost = 0, -ttl
        self._hashes: set[int] = set()
        self._seconds: deque[tuple[int, list[int]]] = deque()

    async def seen(self, key: str, now: datetime) -> bool:
        """Return whether ``key`` came within the last ``ttl`` seconds before ``now``, and remember it."""
        second, hashed = int(now.timestamp()), hash(key)
        self._latest = second
        self._forget(second)
        if hashed in self._hashes:
            return True
        self._hashes.add(hashed)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append((second, []))
        self._seconds[-1][1].append(hashed)
        return False

    def _forget(self, second: int) -> None:
        while self._seconds and (self._seconds[0][0] <= second - self._ttl or len(self._hashes) >= self.most):
            self._lost, hashes = self._seconds.popleft()
            self._hashes.difference_update(hashes)

    @property
    def overflowed(self) -> bool:
        """Whether a key had to make room before its time, and that time is not over."""
        return self._lost > self._latest - self._ttl

    def __len__(self) -> int:
        return len(self._hashes)


class Edge:
    """Admits what Slack signed and turns away the rest.

    Args:
        secrets: signing secrets, at most two: during a rotation both are good.
        replays: where signatures are remembered.
        clock: the time that timestamps are held against.

    Raises:
        ValueError: no secret, more than two, or one that is too short to be Slack's.
    """

    def __init__(self, secrets: Sequence[str], replays: ReplayCache, clock: Clock) -> None:
        if not 1 <= len(secrets) <= 2 or any(len(secret) < SHORTEST_SECRET for secret in secrets):
            raise ValueError("one or two signing secrets of at least 16 characters are needed")
        self._keys = tuple(secret.encode() for secret in secrets)
        self._replays = replays
        self._clock = clock
        self._skew = SkewAlarm()

    async def admit(self, headers: Headers, chunks: AsyncIterator[bytes]) -> Json:
        """Return the payload of a genuine request.

        Args:
            headers: of the request; ``x-slack-bolt-*`` and all others that are not named here count for nothing.
            chunks: the body as it arrives; not one is read if the headers alone are wrong.

        Raises:
            Refused: not from Slack, too late, too big, or not in a form Slack uses.
            Settled: genuine, but a replay, an ``ssl_check`` or a ``url_verification``.
        """
        once = _once(headers)
        form = _form(once)
        stamp = _one(once, b"x-slack-request-timestamp", _TIMESTAMP)
        signature = _one(once, b"x-slack-signature", _SIGNATURE)
        body = await _whole(once, chunks)
        self._genuine(body, stamp, signature)
        now = self._clock.now()
        late = abs(int(now.timestamp()) - int(stamp)) > MOST_SKEW
        self._skew.note(late, now)
        if late:
            raise Refused("time")
        if not await self._replays.seen(signature.decode(), now):
            return _payload(body, form)
        if now.timestamp() - int(stamp) <= SAME_MOMENT:
            payload = _payload(body, form)
            if payload.get("type") == "block_suggestion":
                # Nothing in it is unique: the same menu opened twice within a second is the same request, byte for
                # byte, and an empty answer would show as an error. It changes nothing.
                return payload
        raise Settled("replay")

    def _genuine(self, body: bytes, stamp: bytes, signature: bytes) -> None:
        """Hold the signature against every secret, each in constant time and always all of them."""
        message = b"v0:%b:%b" % (stamp, body)
        genuine = False
        for key in self._keys:
            expected = b"v0=" + hmac.digest(key, message, "sha256").hex().encode()
            genuine |= hmac.compare_digest(expected, signature)
        if not genuine:
            raise Refused("signature")


class SkewAlarm:
    """Notices when our own clock is wrong: most genuine requests of a minute fail on nothing but time (B13)."""

    def __init__(self) -> None:
        self._minute = 0
        self._late = self._all = 0

    def note(self, late: bool, now: datetime) -> None:
        """Count one genuine request; at the end of a minute in which most were late, say so once."""
        minute = int(now.timestamp()) // 60
        if minute != self._minute:
            if self._late * 2 > self._all:
                log.error("clock skew: most of Slack's requests are outside of 300 s; set this machine's clock")
            self._minute, self._late, self._all = minute, 0, 0
        self._all += 1
        self._late += late


def _once(headers: Headers) -> Mapping[bytes, bytes]:
    """Return the headers by name, once it is sure that none of those that count came twice."""
    found = dict(headers)
    if len(found) != len(headers):
        names = [name for name, _ in headers]
        for name, status in _ONCE.items():
            if names.count(name) > 1:
                raise Refused("headers", status)
    return found


def _form(headers: Mapping[bytes, bytes]) -> str:
    """Return which of the two forms the body has, by a content type that names no other charset and no encoding."""
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise Refused("encoding", 415)
    kind, _, parameters = headers.get(b"content-type", b"").partition(b";")
    form = _TYPES.get(kind.strip().lower())
    if form is None or (parameters.strip() and not _CHARSETS.fullmatch(parameters.strip())):
        raise Refused("content type", 415)
    return form


def _one(headers: Mapping[bytes, bytes], wanted: bytes, grammar: re.Pattern[bytes]) -> bytes:
    value = headers.get(wanted, b"")
    if not grammar.fullmatch(value):
        raise Refused("headers")
    return value


async def _whole(headers: Mapping[bytes, bytes], chunks: AsyncIterator[bytes]) -> bytes:
    """Read the body, and stop as soon as it is, or says it is, too big."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 9 or int(length) > MOST_BYTES:
        raise Refused("size", 413, near=len(length) <= len(str(MOST_BYTES)))
    parts, size = [], 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise Refused("size", 413)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _payload(body: bytes, form: str) -> Json:
    try:
        return _from_json(body) if form == _JSON else _from_form(body)
    except (ValueError, RecursionError) as error:
        raise Refused("body") from error


def _from_json(body: bytes) -> Json:
    payload = _object(body)
    kind = payload.get("type")
    if kind not in _JSON_KINDS:
        raise Refused("body")
    if kind == "url_verification":
        challenge = payload.get("challenge")
        if not isinstance(challenge, str):
            raise Refused("body")
        raise Settled("url_verification", orjson.dumps({"challenge": challenge[:255]}))
    return payload


def _from_form(body: bytes) -> Json:
    if body.startswith(b"payload=") and b"&" not in body:
        payload = _object(percent_decoded(body[8:]))
        if payload.get("type") in _JSON_KINDS or "command" in payload:
            raise Refused("body")
        return payload
    fields = _fields(body)
    if fields.get("ssl_check") == "1":
        raise Settled("ssl_check")
    if "command" not in fields or "payload" in fields or "type" in fields:
        raise Refused("body")
    return fields


def _fields(body: bytes) -> Json:
    pairs = body.split(b"&", MOST_FIELDS)
    if len(pairs) > MOST_FIELDS:
        raise Refused("body")
    fields: Json = {}
    for pair in pairs:
        name, equals, value = pair.partition(b"=")
        key = percent_decoded(name).decode()
        if not equals or not key or key in fields:
            raise Refused("body")
        fields[key] = percent_decoded(value).decode()
    return fields


def percent_decoded(value: bytes) -> bytes:
    """Return what ``urllib.parse.unquote_plus`` makes of ``value``, as bytes.

    The C decoder for quoted-printable does the same to ``=41`` as is wanted for ``%41`` and takes 7 µs for a payload
    where urllib takes 112 (PERFORMANCE.md). It differs on a bare ``=``, on line breaks and on a ``%`` without two
    digits: those go the slow way. A valid escape takes three bytes and leaves one; any other leaves more.
    """
    if b"%" not in value:
        return value.replace(b"+", b" ")
    if b"=" not in value and b"\n" not in value and b"\r" not in value:
        decoded = a2b_qp(value.replace(b"+", b" ").replace(b"%", b"="))
        if len(decoded) == len(value) - 2 * value.count(b"%"):
            return decoded
    return unquote_to_bytes(value.replace(b"+", b" "))


def _object(raw: bytes) -> Json:
    """Parse strictly: UTF-8, no NaN, no lone surrogates, at most 1,024 levels; of equal keys the last one counts."""
    payload = orjson.loads(raw)
    if not isinstance(payload, dict):
        raise Refused("body")
    return payload
