"""What makes a name findable: its words, their middles, their beginnings with a letter left out; and what fits best.

Pure functions on folded ASCII (``bot.domain.ordering``), so that every database finds the same in the same order.
"""

import re
from collections.abc import Iterator
from enum import IntEnum

from bot.domain.ordering import folded

LONGEST_WORD = 40
"""Letters of a word that count: no sensible search is longer."""
SHORTEST_PART = 3
"""Letters that are looked for in the middle of words; fewer only at their beginnings (SPEC 3.1)."""
SHORTEST_FORGIVEN = 5
"""Letters of a word in which a typo is forgiven (SPEC 3.1: in longer words)."""
LONGEST_VARIANT = 7
"""Letters in which typos are looked up; the rest of a longer word is compared afterwards."""

_WORD = re.compile(r"[a-z0-9]+")


class Field(IntEnum):
    """Where a word stands."""

    WHOLE = 0
    """The whole name from its beginning, not a word of it."""
    NAME = 1
    TAG = 2
    ORGANIZATION = 3
    DESCRIPTION = 4


class Fit(IntEnum):
    """How what was typed fits a word."""

    EXACT = 0
    PREFIX = 1
    INSIDE = 2
    TYPO = 3


_BEST_FIRST = (
    *((Field.NAME, Fit.EXACT), (Field.NAME, Fit.PREFIX)),
    *((Field.TAG, Fit.EXACT), (Field.TAG, Fit.PREFIX)),
    *((Field.ORGANIZATION, Fit.EXACT), (Field.ORGANIZATION, Fit.PREFIX)),
    *((Field.NAME, Fit.INSIDE), (Field.TAG, Fit.INSIDE), (Field.ORGANIZATION, Fit.INSIDE)),
    *((Field.DESCRIPTION, Fit.EXACT), (Field.DESCRIPTION, Fit.PREFIX), (Field.DESCRIPTION, Fit.INSIDE)),
    *((Field.NAME, Fit.TYPO), (Field.TAG, Fit.TYPO), (Field.ORGANIZATION, Fit.TYPO), (Field.DESCRIPTION, Fit.TYPO)),
)
RANK = {place: number for number, place in enumerate(_BEST_FIRST)}
"""How good a hit is, 0 best: exact and beginning before middle, name before tag before organization (SPEC 3.1)."""
FIRST_TYPO = RANK[Field.NAME, Fit.TYPO]


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, folded, each once, in order."""
    return tuple(dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(folded(text))))


def parts(word: str) -> Iterator[str]:
    """Yield how a word goes on from its second, third, … letter."""
    for start in range(1, len(word) - SHORTEST_PART + 1):
        yield word[start:]


def variants(word: str) -> frozenset[str]:
    """Return the forms under which a word is kept for typos; none for short words and those with digits."""
    if not forgives(word):
        return frozenset()
    beginnings = {word[:length] for length in range(SHORTEST_FORGIVEN, LONGEST_VARIANT + 1)}
    return frozenset(form for beginning in beginnings for form in _left_out(beginning))


def looked_up(term: str) -> frozenset[str]:
    """Return the forms under which words like ``term`` are looked for; whoever is one typo away shares one of them."""
    return frozenset(_left_out(term[:LONGEST_VARIANT])) if forgives(term) else frozenset()


def forgives(word: str) -> bool:
    """Return whether a typo in this word is forgiven: a wrong digit is another number, not a typo."""
    return len(word) >= SHORTEST_FORGIVEN and word.isalpha()


def _left_out(word: str) -> set[str]:
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def is_typo(term: str, word: str) -> bool:
    """Return whether ``term`` is ``word``, or its beginning, but for one letter wrong, missing, too many or swapped."""
    at = next((at for at, (one, other) in enumerate(zip(term, word, strict=False)) if one != other), None)
    if at is None:
        return len(term) == len(word) + 1
    swapped = term[at : at + 2] == word[at : at + 2][::-1] and len(term[at : at + 2]) == 2
    rests = [(term[at + 1 :], word[at + 1 :]), (term[at + 1 :], word[at:]), (term[at:], word[at + 1 :])]
    rests += [(term[at + 2 :], word[at + 2 :])] if swapped else []
    return any(rest == goes_on or (rest and goes_on.startswith(rest)) for rest, goes_on in rests)


def fit(term: str, word: str) -> Fit | None:
    """Return how a term fits a word, best first, or None."""
    if word == term:
        return Fit.EXACT
    if word.startswith(term):
        return Fit.PREFIX
    if len(term) >= SHORTEST_PART and term in word:
        return Fit.INSIDE
    return Fit.TYPO if forgives(term) and forgives(word) and is_typo(term, word) else None
