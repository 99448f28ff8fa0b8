"""People are known by team and user; catalog files may name them by address before Slack does (INTERFACE 4)."""

import pytest

from bot.domain.people import Person, Profile
from bot.domain.policy import Role
from bot.store.engine import Store
from bot.store.unit import Unit
from bot.usecases.people import bind_team
from tests.store.conftest import StandingClock

TEAM = "T0GATEHOUSE"
BOB = Person(team=TEAM, user="U0BOB")


def profile(user: str = "U0BOB", email: str = "", *, is_guest: bool = False) -> Profile:
    """What Slack says about somebody."""
    person = Person(team=TEAM, user=user)
    return Profile(person=person, name="Somebody", email=email, home_team=TEAM, is_guest=is_guest)


def unknown_emails(store: Store) -> list[str]:
    """Addresses that no account is known for."""
    return store.read.run(lambda unit: unit.people.emails_without_account(10))


def seen(store: Store, one: Profile) -> None:
    """Slack tells about somebody."""
    store.write.run(lambda unit: unit.people.save_profile(one, unit.now))


def roles(store: Store, user: str, organization_id: str) -> set[Role]:
    """The roles somebody has."""
    return set(store.read.run(lambda unit: unit.organizations.roles(Person(team=TEAM, user=user), organization_id)))


@pytest.fixture
def acme(store: Store) -> str:
    """An organization whose Viewer is only known by an address."""

    def work(unit: Unit) -> str:
        made = unit.organizations.create(TEAM, "Acme", unit.now)
        assert made
        unit.organizations.add_member(made, unit.people.id_of_email(TEAM, "bob@example.com"), Role.VIEWER)
        return made.id

    return store.write.run(work)


def test_a_person_has_one_id_in_each_team(store: Store) -> None:
    first = store.write.run(lambda unit: unit.people.id_of(BOB))
    assert store.write.run(lambda unit: unit.people.id_of(BOB)) == first
    elsewhere = store.write.run(lambda unit: unit.people.id_of(Person(team="T0OTHER", user="U0BOB")))
    assert elsewhere != first


def test_nobody_was_seen_before_slack_told_about_them(store: Store, clock: StandingClock) -> None:
    store.write.run(lambda unit: unit.people.id_of(BOB))
    assert store.read.run(lambda unit: unit.people.profile(BOB)) is None
    told = profile(email="bob@example.com", is_guest=True)
    seen(store, told)
    assert store.read.run(lambda unit: unit.people.profile(BOB)) == (told, clock.at)


def test_whoever_has_the_address_takes_over_what_it_was_given(store: Store, acme: str) -> None:
    assert unknown_emails(store) == ["bob@example.com"]
    assert roles(store, "U0BOB", acme) == set()
    seen(store, profile(email="Bob@Example.com"))
    assert roles(store, "U0BOB", acme) == {Role.VIEWER}
    assert unknown_emails(store) == []


def test_taking_over_adds_to_the_roles_somebody_has(store: Store, acme: str) -> None:
    def work(unit: Unit) -> None:
        organization = unit.organizations.get(TEAM, acme)
        assert organization
        for role in (Role.OWNER, Role.VIEWER):
            unit.organizations.add_member(organization, unit.people.id_of(BOB), role)

    store.write.run(work)
    seen(store, profile(email="bob@example.com"))
    assert roles(store, "U0BOB", acme) == {Role.OWNER, Role.VIEWER}


def test_an_address_that_moves_to_another_account_takes_no_rights_along(store: Store, acme: str) -> None:
    seen(store, profile(email="bob@example.com"))
    seen(store, profile("U0EVE", email="bob@example.com"))
    assert roles(store, "U0BOB", acme) == {Role.VIEWER}
    assert roles(store, "U0EVE", acme) == set()
    assert store.write.run(lambda unit: unit.people.id_of_email(TEAM, "bob@example.com")) == store.read.run(
        lambda unit: unit.people.find(Person(team=TEAM, user="U0EVE"))
    )


def test_an_account_without_address_takes_over_nothing(store: Store, acme: str) -> None:
    seen(store, profile())
    assert roles(store, "U0BOB", acme) == set()


def test_the_same_news_again_changes_nothing(store: Store, acme: str) -> None:
    for _ in range(2):
        seen(store, profile(email="bob@example.com"))
    assert roles(store, "U0BOB", acme) == {Role.VIEWER}


def test_a_database_is_bound_to_the_first_team_for_good(store: Store, clock: StandingClock) -> None:
    assert store.read.run(lambda unit: unit.people.team()) == ""

    def before(unit: Unit) -> str:
        made = unit.organizations.create("", "Acme", unit.now)
        assert made
        unit.organizations.add_member(made, unit.people.id_of(Person(team="", user="U0BOB")), Role.OWNER)
        return made.id

    acme = store.write.run(before)
    assert store.write.run(lambda unit: bind_team(unit, TEAM)) == TEAM
    assert roles(store, "U0BOB", acme) == {Role.OWNER}
    assert store.write.run(lambda unit: bind_team(unit, "T0OTHER")) == TEAM
    assert store.read.run(lambda unit: unit.people.team()) == TEAM
