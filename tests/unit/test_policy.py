"""Who may do what: SPEC 8's second table, written out once more and compared."""

import pytest

from bot.domain.policy import PERMISSIONS, HouseRules, Permission, Role, allows, roles_with

TABLE = """
Owner             orgView orgEdit orgAdmin planView planEdit planAdmin apiView apiEdit apiAdmin clientView clientEdit clientAdmin
Editor            orgView orgEdit          planView planEdit planAdmin apiView apiEdit apiAdmin clientView clientEdit clientAdmin
Client Developer  orgView                                                                       clientView clientEdit clientAdmin
API Developer     orgView                  planView planEdit planAdmin apiView apiEdit apiAdmin
User Manager      orgView orgEdit orgAdmin
Viewer            orgView                  planView                    apiView                  clientView
"""  # noqa: E501 - a table
HELD = {line[:18].strip(): set(line[18:].split()) for line in TABLE.strip().split("\n")}


def test_there_are_twelve_permissions_and_six_roles() -> None:
    assert len(Permission) == 12
    assert {str(role) for role in Role} == set(HELD) == {str(role) for role in PERMISSIONS}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_a_role_holds_what_the_table_says_and_nothing_is_implied(role: Role, permission: Permission) -> None:
    assert allows([role], permission) == (permission in HELD[role])
    assert (role in roles_with(permission)) == (permission in HELD[role])


@pytest.mark.parametrize("permission", list(Permission))
def test_nobody_without_a_role_may_do_anything(permission: Permission) -> None:
    assert not allows([], permission)


def test_roles_add_up() -> None:
    both = [Role.CLIENT_DEVELOPER, Role.USER_MANAGER]
    assert {p for p in Permission if allows(both, p)} == HELD["Client Developer"] | HELD["User Manager"]


def test_without_settings_there_are_no_admins_and_nobody_approves_their_own() -> None:
    rules = HouseRules()
    assert rules.admins == frozenset()
    assert not rules.allow_self_approval
