"""Drafts belong to one person, are offered for a day, and become one client (SPEC 2.5, 2.6)."""

import pytest

from bot.domain.clients import ClientDraft, NewClient
from bot.domain.people import Person
from bot.store.engine import Store
from bot.store.unit import Unit
from bot.usecases.clients import DRAFT_LIFE
from bot.usecases.tidying import tidy
from tests.store.conftest import StandingClock

TEAM = "T0GATEHOUSE"
DRAFT = ClientDraft(id="draft1", organization="acme", organization_name="Acme", name="  Wéb\u202eshop ", version="1 0")


@pytest.fixture
def bob(store: Store) -> str:
    return store.write.run(lambda unit: unit.people.id_of(Person(team=TEAM, user="U0BOB")))


@pytest.fixture
def eve(store: Store) -> str:
    return store.write.run(lambda unit: unit.people.id_of(Person(team=TEAM, user="U0EVE")))


def save(store: Store, person_id: str, draft: ClientDraft) -> bool:
    """Write a draft down."""
    return store.write.run(lambda unit: unit.drafts.save(person_id, draft, unit.now))


def kept(store: Store, person_id: str, draft_id: str = "draft1") -> ClientDraft | None:
    """Return a draft."""
    return store.read.run(lambda unit: unit.drafts.get(person_id, draft_id))


def offered(store: Store, person_id: str) -> ClientDraft | None:
    """Return the draft that would be offered now."""
    return store.read.run(lambda unit: unit.drafts.latest(person_id, unit.now - DRAFT_LIFE))


def make_client(unit: Unit, person_id: str) -> str:
    """Make a client for a draft to become."""
    organization = unit.organizations.create(TEAM, "Acme", unit.now)
    assert organization
    new = NewClient(key="Shop", name="Shop", version="1", description="")
    client_id = unit.clients.create(organization.id, new, person_id, unit.now)
    assert client_id
    return client_id


def test_a_draft_is_kept_exactly_as_typed(store: Store, bob: str) -> None:
    assert save(store, bob, DRAFT)
    assert kept(store, bob) == DRAFT
    later = DRAFT.model_copy(update={"name": "Web shop"})
    assert save(store, bob, later)
    assert kept(store, bob) == later


def test_nobody_reads_changes_or_forgets_the_draft_of_somebody_else(store: Store, bob: str, eve: str) -> None:
    save(store, bob, DRAFT)
    assert kept(store, eve) is None
    assert offered(store, eve) is None
    assert not save(store, eve, DRAFT.model_copy(update={"name": "Mine"}))
    store.write.run(lambda unit: unit.drafts.delete(eve, "draft1"))
    store.write.run(lambda unit: unit.drafts.set_aside(eve))
    assert store.write.run(lambda unit: unit.drafts.lock_result(eve, "draft1")) is None
    assert kept(store, bob) == DRAFT
    assert offered(store, bob) == DRAFT


def test_the_newest_draft_is_offered(store: Store, bob: str, clock: StandingClock) -> None:
    save(store, bob, DRAFT)
    clock.forward(minutes=1)
    second = DRAFT.model_copy(update={"id": "draft2"})
    save(store, bob, second)
    assert offered(store, bob) == second
    clock.forward(minutes=1)
    save(store, bob, DRAFT)
    assert offered(store, bob) == DRAFT


def test_a_draft_is_offered_for_a_day_and_then_forgotten(store: Store, bob: str, clock: StandingClock) -> None:
    save(store, bob, DRAFT)
    clock.forward(hours=23, minutes=59)
    assert offered(store, bob) == DRAFT
    assert store.write.run(tidy) == 0
    clock.forward(minutes=1)
    assert offered(store, bob) is None
    clock.forward(minutes=1)
    assert store.write.run(tidy) == 1
    assert kept(store, bob) is None


def test_a_draft_set_aside_is_not_offered_and_can_be_gone_on_with(store: Store, bob: str) -> None:
    save(store, bob, DRAFT)
    store.write.run(lambda unit: unit.drafts.set_aside(bob))
    assert offered(store, bob) is None
    assert kept(store, bob) == DRAFT


def test_a_forgotten_draft_is_gone(store: Store, bob: str) -> None:
    save(store, bob, DRAFT)
    store.write.run(lambda unit: unit.drafts.delete(bob, "draft1"))
    assert kept(store, bob) is None


def test_a_finished_draft_remembers_its_client_and_changes_no_more(store: Store, bob: str) -> None:
    save(store, bob, DRAFT)
    client_id = store.write.run(lambda unit: make_client(unit, bob))
    assert store.write.run(lambda unit: unit.drafts.lock_result(bob, "draft1")) is None
    store.write.run(lambda unit: unit.drafts.finish("draft1", client_id, unit.now))
    assert store.write.run(lambda unit: unit.drafts.lock_result(bob, "draft1")) == client_id
    assert offered(store, bob) is None
    assert not save(store, bob, DRAFT.model_copy(update={"name": "Other"}))
    store.write.run(lambda unit: unit.drafts.delete(bob, "draft1"))
    assert kept(store, bob) == DRAFT
