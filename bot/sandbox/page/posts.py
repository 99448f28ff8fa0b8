"""Messages as rows of a conversation: who, when, grouped, with days and threads."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
from markupsafe import Markup

from bot.sandbox.page.dates import Viewer, clock, day_name, format_date, full
from bot.sandbox.page.faces import Face, face_of
from bot.sandbox.records import Json, Message
from bot.sandbox.workspace import Workspace

GROUP_SECONDS = 300
"""Messages of one author that follow within this time share one heading."""

SHOWN = 200
"""Newest messages that are drawn; the line above them says when there are more."""


@dataclass(slots=True)
class Row:
    """One message on the screen."""

    message: Message
    author: Face
    clock: str
    short_clock: str
    iso: str
    full_time: str
    day: str = ""
    follows: bool = False
    replies: str = ""
    last_reply: str = ""
    above: str = ""
    thread_url: str = ""
    can_reply: bool = False
    html: Markup = field(default_factory=Markup)

    @property
    def dom(self) -> str:
        """Part of its id in the document."""
        return f"{self.message.channel}-{self.message.ts.replace('.', '-')}"

    @property
    def rev(self) -> str:
        """Changes when anything in it does."""
        return hashlib.blake2b(f"{self.follows}{self.html}".encode(), digest_size=8).hexdigest()

    @property
    def ephemeral(self) -> bool:
        """Whether only this person sees it."""
        return self.message.is_ephemeral

    @property
    def edited(self) -> bool:
        """Whether it has been changed since; Slack doesn't mark messages with blocks."""
        return bool(self.message.edited) and not self.message.blocks

    @property
    def blocks(self) -> list[Json]:
        """Its blocks, those of attachments included."""
        attached = [block for attachment in self.message.attachments for block in attachment.get("blocks") or []]
        return [*self.message.blocks, *attached]

    @property
    def made_of(self) -> tuple[object, ...]:
        """Everything of the message and its place that is drawn."""
        place = (self.follows, self.replies, self.last_reply, self.thread_url, self.can_reply, self.author, self.iso)
        return (*place, self.ephemeral, self.text, self.edited, orjson.dumps(self.blocks))

    @property
    def text(self) -> str:
        """Its text, shown when there are no blocks."""
        return self.message.text


KEPT = 4000
"""Drawn messages that are remembered, over all people."""


class Drawn:
    """Remembers drawn messages by everything they are drawn from: one new message draws itself and no other."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Markup] = OrderedDict()

    def get(self, made_of: tuple[object, ...], draw: Callable[[], Markup]) -> Markup:
        """What was drawn from the same, else what ``draw`` gives."""
        html = self._kept.pop(made_of, None)
        self._kept[made_of] = html = draw() if html is None else html
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return html


Draw = Callable[[Row], Markup]


def rows(
    workspace: Workspace, messages: list[Message], viewer: Viewer, base: str, draw: Draw, *, threads: bool
) -> list[Row]:
    """Rows of these messages in their order; ``threads``: fold replies away under their first message."""
    replies = _replies(messages)
    out: list[Row] = []
    for message in messages[-SHOWN:]:
        if threads and _is_reply(message):
            continue
        row = _row(workspace, message, viewer)
        _relate(row, out[-1] if out else None, viewer)
        if threads:
            _count(row, replies.get(message.ts, []), viewer)
        elif len(out) == 1:
            row.above, row.follows = counted(len(messages) - 1), False
        row.can_reply = threads and not message.is_ephemeral
        row.thread_url = f"{base}/c/{message.channel}/t/{message.ts}"
        row.html = draw(row)
        out.append(row)
    return out


def _is_reply(message: Message) -> bool:
    return bool(message.thread_ts) and message.thread_ts != message.ts and not message.is_ephemeral


def _count(row: Row, replies: list[str], viewer: Viewer) -> None:
    """Say under a message how many replies it has, and when the last one came."""
    if replies:
        last = format_date(replies[-1].partition(".")[0], "{date_short_pretty} at {time}", viewer)
        row.replies, row.last_reply = counted(len(replies)), last.text if last else ""


def counted(replies: int) -> str:
    """``1 reply``, ``2 replies``."""
    return f"{replies} {'reply' if replies == 1 else 'replies'}"


def _replies(messages: list[Message]) -> dict[str, list[str]]:
    """Timestamps of the replies under each first message, oldest first."""
    under: dict[str, list[str]] = {}
    for message in messages:
        if _is_reply(message) and message.thread_ts:
            under.setdefault(message.thread_ts, []).append(message.ts)
    return under


def _row(workspace: Workspace, message: Message, viewer: Viewer) -> Row:
    local = viewer.local(float(message.ts))
    short = clock(local).rsplit(" ", 1)[0]
    return Row(message, face_of(workspace, message.user), clock(local), short, local.isoformat(), full(local))


def _relate(row: Row, before: Row | None, viewer: Viewer) -> None:
    """The line of a new day, and whether the heading can be left out."""
    local = viewer.local(float(row.message.ts))
    if before is None or viewer.local(float(before.message.ts)).date() != local.date():
        row.day = day_name(local, viewer)
        return
    close = float(row.message.ts) - float(before.message.ts) < GROUP_SECONDS
    row.follows = close and row.author.id == before.author.id and row.ephemeral == before.ephemeral
