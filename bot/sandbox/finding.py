"""Finds what a person points at by its words: a field, an option, a button."""

from __future__ import annotations

from bot.sandbox.fields import Field, elements, fields, options_of
from bot.sandbox.records import Json
from bot.sandbox.wording import block_lines, element_words, option_text


class Impossible(Exception):
    """A person can't do this: there is no such button, field, option or window. The text says what there is."""


def find_field(blocks: list[Json], label: str) -> Field:
    """The field with this label, block_id or action_id.

    Raises:
        Impossible: there is none.
    """
    there = list(fields(blocks))
    for names in (lambda one: [one.label], lambda one: list(one.pair), _other_names):
        for one in there:
            if label in names(one):
                return one
    raise Impossible(f"no field {label!r}; there are {[one.label or one.pair for one in there]}")


def _other_names(one: Field) -> list[str]:
    placeholder = (one.element.get("placeholder") or {}).get("text", "")
    return [placeholder, one.pair[0].split("__")[0]]


def find_option(options: list[Json], label: str) -> Json:
    """The option with these words (or this value).

    Raises:
        Impossible: there is none.
    """
    for option in options:
        if label in (option_text(option), option.get("value")):
            return option
    raise Impossible(f"no option {label!r}; there are {[option_text(option) for option in options]}")


def find_button(blocks: list[Json], label: str, *, block: str | None = None, near: str | None = None) -> Field:
    """A button (or an entry of an overflow menu) by its words or action_id.

    Args:
        blocks: where to look.
        label: the words on it, or its action_id.
        block: only in the block of this id.
        near: only in a block that shows these words, or directly below one that does.

    Raises:
        Impossible: there is none.
    """
    words: list[str] = []
    for index, here in enumerate(blocks):
        above = block_lines(blocks[index - 1]) if index and here["type"] == "actions" else []
        if near and not any(near in line for line in block_lines(here) + above):
            continue
        for element in elements(here) if block in (None, here.get("block_id")) else []:
            words.append(element_words(element))
            if _is_called(element, label):
                return Field(here, element)
    raise Impossible(f"no button {label!r}; there are {[word for word in words if word]}")


def _is_called(element: Json, label: str) -> bool:
    if element["type"] == "overflow":
        return any(option_text(option) == label for option in options_of(element))
    clickable = element["type"] in {"button", "workflow_button", "icon_button"}
    return clickable and label in (element_words(element), element.get("action_id"))


def pressed_value(element: Json, label: str) -> Json:
    """What pressing it adds to the action."""
    if element["type"] == "overflow":
        return {"selected_option": find_option(options_of(element), label)}
    return {}


def find_checkbox(blocks: list[Json], label: str, option: str | None) -> tuple[Field, Json]:
    """A checkbox: by its field's label and its own words, or by its own words alone.

    Raises:
        Impossible: there is none.
    """
    boxes = [one for one in fields(blocks) if one.kind == "checkboxes"]
    for one in boxes:
        if label in (one.label, *one.pair):
            return one, find_option(one.element["options"], option) if option else one.element["options"][0]
    for one in boxes:
        for offered in one.element["options"]:
            if option_text(offered) == label:
                return one, offered
    raise Impossible(f"no checkbox {label!r}; there are {[one.label or one.pair for one in boxes]}")
