"""Nothing is forgotten: reminders, digest, escalation, expiry; each a pass over rows whose time has come (SPEC 6)."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, partial

from bot.domain.audit import Actor, ActorKind
from bot.domain.contracts import Contract, Status
from bot.domain.daytime import next_day
from bot.domain.notifications import DestinationType, Kind, Notification
from bot.domain.policy import HouseRules
from bot.store.unit import Unit
from bot.usecases.contracts import record_both
from bot.usecases.schedule import chosen
from bot.usecases.settling import settled

REMINDED_AT_ONCE = 100
"""Requests reminded of in one transaction: bounds how long it keeps others waiting."""
AT_ONCE = 10
"""Requests that escalate or expire in one transaction: each takes some milliseconds."""
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
    due = unit.contracts.due("remind_at", unit.now, REMINDED_AT_ONCE)
    if due:
        _Reminders(unit, rules, due).owe()
    return len(due)


class _Reminders:
    """One pass over requests whose reminder is due."""

    def __init__(self, unit: Unit, rules: HouseRules, due: list[Contract]) -> None:
        self._unit, self._rules, self._due = unit, rules, due
        self._rows = unit.reminders
        self._ways = self._rows.ways({contract.organization_id for contract in due})
        self._copies: dict[str, list[Notification]] = defaultdict(list)
        for copy in self._rows.copies([contract.id for contract in due]):
            self._copies[copy.contract_id].append(copy)

    def owe(self) -> None:
        """Owe each reminder of this pass, and set when the next one is due."""
        told = [(contract, copy) for contract in self._due for copy in self._told(contract)]
        crowded = self._rows.crowded([copy for _, copy in told], MANY)
        digested = self._rows.digested(crowded, self._unit.now - DIGEST_EVERY) if crowded else set()
        daytime = self._daytime(told)
        for contract, copy in told:
            due = daytime(contract, copy)
            if copy.destination not in crowded:
                self._rows.owe(copy, contract.reminders + 1, contract.revision, due)
            elif copy.destination not in digested:
                self._rows.owe_digest(copy, contract.revision, due)
                digested.add(copy.destination)
        for contract in self._due:
            self._go_on(contract)
        self._unit.outbox.added |= self._rows.write()

    def _told(self, contract: Contract) -> list[Notification]:
        """Return the copies at which is reminded: of a claimed request, only that of whoever looks at it (SPEC 5.9)."""
        if not self._after(contract):
            return []
        copies, by = self._copies[contract.id], contract.claimed_by
        if _is_claimed(contract, self._unit.now):
            return [copy for copy in copies if by and copy.destination == by.user]
        return copies

    def _daytime(self, told: list[tuple[Contract, Notification]]) -> Callable[[Contract, Notification], datetime]:
        """Return what tells when it is day for those who are reminded at a copy."""
        unit = self._unit
        people = [(contract, copy) for contract, copy in told if copy.destination_type is DestinationType.USER]
        zone_of: dict[tuple[str, str], str] = {}
        for team in {contract.requested_by.team for contract, _ in people}:
            users = {copy.destination for contract, copy in people if contract.requested_by.team == team}
            zone_of |= {(team, user): zone for user, zone in unit.organizations.zones(team, sorted(users)).items()}
        asked = {
            contract.organization_id for contract, copy in told if copy.destination_type is not DestinationType.USER
        }
        zones_of = self._rows.zones_of_approvers(asked) if asked else {}
        day = cache(partial(next_day, unit.now))

        def due(contract: Contract, copy: Notification) -> datetime:
            if copy.destination_type is DestinationType.USER:
                zone = zone_of.get((contract.requested_by.team, copy.destination))
                return day(() if zone is None else (zone,))
            return day(tuple(sorted(zones_of.get(contract.organization_id, ()))))

        return due

    def _after(self, contract: Contract) -> timedelta:
        return chosen(self._ways[contract.organization_id].remind_after, self._rules.remind_after)

    def _go_on(self, contract: Contract) -> None:
        """Set when the next reminder of a request is due."""
        after = self._after(contract)
        if not after:
            self._rows.schedule(contract.id, None, contract.reminders)
        elif _is_claimed(contract, self._unit.now):
            # The others' reminder of this round is only put off; the same number reaches nobody twice.
            self._rows.schedule(contract.id, contract.claimed_until, contract.reminders)
        else:
            number = contract.reminders + 1
            self._rows.schedule(contract.id, self._unit.now + _gap(after, number), number)


def _gap(after: timedelta, number: int) -> timedelta:
    """Return the time from one reminder to the next: twice as long each time, at most LONGEST_GAP."""
    doubled: timedelta = min(after, LONGEST_GAP) * 2 ** min(number, 20)
    return min(doubled, LONGEST_GAP)


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
