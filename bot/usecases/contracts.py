"""Signing up: from an offer to a contract, in one transaction with its notifications (SPEC 4)."""

from typing import Any

from bot.domain import names
from bot.domain.audit import Actor, Change
from bot.domain.clients import ClientDraft, ClientStatus, NewClient, check_entries, status_of
from bot.domain.contracts import TERMS_CHANGED, Contract, Offer, SignUpDraft, Status
from bot.domain.ids import new_id
from bot.domain.notifications import DestinationType, Kind
from bot.domain.organizations import PERSONAL, ApprovalWays, Choices
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules, Permission
from bot.domain.sign_up import SignUp
from bot.errors import NotAllowed, Refusal
from bot.store.unit import Unit
from bot.usecases.clients import DRAFT_LIFE, checked_organization, name_taken, record_creation
from bot.usecases.notifying import tell_approvers
from bot.usecases.organizations import choices, personal_organization
from bot.usecases.rights import actor, is_admin, may, require_member
from bot.usecases.schedule import schedule
from bot.usecases.sign_up_drafts import keep_sign_up

GONE_OFFER = "This plan of this API can't be signed up for any more: go back and look at the API again."


def begin_sign_up(unit: Unit, rules: HouseRules, profile: Profile, offer_id: str) -> SignUp:
    """Return how the wizard opens for an offer (SPEC 4.1).

    Raises:
        NotAllowed: a guest, bot or stranger; an API they may not see; nobody's client to sign up with.
        Refusal: there is nothing to sign up for any more, and why.
    """
    require_member(profile)
    offer = open_offer(unit, rules, profile.person, offer_id)
    found = choices(unit, rules, profile)
    if not found.total:
        raise NotAllowed(
            "You can't sign up yet, because you can't create clients in any organization: "
            "ask an owner of one to make you a Client Developer there."
        )
    has_clients = bool(client_choices(unit, rules, profile.person).total)
    only = found.shown[0] if found.total == 1 else None
    draft = SignUpDraft(
        id=new_id(),
        offer=offer.id,
        kind="existing" if has_clients else "new",
        organization=only.id if only else "",
        organization_name=only.name if only else "",
    )
    person_id = unit.people.find(profile.person)
    latest = unit.sign_ups.latest(person_id, unit.now - DRAFT_LIFE) if person_id else None
    sign_up = look_again(unit, rules, profile, draft)
    return sign_up.model_copy(update={"offered": latest if latest and latest.offer == offer.id else None})


def look_again(unit: Unit, rules: HouseRules, profile: Profile, draft: SignUpDraft) -> SignUp:
    """Return the wizard's state for a draft, with everything looked up anew.

    Raises:
        Refusal: there is nothing to sign up for any more, and why.
    """
    offer = open_offer(unit, rules, profile.person, draft.offer)
    found = choices(unit, rules, profile)
    draft = _named(unit, rules, profile.person, draft, found)
    versions = _open_versions(unit, profile.person, draft.client) if draft.client else ()
    return SignUp(
        offer=offer,
        draft=draft,
        needs_approval=_needs_approval(unit, rules, profile.person, offer),
        organizations=found,
        has_clients=bool(client_choices(unit, rules, profile.person).total),
        versions=versions,
    )


def _named(unit: Unit, rules: HouseRules, person: Person, draft: SignUpDraft, found: Choices) -> SignUpDraft:
    """Return the draft with the names of what its menus chose; where only one organization can be meant, with that."""
    changes: dict[str, str] = {}
    if not draft.organization and found.total == 1 and draft.kind == "new":
        changes = {"organization": found.shown[0].id, "organization_name": found.shown[0].name}
    elif draft.organization == PERSONAL:
        changes["organization_name"] = next((one.name for one in found.shown if one.id == PERSONAL), "")
    elif draft.organization and not draft.organization_name:
        changes["organization_name"] = _organization_name(unit, rules, person, draft.organization)
    if draft.client and draft.kind == "existing":
        changes |= _client_named(unit, rules, person, draft)
    return draft.model_copy(update=changes)


def _client_named(unit: Unit, rules: HouseRules, person: Person, draft: SignUpDraft) -> dict[str, str]:
    """Return the chosen client's name, or let go of one of another organization than the chosen one."""
    client = unit.clients.get(person.team, draft.client)
    if client and draft.organization not in ("", client.organization_id):
        return {"client": "", "client_name": "", "client_version": ""}
    if draft.client_name:
        return {}
    may_use = client and may(unit, rules, person, client.organization_id, Permission.CLIENT_EDIT)
    return {"client_name": client.name} if client and may_use else {"client": ""}


def _organization_name(unit: Unit, rules: HouseRules, person: Person, organization_id: str) -> str:
    organization = unit.organizations.get(person.team, organization_id)
    if organization is None or not may(unit, rules, person, organization_id, Permission.CLIENT_EDIT):
        return ""
    return organization.name


def client_choices(unit: Unit, rules: HouseRules, person: Person, organization_id: str = "", text: str = "") -> Choices:
    """Return the clients somebody may sign up with, perhaps of one organization only (SPEC 4.2)."""
    everywhere = is_admin(unit, rules, person)
    return unit.clients.choices(person, everywhere=everywhere, organization_id=organization_id, text=text)


def check_client_step(
    unit: Unit, rules: HouseRules, profile: Profile, draft: SignUpDraft
) -> tuple[SignUp, dict[str, Refusal]]:
    """Keep the entries of the client step; return the state and a refusal for each field that can't stay as it is."""
    sign_up = look_again(unit, rules, profile, draft)
    draft = sign_up.draft
    keep_sign_up(unit, profile.person, draft)
    problems = _client_problems(unit, rules, profile, sign_up)
    try:
        names.reason(draft.reason, required=sign_up.needs_approval)
    except Refusal as refusal:
        problems["reason"] = refusal
    if not problems and draft.kind == "existing" and not draft.client_version:
        sign_up = sign_up.model_copy(update={"draft": _only_version(sign_up)})
        keep_sign_up(unit, profile.person, sign_up.draft)
    return sign_up, problems


def _only_version(sign_up: SignUp) -> SignUpDraft:
    return sign_up.draft.model_copy(update={"client_version": sign_up.versions[0][0]})


def _client_problems(unit: Unit, rules: HouseRules, profile: Profile, sign_up: SignUp) -> dict[str, Refusal]:
    draft = sign_up.draft
    if draft.kind == "existing":
        return _existing_problems(unit, rules, profile.person, sign_up)
    problems: dict[str, Refusal] = {}
    try:
        checked_organization(unit, rules, profile, draft.organization)
    except Refusal as refusal:
        problems["organization"] = refusal
    checked = check_entries(as_client(draft))
    if isinstance(checked, dict):
        return problems | checked
    if not problems and draft.organization != PERSONAL and not unit.clients.is_free(draft.organization, checked.key):
        problems["name"] = name_taken(checked.name, draft.organization_name)
    return problems


def _existing_problems(unit: Unit, rules: HouseRules, person: Person, sign_up: SignUp) -> dict[str, Refusal]:
    draft = sign_up.draft
    if not draft.client:
        return {"client": Refusal("Choose a client.", field="client")}
    if not sign_up.versions:
        return {"client": Refusal("This client has no version that can sign up: choose another.", field="client")}
    known = {version_id for version_id, _ in sign_up.versions}
    if draft.client_version and draft.client_version not in known:
        return {"client_version": Refusal("Choose a version of this client.", field="client_version")}
    if not draft.client_version and len(known) > 1:
        return {"client_version": Refusal("Choose a version of this client.", field="client_version")}
    version_id = draft.client_version or sign_up.versions[0][0]
    if unit.contracts.is_live(version_id, sign_up.offer.api_version_id):
        return {"client": _live(sign_up.offer)}
    return {}


def accept_terms(unit: Unit, rules: HouseRules, profile: Profile, draft: SignUpDraft, ticked: str) -> SignUp:
    """Keep which terms were accepted (SPEC 4.3); if others are in force by now, the draft does not accept them.

    Args:
        unit: the transaction.
        rules: of the house.
        profile: who accepts.
        draft: what was entered so far.
        ticked: the mark of the terms whose box was ticked; empty if it wasn't.

    Raises:
        Refusal: at the field ``terms``: the box is not ticked.
    """
    sign_up = look_again(unit, rules, profile, draft)
    if not ticked:
        raise Refusal("Tick the box: the terms have to be accepted before you can sign up.", field="terms")
    accepted = sign_up.draft.model_copy(update={"terms_version": ticked})
    keep_sign_up(unit, profile.person, accepted)
    return sign_up.model_copy(update={"draft": accepted})


def sign_up(unit: Unit, rules: HouseRules, profile: Profile, draft_id: str) -> Contract:
    """Make the contract, and the client if it is a new one, with everything that follows; once for a draft.

    Raises:
        Refusal: at the field it belongs to, in the order of SPEC 4.4.
    """
    require_member(profile)
    person = profile.person
    person_id = unit.people.id_of(person)
    made = unit.sign_ups.lock_result(person_id, draft_id)
    if made is None:
        draft = unit.sign_ups.get(person_id, draft_id)
        if draft is None:
            raise Refusal("What you entered here was cancelled or is older than 24 hours: press Sign Up again.")
        made = _sign_up(unit, rules, profile, person_id, draft)
        unit.sign_ups.finish(draft_id, made, unit.now)
    contract = unit.contracts.get(person.team, made)
    assert contract is not None
    return contract


def _sign_up(unit: Unit, rules: HouseRules, profile: Profile, person_id: str, draft: SignUpDraft) -> str:
    person = profile.person
    by = actor(unit, rules, person)
    version_id = _existing_version(unit, person, draft) if draft.kind == "existing" else ""
    offer = open_offer(unit, rules, person, draft.offer, lock=True)
    if not version_id:
        version_id = _new_version(unit, rules, profile, person_id, draft, offer.organization_id)
    elif unit.contracts.is_live(version_id, offer.api_version_id):
        raise _live(offer)
    else:
        _check_right(unit, rules, person, version_id)
    waits = _needs_approval(unit, rules, person, offer)
    ways = unit.organizations.approval_ways(offer.organization_id) if waits else None
    reason = names.reason(draft.reason, required=waits)
    _check_terms(offer, draft)
    contract_id = unit.contracts.create(_values(unit, rules, offer, version_id, person_id, ways=ways, reason=reason))
    if contract_id is None:
        raise _live(offer)
    contract = unit.contracts.get(person.team, contract_id)
    assert contract is not None
    refresh_client_status(unit, contract)
    _record(unit, by, contract)
    _tell(unit, rules, contract, ways)
    return contract_id


def _existing_version(unit: Unit, person: Person, draft: SignUpDraft) -> str:
    found = unit.contracts.client_version(person.team, draft.client_version)
    if found is None or found[0] != draft.client:
        raise Refusal("This client is no longer there: choose another.", field="client")
    if found[2] is ClientStatus.RETIRED:
        raise Refusal("This client version was retired meanwhile: choose another.", field="client")
    return draft.client_version


def _check_right(unit: Unit, rules: HouseRules, person: Person, version_id: str) -> None:
    found = unit.contracts.client_version(person.team, version_id)
    assert found is not None
    if not may(unit, rules, person, found[1], Permission.CLIENT_EDIT, lock=True):
        raise NotAllowed("You may not sign up with this client any more: choose another.", field="client")


def _new_version(
    unit: Unit, rules: HouseRules, profile: Profile, person_id: str, draft: SignUpDraft, provider_id: str
) -> str:
    """Make the new client in the contract's own transaction: no orphans after a cancel (SPEC 4.2)."""
    by = actor(unit, rules, profile.person)
    checked = check_entries(as_client(draft))
    if isinstance(checked, dict):
        raise next(iter(checked.values()))
    checked_organization(unit, rules, profile, draft.organization, lock=True)
    organization_id = draft.organization
    if organization_id == PERSONAL:
        organization_id = personal_organization(unit, profile, by).id
    unit.audit.hold(organization_id, provider_id)
    return _made(unit, organization_id, checked, person_id, draft, by)


def _made(unit: Unit, organization_id: str, checked: NewClient, person_id: str, draft: SignUpDraft, by: Actor) -> str:
    client_id = unit.clients.create(organization_id, checked, person_id, unit.now)
    if client_id is None:
        raise name_taken(checked.name, draft.organization_name)
    record_creation(unit, organization_id, by, checked)
    unit.people.used(person_id, organization_id, unit.now)
    return unit.clients.version_ids(client_id)[0]


def _values(
    unit: Unit,
    rules: HouseRules,
    offer: Offer,
    version_id: str,
    person_id: str,
    *,
    ways: ApprovalWays | None,
    reason: str,
) -> dict[str, Any]:
    """Return a contract's columns; ``ways``: how its approvers are told if it waits for them."""
    return {
        "client_version_id": version_id,
        "api_version_id": offer.api_version_id,
        "plan_version_id": offer.plan_version_id,
        "organization_id": offer.organization_id,
        "status": Status.AWAITING_APPROVAL if ways else Status.ACTIVE,
        "reason": reason,
        "terms_url": offer.terms_url,
        "terms_version": offer.terms_version,
        "terms_accepted_at": unit.now if offer.terms_url else None,
        "requested_by": person_id,
        "requested_at": unit.now,
        **(schedule(rules, ways, unit.now) if ways else {}),
        "decision_reason": "",
    }


def _check_terms(offer: Offer, draft: SignUpDraft) -> None:
    if not draft.accepts(offer):
        raise Refusal(TERMS_CHANGED if draft.terms_version else "Accept the terms and conditions first.", field="terms")


def open_offer(unit: Unit, rules: HouseRules, person: Person, offer_id: str, *, lock: bool = False) -> Offer:
    """Return an offer that can be signed up for: visible, Published, offered, and its plan locked, in this order.

    Raises:
        NotAllowed: it does not exist or they may not see its API.
        Refusal: it can't be signed up for now, and why.
    """
    offer = unit.contracts.offer(person.team, offer_id, lock=lock)
    if offer is None or not unit.apis.may_see(person, offer.api_version_id, everywhere=is_admin(unit, rules, person)):
        raise NotAllowed(GONE_OFFER)
    if offer.api_status != "Published":
        raise Refusal(f"{offer.api} {offer.api_version} is not published: nobody can sign up for it now.")
    if not offer.plan_locked:
        raise Refusal(f"The plan {offer.plan} {offer.plan_version} is not open for contracts now: choose another plan.")
    return offer


def _needs_approval(unit: Unit, rules: HouseRules, person: Person, offer: Offer) -> bool:
    """Whoever could approve is never asked to wait (SPEC 4.5)."""
    return offer.requires_approval and not may(unit, rules, person, offer.organization_id, Permission.PLAN_ADMIN)


def _open_versions(unit: Unit, person: Person, client_id: str) -> tuple[tuple[str, str], ...]:
    client = unit.clients.get(person.team, client_id)
    if client is None:
        return ()
    return tuple((v.id, v.version) for v in client.versions if v.status is not ClientStatus.RETIRED)


def _live(offer: Offer) -> Refusal:
    return Refusal(
        f"This client already has a contract with {offer.api} {offer.api_version}: choose another client or version.",
        field="client",
    )


def as_client(draft: SignUpDraft) -> ClientDraft:
    """Return the part of a draft that makes a new client: the same rules as in the client wizard."""
    fields = ("id", "organization", "organization_name", "name", "version", "description")
    return ClientDraft(**{field: getattr(draft, field) for field in fields})


def refresh_client_status(unit: Unit, contract: Contract) -> None:
    """Recompute a client version's status after a change of its contracts (SPEC 4.6); no gateway: published at once."""
    found = unit.contracts.client_version(contract.requested_by.team, contract.client_version_id)
    assert found is not None
    status = status_of(found[2], unit.contracts.statuses(contract.client_version_id), published=True)
    if status is not found[2]:
        unit.contracts.set_client_status(contract.client_version_id, status)


def _record(unit: Unit, by: Actor, contract: Contract) -> None:
    """A contract is a row in the trail of both organizations (DOMAIN A3)."""
    after = {"status": contract.status, "plan": f"{contract.plan_key}/{contract.plan_version}"}
    if contract.terms_url:
        after |= {"terms": contract.terms_version}
    record_both(unit, by, contract, "CreateContract", None, after)


def record_both(
    unit: Unit, by: Actor, contract: Contract, what: str, before: dict[str, Any] | None, after: dict[str, Any]
) -> None:
    """Write a change of a contract into the trail of the client's organization and of the API's."""
    change = Change(what=what, entity="Contract", key=contract.audit_key, before=before, after=after)
    for scope in sorted({contract.client_organization_id, contract.organization_id}):
        unit.audit.record(scope, by, change)


def _tell(unit: Unit, rules: HouseRules, contract: Contract, ways: ApprovalWays | None) -> None:
    """The requester hears either way; approvers only of what they have to decide (SPEC 4.5)."""
    if ways:
        tell_approvers(unit, rules, contract, ways)
    kind = Kind.WAITING if contract.is_waiting else Kind.OUTCOME
    unit.outbox.add(contract.id, kind, DestinationType.USER, contract.requested_by.user, contract.revision)
