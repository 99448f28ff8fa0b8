"""May this person do that here? Read from the database inside the transaction that acts on it (RELIABILITY T1)."""

from bot.domain.audit import Actor, ActorKind
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules, Permission, permissions_of
from bot.errors import NotAllowed
from bot.store.unit import Unit


def is_admin(unit: Unit, rules: HouseRules, person: Person) -> bool:
    """Return whether somebody is a platform admin: named in GATEHOUSE_ADMINS, and of our own workspace."""
    return person.user in rules.admins and person.team == unit.people.team()


def may(
    unit: Unit,
    rules: HouseRules,
    person: Person,
    organization_id: str,
    permission: Permission,
    *,
    lock: bool = False,
) -> bool:
    """Return whether somebody holds ``permission`` in an organization; ``lock`` keeps it so until the commit."""
    return permission in held(unit, rules, person, organization_id, lock=lock)


def held(
    unit: Unit, rules: HouseRules, person: Person, organization_id: str, *, lock: bool = False
) -> frozenset[Permission]:
    """Return everything somebody may do in an organization; ``lock`` keeps it so until the commit."""
    if is_admin(unit, rules, person):
        return frozenset(Permission)
    return permissions_of(unit.organizations.roles(person, organization_id, lock=lock))


def actor(unit: Unit, rules: HouseRules, person: Person) -> Actor:
    """Return the person as the audit names them; platform admins are marked (SPEC 8)."""
    kind = ActorKind.ADMIN if is_admin(unit, rules, person) else ActorKind.PERSON
    return Actor(kind=kind, person=person)


def require_member(profile: Profile) -> None:
    """Let full members of the workspace pass.

    Raises:
        NotAllowed: guests, bots, deactivated people and people of other workspaces, each with a sentence (SPEC 2.8).
    """
    if profile.is_stranger:
        raise NotAllowed("People from other workspaces can't work with clients here: ask somebody of this workspace.")
    if profile.is_bot:
        raise NotAllowed("Apps and bots can't work with clients here: a person has to.")
    if profile.is_deactivated:
        raise NotAllowed("This account is deactivated: ask an admin of your workspace to activate it again.")
    if profile.is_guest:
        raise NotAllowed("Guests can't work with clients here: ask a full member of this workspace to do it for you.")
