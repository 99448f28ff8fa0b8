"""When a waiting request is due for reminders, escalation, expiry: the organization's times, else the general ones."""

from datetime import datetime, timedelta

from bot import durations
from bot.domain.organizations import ApprovalWays
from bot.domain.policy import HouseRules


def schedule(rules: HouseRules, ways: ApprovalWays, now: datetime) -> dict[str, datetime | None]:
    """Return the times of a request that begins to wait now, by column; None: never."""
    times = {
        "remind_at": chosen(ways.remind_after, rules.remind_after),
        "escalate_at": chosen(ways.escalate_after, rules.escalate_after),
        "expires_at": chosen(ways.expire_after, rules.expire_after),
    }
    return {column: now + after if after else None for column, after in times.items()}


def chosen(own: str | None, general: timedelta) -> timedelta:
    """Return an organization's own time if it has one; nothing means never."""
    return durations.parse(own) if own is not None else general
