"""Where a click was made: what the window around the button carries, and the page a button leads to."""

from typing import TypeVar

from pydantic import BaseModel

from blocks.kit import read_metadata
from bot.errors import Refusal
from handlers.payloads import Click

M = TypeVar("M", bound=BaseModel)

LONGEST_PAGE = 6
"""Digits of a page number: a longer one was not put there by us."""


def place_of(click: Click, nowhere: M) -> M:
    """Return what the window of a click carries; ``nowhere`` for App Home and messages, which carry nothing."""
    if click.view is None or not click.view.is_modal:
        return nowhere
    try:
        return read_metadata(type(nowhere), click.view.metadata)
    except Refusal:
        return nowhere


def page_of(click: Click) -> int:
    """Return the page a button leads to, counted from 0; the first one if its value is no number."""
    return int(click.value) if click.value.isdecimal() and len(click.value) <= LONGEST_PAGE else 0
