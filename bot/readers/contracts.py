"""Draws the messages about a contract."""

from collections.abc import Callable
from typing import Any

from blocks import approvals
from bot.domain.contracts import Contract
from bot.domain.notifications import Kind

Card = tuple[str, list[dict[str, Any]]]

_CARDS: dict[Kind, Callable[[Contract], Card]] = {
    Kind.REQUEST: approvals.request_card,
    Kind.WAITING: approvals.waiting_card,
    Kind.OUTCOME: approvals.outcome_card,
    Kind.TROUBLE: approvals.trouble_card,
}


def draw(kind: Kind, contract: Contract) -> Card:
    """Return fallback text and blocks of a message of this kind, as things are now."""
    return _CARDS[kind](contract)
