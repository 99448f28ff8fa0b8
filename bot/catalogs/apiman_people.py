"""Apiman's users and roles as members with Gatehouse's six roles (SPEC 8, DOMAIN E)."""

from collections.abc import Iterable, Iterator

from pydantic import TypeAdapter, ValidationError

from bot.catalogs import raw
from bot.catalogs.notes import Notes
from bot.catalogs.raw import Raw
from bot.domain.catalog import Member, User
from bot.domain.policy import PERMISSIONS, Permission, Role

_USER: TypeAdapter[str] = TypeAdapter(User)
_OLD_WORDS = {"svc": "api", "app": "client"}
"""Apiman before 1.2 called APIs services and clients applications."""


class People:
    """Who the users of an export are, and what its roles give."""

    def __init__(self, document: Raw, notes: Notes) -> None:
        self._notes = notes
        self._emails = {raw.text(user, "username"): raw.text(user, "email") for user in raw.mappings(document, "Users")}
        self._roles = {raw.text(role, "id"): frozenset(_permissions(role)) for role in raw.mappings(document, "Roles")}

    def user(self, username: str) -> str | None:
        """Return the e-mail address or Slack user id of a user, or None if there is none."""
        for candidate in (self._emails.get(username, ""), username):
            try:
                return _USER.validate_python(candidate)
            except ValidationError:
                continue
        return None

    def members(self, organization: str, memberships: Iterable[Raw]) -> tuple[Member, ...]:
        """Return the members of an organization; who can't be found in Slack or holds no role here is left out."""
        held: dict[str, list[str]] = {}
        for membership in memberships:
            held.setdefault(raw.text(membership, "userId"), []).append(raw.text(membership, "roleId"))
        members: dict[str, Member] = {}
        for username, role_ids in held.items():
            entry = f"member {username} of {organization}"
            user, roles = self.user(username), self._mapped(entry, role_ids)
            if user is None:
                self._notes.left_out(entry, "no e-mail address is known, so nobody in Slack can be found")
            elif user in members:
                self._notes.left_out(entry, f"{user} is a member already, under another username")
            elif roles:
                members[user] = Member(user=user, roles=roles)
        return tuple(members.values())

    def _mapped(self, entry: str, role_ids: list[str]) -> tuple[Role, ...]:
        roles: list[Role] = []
        for role_id in role_ids:
            if role_id not in self._roles:
                self._notes.left_out(entry, f"role {role_id} is not in the export")
                continue
            mapped, lost = _nearest(self._roles[role_id])
            roles += mapped
            if not mapped:
                self._notes.left_out(entry, f"role {role_id}: no role here gives {_listed(self._roles[role_id])} alone")
            elif lost:
                self._notes.changed(entry, f"role {role_id}: {_listed(lost)} is not part of {_listed(mapped)}")
        return tuple(dict.fromkeys(roles))


def _permissions(role: Raw) -> Iterator[Permission]:
    """Yield the permissions of a role; words that mean none here are passed over."""
    for word in raw.items(role, "permissions"):
        known = _renamed(word) if isinstance(word, str) else ""
        if known in set(Permission):
            yield Permission(known)


def _renamed(word: str) -> str:
    old = next((old for old in _OLD_WORDS if word.startswith(old)), "")
    return _OLD_WORDS[old] + word.removeprefix(old) if old else word


def _nearest(held: frozenset[Permission]) -> tuple[tuple[Role, ...], frozenset[Permission]]:
    """Return the roles that give nothing beyond what is held, and what is held beyond them.

    Seeing the organization is given with any role: Apiman's exports before 1.3 do not list ``orgView``.
    """
    fitting = [role for role in Role if PERMISSIONS[role] - {Permission.ORG_VIEW} <= held]
    widest = tuple(role for role in fitting if not any(PERMISSIONS[role] < PERMISSIONS[other] for other in fitting))
    given = frozenset().union(*(PERMISSIONS[role] for role in widest))
    return widest, held - given - {Permission.ORG_VIEW}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "nothing"
