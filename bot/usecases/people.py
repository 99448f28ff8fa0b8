"""What we know of somebody's account, as Slack last told (RELIABILITY B5)."""

from datetime import datetime

from bot.domain.people import Person, Profile
from bot.store.unit import Unit


def recall_profile(unit: Unit, person: Person) -> tuple[Profile, datetime] | None:
    """Return what Slack last said about somebody and when, or None if it was never asked."""
    return unit.people.profile(person)


def save_profile(unit: Unit, profile: Profile) -> None:
    """Remember what Slack says about somebody."""
    unit.people.save_profile(profile, unit.now)


def bind_team(unit: Unit, team: str) -> str:
    """Bind the database to the workspace of the token at the first start; return the team it is bound to."""
    unit.people.bind_team(team, unit.now)
    return unit.people.team()


def unknown_emails(unit: Unit) -> list[str]:
    """Return addresses from catalog files that no account is known for yet, at most a hundred."""
    return unit.people.emails_without_account(100)
