"""Who is told of a request: a row for each destination, in the contract's own transaction (SPEC 5.1)."""

from bot.domain.contracts import Contract
from bot.domain.notifications import DestinationType, Kind, Notification
from bot.domain.organizations import ApprovalWays
from bot.domain.policy import HouseRules, Permission
from bot.store.unit import Unit
from bot.usecases.unreached import after_failed_alert, alert_admins, fall_back_to_admins

REPLIES = frozenset({Kind.REMINDER, Kind.QUESTION, Kind.ANSWER})
"""What is said to those who have a request already."""


def tell_approvers(unit: Unit, rules: HouseRules, contract: Contract, ways: ApprovalWays) -> None:
    """Owe the request to the approval channel, to each approver, or both: in the ``ways`` of its organization.

    With nobody who could decide, the platform admins are told, and the requester that it is so.
    """
    approvers = _approvers(unit, contract)
    if ways.tells_channel:
        unit.outbox.add(contract.id, Kind.REQUEST, DestinationType.CHANNEL, ways.channel, contract.revision)
    if ways.tells_people:
        _tell_people(unit, contract, approvers)
    if not approvers:
        fall_back_to_admins(unit, rules, contract)


def after_failure(unit: Unit, rules: HouseRules, notification: Notification) -> None:
    """Go on to the next destination of the chain, because this one can't be reached for good (SPEC 6, delivery).

    The channel is followed by the approvers themselves, the last approver by the platform admins, and the requester
    hears how far the request got: nobody told can't happen silently.
    """
    contract = unit.contracts.many([notification.contract_id]).get(notification.contract_id)
    if contract is None or not contract.is_waiting:
        return
    if notification.kind is Kind.ALERT:
        after_failed_alert(unit, contract)
    elif notification.kind is Kind.REQUEST:
        _after_failed_request(unit, rules, contract, notification)
    elif notification.kind is Kind.DIGEST:
        # Where it can't stand, perhaps nothing can be seen any more of what it lists: drawing that again will tell.
        unit.outbox.redraw_at(notification.destination)
    elif notification.kind in REPLIES:
        # The same goes for the copy in whose thread a reply can't stand.
        unit.outbox.redraw(contract.id, contract.revision, (Kind.REQUEST,))


def _after_failed_request(unit: Unit, rules: HouseRules, contract: Contract, notification: Notification) -> None:
    approvers = _approvers(unit, contract)
    if notification.destination_type is DestinationType.CHANNEL:
        _tell_people(unit, contract, approvers)
        alert_admins(unit, rules, contract, notification.destination)
    in_channel, people = unit.reach.standing(contract.id)
    if not (in_channel and approvers) and not people & {*approvers, *rules.admins}:
        fall_back_to_admins(unit, rules, contract)
    elif unit.reach.of(contract.id).channel or contract.unreachable:
        unit.reach.tell_requester(contract.id, contract.requested_by.user, contract.revision)


def _approvers(unit: Unit, contract: Contract) -> list[str]:
    holders = unit.organizations.holders(contract.organization_id, Permission.PLAN_ADMIN)
    return [user for user in holders if user != contract.requested_by.user]


def _tell_people(unit: Unit, contract: Contract, users: list[str]) -> None:
    for user in users:
        unit.outbox.add(contract.id, Kind.REQUEST, DestinationType.USER, user, contract.revision)
