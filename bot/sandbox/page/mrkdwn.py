"""Slack's ``mrkdwn`` as safe HTML, the way Slack's own client shows it.

Rules from https://docs.slack.dev/messaging/formatting-message-text: ``&``, ``<`` and ``>`` are the only escaped
characters, everything between angle brackets is a control sequence, emphasis needs word boundaries.
Mentions stay visible as mentions, so that a text which smuggles one in is seen at once.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from bot.sandbox.page.dates import Viewer, format_date
from bot.sandbox.page.emoji import emoji, pictured

Lookup = Callable[[str], str | None]

_FENCE = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
_QUOTE = re.compile(r"^(?:&gt;|>) ?")
_CONTROL = re.compile(r"<([^<>\n]+)>")
_CODE = re.compile(r"`([^`\n]+)`")
_EMOJI = re.compile(r":([a-z0-9_+'-]+)(?:::skin-tone-[2-6])?:")
_BARE_URL = re.compile(r"https?://[^\s<>|]*[^\s<>|.,;:!?)\]'\"*_~]")
_SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_MARKS = {"*": Markup("<strong>{}</strong>"), "_": Markup("<em>{}</em>"), "~": Markup("<del>{}</del>")}
_PLAIN_RUN = re.compile(r"[^`<*_~:h]+")


def _nobody(_: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: their clock, and how ids become names (None: unknown)."""

    viewer: Viewer = field(default_factory=Viewer)
    person: Lookup = _nobody
    channel: Lookup = _nobody
    group: Lookup = _nobody


def unescape(text: str) -> str:
    """Undo the three entities that Slack knows; every other ``&…;`` stays as it was typed."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def literal(text: str) -> Markup:
    """Text after Slack's unescaping, as HTML."""
    return pictured(unescape(text))


def render_mrkdwn(text: str, reader: Reader, *, verbatim: bool = False) -> Markup:
    """The whole of a mrkdwn text; ``verbatim`` leaves bare addresses alone, as Slack does."""
    pieces: list[Markup] = []
    end = 0
    for fence in _FENCE.finditer(text):
        pieces.append(_paragraphs(text[end : fence.start()], reader, verbatim))
        pieces.append(Markup("<pre><code>{}</code></pre>").format(unescape(fence[1])))
        end = fence.end()
    pieces.append(_paragraphs(text[end:], reader, verbatim))
    return Markup("").join(pieces)


def render_plain(text: str, *, with_emoji: bool = True) -> Markup:
    """A ``plain_text`` object: nothing is formatted except emoji short codes and line breaks."""
    parts: list[Markup] = []
    end = 0
    for found in _EMOJI.finditer(text) if with_emoji else ():
        parts += [pictured(text[end : found.start()]), emoji(found[1], found[0])]
        end = found.end()
    parts.append(pictured(text[end:]))
    return Markup("").join(parts).replace("\n", Markup("<br>"))


def _paragraphs(text: str, reader: Reader, verbatim: bool) -> Markup:
    """Lines, with neighbouring quoted lines in one quotation."""
    out: list[Markup] = []
    quoted: list[Markup] = []
    for line in text.strip("\n").split("\n"):
        mark = _QUOTE.match(line)
        if mark:
            quoted.append(_Inline(line[mark.end() :], reader, verbatim).render())
            continue
        out += _quotation(quoted)
        quoted = []
        out.append(_Inline(line, reader, verbatim).render())
    out += _quotation(quoted)
    return _join_lines(out)


def _quotation(lines: list[Markup]) -> list[Markup]:
    return [Markup("<blockquote>{}</blockquote>").format(Markup("<br>").join(lines))] if lines else []


def _join_lines(lines: list[Markup]) -> Markup:
    """A break between two lines, except beside a quotation, which is a block of its own."""
    joined = Markup("")
    for before, line in zip([None, *lines], lines, strict=False):
        near_block = before is None or before.startswith("<blockquote") or line.startswith("<blockquote")
        joined += line if near_block else Markup("<br>") + line
    return joined


class _Inline:
    """One line, left to right. ``open_marks`` are the emphases around it, so nesting is at most three deep."""

    def __init__(self, text: str, reader: Reader, verbatim: bool, open_marks: str = "") -> None:
        self.text, self.reader, self.verbatim, self.open_marks = text, reader, verbatim, open_marks
        self.at = 0

    def render(self) -> Markup:
        parts: list[Markup] = []
        while self.at < len(self.text):
            parts.append(self._next())
        return Markup("").join(parts)

    def _next(self) -> Markup:
        run = _PLAIN_RUN.match(self.text, self.at)
        if run:
            return literal(self._take(run))
        for step in (self._code, self._control, self._emphasis, self._emoji, self._bare_url):
            piece = step()
            if piece is not None:
                return piece
        self.at += 1
        return escape(self.text[self.at - 1])

    def _take(self, found: re.Match[str]) -> str:
        self.at = found.end()
        return found[0]

    def _code(self) -> Markup | None:
        found = _CODE.match(self.text, self.at)
        if not found:
            return None
        self._take(found)
        return Markup("<code>{}</code>").format(unescape(found[1]))

    def _control(self) -> Markup | None:
        found = _CONTROL.match(self.text, self.at)
        if not found:
            return None
        self._take(found)
        return render_control(found[1], self.reader)

    def _emphasis(self) -> Markup | None:
        mark = self.text[self.at]
        if mark not in _MARKS or mark in self.open_marks or not self._may_open():
            return None
        end = self._closing(mark)
        if end is None:
            return None
        inner = self.text[self.at + 1 : end]
        self.at = end + 1
        body = _Inline(inner, self.reader, self.verbatim, self.open_marks + mark).render()
        return _MARKS[mark].format(body)

    def _may_open(self) -> bool:
        before = self.text[self.at - 1] if self.at else " "
        after = self.text[self.at + 1 : self.at + 2]
        return not before.isalnum() and bool(after) and not after.isspace() and after != self.text[self.at]

    def _closing(self, mark: str) -> int | None:
        """Where the same mark ends a word; control sequences are jumped over as wholes."""
        at = self.at + 1
        while at < len(self.text):
            atom = _CONTROL.match(self.text, at) or _CODE.match(self.text, at)
            if atom:
                at = atom.end()
                continue
            follows = self.text[at + 1 : at + 2]
            if self.text[at] == mark and not self.text[at - 1].isspace() and not follows.isalnum():
                return at
            at += 1
        return None

    def _emoji(self) -> Markup | None:
        found = _EMOJI.match(self.text, self.at)
        return emoji(found[1], self._take(found)) if found else None

    def _bare_url(self) -> Markup | None:
        found = None if self.verbatim else _BARE_URL.match(self.text, self.at)
        return link(unescape(found[0]), literal(self._take(found))) if found else None


def link(url: str, label: Markup) -> Markup:
    """A link that opens elsewhere; only web, mail and telephone addresses become one, the rest stays text."""
    if not _SAFE_LINK.match(url):
        return label
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, label)


def mention(text: str, kind: str) -> Markup:
    """A highlighted mention. ``kind`` is person, channel, group or everyone."""
    return Markup('<span class="mention" data-mention="{}">{}</span>').format(kind, text)


def render_control(body: str, reader: Reader) -> Markup:
    """What stands between ``<`` and ``>``: a mention, a date or a link."""
    target, _, label = body.partition("|")
    if target.startswith("@"):
        return mention("@" + (reader.person(target[1:]) or unescape(label) or target[1:]), "person")
    if target.startswith("#"):
        return mention("#" + (reader.channel(target[1:]) or unescape(label) or target[1:]), "channel")
    if target.startswith("!"):
        return _special(target[1:], label, reader)
    if _SAFE_LINK.match(target):
        return link(unescape(target), literal(label or target.removeprefix("mailto:")))
    return literal(f"<{body}>")


def _special(target: str, label: str, reader: Reader) -> Markup:
    if target.startswith("date^"):
        return _date(target, label, reader)
    if target.startswith("subteam^"):
        group = target.removeprefix("subteam^")
        return mention("@" + (reader.group(group) or unescape(label).lstrip("@") or group), "group")
    if target in {"here", "channel", "everyone"}:
        return mention("@" + target, "everyone")
    return literal(f"<{label or target}>")


def _date(target: str, fallback: str, reader: Reader) -> Markup:
    """``<!date^1392734382^{date} at {time}^https://link|fallback>``; unreadable ones show their fallback."""
    _, stamp, *rest = target.split("^")
    shown = format_date(stamp, rest[0], reader.viewer) if rest else None
    if shown is None:
        return literal(fallback)
    time = Markup('<time datetime="{}" title="{}">{}</time>').format(shown.iso, shown.full, shown.text)
    return link(unescape(rest[1]), time) if len(rest) > 1 else time
