"""JSON with line numbers: values at the speed of the standard library, lines only when somebody asks for them."""

import json
import re
from typing import Any

from bot.catalogs.places import VALUES, Marks, Place, Problem, Problems

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def values(text: str, file: str) -> tuple[Any, bool]:
    """Return what ``text`` says, and whether a key stands twice in one of its objects (the last one won).

    Raises:
        Problems: not JSON, with line and column; too deeply nested; too many values; a number nobody can hold.
    """
    if text.count(",") > VALUES:
        raise Problems([Problem(file, 0, f"The file holds more than {VALUES:,} values: split it.")])
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            twice.append(pairs[0][0])
        return made

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=_refuse_constant), bool(twice)
    except json.JSONDecodeError as error:
        raise Problems([Problem(file, error.lineno, f"This is not JSON: {error.msg}.", error.colno)]) from None
    except RecursionError:
        raise Problems([Problem(file, 0, "The file is nested too deeply to be read.")]) from None
    except ValueError as error:
        raise Problems([Problem(file, 0, f"The file holds a number that can't be read: {error}.")]) from None


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a JSON number")


def marks(text: str) -> Marks:
    """Return the lines of ``text``, which ``values`` has read without complaint."""
    return _Scan().over(text)


class _Scan:
    """Walks over the tokens of valid JSON and notes at which line each key and item stands."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {(): 1}
        self.twice: list[tuple[Place, int, int]] = []
        self.place: list[str | int] = []
        self.open: list[str] = []
        self.wants_key = False

    def over(self, text: str) -> Marks:
        line, seen = 1, 0
        for token in _TOKEN.finditer(text):
            line += text.count("\n", seen, token.start())
            seen = token.start()
            self._take(token[0], line)
        return Marks(self.lines, {}, tuple(self.twice))

    def _take(self, part: str, line: int) -> None:
        if part in "}]":
            self.open.pop()
            self.place.pop()
        elif part == ",":
            self._next()
        elif part == ":":
            self.wants_key = False
        elif self.wants_key:
            self._key(part, line)
        else:
            self._value(part, line)

    def _next(self) -> None:
        if self.open[-1] == "[":
            self.place[-1] = int(self.place[-1]) + 1
        self.wants_key = self.open[-1] == "{"

    def _key(self, part: str, line: int) -> None:
        self.place[-1] = json.loads(part)
        here = tuple(self.place)
        if here in self.lines:
            self.twice.append((here, line, self.lines[here]))
        else:
            self.lines[here] = line

    def _value(self, part: str, line: int) -> None:
        self.lines.setdefault(tuple(self.place), line)
        if part in "{[":
            self.open.append(part)
            self.place.append(0 if part == "[" else "")
            self.wants_key = part == "{"
