"""The workspace: everything that is true in this little Slack, in memory."""

from __future__ import annotations

import hashlib
import secrets
import string
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, MutableSequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from bot.sandbox import journal
from bot.sandbox.activity import Activity
from bot.sandbox.faults import Faults
from bot.sandbox.manifest import Manifest
from bot.sandbox.pace import Pace
from bot.sandbox.records import Channel, Exchange, Json, Member, Message, Team, UserGroup, Violation
from bot.sandbox.response_urls import ResponseUrls
from bot.sandbox.topics import Topics
from bot.sandbox.triggers import Triggers
from bot.sandbox.views import Screens

if TYPE_CHECKING:
    from bot.sandbox.acting import Actor
    from bot.sandbox.delivery import Delivery

ACK_SECONDS = 3.0
"""How long the bot may take to acknowledge (https://docs.slack.dev/interactivity/handling-user-interaction)."""

TRAFFIC_KEPT = 500
"""Exchanges kept for the inspector; older ones are forgotten."""

EPHEMERALS_KEPT = 1000
"""Messages for one person that are kept: Slack itself stores none of them."""

_CURRENT: ContextVar[int] = ContextVar("exchange", default=0)
"""Number of the exchange that the running task is about."""

_ID_LETTERS = string.ascii_uppercase + string.digits


class Workspace:
    """All state of one workspace with one app installed.

    Args:
        manifest: the app's manifest as a dict: it decides on commands, shortcuts, scopes and events.
        team_id: id of the workspace.
        team_name: its name.
        now: gives the time in seconds since 1970.
        strict: refuse views and messages that break a limit of Slack. If False they are shown nevertheless and
            only recorded in ``violations``.
        bot_token, app_token, signing_secret: fixed secrets; without them new ones are made in Slack's formats.

    ``ack_seconds``, ``quiet_seconds`` (how long ``settle`` waits for quiet), ``event_retry_delays`` (seconds before
    each repetition of an event), ``post_rate`` (messages a second and channel; None: not enforced) and ``note``
    (called with what should outlive the process, see ``journal.py``) may be set.
    """

    def __init__(
        self,
        *,
        manifest: Json,
        team_id: str = "T0GATEHOUSE",
        team_name: str = "Gatehouse Demo",
        now: Callable[[], float] = time.time,
        strict: bool = True,
        bot_token: str | None = None,
        app_token: str | None = None,
        signing_secret: str | None = None,
    ) -> None:
        self.manifest = Manifest(manifest)
        self.now, self.strict = now, strict
        self.team_id, self.team_name = team_id, team_name
        self.app_id, self.bot_id, self.bot_user_id = (_steady_id(prefix, team_id) for prefix in "ABU")
        self.bot_token = bot_token or f"xoxb-{_digits(12)}-{_digits(13)}-{secrets.token_urlsafe(18)}"
        self.app_token = app_token or f"xapp-1-{self.app_id}-{_digits(13)}-{secrets.token_hex(32)}"
        self.signing_secret = signing_secret or secrets.token_hex(16)
        self.verification_token = secrets.token_urlsafe(18)
        self.enterprise: Json | None = None
        self.org_install = False
        self.revoked: str | None = None
        self.ack_seconds, self.quiet_seconds = ACK_SECONDS, 0.05
        self.event_retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.base_url = "http://127.0.0.1"
        self.note: Callable[[Json], None] = lambda _record: None
        self._start_empty()

    def _start_empty(self) -> None:
        domain = "".join(char if char.isalnum() else "-" for char in self.team_name.lower())
        self.teams = {self.team_id: Team(self.team_id, self.team_name, domain, installed=True)}
        self.people: dict[str, Member] = {}
        self.channels: dict[str, Channel] = {}
        self._directs: dict[str, Channel] = {}
        self.usergroups: dict[str, UserGroup] = {}
        self.ephemerals: deque[Message] = deque(maxlen=EPHEMERALS_KEPT)
        self.violations: list[Violation] = []
        self.traffic: deque[Exchange] = deque(maxlen=TRAFFIC_KEPT)
        self.triggers, self.response_urls, self.pace = Triggers(self.now), ResponseUrls(self.now), Pace(self.now)
        self.screens, self.topics, self.activity, self.faults = Screens(), Topics(), Activity(), Faults()
        self.delivery: Delivery | None = None
        self._actors: dict[str, Actor] = {}
        self._exchanges, self._last_micros = 0, 0
        self.add_person(self.manifest.bot_name, id=self.bot_user_id, is_bot=True)

    # -- people, channels, groups ------------------------------------------------------------------------------

    def add_person(
        self,
        real_name: str,
        *,
        id: str | None = None,
        handle: str | None = None,
        **flags: Any,
    ) -> Member:
        """Add a person; ``flags`` are further attributes of ``Member`` (``is_restricted=True``, ``team_id="T0B"``)."""
        name = handle or real_name.lower().replace(" ", ".")
        values: dict[str, Any] = {"email": f"{name}@example.com", "team_id": self.team_id, "updated": int(self.now())}
        values |= flags
        member = Member(id or new_id("U"), name, real_name, **values)
        self.people[member.id] = member
        if member.team_id not in self.teams:
            self.add_team(member.team_id, f"Team {member.team_id}")
        self.changed("people")
        return member

    def add_team(self, team_id: str, name: str, *, installed: bool = False) -> Team:
        """Add another workspace. If the app is installed there, its people act from there (payload ``team``)."""
        team = Team(team_id, name, name.lower().replace(" ", "-"), installed)
        self.teams[team_id] = team
        return team

    def add_channel(
        self,
        name: str,
        *,
        id: str | None = None,
        private: bool = False,
        members: tuple[str, ...] | list[str] = (),
        bot: bool = True,
        **flags: Any,
    ) -> Channel:
        """Add a channel with these members (ids, handles or first names), with or without the bot."""
        inside = {self.member(who).id for who in members} | ({self.bot_user_id} if bot else set())
        kind: Any = "private" if private else "public"
        channel = Channel(id or new_id("C"), name, kind, inside, created=int(self.now()), **flags)
        self.channels[channel.id] = channel
        self.changed("channels")
        return channel

    def add_usergroup(
        self,
        handle: str,
        *,
        users: tuple[str, ...] | list[str] = (),
        id: str | None = None,
    ) -> UserGroup:
        """Add a user group with these people (ids, handles or first names)."""
        ids = [self.member(who).id for who in users]
        group = UserGroup(id or new_id("S"), handle, handle, ids, updated=int(self.now()))
        self.usergroups[group.id] = group
        return group

    def member(self, who: str) -> Member:
        """A person by id, handle, first name or real name.

        Raises:
            KeyError: there is no such person.
        """
        if who in self.people:
            return self.people[who]
        for member in self.people.values():
            if who.lower() in (member.name.lower(), member.first_name.lower(), member.real_name.lower()):
                return member
        raise KeyError(f"nobody here is called {who!r}")

    def channel(self, name: str) -> Channel:
        """A channel by id or name (with or without #).

        Raises:
            KeyError: there is no such channel.
        """
        if name in self.channels:
            return self.channels[name]
        for channel in self.channels.values():
            if channel.name == name.removeprefix("#") and channel.kind != "im":
                return channel
        raise KeyError(f"no channel is called {name!r}")

    def direct(self, user: str) -> Channel:
        """The direct messages of this person with the bot, opened if need be."""
        if user in self._directs:
            return self._directs[user]
        channel = Channel(new_id("D"), "directmessage", "im", user=user, created=int(self.now()))
        self.begin_direct(channel)
        self.note(journal.opened(channel))
        return channel

    def begin_direct(self, channel: Channel) -> None:
        """Put the direct messages of a person with the bot among the conversations."""
        assert channel.user
        channel.members |= {channel.user, self.bot_user_id}
        self.channels[channel.id] = self._directs[channel.user] = channel
        self.changed(f"channel:{channel.id}")

    def actor(self, who: str, device: str = "") -> Actor:
        """The person as someone who can act; ``device`` names a second client of the same person."""
        from bot.sandbox.acting import Actor  # noqa: PLC0415 - people act on a workspace, which must exist before

        member = self.member(who)
        seat = f"{member.id}/{device}" if device else member.id
        if seat not in self._actors:
            self._actors[seat] = Actor(self, member, seat)
        return self._actors[seat]

    # -- messages ----------------------------------------------------------------------------------------------

    def next_ts(self) -> str:
        """A message timestamp, never the same twice."""
        self._last_micros = max(self._last_micros + 1, int(self.now() * 1_000_000))
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def passed(self, ts: str) -> None:
        """Let no later message have this timestamp, or one before it, even if the clock was set back meanwhile."""
        self._last_micros = max(self._last_micros, int(ts.replace(".", "")))

    def put(self, message: Message) -> Message:
        """Put a message into its channel, or before the eyes of the one person it is for."""
        if message.is_ephemeral:
            self.ephemerals.append(message)
        else:
            self.channels[message.channel].messages.append(message)
            self.note(journal.posted(message))
        self.changed(f"channel:{message.channel}")
        return message

    def altered(self, message: Message) -> None:
        """Take note of a message that was changed where it stands."""
        if not message.is_ephemeral:
            self.note(journal.posted(message))
        self.changed(f"channel:{message.channel}")

    def remove(self, message: Message) -> None:
        """Take a message away again."""
        holder: MutableSequence[Message] = (
            self.ephemerals if message.is_ephemeral else self.channels[message.channel].messages
        )
        if message in holder:
            holder.remove(message)
            self.note(journal.removed(message))
        self.changed(f"channel:{message.channel}")

    def read_until(self, person: str, channel: Channel, ts: str) -> None:
        """Take note of how far a person has read a conversation."""
        if channel.read.get(person, "") < ts:
            channel.read[person] = ts
            self.note(journal.looked(channel, person, ts))

    # -- what is seen ------------------------------------------------------------------------------------------

    @property
    def post_rate(self) -> float | None:
        """Messages a second and channel that chat.postMessage takes; None: as many as come."""
        return self.pace.rate

    @post_rate.setter
    def post_rate(self, rate: float | None) -> None:
        self.pace.rate = rate

    def changed(self, topic: str) -> None:
        """Tell subscribers that something of this topic changed."""
        self.topics.changed(topic)

    def subscribe(self) -> AsyncGenerator[str, None]:
        """Topics that change, from now on."""
        return self.topics.subscribe()

    def exchange(self, direction: Any, name: str, request: Any) -> Exchange:
        """Begin to record an exchange on the wire."""
        self._exchanges += 1
        exchange = Exchange(self._exchanges, self.now(), direction, name, request)
        _CURRENT.set(exchange.id)
        self.traffic.append(exchange)
        return exchange

    def violated(self, rule: str, sentence: str, *, pointer: str = "", exchange: int = 0) -> None:
        """Record that the bot broke a rule of Slack, in this exchange or (0) in the one that is being answered."""
        self.violations.append(Violation(rule, sentence, pointer, exchange or _CURRENT.get()))
        self.changed("traffic")


def new_id(prefix: str) -> str:
    """A fresh id in Slack's form (``U0A1B2C3D4E``)."""
    return f"{prefix}0" + "".join(secrets.choice(_ID_LETTERS) for _ in range(9))


def _steady_id(prefix: str, team_id: str) -> str:
    """An id of the app in this workspace: the same at each start, as messages from before name it."""
    chosen = hashlib.blake2b(f"{prefix} {team_id}".encode(), digest_size=9).digest()
    return f"{prefix}0" + "".join(_ID_LETTERS[byte % len(_ID_LETTERS)] for byte in chosen)


def _digits(count: int) -> str:
    return "".join(secrets.choice(string.digits[1:]) for _ in range(count))
