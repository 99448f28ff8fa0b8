"""Deciding: one decision, exactly, by somebody who may, read from the database inside the transaction (SPEC 5)."""

from bot.domain import names
from bot.domain.contracts import AlreadyDecided, Contract, Queue, Status, Verdict
from bot.domain.notifications import Kind
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules, Permission
from bot.errors import NotAllowed
from bot.store.unit import Unit
from bot.usecases.rights import actor, is_admin, may, require_member
from bot.usecases.settling import settled

PAGE = 5
"""Requests on a page: each takes three blocks and the reader's attention."""
UNKNOWN = "This request is not known any more."

_STATUS = {Verdict.APPROVE: Status.ACTIVE, Verdict.REJECT: Status.REJECTED}
_WHAT = {Verdict.APPROVE: "ApproveContract", Verdict.REJECT: "RejectContract"}


def decide(
    unit: Unit, rules: HouseRules, profile: Profile, contract_id: str, verdict: Verdict, reason: str = ""
) -> Contract:
    """Decide a request and return it; the first verdict wins and nobody decides their own.

    Raises:
        NotAllowed: they lack ``planAdmin`` there, it is their own request, or they are no member.
        AlreadyDecided: somebody was faster; says who, what and when.
        Refusal: at the field ``reason``: a rejection needs one (SPEC 5.5).
    """
    require_member(profile)
    person = profile.person
    contract = known(unit, person, contract_id, lock=True)
    if not may(unit, rules, person, contract.organization_id, Permission.PLAN_ADMIN, lock=True):
        raise NotAllowed(f"Only approvers of {contract.organization} can decide this request.")
    if not contract.is_waiting:
        raise AlreadyDecided(contract)
    if contract.requested_by == person and not rules.allow_self_approval:
        raise NotAllowed("You can't decide your own request: another approver has to.")
    reason = names.reason(reason, required=verdict is Verdict.REJECT)
    return settled(unit, contract, _STATUS[verdict], _WHAT[verdict], actor(unit, rules, person), reason)


def withdraw(unit: Unit, rules: HouseRules, profile: Profile, contract_id: str) -> Contract:
    """Take one's own request back while it waits (SPEC 5.7).

    Raises:
        NotAllowed: it is somebody else's.
        AlreadyDecided: it no longer waits.
    """
    require_member(profile)
    contract = known(unit, profile.person, contract_id, lock=True)
    if contract.requested_by != profile.person:
        raise NotAllowed("Only whoever made a request can withdraw it.")
    if not contract.is_waiting:
        raise AlreadyDecided(contract)
    by = actor(unit, rules, profile.person)
    return settled(unit, contract, Status.WITHDRAWN, "WithdrawContract", by, "")


def look(unit: Unit, rules: HouseRules, profile: Profile, contract_id: str) -> Contract:
    """Return a request as an approver sees it before deciding.

    Raises:
        NotAllowed: it doesn't exist, or they may not decide it.
        AlreadyDecided: it no longer waits.
    """
    require_member(profile)
    contract = known(unit, profile.person, contract_id)
    if not may(unit, rules, profile.person, contract.organization_id, Permission.PLAN_ADMIN):
        raise NotAllowed(f"Only approvers of {contract.organization} can decide this request.")
    if not contract.is_waiting:
        raise AlreadyDecided(contract)
    return contract


def queue(unit: Unit, rules: HouseRules, profile: Profile, *, page: int = 0, size: int = PAGE) -> Queue:
    """Return a page of what waits for somebody's decision, oldest first (SPEC 5.8)."""
    require_member(profile)
    person = profile.person
    if is_admin(unit, rules, person):
        where = None
    else:
        where = unit.organizations.where_holding(person, Permission.PLAN_ADMIN)
    for at in (max(page, 0), 0):
        rows, total = unit.contracts.waiting(person.team, where, offset=at * size, limit=size)
        if rows or not total:
            break
    return Queue(contracts=rows, page=at if total else 0, size=size, total=total)


def redraw(unit: Unit, person: Person, contract_id: str) -> None:
    """Have every copy of a request drawn again: somebody pressed a button that should be gone (slack/RULES.md B.5)."""
    contract = unit.contracts.get(person.team, contract_id)
    if contract:
        unit.outbox.redraw(contract.id, contract.revision, (Kind.REQUEST, Kind.WAITING))


def known(unit: Unit, person: Person, contract_id: str, *, lock: bool = False) -> Contract:
    """Return a request of this person's workspace.

    Raises:
        NotAllowed: there is none with this id.
    """
    contract = unit.contracts.get(person.team, contract_id, lock=lock)
    if contract is None:
        raise NotAllowed(UNKNOWN)
    return contract
