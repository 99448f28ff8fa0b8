"""What is to be carried now: due notifications under a lease, as far as it is their turn, with what they show."""

from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.contracts import COUNTED, Contract
from bot.domain.notifications import Kind, Letter, Notification
from bot.store.unit import Unit

LISTED = 5
"""Requests that a digest and a burst card name; the rest is one button away."""


@dataclass
class Taken:
    """What one claim brought."""

    letters: list[Letter] = field(default_factory=list)
    claimed: int = 0
    next_turn: timedelta | None = None
    """How long it is until the first turn of those that were put off."""


def take(unit: Unit, most: int, others: int) -> Taken:
    """Claim due notifications and put off those whose turn it is not, or let a burst card stand for them.

    Args:
        unit: the transaction.
        most: how many to claim at most.
        others: how many of them at most may be such that ask nobody for a decision.
    """
    claimed = unit.outbox.claim(most, others)
    if not claimed:
        return Taken()
    waits = unit.pace.waits(claimed)
    ready = [one for one in claimed if one.id not in waits]
    next_turns = _gather(unit, ready, [one for one in claimed if one.id in waits and one.may_join], waits)
    for one in claimed:
        if one.id in waits:
            unit.outbox.postpone(one, waits[one.id])
    return Taken(_letters(unit, ready), len(claimed), min([*waits.values(), *next_turns], default=None))


def _gather(
    unit: Unit, ready: list[Notification], crowd: list[Notification], waits: dict[str, timedelta]
) -> list[timedelta]:
    """Let burst cards stand for whom they can, who then no longer waits; return how long the cards have to wait.

    A card that is about to be drawn takes in its channel's line first, so that it shows what was asked a moment ago.
    """
    drawn = {one.destination: one.id for one in ready if one.kind is Kind.BURST}
    channels = {one.destination for one in crowd} | set(drawn)
    if not channels:
        return []
    turns = unit.pace.lock(channels)
    joined = unit.bursts.gather(turns, crowd, set(drawn.values()))
    for one in crowd:
        if one.id in joined.ids:
            del waits[one.id]
    unit.pace.forget_promises({channel: turns[channel] for channel in joined.channels})
    return [max(turns[channel].free_at - unit.now, timedelta(0)) for channel in joined.channels]


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
