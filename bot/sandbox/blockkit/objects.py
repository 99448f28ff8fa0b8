"""Composition objects (https://docs.slack.dev/reference/block-kit/composition-objects)."""

from __future__ import annotations

from typing import Any

from bot.sandbox.blockkit.shapes import SHAPE, Problem, Problems, Rule, Shape, flag, listed, one_of, string

TEXT = 3000
"""Longest text object (text-object)."""

ID = 255
"""Longest block_id, action_id, callback_id, external_id."""


def plain(most: int, rule: str) -> Rule:
    """A plain_text object of 1 to ``most`` characters."""
    return Shape(
        {"type": one_of("plain_text", rule=rule), "text": string(most, rule, least=1), "emoji": flag},
        required=("type", "text"),
    )


def text(most: int, rule: str) -> Rule:
    """A plain_text or mrkdwn object of 1 to ``most`` characters."""
    mrkdwn = Shape(
        {"type": one_of("mrkdwn"), "text": string(most, rule, least=1), "verbatim": flag}, required=("type", "text")
    )
    shapes: dict[Any, Rule] = {"plain_text": plain(most, rule), "mrkdwn": mrkdwn}

    def check(problems: Problems, value: Any, pointer: str) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind in shapes:
            shapes[kind](problems, value, pointer)
        else:
            problems.append(Problem(SHAPE, "must be a plain_text or mrkdwn object", pointer))

    return check


def option(words: Rule, *, url: bool = False) -> Shape:
    """An option; ``url`` only in overflow menus (option-object)."""
    keys: dict[str, Rule] = {
        "text": words,
        "value": string(150, "option.value", least=1),
        "description": text(75, "option.description"),
    }
    if url:
        keys["url"] = string(3000, "option.url")
    return Shape(keys, required=("text", "value"))


MENU_OPTION = option(plain(75, "option.text"))
CHOICE_OPTION = option(text(75, "option.text"))
OVERFLOW_OPTION = option(plain(75, "option.text"), url=True)

OPTION_GROUP = Shape(
    {"label": plain(75, "option_group.label"), "options": listed(MENU_OPTION, 1, 100, "select.options")},
    required=("label", "options"),
)

CONFIRM = Shape(
    {
        "title": plain(100, "confirm"),
        "text": text(300, "confirm"),
        "confirm": plain(30, "confirm"),
        "deny": plain(30, "confirm"),
        "style": one_of("primary", "danger", rule="confirm"),
    },
    required=("title", "text"),
)

_DISPATCHES = one_of("on_enter_pressed", "on_character_entered", rule="pti.dispatch")
DISPATCH_CONFIG = Shape({"trigger_actions_on": listed(_DISPATCHES, 1, 2, "pti.dispatch")})

_CONVERSATIONS = one_of("im", "mpim", "private", "public", rule="conversations_select")
FILTER = Shape(
    {
        "include": listed(_CONVERSATIONS, 1, 4, "conversations_select"),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    }
)


def initial_among_options(problems: Problems, element: Any, pointer: str) -> None:
    """initial_option(s) must equal one of the options (select-menu-element)."""
    groups = _items(element.get("option_groups")) or [element]
    offered = [_bare(one) for group in groups if isinstance(group, dict) for one in _items(group.get("options"))]
    given = element.get("initial_option")
    chosen = [("initial_option", given)] if given is not None else []
    chosen += [(f"initial_options/{place}", one) for place, one in enumerate(_items(element.get("initial_options")))]
    for key, one in chosen:
        if _bare(one) not in offered:
            problems.append(Problem("select.initial", "must match one of the options", f"{pointer}/{key}"))


def _items(value: Any) -> list[Any]:
    """What is no list is told of by the rule for its key, and holds nothing here."""
    return value if isinstance(value, list) else []


def _bare(value: Any) -> Any:
    """Without the defaults that Slack adds, so that they do not make two options differ."""
    if not isinstance(value, dict):
        return value
    return {key: _bare(inner) for key, inner in value.items() if key not in ("emoji", "verbatim")}
