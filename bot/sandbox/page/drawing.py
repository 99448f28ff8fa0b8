"""Draws the parts of a person's page from the workspace: the Jinja environment and what each template gets."""

import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from bot.sandbox.acting import Actor
from bot.sandbox.answers import TROUBLE
from bot.sandbox.fields import Pair
from bot.sandbox.page import inspector, posts
from bot.sandbox.page.dates import Viewer
from bot.sandbox.page.faces import face_of
from bot.sandbox.page.masking import pretty
from bot.sandbox.page.mrkdwn import Reader
from bot.sandbox.page.reading import Reading
from bot.sandbox.page.sidebar import sidebar
from bot.sandbox.page.surface import Surface
from bot.sandbox.records import Channel, Message
from bot.sandbox.views import View
from bot.sandbox.workspace import Workspace


def environment() -> Environment:
    """Templates of this package, always escaping."""
    env = Environment(
        loader=PackageLoader("bot.sandbox.page"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {"pretty": pretty, "web_link": web_link}
    return env


def web_link(url: str) -> str:
    """The address if a browser may be sent there, else ""."""
    return url if url.startswith(("https://", "http://")) else ""


class Drawing:
    """One person's page."""

    def __init__(
        self, env: Environment, workspace: Workspace, reading: Reading, actor: Actor, drawn: posts.Drawn
    ) -> None:
        self._env, self._at, self._reading, self._drawn = env, workspace, reading, drawn
        self.actor, self.me = actor, face_of(workspace, actor.member.id)
        self.base = f"/as/{self.me.id}"
        self.reader = Reader(
            Viewer(actor.member.tz, workspace.now()), self._person_name, self._channel_name, self._group_name
        )

    def _person_name(self, user_id: str) -> str | None:
        member = self._at.people.get(user_id)
        return member.real_name if member else None

    def _channel_name(self, channel_id: str) -> str | None:
        channel = self._at.channels.get(channel_id)
        return channel.name if channel and channel.kind != "im" else None

    def _group_name(self, group_id: str) -> str | None:
        group = self._at.usergroups.get(group_id)
        return group.handle if group else None

    # -- surfaces ----------------------------------------------------------------------------------------------

    def surface(self, where: View | Message) -> Surface:
        """The surface that this view or message is drawn on."""
        if isinstance(where, View):
            return Surface(self.base, where.type, self.reader, where.typed, where.errors)
        place = f"message:{where.channel}:{where.ts}"
        return Surface(self.base, place, self.reader, self._reading.typed(self.me.id, where))

    def modal(self) -> str:
        """The modal in front, or nothing."""
        view = self.actor.modal
        if view is None:
            return ""
        notice = self.actor.notice if self.actor.notice == TROUBLE else None
        rev = _digest(view.id, view.hash, view.errors, notice)
        shown = view.body | {"id": view.id, "hash": view.hash}
        return self.render("modal.html", view=shown, ui=self.surface(view), errors=view.errors, notice=notice, rev=rev)

    def home(self) -> dict[str, Any]:
        """What the App Home's template gets."""
        view = self.actor.home
        rev = _digest(view.id, view.hash) if view else "empty"
        surface = self.surface(view) if view else Surface(self.base, "home", self.reader)
        return {"view": view, "ui": surface, "rev": rev}

    def field(self, where: View | Message, pair: Pair) -> str:
        """One menu, drawn again after a choice."""
        surface = self.surface(where)
        for block in where.blocks:
            for element in [*block.get("elements", []), block.get("accessory") or {}, block.get("element") or {}]:
                if (block.get("block_id"), element.get("action_id")) == pair:
                    name = surface.plain(block.get("text")) if block["type"] == "section" else ""
                    blocks: Any = self._env.get_template("blocks.html").module
                    return str(blocks.combo(surface, block, element, name))
        return ""

    # -- conversations -----------------------------------------------------------------------------------------

    def conversation(self, channel: Channel) -> dict[str, Any]:
        """Messages of a channel; looking at them marks them as read."""
        messages = self._reading.visible(self.me.id, channel)
        self._reading.mark(self.me.id, channel)
        return {
            "rows": self._rows(messages, threads=True),
            "earlier": max(0, len(messages) - posts.SHOWN),
            "empty_title": "Nothing here yet",
            "empty_text": self.closed(channel) or "Write something below, or start with one of the app's commands:",
            "commands": [] if self.closed(channel) else self._at.manifest.commands,
        }

    def closed(self, channel: Channel) -> str:
        """Why nothing can be written here; "" if it can."""
        if self.actor.member.deleted:
            return f"{self.me.name} is deactivated and cannot use this workspace."
        if channel.is_archived:
            return "This channel is archived. It can be read, and nothing can be written."
        if channel.kind == "im" and self._at.manifest.messages_read_only:
            return "The app takes no messages here. Use its Home, its shortcuts, or a command in a channel."
        return ""

    def thread(self, channel: Channel, ts: str) -> dict[str, Any]:
        """A message and the replies under it."""
        whole = [one for one in self._reading.visible(self.me.id, channel) if ts in (one.ts, one.thread_ts)]
        return {
            "rows": self._rows(whole, threads=False),
            "empty_title": "No such message",
            "empty_text": "",
            "commands": [],
        }

    def _rows(self, messages: list[Message], *, threads: bool) -> list[posts.Row]:
        return posts.rows(self._at, messages, self.reader.viewer, self.base, self._message, threads=threads)

    def _message(self, row: posts.Row) -> Markup:
        surface = self.surface(row.message)
        names = (len(self._at.people), len(self._at.channels), self.reader.viewer.today().date())
        made_of = (self.base, surface.place, names, repr(surface.typed), *row.made_of)
        return self._drawn.get(made_of, lambda: self._draw(row, surface))

    def _draw(self, row: posts.Row, surface: Surface) -> Markup:
        drawn = self.render("message.html", row=row, ui=surface)
        return Markup(drawn)  # noqa: S704 - a template's output, escaped there

    # -- around them -------------------------------------------------------------------------------------------

    def side(self, at: str) -> dict[str, Any]:
        """What the sidebar's template gets; ``at`` is the open channel, or ``home``."""
        return sidebar(self._at, self._reading, self.me, self.base, at)

    def traffic(self) -> str:
        """The inspector's list."""
        loose = inspector.loose_violations(self._at)
        return self.render("traffic.html", rows=inspector.rows(self._at), loose=loose)

    def render(self, template: str, **context: Any) -> str:
        """A template with what every one of them needs."""
        app = face_of(self._at, self._at.bot_user_id)
        shared = {"base": self.base, "me": self.me, "app": {"name": app.name, "initial": app.initials}}
        return self._env.get_template(template).render(**shared, workspace=self._at, **context)


def _digest(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()
