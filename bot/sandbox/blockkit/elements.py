"""Block elements (https://docs.slack.dev/reference/block-kit/block-elements), and which block takes which."""

from __future__ import annotations

from typing import Any

from bot.sandbox.blockkit.objects import (
    CHOICE_OPTION,
    CONFIRM,
    DISPATCH_CONFIG,
    FILTER,
    ID,
    MENU_OPTION,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    initial_among_options,
    plain,
)
from bot.sandbox.blockkit.shapes import (
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

_ID = {"type": anything, "action_id": string(ID, "action_id")}
_FOCUS = {"focus_on_load": flag}
_PLACEHOLDER = {"placeholder": plain(150, "select.placeholder")}
_MENU = _ID | _FOCUS | _PLACEHOLDER | {"confirm": CONFIRM}
_TYPED = _ID | _FOCUS | _PLACEHOLDER | {"initial_value": anything, "dispatch_action_config": DISPATCH_CONFIG}
_OPTIONS = {
    "options": listed(MENU_OPTION, 1, 100, "select.options"),
    "option_groups": listed(OPTION_GROUP, 1, 100, "select.option_groups"),
}
_SELECTED = number(1, 1000, "select.options")
_WORD = string(3000, "text.len")
_WORDS = listed(_WORD, 0, 1000, "select.options")


def _lengths(problems: Problems, element: Any, pointer: str) -> None:
    low, high = element.get("min_length"), element.get("max_length")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        problems.append(Problem("pti.min_length", "must not be above max_length", f"{pointer}/min_length"))


def _static(*, many: bool) -> Shape:
    one_option: dict[str, Rule] = {"initial_option": MENU_OPTION}
    options: dict[str, Rule] = {
        "initial_options": listed(MENU_OPTION, 1, 100, "select.options"),
        "max_selected_items": _SELECTED,
    }
    whole = (either("options", "option_groups", "select.options"), initial_among_options)
    return Shape(_MENU | _OPTIONS | (options if many else one_option), ("type",), whole)


def _external(*, many: bool) -> Shape:
    one_option: dict[str, Rule] = {"initial_option": MENU_OPTION}
    options: dict[str, Rule] = {
        "initial_options": listed(MENU_OPTION, 1, 100, "select.options"),
        "max_selected_items": _SELECTED,
    }
    query = {"min_query_length": number(0, 3000, "external.min_query_length")}
    return Shape(_MENU | query | (options if many else one_option), ("type",))


def _of(what: str, *, many: bool) -> Shape:
    keys: dict[str, Rule] = {f"initial_{what}s": _WORDS, "max_selected_items": _SELECTED} if many else {}
    if not many:
        keys = {f"initial_{what}": _WORD, "response_url_enabled": flag}
    if what == "conversation":
        keys |= {"filter": FILTER, "default_to_current_conversation": flag}
    return Shape(_MENU | keys, ("type",))


def _choices(initial: dict[str, Rule], rule: str) -> Shape:
    keys = _ID | _FOCUS | initial | {"options": listed(CHOICE_OPTION, 1, 10, rule), "confirm": CONFIRM}
    return Shape(keys, ("type", "options"), (initial_among_options,))


IMAGE_KEYS: dict[str, Rule] = {
    "type": anything,
    "image_url": string(3000, "image.alt_text", least=1),
    "slack_file": anything,
    "alt_text": string(2000, "image.alt_text"),
}

BUTTON = Shape(
    _ID
    | {
        "text": plain(75, "button.text"),
        "value": string(2000, "button.value"),
        "url": string(3000, "button.url"),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75, "button.accessibility_label"),
        "agent_prompt": string(4000, "button.agent_prompt"),
    },
    ("type", "text"),
)

SHAPES: dict[str, Rule] = {
    "button": BUTTON,
    "workflow_button": Shape(dict(BUTTON.keys) | {"workflow": anything}, ("type", "text", "workflow")),
    "plain_text_input": Shape(
        _TYPED
        | {
            "multiline": flag,
            "min_length": number(0, 3000, "pti.min_length"),
            "max_length": number(1, 3000, "pti.max_length"),
        },
        ("type",),
        (_lengths,),
    ),
    "number_input": Shape(
        _TYPED | {"is_decimal_allowed": flag, "min_value": anything, "max_value": anything},
        ("type", "is_decimal_allowed"),
    ),
    "email_text_input": Shape(_TYPED, ("type",)),
    "url_text_input": Shape(_TYPED, ("type",)),
    "rich_text_input": Shape(_TYPED, ("type",)),
    "static_select": _static(many=False),
    "multi_static_select": _static(many=True),
    "external_select": _external(many=False),
    "multi_external_select": _external(many=True),
    "users_select": _of("user", many=False),
    "multi_users_select": _of("user", many=True),
    "conversations_select": _of("conversation", many=False),
    "multi_conversations_select": _of("conversation", many=True),
    "channels_select": _of("channel", many=False),
    "multi_channels_select": _of("channel", many=True),
    "radio_buttons": _choices({"initial_option": CHOICE_OPTION}, "radio.options"),
    "checkboxes": _choices(
        {"initial_options": listed(CHOICE_OPTION, 1, 10, "checkboxes.options")}, "checkboxes.options"
    ),
    "overflow": Shape(
        _ID | {"options": listed(OVERFLOW_OPTION, 1, 5, "overflow.options"), "confirm": CONFIRM}, ("type", "options")
    ),
    "datepicker": Shape(_MENU | {"initial_date": _WORD}, ("type",)),
    "timepicker": Shape(_MENU | {"initial_time": _WORD, "timezone": _WORD}, ("type",)),
    "datetimepicker": Shape(_ID | _FOCUS | {"initial_date_time": anything, "confirm": CONFIRM}, ("type",)),
    "file_input": Shape(_ID | {"filetypes": _WORDS, "max_files": number(1, 10, "file_input")}, ("type",)),
    "image": Shape(IMAGE_KEYS, ("type", "alt_text"), (either("image_url", "slack_file"),)),
    "feedback_buttons": Shape(_ID | {"positive_button": anything, "negative_button": anything}, ("type",)),
    "icon_button": Shape(
        _ID | {"icon": anything, "text": plain(75, "button.text"), "value": string(2000, "button.value")}, ("type",)
    ),
}

_MENUS = {"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
_MANY = {f"multi_{kind}" for kind in _MENUS}
_PICKED = _MENUS | {"radio_buttons", "checkboxes", "datepicker", "timepicker"}
_INPUTS = {"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input"}

IN_INPUT = _PICKED | _MANY | _INPUTS | {"datetimepicker", "file_input"}
IN_ACTIONS = _PICKED | {"button", "overflow", "datetimepicker", "workflow_button"}
IN_SECTION = _PICKED | _MANY | {"button", "overflow", "image", "workflow_button"}
IN_CONTEXT_ACTIONS = {"feedback_buttons", "icon_button"}


def among(kinds: set[str]) -> Rule:
    """An element of one of these kinds."""
    return by_type({kind: SHAPES[kind] for kind in kinds})
