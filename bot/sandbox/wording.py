"""The words a person sees in blocks, one line a piece."""

from __future__ import annotations

from typing import Any

from bot.sandbox.fields import Field, elements, held
from bot.sandbox.records import Json
from bot.sandbox.views import View


def option_text(option: Json) -> str:
    """The visible words of an option."""
    return str(option["text"]["text"])


def shown(field: Field, typed: dict[Any, Any]) -> Any:
    """What a field shows: typed text, or the words of the chosen option (a list for several)."""
    value = held(field, typed)
    if field.key == "selected_option":
        return option_text(value) if value else None
    if field.key == "selected_options":
        return [option_text(option) for option in value]
    return value


def block_lines(block: Json) -> list[str]:
    """The words of one block, those of its buttons included."""
    kind = block["type"]
    if kind == "input":
        return [line for line in (_text(block.get("label")), _text(block.get("hint"))) if line]
    if kind == "rich_text":
        return [_rich(element) for element in block["elements"]]
    if kind == "image":
        return [line for line in (_text(block.get("title")), block.get("alt_text", "")) if line]
    if kind == "context":
        return [_text(element) or element.get("alt_text", "") for element in block["elements"]]
    lines = [_text(block.get("text"))] + [_text(one) for one in block.get("fields") or []]
    lines += [element_words(element) for element in elements(block)]
    return [line for line in lines if line]


def element_words(element: Json) -> str:
    """The words on a button, or beside a menu."""
    return _text(element.get("text")) or _text(element.get("placeholder")) or str(element.get("alt_text", ""))


def lines(blocks: list[Json]) -> list[str]:
    """The words of all blocks."""
    return [line for block in blocks for line in block_lines(block)]


def view_lines(view: View) -> list[str]:
    """Everything a view shows: title, blocks with what the fields hold, errors, and the buttons below."""
    held_by_block: dict[str, list[str]] = {}
    for block in view.blocks:
        held_by_block[block["block_id"]] = _field_lines(block, view)
    out = [view.title] if view.title else []
    for block in view.blocks:
        out += block_lines(block) + held_by_block[block["block_id"]]
        if block["block_id"] in view.errors:
            out.append(view.errors[block["block_id"]])
    if view.type == "modal":
        out += [label for label in (view.submit_label, view.close_label) if label]
    return out


def _field_lines(block: Json, view: View) -> list[str]:
    out: list[str] = []
    for element in elements(block):
        if element["type"] in {"radio_buttons", "checkboxes"}:
            out += [option_text(option) for option in element["options"]]
        elif (element["type"]).endswith(("input", "select")) or element["type"].startswith("multi_"):
            value = shown(Field(block, element), view.typed)
            out += [str(one) for one in (value if isinstance(value, list) else [value]) if one]
    return out


def _text(value: Any) -> str:
    return str(value.get("text", "")) if isinstance(value, dict) and "text" in value else ""


def _rich(element: Json) -> str:
    if "elements" in element:
        return "".join(_rich(one) for one in element["elements"])
    if element["type"] == "user":
        return f"<@{element['user_id']}>"
    if element["type"] == "channel":
        return f"<#{element['channel_id']}>"
    return str(element.get("text") or element.get("url") or element.get("name") or "")
