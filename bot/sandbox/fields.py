"""The values of form fields: what is shown, what was typed, and how both appear in ``state.values``.

Shapes: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload and the recorded payloads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.records import Json

Pair = tuple[str, str]
"""block_id and action_id: together they are what Slack knows a field by."""

VALUE_KEYS = {
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "rich_text_input": "rich_text_value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "file_input": "files",
}
"""Key of the value in ``state.values`` for each kind of element that holds one."""

_PLURAL = {"selected_options", "selected_users", "selected_conversations", "selected_channels", "files"}


@dataclass(frozen=True, slots=True)
class Field:
    """One element that holds a value, in its block."""

    block: Json
    element: Json

    @property
    def pair(self) -> Pair:
        """What Slack knows it by."""
        return self.block.get("block_id", ""), self.element.get("action_id", "")

    @property
    def kind(self) -> str:
        """The element's type."""
        return str(self.element["type"])

    @property
    def key(self) -> str:
        """Key of its value in ``state.values``."""
        return VALUE_KEYS[self.kind]

    @property
    def is_input(self) -> bool:
        """Whether it stands in an input block (only those can carry an error)."""
        return bool(self.block["type"] == "input")

    @property
    def dispatches(self) -> bool:
        """Whether a change is sent to the bot at once (always outside input blocks)."""
        return not self.is_input or bool(self.block.get("dispatch_action"))

    @property
    def label(self) -> str:
        """The words beside it: an input block's label, a section's text, else the placeholder."""
        for holder in (self.block.get("label"), self.block.get("text"), self.element.get("placeholder")):
            if isinstance(holder, dict) and holder.get("text"):
                return str(holder["text"])
        return ""

    @property
    def initial(self) -> Any:
        """The value it starts with."""
        name = self.key.replace("selected", "initial") if self.key != "value" else "initial_value"
        name = "initial_value" if self.key == "rich_text_value" else name
        return self.element.get(name, [] if self.is_plural else None)

    @property
    def is_plural(self) -> bool:
        """Whether its value is a list."""
        return self.key in _PLURAL


def fields(blocks: list[Json]) -> Iterator[Field]:
    """Every element with a value, in the order of the screen."""
    for block in blocks:
        for element in elements(block):
            if element.get("type") in VALUE_KEYS:
                yield Field(block, element)


def elements(block: Json) -> list[Json]:
    """The interactive elements of a block."""
    kind = block.get("type")
    if kind == "input":
        return [block["element"]]
    if kind == "section":
        return [block["accessory"]] if block.get("accessory") else []
    if kind in {"actions", "context_actions"}:
        return list(block["elements"])
    return []


def held(field: Field, typed: dict[Pair, Any]) -> Any:
    """What the field holds now: typed, else initial."""
    return typed.get(field.pair, field.initial)


def state_values(blocks: list[Json], typed: dict[Pair, Any]) -> Json:
    """``state.values`` as Slack sends it: initial values of untouched fields are in it too."""
    values: Json = {}
    for field in fields(blocks):
        entry: Json = {"type": field.kind, field.key: held(field, typed)}
        if field.kind == "timepicker" and "timezone" in field.element:
            entry["timezone"] = field.element["timezone"]
        values.setdefault(field.pair[0], {})[field.pair[1]] = entry
    return values


def carried(old: list[Json], typed: dict[Pair, Any], new: list[Json]) -> dict[Pair, Any]:
    """What stays in the fields when blocks are replaced.

    A field with the same block_id and action_id (and kind) keeps what it held, and its new initial value is ignored
    (docs.slack.dev/surfaces/modals, slackapi/bolt-js#290); every other field starts afresh.
    """
    before = {field.pair: field for field in fields(old)}
    kept: dict[Pair, Any] = {}
    for field in fields(new):
        was = before.get(field.pair)
        if was is not None and was.kind == field.kind:
            value = held(was, typed)
            if _still_offered(field, value):
                kept[field.pair] = value
    return kept


def _still_offered(field: Field, value: Any) -> bool:
    chosen = value if isinstance(value, list) else [value]
    if field.key not in {"selected_option", "selected_options"} or value is None or "external" in field.kind:
        return True
    offered = [option["value"] for option in options_of(field.element)]
    return all(option["value"] in offered for option in chosen)


def options_of(element: Json) -> list[Json]:
    """All options of a menu, those in groups included."""
    grouped = [option for group in element.get("option_groups") or [] for option in group["options"]]
    return [*(element.get("options") or []), *grouped]
