"""Accounts as Slack knows them: users.info turned into a Profile (docs.slack.dev/reference/methods/users.info)."""

from typing import Any

from bot.domain.people import Person, Profile, Stranger
from bot.endings import SlackRefused
from bot.errors import Refusal, Unavailable
from bot.slack import Slack

NOBODY = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
"""Refusals of users.info and users.lookupByEmail that are about the account; every other one is about the moment, the
token or its scopes, and says nothing of anybody (docs.slack.dev/reference/methods/users.info)."""


class SlackDirectory:
    """Looks accounts up in Slack."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def look_up(self, person: Person) -> Profile:
        """Return what Slack says about an account.

        Raises:
            Refusal: Slack says it doesn't know the account.
            Unavailable: Slack could not be asked, or refused for a reason that is not the account's.
        """
        try:
            return profile_of(person.team, {**await self._slack.user_info(person.user), "id": person.user})
        except SlackRefused as error:
            if error.code in NOBODY:
                raise Refusal("Slack didn't tell us who you are just now: please try again.") from error
            raise Unavailable from error

    async def meet(self, stranger: Stranger) -> Profile | None:
        """Return what Slack says about somebody known by an id or an address; None if it knows nobody.

        Raises:
            Unavailable: Slack could not be asked, or refused for a reason that is not theirs.
        """
        try:
            if stranger.user:
                return await self.look_up(Person(team=stranger.team, user=stranger.user))
            found = profile_of(stranger.team, await self._slack.user_by_email(stranger.email))
        except Refusal:
            return None
        except SlackRefused as error:
            if error.code in NOBODY:
                return None
            raise Unavailable from error
        # The address is theirs, whether or not the app may read it in their profile.
        return found.model_copy(update={"email": stranger.email})

    def read(self, team: str, user: dict[str, Any]) -> Profile:
        """Return a ``user`` object that Slack sent by itself, seen from ``team``."""
        return profile_of(team, user)


def profile_of(team: str, user: dict[str, Any]) -> Profile:
    """Return a ``user`` object as a profile seen from ``team``; people of other workspaces are strangers.

    On an organization-wide install ``team`` is the enterprise: whoever belongs to it is at home.
    """
    details = _object(user.get("profile"))
    enterprise = _object(user.get("enterprise_user")).get("enterprise_id")
    home = _text(user.get("team_id"), 20) or team
    names = (user.get("real_name"), details.get("real_name"), user.get("name"), user["id"])
    return Profile(
        person=Person(team=team, user=str(user["id"])),
        name=next(filter(None, (_text(name, 255) for name in names)), ""),
        email=_text(details.get("email"), 320),
        tz=_text(user.get("tz"), 64) or "UTC",
        locale=_text(user.get("locale"), 20) or "en-US",
        home_team=home,
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_bot=bool(user.get("is_bot") or user.get("id") == "USLACKBOT"),
        is_deactivated=bool(user.get("deleted")),
        is_stranger=bool(user.get("is_stranger")) or team not in (home, enterprise),
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object, longest: int) -> str:
    """Return a text as the database takes it: cut, and without the NUL that PostgreSQL refuses."""
    return value.replace("\0", "")[:longest] if isinstance(value, str) else ""
