"""What ``gatehouse doctor`` asks the database: who could be told of a request, and what was not delivered."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from bot.domain.notifications import State
from bot.domain.policy import Permission, roles_with
from bot.store.tables import members, notifications, organizations, people, plans

STUCK = timedelta(hours=1)
"""After how long an undelivered notification is worth a word: longer than any pause between attempts."""


class ApprovalChannel(BaseModel):
    """The channel that hears of requests to an organization."""

    model_config = ConfigDict(frozen=True)

    organization: str
    channel: str


class HealthRows:
    """Looks through one open transaction."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now

    def approval_channels(self, limit: int) -> list[ApprovalChannel]:
        """Return a channel for each organization that has one, by the organizations' names."""
        named = organizations.c.approval_channel.is_not(None) & (organizations.c.approval_channel != "")
        query = sa.select(organizations.c.name, organizations.c.approval_channel).where(named)
        rows = self._connection.execute(query.order_by(organizations.c.name).limit(limit))
        return [ApprovalChannel(organization=name, channel=channel) for name, channel in rows]

    def out_of_reach(self, limit: int) -> list[str]:
        """Return organizations with plans, without a channel, and without an active account that may approve."""
        approver = (
            sa.select(members.c.person_id)
            .join(people, people.c.id == members.c.person_id)
            .where(members.c.organization_id == organizations.c.id)
            .where(members.c.role.in_(roles_with(Permission.PLAN_ADMIN)), people.c.user.is_not(None))
            .where(*(people.c[flag].is_(False) for flag in ("is_guest", "is_bot", "is_deactivated", "is_stranger")))
        )
        query = (
            sa.select(organizations.c.name)
            .where(sa.func.coalesce(organizations.c.approval_channel, "") == "")
            .where(sa.select(plans.c.id).where(plans.c.organization_id == organizations.c.id).exists())
            .where(~approver.exists())
        )
        return list(self._connection.execute(query.order_by(organizations.c.name).limit(limit)).scalars())

    def stuck(self) -> int:
        """Return how many notifications have been due, or tried in vain, for longer than ``STUCK``."""
        since = self._now - STUCK
        tried = (notifications.c.attempts > 0) & (notifications.c.created_at < since)
        return self._count(notifications.c.due_at.is_not(None), tried | (notifications.c.due_at < since))

    def set_aside(self) -> int:
        """Return how many notifications were given up."""
        return self._count(notifications.c.state == State.FAILED)

    def _count(self, *conditions: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(notifications).where(*conditions)
        return self._connection.execute(query).scalar_one()
