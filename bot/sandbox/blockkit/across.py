"""Rules that hold across blocks, which checks of single blocks miss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.blockkit.shapes import Problem, Problems

MARKDOWN = 12_000
"""Characters in all markdown blocks of one message (docs.slack.dev/reference/block-kit/blocks/markdown-block)."""


def check_across(problems: Problems, blocks: list[Any], pointer: str, surface: str) -> None:
    """Ids that occur twice, focus on two elements, and what a message may hold only once."""
    known = [(place, block) for place, block in enumerate(blocks) if isinstance(block, dict)]
    _unique_block_ids(problems, known, pointer)
    for place, block in known:
        _unique_action_ids(problems, block, f"{pointer}/{place}")
    _one_focus(problems, known, pointer)
    _response_urls(problems, known, pointer, surface)
    if surface == "message":
        _once_a_message(problems, known, pointer)


def _unique_block_ids(problems: Problems, blocks: list[tuple[int, Any]], pointer: str) -> None:
    seen: set[str] = set()
    for place, block in blocks:
        block_id = block.get("block_id")
        if not isinstance(block_id, str) or not block_id:
            continue
        if block_id in seen:
            problems.append(Problem("block_id", f"block_id `{block_id}` already exists", f"{pointer}/{place}/block_id"))
        seen.add(block_id)


def _unique_action_ids(problems: Problems, block: Any, pointer: str) -> None:
    seen: set[str] = set()
    for where, element in _elements(block, pointer):
        action_id = element.get("action_id")
        if not isinstance(action_id, str) or not action_id:
            continue
        if action_id in seen:
            problems.append(Problem("action_id", f"action_id `{action_id}` already exists", f"{where}/action_id"))
        seen.add(action_id)


def _one_focus(problems: Problems, blocks: list[tuple[int, Any]], pointer: str) -> None:
    focused = [
        where
        for place, block in blocks
        for where, element in _elements(block, f"{pointer}/{place}")
        if element.get("focus_on_load")
    ]
    problems += [
        Problem("focus_on_load", "only one element may have focus_on_load", f"{where}/focus_on_load")
        for where in focused[1:]
    ]


def _response_urls(problems: Problems, blocks: list[tuple[int, Any]], pointer: str, surface: str) -> None:
    for place, block in blocks:
        for where, element in _elements(block, f"{pointer}/{place}"):
            if element.get("response_url_enabled") and (surface != "modal" or block.get("type") != "input"):
                sentence = "response_url_enabled only works in an input block of a modal"
                problems.append(Problem("conversations_select", sentence, f"{where}/response_url_enabled"))


def _once_a_message(problems: Problems, blocks: list[tuple[int, Any]], pointer: str) -> None:
    tables = [place for place, block in blocks if block.get("type") == "table"]
    problems += [Problem("table", "only one table a message", f"{pointer}/{place}") for place in tables[1:]]
    marked = [str(block.get("text", "")) for _, block in blocks if block.get("type") == "markdown"]
    if len(marked) > 1 and sum(map(len, marked)) > MARKDOWN:
        sentence = f"must be less than {MARKDOWN + 1} characters over all markdown blocks"
        problems.append(Problem("markdown.text", sentence, pointer))


def _elements(block: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    for key in ("element", "accessory"):
        if isinstance(block.get(key), dict):
            yield f"{pointer}/{key}", block[key]
    given = block.get("elements")
    for index, element in enumerate(given if isinstance(given, list) else []):
        if isinstance(element, dict):
            yield f"{pointer}/elements/{index}", element
