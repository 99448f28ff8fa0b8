"""YAML with line numbers, read from its events without recursion, so that a hostile file costs no more than its size.

Aliases share one value instead of copying it, and what they would expand to is counted: a "billion laughs" file is
refused. Only plain data is read; tags that make anything else are refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.catalogs.places import VALUES, Marks, Place, Problem, Problems

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without its C library: slower, the same answers
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

DEPTH = 100
"""Levels of nesting; the catalog format itself has eight, large OpenAPI documents about thirty."""

_CORE = "tag:yaml.org,2002:"
_SCALARS = {_CORE + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "binary")}
_WORDS = {"bool", "null"}
_SIGNS = {"merge", "value"}


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled."""

    value: Any
    place: Place
    line: int
    anchor: str | None
    weight: int = 1
    key: str | None = None
    key_line: int = 0
    keys: dict[str, int] = field(default_factory=dict)


def values(text: str, file: str, *, as_text: bool = False) -> tuple[Any, Marks]:
    """Return what the only document in ``text`` says, and its lines.

    Args:
        text: the YAML.
        file: how to call the file in problems.
        as_text: leave numbers and dates as they are written, and note no lines (OpenAPI: ``version: 1.10``).

    Raises:
        Problems: not YAML, with line and column; nested too deeply, too large when its aliases are followed, an alias
            inside of what it stands for, a tag other than plain data, or more than one document.
    """
    with _told(text, file):
        return _Builder(file, as_text=as_text).build(text)


@contextmanager
def _told(text: str, file: str) -> Iterator[None]:
    try:
        yield
    except yaml.reader.ReaderError as error:
        raise Problems([_unreadable(text, file, error.character)]) from None
    except UnicodeEncodeError as error:
        raise Problems([_unreadable(text, file, error.object[error.start])]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = " ".join(part for part in (error.context, error.problem) if part)
        where = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise Problems([Problem(file, where[0], f"This is not YAML: {told}.", where[1])]) from None
    except RecursionError:
        raise Problems([Problem(file, 0, "The file is nested too deeply to be read.")]) from None


def _unreadable(text: str, file: str, character: int | str) -> Problem:
    letter = character if isinstance(character, str) else chr(character)
    line = text.count("\n", 0, max(text.find(letter), 0)) + 1
    return Problem(file, line, f"Remove the character U+{ord(letter):04X}, which can't stand in a YAML file.")


class _Builder:
    def __init__(self, file: str, *, as_text: bool) -> None:
        self.file = file
        self.as_text = as_text
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int] | None] = {}
        self.lines: dict[Place, int] = {(): 1}
        self.written: dict[Place, str] = {}
        self.twice: list[tuple[Place, int, int]] = []
        self.result: Any = None
        self.nodes = 0
        self.documents = 0

    def build(self, text: str) -> tuple[Any, Marks]:
        for event in yaml.parse(text, Loader=_Loader):
            self._take(event)
        return self.result, Marks(self.lines, self.written, tuple(self.twice))

    def _take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self.open.pop()
            self._put(done.value, done.weight, done.line, done.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "", line)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(line)

    def _document(self, line: int) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse(line, "The file holds more than one document: put each into a file of its own.")

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, line: int) -> None:
        if event.tag not in (None, "!", _CORE + "map", _CORE + "seq"):
            self._refuse(line, f"Remove the tag {event.tag}: only plain data can be read.")
        if len(self.open) >= DEPTH:
            self._refuse(line, f"The file is nested more than {DEPTH} levels deep.")
        if self.open and isinstance(self.open[-1].value, dict) and self.open[-1].key is None:
            self._refuse(line, "A key must be a single word or text.")
        place = self._place()
        self._note(place, line)
        if event.anchor:
            self.anchors[event.anchor] = None
        made: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.open.append(_Open(made, place, line, event.anchor))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        into = self.open[-1] if self.open else None
        if into and isinstance(into.value, dict) and into.key is None:
            self._key(into, event.value, line)
            return
        place = self._place()
        self._note(place, line)
        value = self._resolved(event, place, line)
        self._put(value, 1, line, event.anchor)

    def _key(self, into: _Open, key: str, line: int) -> None:
        into.key, into.key_line = key, line
        if key in into.keys:
            self.twice.append(((*into.place, key), line, into.keys[key]))
        into.keys.setdefault(key, line)

    def _alias(self, anchor: str, line: int) -> None:
        if anchor not in self.anchors:
            self._refuse(line, f"*{anchor} stands for nothing: no &{anchor} comes before it.")
        found = self.anchors[anchor]
        if found is None:
            self._refuse(line, f"*{anchor} stands inside of what it stands for.")
            return
        into = self.open[-1] if self.open else None
        if into and isinstance(into.value, dict) and into.key is None:
            self._refuse(line, "A key can't be an alias.")
        self._note(self._place(), line)
        self._put(found[0], found[1], line, None)

    def _place(self) -> Place:
        if not self.open:
            return ()
        into = self.open[-1]
        return (*into.place, into.key or "") if isinstance(into.value, dict) else (*into.place, len(into.value))

    def _note(self, place: Place, line: int) -> None:
        if self.as_text:
            return
        into = self.open[-1] if self.open else None
        self.lines[place] = into.key_line if into and isinstance(into.value, dict) else line

    def _put(self, value: Any, weight: int, line: int, anchor: str | None) -> None:
        """Put a finished value where it belongs."""
        self.nodes += 1
        if anchor:
            self.anchors[anchor] = (value, weight)
        if not self.open:
            self.result = value
            return
        into = self.open[-1]
        into.weight += weight
        if into.weight > VALUES or self.nodes > VALUES:
            self._refuse(line, f"The file holds more than {VALUES:,} values once its aliases are followed.")
        if isinstance(into.value, list):
            into.value.append(value)
        elif into.key is not None:
            into.value[into.key] = value
            into.key = None

    def _resolved(self, event: yaml.ScalarEvent, place: Place, line: int) -> Any:
        if event.tag not in (None, "!") and event.tag not in _SCALARS:
            self._refuse(line, f"Remove the tag {event.tag}: only plain data can be read.")
        if event.tag in (None, "!") and not event.implicit[0]:
            return event.value
        tag = event.tag if event.tag in _SCALARS else _implicit_tag(event.value)
        kind = tag.removeprefix(_CORE)
        if kind == "str" or kind in _SIGNS or (self.as_text and kind not in _WORDS):
            return event.value
        self.written[place] = event.value
        return self._converted(kind, event.value, line)

    def _converted(self, kind: str, text: str, line: int) -> Any:
        convert = getattr(_CONSTRUCTOR, f"construct_yaml_{kind}")
        try:
            return convert(yaml.ScalarNode(_CORE + kind, text))
        except (ValueError, KeyError, OverflowError, yaml.YAMLError):
            self._refuse(line, f"“{text[:40]}” can't be read as {kind}: put it in quotes if it is text.")

    def _refuse(self, line: int, sentence: str) -> None:
        raise Problems([Problem(self.file, line, sentence)])


_CONSTRUCTOR = yaml.constructor.SafeConstructor()


def _implicit_tag(text: str) -> str:
    """Return the tag of a word without quotes by the rules of YAML 1.1, as PyYAML applies them."""
    rules = yaml.SafeLoader.yaml_implicit_resolvers
    for tag, pattern in (*rules.get(text[:1], ()), *rules.get(None, ())):
        if pattern.match(text):
            return str(tag)
    return _CORE + "str"
