"""What Slack adds to the blocks it was given: missing ids and the defaults that payloads then show."""

from __future__ import annotations

import secrets
from typing import Any

from bot.sandbox.fields import elements
from bot.sandbox.records import Json

_DEFAULTS: dict[str, Json] = {
    "modal": {
        "title": None,
        "close": None,
        "submit": None,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
    },
    "home": {
        "title": {"type": "plain_text", "text": "View Title", "emoji": True},
        "close": None,
        "submit": None,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
    },
}


def completed(view: Json) -> Json:
    """The view with every key that Slack sends back, and with an id for each block and action."""
    texts: Json = _with_text_defaults(view)
    return _DEFAULTS[view["type"]] | texts | {"blocks": completed_blocks(view["blocks"])}


def completed_blocks(blocks: list[Json]) -> list[Json]:
    """Blocks with an id for each block and action, and Slack's defaults in texts and inputs."""
    return [_completed_block(block) for block in blocks]


def _completed_block(block: Json) -> Json:
    new: Json = _with_text_defaults(block)
    if not new.get("block_id"):
        new["block_id"] = secrets.token_urlsafe(4)
    if new["type"] == "input":
        new.setdefault("optional", False)
        new.setdefault("dispatch_action", False)
    for element in elements(new):
        if not element.get("action_id") and element.get("type") != "image":
            element["action_id"] = secrets.token_urlsafe(4)
    return new


def _with_text_defaults(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_text_defaults(item) for item in value]
    if not isinstance(value, dict):
        return value
    new = {key: _with_text_defaults(item) for key, item in value.items()}
    if new.get("type") == "plain_text" and "text" in new:
        new.setdefault("emoji", True)
    elif new.get("type") == "mrkdwn" and "text" in new:
        new.setdefault("verbatim", False)
    return new
