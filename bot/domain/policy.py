"""Who may do what: twelve permissions, six roles, one pure question (SPEC 8). Nothing is implied."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Permission(StrEnum):
    """A right inside one organization."""

    ORG_VIEW = "orgView"
    ORG_EDIT = "orgEdit"
    ORG_ADMIN = "orgAdmin"
    PLAN_VIEW = "planView"
    PLAN_EDIT = "planEdit"
    PLAN_ADMIN = "planAdmin"
    API_VIEW = "apiView"
    API_EDIT = "apiEdit"
    API_ADMIN = "apiAdmin"
    CLIENT_VIEW = "clientView"
    CLIENT_EDIT = "clientEdit"
    CLIENT_ADMIN = "clientAdmin"


class Role(StrEnum):
    """What a member of an organization is; a member may be several things."""

    OWNER = "Owner"
    EDITOR = "Editor"
    CLIENT_DEVELOPER = "Client Developer"
    API_DEVELOPER = "API Developer"
    USER_MANAGER = "User Manager"
    VIEWER = "Viewer"


_P = Permission
_ORG = frozenset({_P.ORG_VIEW, _P.ORG_EDIT, _P.ORG_ADMIN})
_PLAN = frozenset({_P.PLAN_VIEW, _P.PLAN_EDIT, _P.PLAN_ADMIN})
_API = frozenset({_P.API_VIEW, _P.API_EDIT, _P.API_ADMIN})
_CLIENT = frozenset({_P.CLIENT_VIEW, _P.CLIENT_EDIT, _P.CLIENT_ADMIN})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _ORG | _PLAN | _API | _CLIENT,
    Role.EDITOR: _API | _CLIENT | _PLAN | {_P.ORG_VIEW, _P.ORG_EDIT},
    Role.CLIENT_DEVELOPER: _CLIENT | {_P.ORG_VIEW},
    Role.API_DEVELOPER: _API | _PLAN | {_P.ORG_VIEW},
    Role.USER_MANAGER: _ORG,
    Role.VIEWER: frozenset({_P.ORG_VIEW, _P.PLAN_VIEW, _P.API_VIEW, _P.CLIENT_VIEW}),
}
"""SPEC 8, second table."""


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """Return the roles that carry ``permission``, for use in queries."""
    return tuple(role for role, held in PERMISSIONS.items() if permission in held)


def allows(roles: Iterable[Role], permission: Permission) -> bool:
    """Return whether somebody with ``roles`` holds ``permission``. No roles: no."""
    return permission in permissions_of(roles)


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return everything somebody with ``roles`` may do."""
    return frozenset[Permission]().union(*(PERMISSIONS[role] for role in roles))


class HouseRules(BaseModel):
    """The settings that decide about rights (INTERFACE 2): platform admins, self-service, self-approval."""

    model_config = ConfigDict(frozen=True)

    admins: frozenset[str] = frozenset()
    """Slack user ids; they count only in the team this database is bound to."""
    self_service: bool = True
    allow_self_approval: bool = False
    remind_after: timedelta = timedelta(hours=24)
    escalate_after: timedelta = timedelta(hours=72)
    expire_after: timedelta = timedelta(days=14)
    """How long a request waits: for a reminder, for others to be asked, until it expires; nothing: never."""
