"""What Slack's own client checks before it submits a modal: such a view is never sent to the bot."""

from __future__ import annotations

from typing import Any

from bot.sandbox.fields import Field, fields, held
from bot.sandbox.views import View

REQUIRED = "Please complete this required field."

TEXT_MAX = 3000
"""Longest text in an input without max_length (docs.slack.dev/reference/block-kit/block-elements)."""


def unfilled(view: View) -> dict[str, str]:
    """Error texts by block_id: required inputs that are empty, and texts outside min_length and max_length."""
    inputs = [one for one in fields(view.blocks) if one.is_input]
    found = {one.block["block_id"]: _complaint(one, held(one, view.typed)) for one in inputs}
    return {block_id: text for block_id, text in found.items() if text}


def _complaint(field: Field, value: Any) -> str:
    if value is None or value in ("", []):
        return "" if field.block.get("optional") else REQUIRED
    if not isinstance(value, str) or field.key != "value":
        return ""
    low, high = field.element.get("min_length") or 0, field.element.get("max_length") or TEXT_MAX
    if len(value) < low:
        return f"This entry must be at least {low} characters."
    return f"This entry must be at most {high} characters." if len(value) > high else ""
