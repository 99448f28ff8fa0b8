"""Clearing away what is past its time (SPEC 6, tidy)."""

from datetime import timedelta

from bot.store.unit import Unit
from bot.usecases.clients import DRAFT_LIFE

DELIVERED_LIFE = timedelta(days=90)
"""How long delivered notifications are kept (SPEC 6)."""
PACE_LIFE = timedelta(hours=1)
"""How long it is remembered when something was last sent to somebody: far longer than any pause of Slack's."""
SEEN_AT_ONCE = 5_000
"""Replays forgotten in one transaction: there may be 100,000 of them, and others wait for the same writer."""


def tidy(unit: Unit) -> int:
    """Forget drafts, replays, turns and delivered notifications past their time; return how many rows that were.

    There is more to do if it was ``SEEN_AT_ONCE`` or more.
    """
    drafts = unit.drafts.delete_before(unit.now - DRAFT_LIFE)
    seen = unit.seen.delete_before(unit.now, SEEN_AT_ONCE)
    turns = unit.pace.delete_before(unit.now - PACE_LIFE)
    return drafts + seen + turns + unit.outbox.delete_before(unit.now - DELIVERED_LIFE)
