"""What an import did, entry by entry: it never stops half-way, it writes down what it changed or left out and why."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.domain.catalog import Note, Outcome
from bot.domain.names import Cleaned

_Model = TypeVar("_Model", bound=BaseModel)


class Notes:
    """Collects notes in the order of the entries."""

    def __init__(self) -> None:
        self._notes: list[Note] = []

    def all(self) -> tuple[Note, ...]:
        """Return all notes so far."""
        return tuple(self._notes)

    def mapped(self, entry: str, why: str) -> None:
        """Note that ``entry`` was taken over."""
        self._notes.append(Note(entry=_line(entry), outcome=Outcome.MAPPED, why=_line(why)))

    def changed(self, entry: str, why: str) -> None:
        """Note that ``entry`` was taken over with a change."""
        self._notes.append(Note(entry=_line(entry), outcome=Outcome.CHANGED, why=_line(why)))

    def left_out(self, entry: str, why: str) -> None:
        """Note that ``entry`` was left out."""
        self._notes.append(Note(entry=_line(entry), outcome=Outcome.LEFT_OUT, why=_line(why)))

    def cleaned(self, entry: str, what: str, repaired: Cleaned) -> str:
        """Return a repaired text, with a note for each change; ``what`` names it: ``name``, ``description``."""
        for change in repaired.changes:
            self.changed(entry, f"{what}: {change}")
        return repaired.value

    def kept(self, entry: str, what: str, rule: TypeAdapter[str], text: str) -> str | None:
        """Return ``text`` if it keeps to ``rule``; else None, with a note unless there was no text."""
        try:
            return rule.validate_python(text) if text else None
        except ValidationError as error:
            self.changed(entry, f"{what} left out, {_line(text)} does not fit: {reason(error)}")
            return None

    def made(self, entry: str, model: type[_Model], values: Mapping[str, Any]) -> _Model | None:
        """Return a model of the values; what is empty counts as not mentioned, so that it changes nothing later.

        None, with a note, if the values keep it from being made.
        """
        try:
            return model(**{key: value for key, value in values.items() if value not in (None, "", ())})
        except ValidationError as error:
            self.left_out(entry, reason(error))
            return None


def counted(number: int, one: str, many: str = "") -> str:
    """Return ``1 plan``, ``2 plans``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def reason(error: ValidationError) -> str:
    """Return the first thing that is wrong, as a sentence."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])} {first['msg']}".strip()


def _line(text: str, longest: int = 300) -> str:
    """One line that can be printed: no control characters, not endless."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:longest])
    return " ".join(shown.split()) + ("…" if len(text) > longest else "")
