"""What Slack sends, frozen into one shape a kind. Identity comes from the verified payload only (RELIABILITY T0)."""

from dataclasses import dataclass, field
from typing import Any

from bot.domain.people import Person

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What every payload has. ``person`` is the one who acted; ``trigger`` opens one view within 3 s (RULES A)."""

    person: Person
    kind: str
    name: str
    """The id it is routed by: command, callback_id, action_id or event type."""
    trigger: str = ""
    response_url: str = ""
    home_team: str = ""
    """The acting account's own workspace, where Slack says so (``user.team_id``); else empty."""
    body: Json = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Payload):
    """A slash command. ``text`` is what stands behind it, trimmed; ``channel`` is where it was typed."""

    text: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut(Payload):
    """A global shortcut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A modal or Home view as Slack holds it now."""

    id: str
    is_modal: bool = True
    """Else App Home, which no update of a window can change."""
    root: str
    callback: str
    hash: str
    metadata: str
    values: Json = field(repr=False)
    """``state.values``: block_id → action_id → what was entered."""
    blocks: tuple[Json, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Payload):
    """A button pressed or a menu chosen. Its value is an id and proves nothing (RELIABILITY T1)."""

    value: str
    view: View | None = None
    channel: str = ""
    ts: str = ""
    """Channel and timestamp of the message, if the button stands in one that others could see, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Payload):
    """A modal's submit button."""

    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Payload):
    """A modal closed. ``cleared`` is true for the ✕ (the whole stack) and false for Cancel (RULES B.2)."""

    view: View
    cleared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion(Payload):
    """Somebody types in a select menu that asks us for its options. ``text`` is what was typed so far."""

    text: str
    view: View | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Payload):
    """An event of the Events API; ``event`` is its inner object."""

    event: Json = field(repr=False)
