"""Who is told of a request: a row for each destination, in the contract's own transaction (SPEC 5.1)."""

import structlog

from bot.domain.contracts import Contract
from bot.domain.notifications import DestinationType, Kind, Notification
from bot.domain.policy import HouseRules, Permission
from bot.store.unit import Unit

log = structlog.get_logger(__name__)


def tell_approvers(unit: Unit, rules: HouseRules, contract: Contract) -> None:
    """Owe the request to the approval channel, to each approver, or both, as the organization wants it.

    With nobody who could decide, the platform admins are told, and the requester that it is so.
    """
    ways = unit.organizations.approval_ways(contract.organization_id)
    approvers = _approvers(unit, contract)
    if ways.tells_channel:
        unit.outbox.add(contract.id, Kind.REQUEST, DestinationType.CHANNEL, ways.channel, contract.revision)
    if ways.tells_people:
        _tell_people(unit, contract, approvers)
    if not approvers:
        _fall_back_to_admins(unit, rules, contract)


def after_failure(unit: Unit, rules: HouseRules, notification: Notification) -> None:
    """Go on to the next destination of the chain, because this one can't be reached for good (SPEC 6, delivery).

    The channel is followed by the approvers themselves, the last approver by the platform admins, and these by a word
    to the requester: nobody told can't happen silently.
    """
    contract = unit.contracts.many([notification.contract_id]).get(notification.contract_id)
    if notification.kind is not Kind.REQUEST or contract is None or not contract.is_waiting:
        return
    if notification.destination_type is DestinationType.CHANNEL:
        _tell_people(unit, contract, _approvers(unit, contract))
    if unit.outbox.reached(contract.id, Kind.REQUEST):
        return
    _fall_back_to_admins(unit, rules, contract)


def _approvers(unit: Unit, contract: Contract) -> list[str]:
    holders = unit.organizations.holders(contract.organization_id, Permission.PLAN_ADMIN)
    return [user for user in holders if user != contract.requested_by.user]


def _tell_people(unit: Unit, contract: Contract, users: list[str]) -> None:
    for user in users:
        unit.outbox.add(contract.id, Kind.REQUEST, DestinationType.USER, user, contract.revision)


def _fall_back_to_admins(unit: Unit, rules: HouseRules, contract: Contract) -> None:
    log.error("no approver can be reached", contract=contract.id, organization=contract.organization)
    _tell_people(unit, contract, [user for user in sorted(rules.admins) if user != contract.requested_by.user])
    user = contract.requested_by.user
    unit.outbox.add(contract.id, Kind.TROUBLE, DestinationType.USER, user, contract.revision)
