"""The end of a request: written once, and everything that follows from it in the same transaction (SPEC 5.4, 5.6)."""

from bot.domain.audit import Actor
from bot.domain.contracts import AlreadyDecided, Contract, Status
from bot.domain.notifications import DestinationType, Kind
from bot.domain.policy import Permission
from bot.errors import Refusal
from bot.store.unit import Unit
from bot.usecases.contracts import record_both, refresh_client_status


def settled(unit: Unit, contract: Contract, status: Status, what: str, by: Actor, reason: str = "") -> Contract:
    """Write the end of a request down with everything that follows from it, and return it.

    Raises:
        AlreadyDecided: it no longer waited.
    """
    decider = unit.people.id_of(by.person) if by.person else None
    settled = unit.contracts.settle(contract.id, status, decider, unit.now, reason)
    decided = unit.contracts.get(contract.requested_by.team, contract.id)
    if decided is None:
        raise Refusal("This request is not known any more.")
    if not settled:
        raise AlreadyDecided(decided)
    refresh_client_status(unit, decided)
    after = {"status": status} | ({"reason": reason} if reason else {})
    record_both(unit, by, decided, what, {"status": contract.status}, after)
    unit.outbox.redraw(decided.id, decided.revision, (Kind.REQUEST, Kind.WAITING, Kind.ASKED, Kind.TROUBLE))
    for user in _told(unit, decided):
        unit.outbox.add(decided.id, Kind.OUTCOME, DestinationType.USER, user, decided.revision)
    return decided


def _told(unit: Unit, contract: Contract) -> list[str]:
    """The requester and the client's admins, each once (SPEC 5.6)."""
    admins = unit.organizations.holders(contract.client_organization_id, Permission.CLIENT_ADMIN)
    return [user for user in dict.fromkeys([contract.requested_by.user, *admins]) if user]
