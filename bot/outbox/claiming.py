"""What is to be carried now: due notifications under a lease, as far as it is their turn, with what they show."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.contracts import COUNTED, Contract
from bot.domain.notifications import Kind, Letter, Notification
from bot.store.unit import Unit

LISTED = 5
"""Requests that a digest and a burst card name; the rest is one button away."""

Crowd = list[tuple[Notification, timedelta]]
"""Claimed requests of a channel whose turn it is not, and how long each would have to wait."""


@dataclass
class Taken:
    """What one claim brought."""

    letters: list[Letter] = field(default_factory=list)
    crowds: dict[str, Crowd] = field(default_factory=dict)
    """By channel; perhaps a burst card is to stand for them."""
    claimed: int = 0
    next_turn: timedelta | None = None
    """How long it is until the first turn of those that were put off."""


def take(unit: Unit, most: int) -> Taken:
    """Claim due notifications, at most ``most``, and put off those whose turn it is not."""
    claimed = unit.outbox.claim(most)
    if not claimed:
        return Taken()
    waits = unit.pace.waits(claimed)
    crowds: dict[str, Crowd] = defaultdict(list)
    for one in claimed:
        if one.id in waits and one.may_join:
            crowds[one.destination].append((one, waits[one.id]))
        elif one.id in waits:
            unit.outbox.postpone(one, waits[one.id])
    letters = _letters(unit, [one for one in claimed if one.id not in waits])
    return Taken(letters, crowds, len(claimed), min(waits.values(), default=None))


def gather(unit: Unit, channel: str, crowd: Crowd) -> timedelta:
    """Let a burst card stand for a channel's line, or put the crowd off; return how long it is until the next turn."""
    pacing = unit.pace.lock(channel)
    turn = max(pacing.free_at, unit.now)
    if unit.bursts.gather(channel, [one for one, _ in crowd], turn):
        unit.pace.forget_promises(channel, pacing)
    else:
        for one, wait in crowd:
            unit.outbox.postpone(one, wait)
    return turn - unit.now


def give_back(unit: Unit, letters: list[Letter]) -> None:
    """Give claims back that are not carried after all."""
    for letter in letters:
        unit.outbox.postpone(letter.notification, timedelta(0))


def _letters(unit: Unit, claimed: list[Notification]) -> list[Letter]:
    contracts = unit.contracts.many({one.contract_id for one in claimed}) if claimed else {}
    return [_letter(unit, one, contracts[one.contract_id]) for one in claimed]


def _letter(unit: Unit, one: Notification, contract: Contract) -> Letter:
    if one.kind in (Kind.TROUBLE, Kind.ALERT):
        return Letter(notification=one, contract=contract, reach=unit.reach.of(contract.id))
    if one.kind is Kind.DIGEST:
        ids = unit.outbox.waiting_at(one.destination, LISTED)
        total = unit.outbox.waiting_count(one.destination, COUNTED + 1)
    elif one.kind is Kind.BURST:
        ids = unit.bursts.waiting(one.id, LISTED)
        total = unit.bursts.waiting_count(one.id, COUNTED + 1)
    else:
        return Letter(notification=one, contract=contract)
    found = unit.contracts.many(ids)
    return Letter(notification=one, contract=contract, waiting=tuple(found[id_] for id_ in ids), total=total)
