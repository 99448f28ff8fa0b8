"""Characters that may not stand in a text, in plain words with their position (SPEC 1, RELIABILITY B19)."""

import re
import unicodedata
from collections.abc import Callable, Iterator

MARKS_IN_A_ROW = 4
"""Combining marks on one letter in a name; more of them paint over the neighbouring lines (RELIABILITY B19)."""

_JOINERS = "\u200c\u200d"
"""Needed inside Persian and Indic words and by joined emoji: harmless in prose, a disguise in a name."""
_ALLOWED_IN_PROSE = _JOINERS + "\t\n\r\x0b\x0c\x85"
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and marks by their category, yet nothing is drawn (Unicode Default_Ignorable_Code_Point; blank Braille)."""

_HARMLESS = re.compile(
    "[\t\n\r -~\u00a0-\u00ac\u00ae-\u02ff\u0400-\u0481\u2010-\u2027\u20a0-\u20bf\u3041-\u3096\u4e00-\u9fff]*"
)
"""What nearly all prose is made of; texts of it alone need not be looked at letter by letter."""

_WORDS = {
    "\x00": "a NUL character",
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a line break",
    "\x0b": "a line break",
    "\x0c": "a page break",
    "\x85": "a line break",
    "\u2028": "a line break",
    "\u2029": "a line break",
    "\x1b": "an escape character",
    "\x7f": "a delete character",
    "\u00ad": "a soft hyphen",
    "\u061c": "a text direction mark",
    "\u200b": "a zero-width space",
    "\u200c": "a zero-width non-joiner",
    "\u200d": "a zero-width joiner",
    "\u200e": "a text direction mark",
    "\u200f": "a text direction mark",
    "\u2060": "a zero-width word joiner",
    "\ufeff": "a zero-width space (byte order mark)",
    "\u2800": "a blank Braille pattern",
}
_BY_CATEGORY = {
    "Cc": "a control character",
    "Cf": "an invisible format character",
    "Co": "a private-use character, which looks different on every computer",
    "Cs": "half a character",
    "Cn": "an unassigned character",
    "Zl": "a line break",
    "Zp": "a line break",
}


def problem_in_name(text: str) -> str | None:
    """Say what may not stand in a name, or None.

    Refused are control, format (bidi, zero-width), private, unassigned and surrogate characters, line breaks and tabs
    (SPEC 1), letters that draw nothing, and floods of combining marks. White space around the name does not count.
    """
    if text.isascii() and text.isprintable():
        return None
    if found := _first(text.rstrip(), _unfit_for_names, start=len(text) - len(text.lstrip())):
        return found
    return _flood(text)


def problem_in_prose(text: str) -> str | None:
    """Say what may not stand in a description or reason, or None: control, invisible and broken characters.

    Line breaks, tabs and joiners may stay; so may characters younger than Python's Unicode tables.
    """
    return None if _HARMLESS.fullmatch(text) else _first(text, _unfit_for_prose)


def fit_for_names(text: str) -> str:
    """Return the text without the characters ``problem_in_name`` would name; line breaks and tabs become spaces."""
    spaced = "".join(" " if letter.isspace() else letter for letter in unicodedata.normalize("NFC", text))
    kept = "".join(letter for letter in spaced if not _unfit_for_names(letter))
    return "".join(letter for letter, marks in _marks_so_far(kept) if marks <= MARKS_IN_A_ROW)


def fit_for_prose(text: str) -> str:
    """Return the text without the characters ``problem_in_prose`` would name."""
    return "".join(letter for letter in text if not _unfit_for_prose(letter))


def _first(text: str, unfit: Callable[[str], bool], start: int = 0) -> str | None:
    for position, letter in enumerate(text[start:], start + 1):
        if unfit(letter):
            return f"remove {_words(letter)} at position {position:,}"
    return None


def _flood(text: str) -> str | None:
    for letter, marks in _marks_so_far(unicodedata.normalize("NFC", text)):
        if marks > MARKS_IN_A_ROW:
            return f"use at most {MARKS_IN_A_ROW} accents on one letter; U+{ord(letter):04X} is one too many"
    return None


def _marks_so_far(text: str) -> Iterator[tuple[str, int]]:
    """Yield each character with the number of combining marks in a row up to it."""
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        yield letter, marks


def _unfit_for_names(letter: str) -> bool:
    return unicodedata.category(letter) in _BY_CATEGORY or letter in _FILLERS


def _unfit_for_prose(letter: str) -> bool:
    category = unicodedata.category(letter)
    if category in ("Cc", "Cf"):
        return letter not in _ALLOWED_IN_PROSE
    return category == "Cs" or _is_noncharacter(letter)


def _is_noncharacter(letter: str) -> bool:
    """Code points that Unicode keeps out of all text (U+FDD0…FDEF, and the last two of each plane)."""
    return 0xFDD0 <= ord(letter) <= 0xFDEF or ord(letter) & 0xFFFE == 0xFFFE


def _words(letter: str) -> str:
    number = f"(U+{ord(letter):04X})"
    if letter in _FILLERS and letter not in _WORDS:
        return f"an invisible filler character {number}"
    if unicodedata.bidirectional(letter) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"):
        return f"a character that turns the text direction {number}"
    return f"{_WORDS.get(letter) or _BY_CATEGORY[unicodedata.category(letter)]} {number}"
