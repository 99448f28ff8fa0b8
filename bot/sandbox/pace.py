"""One message a second and channel, if it is switched on (https://docs.slack.dev/apis/web-api/rate-limits)."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.refused import Refused


class Pace:
    """``rate`` is in messages a second and channel; None lets everything pass.

    ``refused`` counts the messages that came too soon.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.rate: float | None = None
        self.refused = 0
        self._now = now
        self._last: dict[str, float] = {}

    def check(self, channel: str) -> None:
        """Let one message pass.

        Raises:
            Refused: ``ratelimited``, too soon after the one before.
        """
        if self.rate is None:
            return
        now = self._now()
        if now - self._last.get(channel, 0.0) < 1 / self.rate:
            self.refused += 1
            raise Refused("ratelimited")
        self._last[channel] = now
