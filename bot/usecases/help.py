"""What somebody can do with Gatehouse (SPEC 10: never silence)."""

from bot.domain.help import Abilities
from bot.domain.organizations import PERSONAL
from bot.domain.people import Profile
from bot.domain.policy import HouseRules, Permission
from bot.errors import NotAllowed
from bot.store.unit import Unit
from bot.usecases.clients import list_clients
from bot.usecases.organizations import choices
from bot.usecases.rights import is_admin, require_member


def abilities(unit: Unit, rules: HouseRules, profile: Profile) -> Abilities:
    """Return what one person can do right now."""
    try:
        require_member(profile)
    except NotAllowed as refusal:
        return Abilities(refused=str(refusal))
    found = choices(unit, rules, profile)
    admin = is_admin(unit, rules, profile.person)
    return Abilities(
        organizations=found.total,
        personal=any(choice.id == PERSONAL for choice in found.shown),
        clients=list_clients(unit, rules, profile).total,
        approvals=admin or bool(unit.organizations.where_holding(profile.person, Permission.PLAN_ADMIN)),
        is_admin=admin,
    )
