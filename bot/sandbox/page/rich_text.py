"""``rich_text`` blocks as HTML (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block).

Text inside is never parsed: whatever a person typed is shown letter by letter.
"""

from typing import Any

from markupsafe import Markup, escape

from bot.sandbox.page.dates import format_date
from bot.sandbox.page.emoji import emoji, pictured
from bot.sandbox.page.mrkdwn import Reader, link, mention

Json = dict[str, Any]
_STYLES = {
    "bold": Markup("<strong>{}</strong>"),
    "italic": Markup("<em>{}</em>"),
    "strike": Markup("<del>{}</del>"),
    "underline": Markup("<u>{}</u>"),
    "code": Markup("<code>{}</code>"),
}
_BROADCASTS = {"here", "channel", "everyone"}


def render_rich_text(block: Json, reader: Reader) -> Markup:
    """All sections, lists, quotes and code of one block."""
    return Markup("").join(_part(part, reader) for part in block.get("elements", []))


def _part(part: Json, reader: Reader) -> Markup:
    kind = part.get("type")
    if kind == "rich_text_list":
        return _list(part, reader)
    body = _inline(part, reader)
    if kind == "rich_text_preformatted":
        return Markup("<pre><code>{}</code></pre>").format(body)
    if kind == "rich_text_quote":
        return Markup("<blockquote>{}</blockquote>").format(body)
    return Markup("<p>{}</p>").format(body)


def _list(part: Json, reader: Reader) -> Markup:
    tag = Markup("ol") if part.get("style") == "ordered" else Markup("ul")
    items = Markup("").join(Markup("<li>{}</li>").format(_inline(item, reader)) for item in part.get("elements", []))
    indent = min(int(part.get("indent", 0)), 8)
    return Markup('<{0} class="indent-{1}">{2}</{0}>').format(tag, indent, items)


def _inline(part: Json, reader: Reader) -> Markup:
    return Markup("").join(_styled(piece, reader) for piece in part.get("elements", []))


def _styled(piece: Json, reader: Reader) -> Markup:
    html = _piece(piece, reader)
    for style, element in _STYLES.items():
        if piece.get("style", {}).get(style):
            html = element.format(html)
    return html


def _lines(text: str) -> Markup:
    return pictured(text).replace("\n", Markup("<br>"))


def _piece(piece: Json, reader: Reader) -> Markup:
    match piece.get("type"):
        case "text":
            return _lines(str(piece.get("text", "")))
        case "link":
            url = str(piece.get("url", ""))
            return link(url, escape(piece.get("text") or url))
        case "user":
            return mention("@" + (reader.person(piece["user_id"]) or piece["user_id"]), "person")
        case "channel":
            return mention("#" + (reader.channel(piece["channel_id"]) or piece["channel_id"]), "channel")
        case "usergroup":
            return mention("@" + (reader.group(piece["usergroup_id"]) or piece["usergroup_id"]), "group")
        case "broadcast" if piece.get("range") in _BROADCASTS:
            return mention("@" + piece["range"], "everyone")
        case "emoji":
            return emoji(str(piece.get("name", "")), f":{piece.get('name', '')}:")
        case "date":
            return _date(piece, reader)
        case _:
            return escape(piece.get("value") or piece.get("text") or "")


def _date(piece: Json, reader: Reader) -> Markup:
    shown = format_date(str(piece.get("timestamp")), str(piece.get("format", "")), reader.viewer)
    if shown is None:
        return escape(piece.get("fallback") or "")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(shown.iso, shown.full, shown.text)
