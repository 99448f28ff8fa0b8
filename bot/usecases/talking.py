"""Between request and decision: a claim, a question, and the same request sent again (SPEC 5.9, 5.10)."""

from datetime import timedelta

from bot.domain import names
from bot.domain.contracts import AlreadyDecided, Contract, Offer, Status, Word
from bot.domain.notifications import Kind
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules, Permission
from bot.errors import NotAllowed, Refusal
from bot.store.unit import Unit
from bot.usecases.approvals import known
from bot.usecases.clients import edit_description
from bot.usecases.contracts import open_offer, record_both
from bot.usecases.rights import actor, may, require_member
from bot.usecases.schedule import schedule
from bot.usecases.settling import settled

CLAIM = timedelta(hours=4)
"""How long "I'm looking at it" counts (SPEC 5.9)."""
WORD = 1_200
"""Characters of one turn in a request's history: a whole reason and what else was changed."""


def claim(unit: Unit, rules: HouseRules, profile: Profile, contract_id: str) -> Contract:
    """Say that one is looking at a request: its copies show it, and reminders to the others pause (SPEC 5.9).

    It gives and takes no right; whoever claims later takes over.

    Raises:
        NotAllowed: they may not decide it.
        AlreadyDecided: it no longer waits.
    """
    contract = _decidable(unit, rules, profile, contract_id)
    person_id = unit.people.id_of(profile.person)
    until = unit.now + CLAIM
    unit.contracts.change(contract.id, shows=True, claimed_by=person_id, claimed_until=until)
    unit.outbox.redraw(contract.id, contract.revision + 1, (Kind.REQUEST,))
    by = actor(unit, rules, profile.person)
    record_both(unit, by, contract, "ClaimContract", None, {"until": until.isoformat()})
    return contract


def ask_for_changes(unit: Unit, rules: HouseRules, profile: Profile, contract_id: str, question: str) -> Contract:
    """Ask the requester for changes: in the thread of each copy, and in a direct message with a button (SPEC 5.10).

    Raises:
        NotAllowed: they may not decide it.
        AlreadyDecided: it no longer waits.
        Refusal: at the field ``question``.
    """
    contract = _decidable(unit, rules, profile, contract_id)
    text = names.reason(question, "question", required=True)
    asked = _said(unit, profile, text, asks=True)
    history = [*contract.history, asked]
    unit.contracts.change(
        contract.id,
        shows=True,
        question=text,
        asked_by=unit.people.id_of(profile.person),
        history=[word.model_dump(mode="json") for word in history],
        # Now the requester is to act: nobody else is reminded until they have (SPEC 5.10).
        remind_at=None,
        escalate_at=None,
    )
    revision, number = contract.revision + 1, len(history)
    unit.outbox.redraw(contract.id, revision, (Kind.REQUEST, Kind.WAITING, Kind.ASKED))
    for copy in unit.outbox.copies(contract.id):
        unit.outbox.add_reply(copy, Kind.QUESTION, number, revision, unit.now)
    unit.outbox.add_numbered(contract.id, Kind.ASKED, number, contract.requested_by.user, revision)
    record_both(unit, actor(unit, rules, profile.person), contract, "AskForChanges", None, {"question": text})
    return contract


def _decidable(unit: Unit, rules: HouseRules, profile: Profile, contract_id: str) -> Contract:
    """Return a waiting request that somebody may decide, kept as it is until the commit."""
    require_member(profile)
    contract = known(unit, profile.person, contract_id, lock=True)
    if not may(unit, rules, profile.person, contract.organization_id, Permission.PLAN_ADMIN, lock=True):
        raise NotAllowed(f"Only approvers of {contract.organization} can do this.")
    if not contract.is_waiting:
        raise AlreadyDecided(contract)
    if contract.requested_by == profile.person and not rules.allow_self_approval:
        raise NotAllowed("This is your own request: another approver has to look at it.")
    return contract


def _said(unit: Unit, profile: Profile, text: str, *, asks: bool) -> Word:
    return Word(at=unit.now, user=profile.person.user, name=profile.name, text=text, asks=asks)


def begin_edit(unit: Unit, rules: HouseRules, profile: Profile, contract_id: str) -> tuple[Contract, tuple[Offer, ...]]:
    """Return a request that its requester may change, and the plans it could be for.

    Raises:
        NotAllowed: it is somebody else's.
        AlreadyDecided: it no longer waits.
    """
    require_member(profile)
    contract = known(unit, profile.person, contract_id)
    _require_own(contract, profile.person)
    return contract, unit.contracts.offers_of(contract.api_version_id)


def send_again(
    unit: Unit, rules: HouseRules, profile: Profile, contract_id: str, *, reason: str, offer_id: str, description: str
) -> Contract:
    """Send the same request again, changed as asked for; the clock of reminders starts anew (SPEC 5.10).

    Raises:
        NotAllowed: it is somebody else's.
        AlreadyDecided: it no longer waits.
        Refusal: at its field.
    """
    require_member(profile)
    contract = known(unit, profile.person, contract_id, lock=True)
    _require_own(contract, profile.person)
    text = names.reason(reason, required=True)
    offer = next((one for one in unit.contracts.offers_of(contract.api_version_id) if one.id == offer_id), None)
    if offer is None:
        raise Refusal("Choose one of the plans that this API offers now.", field="plan")
    _still_allowed(unit, rules, profile.person, contract, offer)
    told = _changes(contract, offer, text, description)
    _redescribe(unit, rules, profile, contract, description)
    history = [*contract.history, _said(unit, profile, told, asks=False)]
    unit.contracts.change(
        contract.id,
        shows=True,
        reason=text,
        plan_version_id=offer.plan_version_id,
        question="",
        reminders=0,
        escalation=0,
        history=[word.model_dump(mode="json") for word in history],
        **schedule(rules, unit.organizations.approval_ways(contract.organization_id), unit.now),
    )
    revision = contract.revision + 1
    unit.outbox.redraw(contract.id, revision, (Kind.REQUEST, Kind.WAITING, Kind.ASKED))
    for copy in unit.outbox.copies(contract.id):
        unit.outbox.add_reply(copy, Kind.ANSWER, len(history), revision, unit.now)
    before = {"plan": f"{contract.plan_key}/{contract.plan_version}", "reason": contract.reason}
    after = {"plan": f"{offer.plan_key}/{offer.plan_version}", "reason": text}
    by = actor(unit, rules, profile.person)
    record_both(unit, by, contract, "ChangeRequest", before, after)
    changed = known(unit, profile.person, contract_id)
    # A plan that nobody has to approve is a contract at once (SPEC 4.5).
    return changed if offer.requires_approval else settled(unit, changed, Status.ACTIVE, "ApproveContract", by)


def _still_allowed(unit: Unit, rules: HouseRules, person: Person, contract: Contract, offer: Offer) -> None:
    """Look again at all that signing up asks for: sent again, it may become a contract at once (SPEC 4.4, 4.5).

    Raises:
        NotAllowed: the API is hidden from them, or they may not sign up with this client any more.
        Refusal: the API or the plan can't be signed up for now.
    """
    open_offer(unit, rules, person, offer.id, lock=True)
    if not may(unit, rules, person, contract.client_organization_id, Permission.CLIENT_EDIT, lock=True):
        raise NotAllowed("You may not sign up with this client any more: you can only withdraw the request.")


def _require_own(contract: Contract, person: Person) -> None:
    if contract.requested_by != person:
        raise NotAllowed("Only whoever made a request can change it.")
    if not contract.is_waiting:
        raise AlreadyDecided(contract)


def _changes(contract: Contract, offer: Offer, reason: str, description: str) -> str:
    """Return in words what was changed."""
    said = []
    if (offer.plan_key, offer.plan_version) != (contract.plan_key, contract.plan_version):
        said.append(f"plan {offer.plan} {offer.plan_version} instead of {contract.plan} {contract.plan_version}")
    if reason != contract.reason:
        said.append(f"reason: {reason}")
    if description.strip() != contract.client_description:
        said.append("client description changed")
    return ("; ".join(said) or "sent again without changes")[:WORD]


def _redescribe(unit: Unit, rules: HouseRules, profile: Profile, contract: Contract, description: str) -> None:
    if description.strip() != contract.client_description:
        edit_description(unit, rules, profile, contract.client_id, description)
