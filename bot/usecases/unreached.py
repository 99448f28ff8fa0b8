"""Nobody told can't happen silently: what follows when a channel or the last approver can't be reached (SPEC 5.1)."""

from datetime import timedelta

import structlog

from bot.domain.contracts import Contract
from bot.domain.notifications import DestinationType, Kind
from bot.domain.people import Person
from bot.domain.policy import HouseRules, Permission
from bot.store.pacing import ALERT
from bot.store.unit import Unit

ALERT_EVERY = timedelta(hours=1)
"""Least time between two words to the platform admins about one channel (RELIABILITY F7)."""
AT_ONCE = 100
"""Requests in one transaction: bounds how long it holds its locks."""

log = structlog.get_logger(__name__)


def alert_admins(unit: Unit, rules: HouseRules, contract: Contract, channel: str) -> None:
    """Owe each platform admin a word about a channel that can't be reached, once an hour whatever fails there.

    The hour is a row, so several processes together keep to it.
    """
    if rules.admins and unit.pace.take(channel, ALERT, ALERT_EVERY):
        log.error("an approval channel can't be reached", channel=channel, organization=contract.organization)
        for user in sorted(rules.admins):
            unit.reach.tell_admin(contract.id, user, contract.revision)
        unit.outbox.added = True


def after_failed_alert(unit: Unit, contract: Contract) -> None:
    """No admin heard of a channel: the next request that fails there tries again, and the requester reads the truth."""
    channel = unit.reach.of(contract.id).channel
    if channel and not unit.outbox.reached(contract.id, Kind.ALERT):
        unit.pace.forget(channel, ALERT)
        unit.reach.tell_requester(contract.id, contract.requested_by.user, contract.revision)


def fall_back_to_admins(unit: Unit, rules: HouseRules, contract: Contract) -> None:
    """Ask the platform admins in the approvers' place, and have the request say that no approver can be reached."""
    if not contract.unreachable:
        log.error("no approver can be reached", contract=contract.id, organization=contract.organization)
        unit.contracts.change(contract.id, shows=True, unreachable=True)
        unit.outbox.redraw(contract.id, contract.revision + 1, (Kind.REQUEST, Kind.WAITING))
    requester = contract.requested_by.user
    for user in sorted(rules.admins - {requester}):
        unit.outbox.add(contract.id, Kind.REQUEST, DestinationType.USER, user, contract.revision)
    unit.reach.tell_requester(contract.id, requester, contract.revision)


def after_departure(unit: Unit, rules: HouseRules, person: Person) -> int:
    """Look after requests whose last approver somebody was; return how many, ``AT_ONCE`` or more: there may be more.

    They were told and can't decide any more, so no delivery fails that would tell of it.
    """
    held = unit.organizations.where_holding(person, Permission.PLAN_ADMIN)
    bereft = [id_ for id_ in held if not unit.organizations.holders(id_, Permission.PLAN_ADMIN)]
    found = unit.reach.waiting_unnoticed(bereft, AT_ONCE) if bereft else []
    for contract_id in found:
        contract = unit.contracts.get(person.team, contract_id, lock=True)
        if contract and contract.is_waiting and not contract.unreachable:
            fall_back_to_admins(unit, rules, contract)
    return len(found)
