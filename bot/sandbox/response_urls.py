"""response_url: five uses in thirty minutes (https://docs.slack.dev/interactivity/handling-user-interaction)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.records import Message
from bot.sandbox.refused import Refused

USES = 5
SECONDS = 30 * 60

_KEPT = 2000


@dataclass(slots=True)
class ResponseUrl:
    """Where it answers to: the person and channel it came from, and the message that was clicked, if one was."""

    user: str
    channel: str
    issued: float
    message: Message | None = None
    uses: int = 0


class ResponseUrls:
    """All response_urls given out, by the last part of their path."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, user: str, channel: str, message: Message | None = None) -> str:
        """Give out another one; returns its token."""
        token = secrets.token_urlsafe(18)
        self._issued[token] = ResponseUrl(user, channel, self._now(), message)
        if len(self._issued) > _KEPT:
            del self._issued[next(iter(self._issued))]
        return token

    def use(self, token: str) -> ResponseUrl:
        """Use it once.

        Raises:
            Refused: ``expired_url`` (unknown, or older than 30 minutes) or ``used_url`` (used five times).
        """
        target = self._issued.get(token)
        if target is None or self._now() - target.issued > SECONDS:
            raise Refused("expired_url")
        if target.uses >= USES:
            raise Refused("used_url")
        target.uses += 1
        return target
