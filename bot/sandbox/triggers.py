"""Trigger ids: the right to open one modal, within three seconds (docs.slack.dev/interactivity)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.refused import Refused

TRIGGER_SECONDS = 3.0
"""How long a trigger id lives (https://docs.slack.dev/interactivity/handling-user-interaction)."""

_KEPT = 2000


@dataclass(slots=True)
class Trigger:
    """Who acted and when. ``seat`` is the person's client (see ``Actor``), in which a modal would open."""

    seat: str
    issued: float
    used: bool = False


class Triggers:
    """All trigger ids given out."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._issued: dict[str, Trigger] = {}

    def issue(self, seat: str) -> str:
        """Give out a trigger id in Slack's format for an action of this seat."""
        micros = int(self._now() * 1_000_000)
        trigger_id = f"{micros // 1000}.{micros % 10**12}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(seat, self._now())
        if len(self._issued) > _KEPT:
            del self._issued[next(iter(self._issued))]
        return trigger_id

    def look(self, trigger_id: str) -> Trigger:
        """The trigger, still unused.

        Raises:
            Refused: ``invalid_trigger_id``, ``expired_trigger_id`` or ``exchanged_trigger_id``.
        """
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._now() - trigger.issued > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        return trigger
