"""Blocks (https://docs.slack.dev/reference/block-kit/blocks), and on which surface each may stand."""

from __future__ import annotations

from typing import Any

from bot.sandbox.blockkit.elements import (
    BUTTON,
    IMAGE_KEYS,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    SHAPES,
    among,
)
from bot.sandbox.blockkit.objects import ID, TEXT, plain, text
from bot.sandbox.blockkit.shapes import (
    SHAPE,
    Problem,
    Problems,
    Rule,
    Shape,
    anything,
    by_type,
    either,
    flag,
    listed,
    number,
    one_of,
    string,
)

_ID: dict[str, Rule] = {"type": anything, "block_id": string(ID, "block_id")}


def _text_or_fields(problems: Problems, block: Any, pointer: str) -> None:
    if not block.get("text") and not block.get("fields"):
        problems.append(Problem("section.text", "missing required field: text or fields", pointer))


def _no_dispatch_of_files(problems: Problems, block: Any, pointer: str) -> None:
    element = block.get("element")
    if block.get("dispatch_action") and isinstance(element, dict) and element.get("type") == "file_input":
        problems.append(Problem("pti.dispatch", "file_input can't dispatch", f"{pointer}/dispatch_action"))


def _columns(rule: str, most: int = 20) -> Rule:
    return listed(anything, 1, most, rule)


_CONTEXT_ELEMENT = by_type(
    {
        "image": SHAPES["image"],
        "plain_text": plain(TEXT, "text.len"),
        "mrkdwn": text(TEXT, "text.len"),
    }
)

_RICH = by_type(
    dict.fromkeys(("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"), anything)
)

_CARD = Shape(
    _ID
    | {
        "title": text(150, "card"),
        "subtitle": text(150, "card"),
        "body": text(200, "card"),
        "subtext": text(200, "card"),
        "icon": anything,
        "slack_icon": anything,
        "hero_image": anything,
        "actions": listed(BUTTON, 1, 3, "card"),
    },
    ("type",),
)

SHAPES_OF_BLOCKS: dict[str, Rule] = {
    "section": Shape(
        _ID
        | {
            "text": text(TEXT, "section.text"),
            "fields": listed(text(2000, "section.field.text"), 1, 10, "section.fields"),
            "accessory": among(IN_SECTION),
            "expand": flag,
        },
        ("type",),
        (_text_or_fields,),
    ),
    "header": Shape(_ID | {"text": plain(150, "header.text")}, ("type", "text")),
    "divider": Shape(_ID, ("type",)),
    "context": Shape(_ID | {"elements": listed(_CONTEXT_ELEMENT, 1, 10, "context.elements")}, ("type", "elements")),
    "actions": Shape(_ID | {"elements": listed(among(IN_ACTIONS), 1, 25, "actions.elements")}, ("type", "elements")),
    "input": Shape(
        _ID
        | {
            "label": plain(2000, "input.label"),
            "element": among(IN_INPUT),
            "hint": plain(2000, "input.hint"),
            "optional": flag,
            "dispatch_action": flag,
        },
        ("type", "label", "element"),
        (_no_dispatch_of_files,),
    ),
    "image": Shape(
        _ID | IMAGE_KEYS | {"title": plain(2000, "image.alt_text")},
        ("type", "alt_text"),
        (either("image_url", "slack_file"),),
    ),
    "video": Shape(
        _ID
        | {
            "alt_text": anything,
            "author_name": string(50, "video"),
            "description": plain(200, "video"),
            "provider_icon_url": anything,
            "provider_name": anything,
            "title": plain(200, "video"),
            "title_url": anything,
            "thumbnail_url": anything,
            "video_url": anything,
        },
        ("type", "alt_text", "title", "thumbnail_url", "video_url"),
    ),
    "rich_text": Shape(_ID | {"elements": listed(_RICH, 1, 1000, SHAPE)}, ("type", "elements")),
    "markdown": Shape(_ID | {"text": string(12_000, "markdown.text", least=1)}, ("type", "text")),
    "table": Shape(
        _ID | {"rows": listed(_columns("table"), 1, 100, "table"), "column_settings": anything}, ("type", "rows")
    ),
    "data_table": Shape(
        _ID
        | {
            "rows": listed(_columns("data_table"), 2, 201, "data_table"),
            "page_size": number(1, 100, "data_table"),
            "caption": anything,
            "row_header_column_index": anything,
        },
        ("type", "rows"),
    ),
    "card": _CARD,
    "carousel": Shape(_ID | {"elements": listed(_CARD, 1, 10, "carousel")}, ("type", "elements")),
    "alert": Shape(
        _ID
        | {
            "text": text(200, "alert.text"),
            "level": one_of("default", "info", "warning", "error", "success", rule="alert.text"),
        },
        ("type", "text"),
    ),
    "context_actions": Shape(
        _ID | {"elements": listed(among(IN_CONTEXT_ACTIONS), 1, 5, "context_actions.elements")}, ("type", "elements")
    ),
    "task_card": Shape(
        _ID
        | {"task_id": anything, "title": anything, "status": anything, "details": anything}
        | {"output": anything, "sources": anything},
        ("type",),
    ),
    "plan": Shape(
        _ID | {"title": anything, "tasks": listed(anything, 1, 50, "plan.tasks")},
        ("type", "title"),
    ),
    "container": Shape(
        _ID
        | {
            "title": text(150, "container"),
            "subtitle": text(150, "container"),
            "icon": anything,
            "width": anything,
            "is_collapsible": flag,
            "default_collapsed": flag,
            "child_blocks": listed(anything, 1, 10, "container"),
        },
        ("type", "child_blocks"),
    ),
    "file": Shape(_ID | {"external_id": anything, "source": anything}, ("type", "external_id", "source")),
    "data_visualization": anything,
}

_MESSAGES_ONLY = {"markdown", "container", "data_visualization", "plan", "task_card", "context_actions", "file"}
_NOT_IN_MODALS = {"table", "data_table", "carousel"}
_ALL = set(SHAPES_OF_BLOCKS)

ON_SURFACE: dict[str, set[str]] = {
    "message": _ALL - {"alert"},
    "modal": _ALL - _MESSAGES_ONLY - _NOT_IN_MODALS,
    "home": _ALL - _MESSAGES_ONLY - {"alert"},
}
"""Blocks that may stand on each surface; where sources differ, the stricter holds."""


def check_block(problems: Problems, block: Any, pointer: str, surface: str) -> None:
    """Check one block for a surface (``message``, ``modal``, ``home``)."""
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str) or kind not in SHAPES_OF_BLOCKS:
        problems.append(Problem(SHAPE, f"unsupported type: {kind}", f"{pointer}/type"))
    elif kind not in ON_SURFACE[surface]:
        problems.append(Problem("surface", f"unsupported type: {kind} can't stand in a {surface}", f"{pointer}/type"))
    else:
        SHAPES_OF_BLOCKS[kind](problems, block, pointer)
