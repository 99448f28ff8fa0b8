"""What people do with clients: the wizard's steps, the list, the details, the description (SPEC 2, 7)."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from bot.domain.audit import Actor, Change
from bot.domain.clients import Client, ClientDraft, ClientPage, NewClient, check_entries
from bot.domain.ids import new_id
from bot.domain.names import description as description_rule
from bot.domain.organizations import PERSONAL, Choice, Choices
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules, Permission
from bot.errors import NotAllowed, Refusal
from bot.store.unit import Unit
from bot.usecases.organizations import choices, personal_organization
from bot.usecases.rights import actor, held, is_admin, may, require_member

DRAFT_LIFE = timedelta(hours=24)
"""How long a draft is offered again (SPEC 2.5)."""
PAGE = 10
"""Clients on a page of a list (SPEC 3.1 shows ten at a time)."""


class Start(BaseModel):
    """How the wizard opens: with a draft offered, or at step 1 or 2 of a fresh one, maybe with a problem to tell."""

    model_config = ConfigDict(frozen=True)

    draft: ClientDraft
    offered: ClientDraft | None = None
    choices: Choices
    problem: str = ""


def begin_client(
    unit: Unit, rules: HouseRules, profile: Profile, *, text: str = "", organization_id: str = ""
) -> Start:
    """Return how the wizard opens for somebody (SPEC 2.1, 2.2, 2.5).

    Args:
        text: what stands behind ``/create-client``: an organization's name or id, or empty.
        organization_id: the organization it was started from, or empty.

    Raises:
        NotAllowed: a guest, bot or stranger, or somebody who may create clients nowhere.
    """
    require_member(profile)
    person = profile.person
    found = choices(unit, rules, profile)
    if not found.total:
        raise NotAllowed(
            "You can't create clients in any organization yet: ask an owner of one to make you a Client Developer."
        )
    preset = _preset(unit, rules, person, text, organization_id) or _meant(unit, rules, profile, text)
    only = found.shown[0] if found.total == 1 else None
    chosen = preset or only
    draft = ClientDraft(
        id=new_id(), organization=chosen.id if chosen else "", organization_name=chosen.name if chosen else ""
    )
    person_id = unit.people.find(person)
    offered = unit.drafts.latest(person_id, unit.now - DRAFT_LIFE) if person_id else None
    problem = "" if preset or not (text or organization_id) else _unknown_organization(text)
    return Start(draft=draft, offered=offered, choices=found, problem=problem)


def _preset(unit: Unit, rules: HouseRules, person: Person, text: str, organization_id: str) -> Choice | None:
    if organization_id:
        organization = unit.organizations.get(person.team, organization_id)
    else:
        organization = unit.organizations.by_text(person.team, text) if text else None
    if organization is None or not may(unit, rules, person, organization.id, Permission.CLIENT_EDIT):
        return None
    return Choice(id=organization.id, name=organization.name)


def _meant(unit: Unit, rules: HouseRules, profile: Profile, text: str) -> Choice | None:
    """Return the only organization that a part of a name can mean among those somebody may create clients in."""
    found = choices(unit, rules, profile, text) if text else None
    return found.shown[0] if found and found.total == 1 and found.shown[0].id != PERSONAL else None


def _unknown_organization(text: str) -> str:
    """One sentence for an organization that does not exist and for one without the right (SPEC 2.2: no probing)."""
    if not text:
        return "That organization doesn't exist, or you can't create clients there: choose one from the list."
    return f"There is no organization called “{text[:80]}” where you can create clients: choose one from the list."


def continue_draft(unit: Unit, person: Person, offered_id: str, draft_id: str) -> ClientDraft:
    """Return the offered draft under a fresh id, so that a window which still shows the old one is left alone.

    The same again returns what has become of it since.

    Raises:
        Refusal: the draft is no longer there.
    """
    person_id = unit.people.id_of(person)
    if continued := unit.drafts.get(person_id, draft_id):
        return continued
    offered = unit.drafts.get(person_id, offered_id)
    if offered is None:
        raise Refusal("That draft is no longer there: start again with /create-client.")
    draft = offered.model_copy(update={"id": draft_id})
    unit.drafts.set_aside(person_id)
    unit.drafts.save(person_id, draft, unit.now)
    return draft


def start_over(unit: Unit, person: Person) -> None:
    """Offer none of somebody's drafts again."""
    unit.drafts.set_aside(unit.people.id_of(person))


def keep_draft(unit: Unit, person: Person, draft: ClientDraft) -> None:
    """Write down what was typed, right or wrong: Back, the ✕ and a restart lose nothing (SPEC 2.5)."""
    if not draft.is_empty or draft.organization:
        unit.drafts.save(unit.people.id_of(person), draft, unit.now)


def forget_draft(unit: Unit, person: Person, draft_id: str) -> None:
    """Cancel: the whole thing is aborted and leaves nothing (SPEC 2.5)."""
    unit.drafts.delete(unit.people.id_of(person), draft_id)


def recall_draft(
    unit: Unit, rules: HouseRules, profile: Profile, draft_id: str, organization_id: str = ""
) -> ClientDraft:
    """Return what somebody typed in this wizard so far; an empty draft if nothing was kept.

    Args:
        organization_id: the one the window was opened for, which counts while the draft names none. Its name is
            left out if they may not create clients there: whoever asks next is refused.

    Raises:
        NotAllowed: a guest, bot or stranger, or somebody whose account was deactivated meanwhile.
    """
    require_member(profile)
    person = profile.person
    person_id = unit.people.find(person)
    kept = unit.drafts.get(person_id, draft_id) if person_id else None
    draft = kept or ClientDraft(id=draft_id)
    if draft.organization or not organization_id:
        return draft
    preset = _preset(unit, rules, person, "", organization_id)
    named = {"organization": organization_id, "organization_name": preset.name if preset else ""}
    return draft.model_copy(update=named)


def choose_organization(unit: Unit, rules: HouseRules, profile: Profile, draft: ClientDraft) -> ClientDraft:
    """Return the draft with its organization's name after checking the right to create there (step 1).

    Raises:
        NotAllowed: at the field ``organization``: nothing chosen, gone, or without the right: one sentence for all.
    """
    checked = checked_organization(unit, rules, profile, draft.organization)
    draft = draft.model_copy(update={"organization": checked.id, "organization_name": checked.name})
    keep_draft(unit, profile.person, draft)
    return draft


def check_details(unit: Unit, rules: HouseRules, profile: Profile, draft: ClientDraft) -> dict[str, Refusal]:
    """Keep the entries of step 2 and return a refusal for each field that can't stay as it is; none: go on (SPEC 2.3).

    Raises:
        NotAllowed: at the field ``organization``, if the right was lost meanwhile.
    """
    keep_draft(unit, profile.person, draft)
    organization = checked_organization(unit, rules, profile, draft.organization)
    checked = check_entries(draft)
    if isinstance(checked, dict):
        return checked
    if organization.id != PERSONAL and not unit.clients.is_free(organization.id, checked.key):
        return {"name": name_taken(checked.name, organization.name)}
    return {}


def create_client(unit: Unit, rules: HouseRules, profile: Profile, draft_id: str) -> Client:
    """Make the client, its version and their audit rows; a second submit of the same wizard returns the same client.

    Raises:
        Refusal: at the field it belongs to, if something changed since it was checked (SPEC 2.6).
    """
    require_member(profile)
    person = profile.person
    person_id = unit.people.id_of(person)
    made = unit.drafts.lock_result(person_id, draft_id)
    if made is None:
        made = _create(unit, rules, profile, person_id, _known(unit, person_id, draft_id))
        unit.drafts.finish(draft_id, made, unit.now)
    return client_details(unit, rules, person, made)


def _known(unit: Unit, person_id: str, draft_id: str) -> ClientDraft:
    draft = unit.drafts.get(person_id, draft_id)
    if draft is None:
        raise Refusal("What you entered here was cancelled or is older than 24 hours: start again with /create-client.")
    return draft


def _create(unit: Unit, rules: HouseRules, profile: Profile, person_id: str, draft: ClientDraft) -> str:
    checked = check_entries(draft)
    if isinstance(checked, dict):
        raise next(iter(checked.values()))
    organization = checked_organization(unit, rules, profile, draft.organization, lock=True)
    by = actor(unit, rules, profile.person)
    organization_id = organization.id
    if organization_id == PERSONAL:
        organization_id = personal_organization(unit, profile, by).id
    client_id = unit.clients.create(organization_id, checked, person_id, unit.now)
    if client_id is None:
        raise name_taken(checked.name, organization.name)
    record_creation(unit, organization_id, by, checked)
    unit.people.used(person_id, organization_id, unit.now)
    return client_id


def record_creation(unit: Unit, organization_id: str, by: Actor, new: NewClient) -> None:
    """Creating a client is two entries in the audit, one for the client and one for its version (DOMAIN B3)."""
    after = {"name": new.name, "description": new.description}
    client = Change(what="Create", entity="Client", key=new.key, after=after)
    key = f"{new.key}/{new.version}"
    version = Change(what="Create", entity="ClientVersion", key=key, after={"version": new.version})
    unit.audit.record(organization_id, by, client, version)


def checked_organization(
    unit: Unit, rules: HouseRules, profile: Profile, organization_id: str, *, lock: bool = False
) -> Choice:
    """Return an organization somebody may create clients in, by its id or ``PERSONAL``.

    ``PERSONAL`` gives the personal organization itself as soon as there is one: another window may have made it.

    Args:
        unit: the open transaction.
        rules: the settings about rights.
        profile: who wants to.
        organization_id: which one.
        lock: keeps the right until the commit.

    Raises:
        NotAllowed: at the field ``organization``: nothing chosen, gone, or without the right.
    """
    if not organization_id:
        raise NotAllowed("Choose an organization.", field="organization")
    if organization_id == PERSONAL:
        found = choices(unit, rules, profile)
        if PERSONAL in {choice.id for choice in found.shown}:
            return found.shown[0]
        person_id = unit.people.find(profile.person)
        organization = unit.organizations.personal_of(person_id) if person_id else None
    else:
        organization = unit.organizations.get(profile.person.team, organization_id)
    if organization and may(unit, rules, profile.person, organization.id, Permission.CLIENT_EDIT, lock=lock):
        return Choice(id=organization.id, name=organization.name)
    raise NotAllowed("You can't create clients in this organization any more: choose another.", field="organization")


def name_taken(name: str, organization: str) -> Refusal:
    """Return the refusal, at the field ``name``, of a name whose id is taken in its organization."""
    return Refusal(
        f"“{organization}” already has a client called “{name}” or a name that gives the same id: choose another name.",
        field="name",
    )


def show_client(unit: Unit, rules: HouseRules, profile: Profile, client_id: str) -> Client:
    """Return a client as a full member of the workspace sees it.

    Raises:
        NotAllowed: a guest, bot or stranger; or see ``client_details``.
    """
    require_member(profile)
    return client_details(unit, rules, profile.person, client_id)


def client_details(unit: Unit, rules: HouseRules, person: Person, client_id: str) -> Client:
    """Return a client as somebody sees it.

    Raises:
        NotAllowed: it doesn't exist or they lack ``clientView``: one sentence for both.
    """
    client = unit.clients.get(person.team, client_id)
    rights = held(unit, rules, person, client.organization_id) if client else ()
    if client is None or Permission.CLIENT_VIEW not in rights:
        raise NotAllowed("That client doesn't exist, or you may not see it.")
    return client.model_copy(update={"may_edit": Permission.CLIENT_EDIT in rights})


def list_clients(
    unit: Unit, rules: HouseRules, profile: Profile, *, page: int = 0, organization_id: str = ""
) -> ClientPage:
    """Return a page of the clients somebody may see, by organization and name; a page past the end shows the first.

    Raises:
        NotAllowed: a guest, bot or stranger.
    """
    require_member(profile)
    person = profile.person
    everywhere = is_admin(unit, rules, person)
    organization = unit.organizations.get(person.team, organization_id) if organization_id else None
    narrowed = organization.id if organization else ""
    for at in (max(page, 0), 0):
        rows, total = unit.clients.page(
            person, everywhere=everywhere, organization_id=narrowed, offset=at * PAGE, limit=PAGE
        )
        if rows or not total:
            break
    may_look = bool(narrowed) and may(unit, rules, person, narrowed, Permission.CLIENT_VIEW)
    may_create = bool(narrowed) and may(unit, rules, person, narrowed, Permission.CLIENT_EDIT)
    return ClientPage(
        clients=rows,
        page=at if total else 0,
        size=PAGE,
        total=total,
        organization=narrowed,
        organization_name=organization.name if organization and may_look else "",
        may_create=may_create or not narrowed,
    )


def edit_description(unit: Unit, rules: HouseRules, profile: Profile, client_id: str, text: str) -> Client:
    """Change a client's description (SPEC 2.4) and return the client; the same text again changes nothing.

    Raises:
        Refusal: at the field ``description``, if it breaks a text rule.
        NotAllowed: the client doesn't exist or they lack ``clientEdit``.
    """
    require_member(profile)
    person = profile.person
    description = description_rule(text)
    client = unit.clients.get(person.team, client_id, lock=True)
    if client is None or not may(unit, rules, person, client.organization_id, Permission.CLIENT_EDIT, lock=True):
        raise NotAllowed("That client doesn't exist, or you may not edit it.")
    if description != client.description:
        unit.clients.describe(client.id, description)
        before, after = {"description": client.description}, {"description": description}
        change = Change(what="Update", entity="Client", key=client.key, before=before, after=after)
        unit.audit.record(client.organization_id, actor(unit, rules, person), change)
    return client_details(unit, rules, person, client_id)
