"""Rules for what people type: names, versions, descriptions, reasons, and the id a name gives (SPEC 1).

Each rule returns the cleaned text or raises ``Refusal`` at its own field, in words that say what to change. The
``clean_*`` twins repair instead of refusing, for texts nobody can be asked about (imports, samples, personal
organizations), and tell what they changed.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from bot.domain.letters import fit_for_names, fit_for_prose, problem_in_name, problem_in_prose
from bot.errors import Refusal

NAME_LIMIT = 80
"""Characters of a name (SPEC 1)."""
VERSION_LIMIT = 40
"""Characters of a version (SPEC 1)."""
DESCRIPTION_LIMIT = 512
"""Characters of a description (SPEC 1; Apiman's column has the same width, DOMAIN A3)."""
REASON_LIMIT = 1000
"""Characters of a reason (SPEC 1)."""

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_.-]+")
_PICTURE = re.compile(r":[a-z0-9_+-]+:")
_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACES_BEFORE_BREAK = re.compile(r"[^\S\n]+(?=\n)")


@lru_cache(maxsize=4096)
def identifier(name: str) -> str:
    """Return the id a name gives: its ASCII spelling without everything outside ``A-Z a-z 0-9 _ . -`` (SPEC 1).

    May be empty. Equal to Apiman's for names in Latin script; other scripts are spelled by anyascii, not ICU
    (DOMAIN A1). A picture such as an emoji has no spelling: its English name does not become part of the id.
    """
    if name.isascii():
        return _NOT_IN_IDS.sub("", name)
    return _NOT_IN_IDS.sub("", "".join(map(_spelling, unicodedata.normalize("NFC", name))))


def fold(identifier: str) -> str:
    """Return the key under which an id is unique: upper and lower case are the same (SPEC 1)."""
    return identifier.lower()


def name(text: str, field: str = "name") -> str:
    """Return the name in NFC, trimmed, with inner spaces folded.

    Raises:
        Refusal: empty, over 80 characters, an invisible or unusable character, or no id left.
    """
    value = _one_line(text)
    if not value:
        raise Refusal("Enter a name.", field=field)
    if problem := problem_in_name(text):
        raise Refusal(f"Change the name: {problem}.", field=field)
    _check_length(value, NAME_LIMIT, "name", field)
    if not identifier(value):
        raise Refusal("Put at least one letter or digit into the name: its id is made of them.", field=field)
    return value


def version(text: str, field: str = "version") -> str:
    """Return the version, trimmed.

    Raises:
        Refusal: empty, over 40 characters, or a character outside ``A-Z a-z 0-9 _ . -``.
    """
    value = text.strip()
    if not value:
        raise Refusal("Enter a version, for example 1.0.", field=field)
    if wrong := list(dict.fromkeys(_NOT_IN_IDS.findall(value))):
        named = ", ".join(dict.fromkeys(_shown(letter) for letter in "".join(wrong)[:5]))
        raise Refusal(f"Use only A-Z a-z 0-9 _ . - in the version; it can't contain {named}.", field=field)
    _check_length(value, VERSION_LIMIT, "version", field)
    return value


def description(text: str, field: str = "description") -> str:
    """Return the description with plain line breaks, trimmed; it may be empty.

    Raises:
        Refusal: over 512 characters, or a control or invisible character.
    """
    return _prose(text, DESCRIPTION_LIMIT, "description", field)


def reason(text: str, field: str = "reason", *, required: bool = False) -> str:
    """Return the reason with plain line breaks, trimmed; empty only if it is not ``required`` (SPEC 4.2, 5.5).

    Raises:
        Refusal: missing, over 1,000 characters, or a control or invisible character.
    """
    value = _prose(text, REASON_LIMIT, "reason", field)
    if required and not value:
        raise Refusal("Enter a reason.", field=field)
    return value


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text that now keeps the rules, and what was done to it, each as a few plain words."""

    value: str
    changes: tuple[str, ...] = ()


def clean_name(text: str, fallback: str = "Unnamed") -> Cleaned:
    """Return a name that ``name`` accepts as it is; ``fallback`` stands in where nothing usable is left."""
    folded = _one_line(text)
    fit = _one_line(fit_for_names(text))
    changes = ["unusable characters removed"] if fit != folded else []
    if not identifier(fit):
        return Cleaned(fallback, (*changes, f"no letter or digit in it: named {fallback}"))
    value = _cut(fit, NAME_LIMIT)
    if not identifier(value):
        return Cleaned(fallback, (*changes, f"no letter or digit in its first {NAME_LIMIT}: named {fallback}"))
    return Cleaned(value, (*changes, *_cut_note(fit, value)))


def clean_version(text: str, fallback: str = "1.0") -> Cleaned:
    """Return a version that ``version`` accepts as it is: ``2.0 (v2)`` gives ``2.0-v2``."""
    given = text.strip()
    spelled = _NOT_IN_IDS.sub("-", "".join(map(_spelling, unicodedata.normalize("NFC", given))))
    value = (spelled if spelled == given else spelled.strip("-"))[:VERSION_LIMIT]
    if not value:
        return Cleaned(fallback, (f"no version given: {fallback} taken",))
    return Cleaned(value, () if value == given else (f"version {_shortened(given)} became {value}",))


def clean_description(text: str) -> Cleaned:
    """Return a description that ``description`` accepts as it is, cut at a word and ended with … where too long."""
    fit = _lines(fit_for_prose(text))
    changes = ["unusable characters removed"] if fit != _lines(text) else []
    value = fit if len(fit) <= DESCRIPTION_LIMIT else _cut(fit, DESCRIPTION_LIMIT - 2).rstrip(" .,;:") + " …"
    return Cleaned(value, (*changes, *_cut_note(fit, value)))


def _cut(text: str, limit: int) -> str:
    """Cut at the last white space before the limit, unless that would lose more than a quarter."""
    if len(text) <= limit:
        return text
    at = max(text.rfind(" ", 0, limit + 1), text.rfind("\n", 0, limit + 1))
    return text[: at if at > limit * 3 // 4 else limit].rstrip()


def _cut_note(before: str, after: str) -> tuple[str, ...]:
    return () if before == after else (f"cut from {len(before):,} to {len(after):,} characters",)


def _shortened(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "·" for letter in text)
    return shown if len(shown) <= VERSION_LIMIT else shown[: VERSION_LIMIT - 1] + "…"


def _one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _lines(text: str) -> str:
    """Spell every kind of line break as a newline, and tabs as spaces."""
    broken = _LINE_BREAK.sub("\n", unicodedata.normalize("NFC", text)).replace("\t", " ")
    return _SPACES_BEFORE_BREAK.sub("", broken).strip()


def _prose(text: str, limit: int, what: str, field: str) -> str:
    if problem := problem_in_prose(text):
        raise Refusal(f"Change the {what}: {problem}.", field=field)
    value = _lines(text)
    _check_length(value, limit, what, field)
    return value


def _check_length(value: str, limit: int, what: str, field: str) -> None:
    if len(value) > limit:
        raise Refusal(f"Shorten the {what} to {limit:,} characters; it has {len(value):,}.", field=field)


def _spelling(letter: str) -> str:
    if letter.isascii():
        return letter
    spelled = anyascii(letter)
    return "" if _PICTURE.fullmatch(spelled) else spelled


def _shown(letter: str) -> str:
    """Name a character so that it can be found: spaces and invisible ones by number."""
    if letter == " ":
        return "a space"
    return f"‘{letter}’" if letter.isprintable() else f"U+{ord(letter):04X}"
