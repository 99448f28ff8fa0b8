"""Nothing is forgotten: reminders, digest, escalation, expiry; each a pass over rows whose time has come (SPEC 6)."""

from datetime import datetime, timedelta

from bot.domain.audit import Actor, ActorKind
from bot.domain.contracts import Contract, Status
from bot.domain.daytime import next_day
from bot.domain.notifications import DestinationType, Kind, Notification
from bot.domain.policy import HouseRules, Permission
from bot.store.unit import Unit
from bot.usecases.contracts import record_both
from bot.usecases.schedule import chosen
from bot.usecases.settling import settled

AT_ONCE = 100
"""Requests in one transaction: bounds how long it holds its locks."""
LONGEST_GAP = timedelta(days=7)
"""Most time between two reminders, however many there were."""
MANY = 5
"""Waiting requests up to which each is reminded of by itself; with more there is a digest (SPEC 6)."""
DIGEST_EVERY = timedelta(hours=20)
"""Least time between two digests: one a day, whatever the hour it became day."""

CLOCK = Actor(kind=ActorKind.CLOCK)
REDRAWN = (Kind.REQUEST, Kind.WAITING)


def remind(unit: Unit, rules: HouseRules) -> int:
    """Remind of requests that wait for a decision, and return how many there were."""
    due = unit.contracts.due("remind_at", unit.now, AT_ONCE)
    for contract in due:
        _remind(unit, rules, contract)
    return len(due)


def _remind(unit: Unit, rules: HouseRules, contract: Contract) -> None:
    ways = unit.organizations.approval_ways(contract.organization_id)
    after = chosen(ways.remind_after, rules.remind_after)
    if not after:
        unit.contracts.change(contract.id, shows=False, remind_at=None)
        return
    claimed = contract.claimed_until if _is_claimed(contract, unit.now) else None
    for copy in unit.outbox.copies(contract.id):
        # Somebody is looking at it: only they are reminded, and the others' reminders pause (SPEC 5.9).
        if claimed is None or (contract.claimed_by and copy.destination == contract.claimed_by.user):
            _remind_at(unit, contract, copy)
    if claimed:
        # The others' reminder of this round is only put off; the same number reaches nobody twice.
        unit.contracts.change(contract.id, shows=False, remind_at=claimed)
        return
    gap = min(after * 2 ** (contract.reminders + 1), LONGEST_GAP)
    number = contract.reminders + 1
    unit.contracts.change(contract.id, shows=False, remind_at=unit.now + gap, reminders=number)


def _remind_at(unit: Unit, contract: Contract, copy: Notification) -> None:
    """Remind at one copy, by day; whoever has many waiting gets one digest instead."""
    due = next_day(unit.now, _zones(unit, contract, copy))
    if unit.outbox.waiting_count(copy.destination, MANY + 1) <= MANY:
        unit.outbox.add_reply(copy, Kind.REMINDER, contract.reminders + 1, contract.revision, due)
    elif not unit.outbox.has_recent(copy.destination, Kind.DIGEST, unit.now - DIGEST_EVERY):
        unit.outbox.add_digest(copy, contract.revision, due)


def _zones(unit: Unit, contract: Contract, copy: Notification) -> list[str]:
    team = contract.requested_by.team
    if copy.destination_type is DestinationType.USER:
        users = [copy.destination]
    else:
        users = unit.organizations.holders(contract.organization_id, Permission.PLAN_ADMIN)
    return list(unit.organizations.zones(team, users).values())


def escalate(unit: Unit, rules: HouseRules) -> int:
    """Ask the owners, later the platform admins, where nobody decided; return how many requests there were."""
    due = unit.contracts.due("escalate_at", unit.now, AT_ONCE)
    for contract in due:
        _escalate(unit, rules, contract)
    return len(due)


def _escalate(unit: Unit, rules: HouseRules, contract: Contract) -> None:
    ways = unit.organizations.approval_ways(contract.organization_id)
    after = chosen(ways.escalate_after, rules.escalate_after)
    level, told = contract.escalation, False
    while level < _LEVELS and not told:
        level += 1
        told = _ask_level(unit, rules, contract, level)
    again = unit.now + after if after and level < _LEVELS else None
    if not told:
        unit.contracts.change(contract.id, shows=False, escalate_at=None)
        return
    unit.contracts.change(contract.id, shows=True, escalate_at=again, escalation=level)
    unit.outbox.redraw(contract.id, contract.revision + 1, REDRAWN)
    record_both(unit, CLOCK, contract, "EscalateContract", {"level": contract.escalation}, {"level": level})


_LEVELS = 2


def _ask_level(unit: Unit, rules: HouseRules, contract: Contract, level: int) -> bool:
    """Owe the request to everybody of a level; False if there is nobody who was not asked before."""
    if level == 1:
        users = unit.organizations.owners(contract.organization_id)
    else:
        users = sorted(rules.admins)
    asked = [
        unit.outbox.add(contract.id, Kind.REQUEST, DestinationType.USER, user, contract.revision)
        for user in users
        if user != contract.requested_by.user
    ]
    return any(asked)


def expire(unit: Unit) -> int:
    """Let requests expire that waited too long, and return how many there were."""
    due = unit.contracts.due("expires_at", unit.now, AT_ONCE)
    for contract in due:
        settled(unit, contract, Status.EXPIRED, "ExpireContract", CLOCK)
    return len(due)


def _is_claimed(contract: Contract, now: datetime) -> bool:
    return contract.claimed_until is not None and contract.claimed_until > now
