"""The means to describe what JSON may look like, and the problems found in it, in the words of Slack's API.

``invalid_arguments`` carries lines such as "must be less than 76 characters [json-pointer:/view/blocks/2/…]".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach: ``rule`` is the id of the limit, ``pointer`` the JSON pointer of the place."""

    rule: str
    sentence: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.sentence} [json-pointer:{self.pointer}]"


Problems = list[Problem]
Rule = Callable[[Problems, Any, str], None]
"""Looks at a value at a pointer and adds what is wrong with it."""

SHAPE = "shape"
"""Rule id of a wrong type, a missing or an unknown key."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: its keys with a rule each, those that must be there, and a rule for the whole."""

    keys: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    whole: tuple[Rule, ...] = field(default=())

    def __call__(self, problems: Problems, value: Any, pointer: str) -> None:
        """Check an object."""
        if not isinstance(value, dict):
            problems.append(Problem(SHAPE, "must be an object", pointer))
            return
        for key in self.required:
            if value.get(key) is None:
                problems.append(Problem(SHAPE, f"missing required field: {key}", pointer))
        for key, inner in value.items():
            if key not in self.keys:
                problems.append(Problem(SHAPE, f"invalid additional property: {key}", pointer))
            elif inner is not None:
                self.keys[key](problems, inner, f"{pointer}/{key}")
        for rule in self.whole:
            rule(problems, value, pointer)


def string(most: int, rule: str, least: int = 0) -> Rule:
    """A string of at most ``most`` characters."""

    def check(problems: Problems, value: Any, pointer: str) -> None:
        if not isinstance(value, str):
            problems.append(Problem(SHAPE, "must be a string", pointer))
        elif len(value) > most:
            problems.append(Problem(rule, f"must be less than {most + 1} characters", pointer))
        elif len(value) < least:
            problems.append(Problem(rule, f"must be more than {least - 1} characters", pointer))

    return check


def flag(problems: Problems, value: Any, pointer: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        problems.append(Problem(SHAPE, "must be a boolean", pointer))


def number(least: float, most: float, rule: str) -> Rule:
    """A whole number within bounds."""

    def check(problems: Problems, value: Any, pointer: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            problems.append(Problem(SHAPE, "must be an integer", pointer))
        elif not least <= value <= most:
            problems.append(Problem(rule, f"must be between {least} and {most}", pointer))

    return check


def one_of(*allowed: str, rule: str = SHAPE) -> Rule:
    """One of these words."""

    def check(problems: Problems, value: Any, pointer: str) -> None:
        if value not in allowed:
            problems.append(Problem(rule, f"must be one of: {', '.join(allowed)}", pointer))

    return check


def listed(inner: Rule, least: int, most: int, rule: str) -> Rule:
    """A list of so many items, each checked by ``inner``."""

    def check(problems: Problems, value: Any, pointer: str) -> None:
        if not isinstance(value, list):
            problems.append(Problem(SHAPE, "must be an array", pointer))
            return
        if len(value) > most:
            problems.append(Problem(rule, f"no more than {most} items allowed", pointer))
        if len(value) < least:
            problems.append(Problem(rule, f"no fewer than {least} items allowed", pointer))
        for index, item in enumerate(value):
            inner(problems, item, f"{pointer}/{index}")

    return check


def by_type(shapes: Mapping[str, Rule], rule: str = SHAPE) -> Rule:
    """An object whose ``type`` decides on its shape."""

    def check(problems: Problems, value: Any, pointer: str) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in shapes:
            problems.append(Problem(rule, f"unsupported type: {kind}", f"{pointer}/type"))
        else:
            shapes[kind](problems, value, pointer)

    return check


def anything(_problems: Problems, _value: Any, _pointer: str) -> None:
    """No rule: Slack documents no limit."""


def either(first: str, second: str, rule: str = SHAPE) -> Rule:
    """Exactly one of two keys."""

    def check(problems: Problems, value: Any, pointer: str) -> None:
        if (value.get(first) is None) == (value.get(second) is None):
            problems.append(Problem(rule, f"exactly one of {first} and {second} is required", pointer))

    return check
