"""What is to be carried now: due notifications under a lease, as far as it is their turn, with what they show."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from bot.domain.contracts import COUNTED, Contract
from bot.domain.notifications import Kind, Letter, Notification
from bot.store.pacing import Turns
from bot.store.unit import Unit

LISTED = 5
"""Requests that a digest and a burst card name; the rest is one button away."""
RUSH = timedelta(seconds=5)
"""How long after a turn a channel may still have a card to be drawn; of quiet ones nobody asks."""


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
    # A channel's turn is its card's, which shows many, before that of a single request.
    claimed = sorted(unit.outbox.claim(most, others), key=lambda one: one.kind is not Kind.BURST)
    if not claimed:
        return Taken()
    turns = unit.pace.take_turns(claimed)
    gathered = _gather(unit, claimed, turns)
    waiting = {id_: wait for id_, wait in turns.waits.items() if id_ not in gathered.ids}
    for one in claimed:
        if one.id in waiting:
            unit.outbox.postpone(one, waiting[one.id])
    ready = [one for one in claimed if one.id not in turns.waits and one.id not in gathered.ids]
    return Taken(_letters(unit, ready), len(claimed), min([*waiting.values(), *gathered.next_turns], default=None))


class _Gathered(NamedTuple):
    ids: set[str]
    """Of the requests for which burst cards stand now."""
    next_turns: list[timedelta]
    """How long the cards have to wait."""


def _gather(unit: Unit, claimed: list[Notification], turns: Turns) -> _Gathered:
    """Let burst cards stand for requests whose turn it is not, and for those that came while a card is to be drawn.

    A card that is drawn now takes in its channel's line first, so that it shows what was asked a moment ago.
    """
    drawn = {one.destination: one.id for one in claimed if one.kind is Kind.BURST and one.id not in turns.waits}
    crowd = [one for one in claimed if one.may_join and one.id in turns.waits]
    strays = _strays(unit, [one for one in claimed if one.may_join and one.id not in turns.waits], turns)
    channels = {one.destination for one in [*crowd, *strays]} | set(drawn)
    if not channels:
        return _Gathered(set(), [])
    # Whoever joins a card after all gives the turn back that was theirs.
    standing = {channel: turns.after[channel] for channel in channels}
    standing |= {one.destination: turns.before[one.destination] for one in strays}
    joined = unit.bursts.gather(standing, [*crowd, *strays], set(drawn.values()))
    unit.pace.forget_promises({channel: standing[channel] for channel in joined.channels})
    return _Gathered(joined.ids, [max(standing[one].free_at - unit.now, timedelta(0)) for one in joined.channels])


def _strays(unit: Unit, ready: list[Notification], turns: Turns) -> list[Notification]:
    """Return requests that would go on their own while the card of their channel is still to be drawn."""
    rushed = [one for one in ready if turns.before[one.destination].free_at > unit.now - RUSH]
    to_be_drawn = unit.bursts.to_be_drawn({one.destination for one in rushed}) if rushed else set()
    return [one for one in rushed if one.destination in to_be_drawn]


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
