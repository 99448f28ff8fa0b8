"""Where a click was made: what the window around the button carries, and the page a button leads to."""

from typing import TypeVar

from pydantic import BaseModel

from blocks.kit import MOST_PAGE, read_metadata
from bot.errors import Refusal
from handlers.payloads import Click, Submission, Suggestion

M = TypeVar("M", bound=BaseModel)

LONGEST_PAGE = len(str(MOST_PAGE))
"""Digits of a page number: a longer one was not put there by us."""


def place_of(click: Click, nowhere: M) -> M:
    """Return what the window of a click carries; ``nowhere`` for App Home and messages, which carry nothing."""
    if click.view is None or not click.view.is_modal:
        return nowhere
    try:
        return read_metadata(type(nowhere), click.view.metadata)
    except Refusal:
        return nowhere


def edition_after(payload: Submission | Click | Suggestion, shown: int) -> int:
    """Return the edition of a draft that somebody changes in a window which shows the edition ``shown``.

    A submit outdoes every click in the same window: one that is late then no longer counts.
    """
    return shown + (2 if isinstance(payload, Submission) else 1)


def page_of(click: Click) -> int:
    """Return the page a button leads to, counted from 0; the first one if its value is no number."""
    return int(click.value) if click.value.isdecimal() and len(click.value) <= LONGEST_PAGE else 0
