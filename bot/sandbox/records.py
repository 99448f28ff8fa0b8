"""What the workspace consists of: people, channels, messages, and what went over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
"""One JSON object as it goes over the wire."""

ChannelKind = Literal["public", "private", "im"]


@dataclass(slots=True)
class Team:
    """A workspace; ``installed`` says whether the app is installed in it too (then its people send its id as team)."""

    id: str
    name: str
    domain: str
    installed: bool = False


@dataclass(slots=True)
class Member:
    """A person or bot. ``name`` is the handle; ``team_id`` differs from the workspace's for people of elsewhere."""

    id: str
    name: str
    real_name: str
    email: str
    team_id: str
    tz: str = "Europe/Amsterdam"
    tz_offset: int = 3600
    locale: str = "en-US"
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_admin: bool = False
    is_stranger: bool = False
    deleted: bool = False
    updated: int = 0

    @property
    def first_name(self) -> str:
        """The first word of the real name."""
        return self.real_name.split(" ")[0]


@dataclass(slots=True)
class Message:
    """One message. ``ephemeral_to`` names the only person who sees it; such a message is stored nowhere in Slack."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    bot_id: str | None = None
    app_id: str | None = None
    team: str | None = None
    edited: Json | None = None
    ephemeral_to: str | None = None
    subtype: str | None = None
    client_msg_id: str | None = None

    @property
    def is_ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.ephemeral_to is not None

    def as_json(self) -> Json:
        """The message as Slack's API and payloads give it."""
        optional = {
            "client_msg_id": self.client_msg_id,
            "subtype": self.subtype,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "team": self.team,
            "edited": self.edited,
            "thread_ts": self.thread_ts,
            "blocks": self.blocks or None,
            "attachments": self.attachments or None,
            "metadata": self.metadata,
        }
        body: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        return body | {key: value for key, value in optional.items() if value is not None}


@dataclass(slots=True)
class Channel:
    """A conversation: public or private channel, or (``im``) the direct messages of ``user`` with the bot.

    ``read`` holds the timestamp up to which each person has read it.
    """

    id: str
    name: str
    kind: ChannelKind = "public"
    members: set[str] = field(default_factory=set)
    is_archived: bool = False
    is_ext_shared: bool = False
    user: str | None = None
    created: int = 0
    topic: str = ""
    messages: list[Message] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)

    def find(self, ts: str) -> Message | None:
        """The message with this timestamp, newest first."""
        return next((message for message in reversed(self.messages) if message.ts == ts), None)


@dataclass(slots=True)
class UserGroup:
    """A user group (@handle): its members are what ``usergroups.users.list`` gives."""

    id: str
    name: str
    handle: str
    users: list[str] = field(default_factory=list)
    disabled: bool = False
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of Slack that the bot broke.

    ``rule`` is an id out of Slack's limits (``option.text``) or a short name (``ack.double``), ``pointer`` the JSON
    pointer of the place, ``exchange`` the number of the wire exchange in which it was seen.
    """

    rule: str
    sentence: str
    pointer: str = ""
    exchange: int = 0


@dataclass(slots=True)
class Exchange:
    """One request and its answer. ``at`` is in seconds since 1970, ``ms`` in milliseconds; status 0 means no answer."""

    id: int
    at: float
    direction: Literal["to bot", "to Slack"]
    name: str
    request: Any
    status: int = 0
    response: Any = None
    ms: float = 0.0
