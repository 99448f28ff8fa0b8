"""Which organizations somebody may work in, and the personal one that self-service gives (SPEC 2.2, 2.8)."""

from bot.domain.audit import Actor, Change
from bot.domain.names import clean_name
from bot.domain.organizations import PERSONAL, Choice, Choices, Organization
from bot.domain.people import Profile
from bot.domain.policy import HouseRules, Permission, Role
from bot.store.unit import Unit
from bot.usecases.rights import is_admin

MENU = 100
"""Most entries Slack takes in one menu (docs.slack.dev/reference/block-kit/block-elements/select-menu-element)."""


def choices(unit: Unit, rules: HouseRules, profile: Profile, text: str = "") -> Choices:
    """Return the organizations where somebody may create clients, most recently used first, at most 100.

    A member who may do so nowhere is offered the personal organization that self-service would make for them.
    """
    person = profile.person
    everywhere = is_admin(unit, rules, person)
    search = unit.organizations.choices
    found = search(person, Permission.CLIENT_EDIT, everywhere=everywhere, text=text, limit=MENU)
    if found.total or everywhere:
        return found
    if text and search(person, Permission.CLIENT_EDIT, everywhere=False, limit=1).total:
        return found
    return _self_service(unit, rules, profile)


def visible_organizations(unit: Unit, rules: HouseRules, profile: Profile, text: str = "") -> Choices:
    """Return the organizations whose clients somebody may see, most recently used first, at most 100."""
    everywhere = is_admin(unit, rules, profile.person)
    return unit.organizations.choices(
        profile.person, Permission.CLIENT_VIEW, everywhere=everywhere, text=text, limit=MENU
    )


def _self_service(unit: Unit, rules: HouseRules, profile: Profile) -> Choices:
    person_id = unit.people.find(profile.person)
    spent = person_id is not None and unit.organizations.personal_of(person_id) is not None
    if not rules.self_service or not profile.is_member or spent:
        return Choices(shown=(), total=0)
    return Choices(shown=(Choice(id=PERSONAL, name=_personal_name(profile)),), total=1)


def personal_organization(unit: Unit, profile: Profile, by: Actor) -> Organization:
    """Make somebody's personal organization, named after them, with themselves as its owner (SPEC 2.8)."""
    person_id = unit.people.id_of(profile.person)
    name = _personal_name(profile)
    for candidate in (name, f"{name[:60]} {profile.person.user}"):
        made = unit.organizations.create(profile.person.team, candidate, unit.now, personal_of=person_id)
        if made:
            break
    else:
        # The twin of this transaction made it first, and wrote it down.
        made = unit.organizations.personal_of(person_id)
        assert made is not None
        return made
    unit.organizations.add_member(made, person_id, Role.OWNER)
    granted = {"user": profile.person.user, "roles": [Role.OWNER]}
    unit.audit.record(
        made.id,
        by,
        Change(what="Create", entity="Organization", key=made.key, after={"name": made.name, "personal": True}),
        Change(what="Grant", entity="Organization", key=made.key, after=granted),
    )
    return made


def _personal_name(profile: Profile) -> str:
    return clean_name(profile.name, profile.person.user).value
