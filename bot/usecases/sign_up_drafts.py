"""What somebody typed in the sign-up wizard: kept, offered again, forgotten (SPEC 2.5 for this wizard, too)."""

from bot.domain.contracts import SignUpDraft
from bot.domain.people import Person
from bot.errors import Refusal
from bot.store.unit import Unit


def recall_sign_up(unit: Unit, person: Person, draft_id: str) -> SignUpDraft | None:
    """Return what somebody typed in this wizard so far, or None if nothing was kept."""
    person_id = unit.people.find(person)
    return unit.sign_ups.get(person_id, draft_id) if person_id else None


def keep_sign_up(unit: Unit, person: Person, draft: SignUpDraft) -> None:
    """Write down what was typed, right or wrong."""
    unit.sign_ups.save(unit.people.id_of(person), draft, unit.now)


def forget_sign_up(unit: Unit, person: Person, draft_id: str) -> None:
    """Cancel: leave nothing."""
    unit.sign_ups.delete(unit.people.id_of(person), draft_id)


def continue_sign_up(unit: Unit, person: Person, offered_id: str, draft_id: str) -> SignUpDraft:
    """Return the offered draft under a fresh id, so that a window which still shows the old one is left alone.

    Raises:
        Refusal: the draft is no longer there.
    """
    person_id = unit.people.id_of(person)
    offered = unit.sign_ups.get(person_id, offered_id)
    if offered is None:
        raise Refusal("That draft is no longer there: press Sign Up on the plan again.")
    draft = offered.model_copy(update={"id": draft_id})
    unit.sign_ups.set_aside(person_id)
    unit.sign_ups.save(person_id, draft, unit.now)
    return draft


def start_sign_up_over(unit: Unit, person: Person) -> None:
    """Offer none of somebody's sign-up drafts again."""
    unit.sign_ups.set_aside(unit.people.id_of(person))
