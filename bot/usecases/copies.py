"""A press tells where a message stands: one that the bot doesn't know of stands twice, and is looked after."""

from bot.domain.notifications import Kind, Notification
from bot.domain.people import Person
from bot.store.unit import Unit


def is_extra(unit: Unit, person: Person, contract_id: str, kind: Kind, channel: str, ts: str) -> bool:
    """Return whether a message that somebody pressed a button of is none that we know of.

    Args:
        unit: the transaction.
        person: who pressed; only contracts of their workspace count (RELIABILITY B16).
        contract_id: what the button named.
        kind: what such a button stands in.
        channel: where the message stands.
        ts: its timestamp.
    """
    return _home(unit, person, contract_id, kind, channel, ts) is not None


def note_extra(unit: Unit, person: Person, contract_id: str, kind: Kind, channel: str, ts: str) -> None:
    """Have a message that we don't know of deleted, or made the copy if there is none; arguments as above."""
    home = _home(unit, person, contract_id, kind, channel, ts)
    if home and unit.copies.add_extra(home, channel, ts):
        unit.outbox.added = True


def _home(unit: Unit, person: Person, contract_id: str, kind: Kind, channel: str, ts: str) -> Notification | None:
    """Return the notification that an unknown message was posted for; None if it is known, or none of ours.

    A message that belongs to another request, or is a card for many, is known whatever its button names.
    """
    known = unit.copies.of(person.team, contract_id, kind)
    if any((one.channel, one.ts) == (channel, ts) for one in known):
        return None
    here = [one for one in known if channel in (one.destination, one.channel)]
    if not here and channel.startswith("D"):
        # Nobody but they and the bot are in their direct conversation.
        here = [one for one in known if one.destination == person.user]
    if not here or unit.copies.is_recorded(channel, ts, person.user):
        return None
    return next((one for one in here if one.ts is None), here[-1])
