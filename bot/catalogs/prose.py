"""HTML and Markdown from other people's descriptions as plain readable text: no tags, no marks, no links to click."""

import re
from collections.abc import Callable
from html import unescape

READ = 20_000
"""Characters of a description that are looked at; ours. 512 of them are kept (SPEC 1)."""

_PARAGRAPHS = {
    "address", "article", "aside", "blockquote", "body", "dd", "details", "div", "dl", "dt", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "main", "nav", "ol", "p",
    "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "title", "tr", "ul", "note", "important",
    "fullname",
}  # fmt: skip
_INLINE = {
    "a", "abbr", "acronym", "b", "big", "button", "cite", "code", "center", "del", "dfn", "em", "font", "i", "img",
    "input", "ins", "kbd", "label", "link", "mark", "meta", "nobr", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "td", "th", "time", "tt", "u", "var", "wbr", "svg", "path", "iframe", "video", "source",
}  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})(?:\s[^<>]{0,1000})?/?>")
_UNSEEN = re.compile(
    r"<!--.{0,4000}?-->|<(script|style|template|svg)\b[^<>]{0,1000}>.{0,4000}?</\1\s*>", re.DOTALL | re.IGNORECASE
)

_MANY_SPACES = re.compile(r"[ \t]{9,}")
_FENCE = re.compile(r"^[ \t]{0,3}(```|~~~).*$", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}(?:[ \t]+|(?=[^\s#]))(.*)$", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:[-=_*~][ \t]*){3,}$", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|?)+[ \t]*$", re.MULTILINE)
_TABLE_ROW = re.compile(r"^[ \t]*\|(.*)$", re.MULTILINE)
_QUOTE = re.compile(r"^[ \t]{0,3}>[ \t]?", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*[*+-][ \t]+", re.MULTILINE)
_IMAGE = re.compile(r"!\[([^\[\]]{0,300})\]\([^()]{0,1000}\)")
_LINK = re.compile(
    r"\[((?:[^\[\]]|\[[^\[\]]{0,200}\]){1,300})\](?:\([^()]{0,1000}(?:\([^()]{0,200}\)[^()]{0,200})?\)|\[[^\[\]]{0,200}\])"
)
_DEFINITION = re.compile(r"^[ \t]{0,3}\[[^\[\]]{1,200}\]:[ \t]+\S+.*$", re.MULTILINE)
_AUTOLINK = re.compile(r"<(https?://[^\s<>]{1,1000}|mailto:[^\s<>]{1,300})>")
_EMPHASIS = re.compile(r"(?<![\w*_\\])(\*{1,3}|_{1,3})(?=\S)([^*_]{1,500}?)(?<=\S)\1(?![\w*_])")
_CODE = re.compile(r"(`{1,3})([^`]{1,500})\1")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~-])")
_ITEM = re.compile(r"(?:•|\d{1,3}[.)])[ ]")


def readable(text: str) -> str:
    """Return ``text`` without HTML and Markdown marks, one line for each paragraph and list item.

    Only the first 20,000 characters are read. What looks like a tag but isn't HTML (``<your key>``) stays.
    """
    lines = text[:READ].replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    plain = _without_html(_MANY_SPACES.sub(" " * 8, lines))
    return "\n".join(_paragraphs(_without_marks(plain)))


def _without_html(text: str) -> str:
    text = _UNSEEN.sub(" ", _AUTOLINK.sub(r"\1", text))
    return unescape(_TAG.sub(_in_place_of_tag, text))


def _in_place_of_tag(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name == "li":
        return "\n\n" if tag[1] else "\n\n• "
    if name in _PARAGRAPHS or name == "br":
        return "\n\n"
    if name in ("td", "th"):
        return " "
    return "" if name in _INLINE else tag[0]


def _heading(line: re.Match[str]) -> str:
    return f"\n\n{line[1].rstrip(' #')}\n\n"


def _without_marks(text: str) -> str:
    steps: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
        (_FENCE, ""),
        (_TABLE_RULE, ""),
        (_RULE, "\n"),
        (_QUOTE, ""),
        (_DEFINITION, ""),
        (_HEADING, _heading),
        (_BULLET, "\n\n• "),
        (_IMAGE, r"\1"),
        (_LINK, r"\1"),
        (_LINK, r"\1"),
        (_CODE, r"\2"),
        (_EMPHASIS, r"\2"),
        (_EMPHASIS, r"\2"),
        (_ESCAPED, r"\1"),
    )
    for pattern, put in steps:
        text = pattern.sub(put, text)
    return _TABLE_ROW.sub(lambda row: "\n\n" + " – ".join(_cells(row[1])) + "\n\n", text)


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("|") if cell.strip()]


def _paragraphs(text: str) -> list[str]:
    """Join the lines of each paragraph; list items and numbered items keep lines of their own."""
    done: list[str] = []
    for block in re.split(r"\n[ \t\xa0]*\n", text):
        lines: list[str] = []
        for line in (" ".join(raw.split()) for raw in block.split("\n")):
            if lines and line and not _ITEM.match(line):
                lines[-1] = f"{lines[-1]} {line}"
            elif line:
                lines.append(line)
        done += [line for line in lines if line != "•"]
    return done
