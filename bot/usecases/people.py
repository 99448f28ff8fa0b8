"""What we know of somebody's account, as Slack last told (RELIABILITY B5)."""

from collections.abc import Collection
from datetime import datetime

from bot.domain.people import Person, Profile, Stranger
from bot.domain.policy import Permission
from bot.store.unit import Unit


def recall_profile(unit: Unit, person: Person) -> tuple[Profile, datetime] | None:
    """Return what Slack last said about somebody and when, or None if it was never asked."""
    return unit.people.profile(person)


def save_profile(unit: Unit, profile: Profile) -> None:
    """Remember what Slack says about somebody."""
    unit.people.save_profile(profile, unit.now)


def unchecked_approvers(unit: Unit, organization_id: str, since: datetime, limit: int) -> list[Person]:
    """Return approvers of an organization whom Slack was last asked about before ``since``."""
    return unit.organizations.unchecked(organization_id, Permission.PLAN_ADMIN, since, limit)


def bind_team(unit: Unit, team: str) -> str:
    """Bind the database to the workspace of the token at the first start; return the team it is bound to."""
    unit.people.bind_team(team, unit.now)
    return unit.people.team()


def strangers(unit: Unit, besides: Collection[str], limit: int) -> list[Stranger]:
    """Return people whom catalog files name and whom Slack was never asked about, but not those ``besides``."""
    return unit.people.never_asked(besides, limit)
