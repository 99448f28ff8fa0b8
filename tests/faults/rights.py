"""Who may do what, worked out anew from SPEC 8 and a catalog's text: the tests' own word, nothing of the bot's."""

from collections.abc import Iterable
from functools import cache

import yaml

OWN = {
    "Owner": "orgView orgEdit orgAdmin planView planEdit planAdmin apiView apiEdit apiAdmin "
    "clientView clientEdit clientAdmin",
    "Editor": "apiView apiEdit apiAdmin clientView clientEdit clientAdmin planView planEdit planAdmin orgView orgEdit",
    "Client Developer": "clientView clientEdit clientAdmin orgView",
    "API Developer": "apiView apiEdit apiAdmin planView planEdit planAdmin orgView",
    "User Manager": "orgView orgEdit orgAdmin",
    "Viewer": "orgView planView apiView clientView",
}
"""The second table of SPEC 8, word by word."""


def permissions(roles: Iterable[str]) -> frozenset[str]:
    """Return everything that roles allow."""
    return frozenset(word for role in roles for word in OWN[role].split())


@cache
def members(catalog: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return who is what in which organization, by the text of a catalog file."""
    listed = yaml.safe_load(catalog)["organizations"]
    return tuple((one["name"], who["user"], tuple(who["roles"])) for one in listed for who in one.get("members", ()))


class Rights:
    """What a catalog says about people; ``admins`` may do all of it."""

    def __init__(self, catalog: str, admins: Iterable[str] = ()) -> None:
        self._admins = frozenset(admins)
        self._roles: dict[tuple[str, str], list[str]] = {}
        for organization, user, roles in members(catalog):
            self.give(organization, user, roles)

    def give(self, organization: str, user: str, roles: Iterable[str]) -> None:
        """Let somebody have exactly these roles in an organization."""
        self._roles[organization, user] = list(roles)

    def may(self, user: str, permission: str, organization: str) -> bool:
        """Return whether somebody holds a permission in an organization, named as in the catalog."""
        return user in self._admins or permission in permissions(self._roles.get((organization, user), ()))

    def holds_somewhere(self, user: str, permission: str) -> bool:
        """Return whether somebody holds a permission in any organization."""
        mine = (roles for (_, who), roles in self._roles.items() if who == user)
        return user in self._admins or any(permission in permissions(roles) for roles in mine)

    def holders(self, organization: str, permission: str) -> set[str]:
        """Return who holds a permission in an organization by their roles there."""
        here = ((user, roles) for (name, user), roles in self._roles.items() if name == organization)
        return {user for user, roles in here if permission in permissions(roles)}

    def with_role(self, organization: str, role: str) -> set[str]:
        """Return who has a role in an organization."""
        return {user for (name, user), roles in self._roles.items() if name == organization and role in roles}
