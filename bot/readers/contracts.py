"""Draws the messages about a contract."""

from collections.abc import Callable
from typing import Any

from blocks import approvals, chasing, reach
from bot.domain.notifications import Kind, Letter

Card = tuple[str, list[dict[str, Any]]]

_CARDS: dict[Kind, Callable[[Letter], Card]] = {
    Kind.REQUEST: lambda letter: approvals.request_card(letter.contract),
    Kind.WAITING: lambda letter: approvals.waiting_card(letter.contract),
    Kind.OUTCOME: lambda letter: approvals.outcome_card(letter.contract),
    Kind.TROUBLE: lambda letter: reach.trouble_card(letter.contract, letter.reach),
    Kind.ALERT: lambda letter: reach.alert_card(letter.contract, letter.reach),
    Kind.REMINDER: lambda letter: chasing.reminder_card(letter.contract, letter.notification.number),
    Kind.DIGEST: lambda letter: chasing.digest_card(letter.waiting, letter.total),
    Kind.BURST: lambda letter: chasing.burst_card(letter.contract, letter.waiting, letter.total),
    Kind.QUESTION: lambda letter: chasing.question_card(letter.contract, letter.notification.number),
    Kind.ASKED: lambda letter: chasing.asked_card(letter.contract, letter.notification.number),
    Kind.ANSWER: lambda letter: chasing.answer_card(letter.contract, letter.notification.number),
}


def draw(letter: Letter) -> Card:
    """Return fallback text and blocks of a message, as things are now."""
    return _CARDS[letter.notification.kind](letter)
