"""What a handler gives back: the answer inside Slack's three seconds, and what follows it.

The answer carries everything that must not be lost; ``afterwards`` may only do what a person can ask for again or a
database row can rebuild (SPEC 10), because a kill may come between the two.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Afterwards = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """``body`` is the HTTP answer (or the envelope's payload); None is an empty 200."""

    body: Json | None = None
    afterwards: Afterwards | None = None

    @classmethod
    def nothing(cls) -> "Reply":
        """Acknowledge, and that is all. For a submission: close this view."""
        return cls()

    @classmethod
    def later(cls, afterwards: Afterwards) -> "Reply":
        """Acknowledge at once and go on with ``afterwards``; its errors are told to the person by the door."""
        return cls(None, afterwards)

    @classmethod
    def show(cls, view: Json) -> "Reply":
        """Answer a submission with the next view in the same modal."""
        return cls({"response_action": "update", "view": view})

    @classmethod
    def errors(cls, errors: dict[str, str]) -> "Reply":
        """Answer a submission with a sentence at each field; keys are block_ids of its input blocks."""
        return cls({"response_action": "errors", "errors": errors})

    @classmethod
    def clear(cls) -> "Reply":
        """Answer a submission by closing the whole modal."""
        return cls({"response_action": "clear"})

    @classmethod
    def say(cls, text: str, blocks: list[Json] | None = None) -> "Reply":
        """Answer a command with a message only the person sees."""
        return cls({"response_type": "ephemeral", "text": text} | ({"blocks": blocks} if blocks else {}))

    @classmethod
    def options(cls, options: list[Json]) -> "Reply":
        """Answer a menu with at most 100 options (RULES A)."""
        return cls({"options": options})
