"""Checks of whole views and messages. A breach is recorded; a strict workspace also refuses it, as Slack does."""

from __future__ import annotations

from typing import Any

import orjson

from bot.sandbox.blockkit.across import check_across
from bot.sandbox.blockkit.blocks import check_block
from bot.sandbox.blockkit.objects import ID, MENU_OPTION, OPTION_GROUP, plain
from bot.sandbox.blockkit.shapes import Problem, Problems, Rule, Shape, anything, flag, listed, one_of, string
from bot.sandbox.records import Json
from bot.sandbox.refused import Refused
from bot.sandbox.workspace import Workspace

VIEW_BYTES = 250_000
"""Size of a serialised view (https://docs.slack.dev/reference/methods/views.open)."""

VIEW_BLOCKS = 100
MESSAGE_BLOCKS = 50

_BOTH: dict[str, Rule] = {
    "blocks": anything,
    "private_metadata": string(3000, "view.private_metadata"),
    "callback_id": string(ID, "view.callback_id"),
    "external_id": string(ID, "view.external_id"),
}
_VIEWS = {
    "modal": Shape(
        _BOTH
        | {
            "type": one_of("modal"),
            "title": plain(24, "view.title"),
            "submit": plain(24, "view.submit"),
            "close": plain(24, "view.close"),
            "clear_on_close": flag,
            "notify_on_close": flag,
            "submit_disabled": flag,
        },
        ("type", "title", "blocks"),
    ),
    "home": Shape(_BOTH | {"type": one_of("home")}, ("type", "blocks")),
}


def problems_of_view(body: Any, surface: str) -> Problems:
    """Everything wrong with a view of this surface (``modal`` or ``home``)."""
    problems: Problems = []
    _VIEWS[surface](problems, body, "/view")
    blocks = body.get("blocks") if isinstance(body, dict) else None
    if blocks is None:
        return problems
    _check_blocks(problems, blocks, "/view/blocks", surface)
    if surface == "modal" and not body.get("submit") and _has_input(blocks):
        problems.append(Problem("view.submit", "missing required field: submit, as there are input blocks", "/view"))
    return problems


def problems_of_blocks(blocks: Any) -> Problems:
    """Everything wrong with the blocks of a message."""
    problems: Problems = []
    _check_blocks(problems, blocks, "/blocks", "message")
    return problems


def problems_of_suggestions(body: Json) -> Problems:
    """Everything wrong with the options in an answer to block_suggestion."""
    problems: Problems = []
    if "option_groups" in body:
        listed(OPTION_GROUP, 0, 100, "external.answer")(problems, body["option_groups"], "/option_groups")
    else:
        listed(MENU_OPTION, 0, 100, "external.answer")(problems, body.get("options"), "/options")
    return problems


def check_view(at: Workspace, body: Any, surface: str) -> None:
    """Refuse a view that Slack would refuse.

    Raises:
        Refused: ``view_too_large``, or ``invalid_arguments`` with JSON pointers.
    """
    if isinstance(body, dict) and len(orjson.dumps(body)) > VIEW_BYTES:
        at.violated("view.size", f"a view of more than {VIEW_BYTES // 1000} kB", pointer="/view")
        raise Refused("view_too_large")
    problems = problems_of_view(body, surface)
    lines = ["[ERROR] failed to match all allowed schemas [json-pointer:/view]"]
    _refuse(at, problems, Refused("invalid_arguments", response_metadata={"messages": lines + _lines(problems)}))


def check_blocks(at: Workspace, blocks: Any) -> None:
    """Refuse blocks that Slack would refuse in a message.

    Raises:
        Refused: ``invalid_blocks`` with JSON pointers.
    """
    problems = problems_of_blocks(blocks)
    details: Json = {"errors": [str(one) for one in problems], "response_metadata": {"messages": _lines(problems)}}
    _refuse(at, problems, Refused("invalid_blocks", **details))


def _check_blocks(problems: Problems, blocks: Any, pointer: str, surface: str) -> None:
    most, rule = (MESSAGE_BLOCKS, "message.blocks") if surface == "message" else (VIEW_BLOCKS, "view.blocks")
    rule = "home.blocks" if surface == "home" else rule

    def check(found: Problems, block: Any, where: str) -> None:
        check_block(found, block, where, surface)

    listed(check, 0 if surface == "message" else 1, most, rule)(problems, blocks, pointer)
    if isinstance(blocks, list):
        check_across(problems, blocks, pointer, surface)


def _refuse(at: Workspace, problems: Problems, refusal: Refused) -> None:
    for one in problems:
        at.violated(one.rule, one.sentence, pointer=one.pointer)
    if problems and (at.strict or any(one.rule in ("shape", "surface") for one in problems)):
        raise refusal


def _lines(problems: Problems) -> list[str]:
    return [f"[ERROR] {one}" for one in problems]


def _has_input(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(isinstance(one, dict) and one.get("type") == "input" for one in blocks)
