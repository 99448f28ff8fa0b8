"""Clearing away what is past its time (SPEC 6, tidy)."""

from datetime import timedelta

from bot.store.unit import Unit
from bot.usecases.clients import DRAFT_LIFE

DELIVERED_LIFE = timedelta(days=90)
"""How long delivered notifications are kept (SPEC 6)."""


def tidy(unit: Unit) -> int:
    """Forget drafts and delivered notifications past their time; return how many rows that were."""
    drafts = unit.drafts.delete_before(unit.now - DRAFT_LIFE)
    return drafts + unit.outbox.delete_before(unit.now - DELIVERED_LIFE)
