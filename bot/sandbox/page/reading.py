"""What the page knows about each person: what they have read, and the notices before them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from bot.sandbox.fields import Pair
from bot.sandbox.records import Channel, Message
from bot.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Toast:
    """A notice: ``tone`` is ``info`` or ``warn``."""

    id: int
    text: str
    tone: str = "warn"


class Reading:
    """Read marks, which the workspace keeps, and notices."""

    def __init__(self, workspace: Workspace) -> None:
        self._at = workspace
        self._toasts: dict[str, list[Toast]] = {}
        self._typed: dict[tuple[str, str], dict[Pair, Any]] = {}
        self._numbers = count(1)

    def visible(self, person: str, channel: Channel) -> list[Message]:
        """The messages this person sees, their ephemeral ones included, oldest first."""
        private = [one for one in self._at.ephemerals if one.channel == channel.id and one.ephemeral_to == person]
        return sorted([*channel.messages, *private], key=lambda message: message.ts)

    def mark(self, person: str, channel: Channel) -> None:
        """All of it has been read now."""
        seen = self.visible(person, channel)
        if seen:
            self._at.read_until(person, channel, seen[-1].ts)

    def unread(self, person: str, channel: Channel) -> bool:
        """Whether somebody else wrote something since."""
        since = channel.read.get(person, "")
        return any(message.ts > since and message.user != person for message in self.visible(person, channel))

    def typed(self, person: str, message: Message) -> Mapping[Pair, Any]:
        """What this person has chosen in the menus of a message."""
        return self._typed.get((person, message.ts), {})

    def type(self, person: str, message: Message, pair: Pair, value: Any) -> None:
        """Remember a choice in a message."""
        self._typed.setdefault((person, message.ts), {})[pair] = value

    def toasts(self, person: str) -> list[Toast]:
        """The notices before this person."""
        return self._toasts.get(person, [])

    def tell(self, person: str, text: str, tone: str = "warn") -> None:
        """Show one notice instead of the former ones."""
        self._toasts[person] = [Toast(next(self._numbers), text, tone)]
        self._at.changed(f"notice:{person}")

    def hide(self, person: str) -> None:
        """Take the notices away."""
        if self._toasts.pop(person, None):
            self._at.changed(f"notice:{person}")
