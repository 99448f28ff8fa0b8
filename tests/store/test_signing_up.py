"""Signing up side by side for each other's APIs: nobody waits for somebody who waits for them."""

from concurrent.futures import Future

import pytest

from bot.catalogs import native
from bot.domain.contracts import Contract, SignUpDraft
from bot.domain.ids import new_id
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules
from bot.store.audit import broken_rows
from bot.store.engine import Store
from bot.store.unit import Unit
from bot.usecases import contracts
from bot.usecases.catalog import apply_catalog
from bot.usecases.sign_up_drafts import keep_sign_up
from tests.faults.town import offers

TEAM = "T0ACME"
BOB = Profile(person=Person(team=TEAM, user="U0BOB"), name="Bob Ross", home_team=TEAM)
NAMES = ("Acme", "Shop")
TWO = "version: 1\nteam: T0ACME\norganizations:" + "".join(
    f"""
  - name: {name}
    members: [{{user: U0BOB, roles: [Client Developer]}}]
    plans: [{{name: Gold, version: "1.0"}}]
    apis: [{{name: {name} API, version: "1.0", plans: [{{plan: Gold, version: "1.0"}}]}}]"""
    for name in NAMES
)


def sign_up(unit: Unit, client: str, home: str, api: str) -> Contract:
    organization = unit.organizations.by_text(TEAM, home)
    assert organization
    draft = SignUpDraft(
        id=new_id(), offer=offers(unit)[api, "Gold"], kind="new", organization=organization.id, name=client, version="1"
    )
    keep_sign_up(unit, BOB.person, draft)
    return contracts.sign_up(unit, HouseRules(), BOB, draft.id)


@pytest.fixture
def two(store: Store) -> Store:
    """Give a store with two organizations, each with an API under a plan."""
    store.write.run(lambda unit: unit.people.bind_team(TEAM, unit.now))
    store.write.run(lambda unit: apply_catalog(unit, native.parse(TWO).catalog, str))
    return store


def test_clients_of_two_organizations_sign_up_for_each_others_apis_at_once(two: Store) -> None:
    futures: list[Future[Contract]] = []
    for number in range(24):
        home, other = NAMES if number % 2 else reversed(NAMES)
        futures.append(
            two.write.submit(
                lambda unit, n=number, at=home, api=f"{other} API": sign_up(unit, f"C{n}", at, api)  # type: ignore[misc]
            )
        )
    made = [future.result() for future in futures]
    assert len({one.id for one in made}) == 24
    rows = two.read.run(lambda unit: list(unit.audit.rows()))
    assert broken_rows(rows, two.read.run(lambda unit: unit.audit.heads())) == []
