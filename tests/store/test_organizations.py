"""Which organizations somebody may choose, and in which order (SPEC 2.2)."""

import pytest

from bot.domain.people import Person
from bot.domain.policy import Permission, Role
from bot.store.engine import Store
from bot.store.unit import Unit
from tests.store.conftest import StandingClock
from tests.store.crowd import many_organizations

TEAM = "T0GATEHOUSE"
BOB = Person(team=TEAM, user="U0BOB")
ADMIN = Person(team=TEAM, user="U0ADMIN")


def found(unit: Unit, name: str, role: Role | None = Role.CLIENT_DEVELOPER) -> str:
    """Make an organization in which Bob has a role."""
    made = unit.organizations.create(TEAM, name, unit.now)
    assert made
    if role:
        unit.organizations.add_member(made, unit.people.id_of(BOB), role)
    return made.id


def choices(
    store: Store, text: str = "", *, who: Person = BOB, everywhere: bool = False, limit: int = 100
) -> tuple[list[str], int]:
    """The names offered and the number there is."""
    search = store.read.run(
        lambda unit: unit.organizations.choices(
            who, Permission.CLIENT_EDIT, everywhere=everywhere, text=text, limit=limit
        )
    )
    return [choice.name for choice in search.shown], search.total


def use(store: Store, organization_id: str) -> None:
    """Bob works in an organization."""
    store.write.run(lambda unit: unit.people.used(unit.people.id_of(BOB), organization_id, unit.now))


def test_choices_are_in_the_order_of_their_names_whatever_the_case_or_accents(store: Store) -> None:
    store.write.run(lambda unit: [found(unit, name) for name in ("Zürich", "acme", "Éclair", "Beta", "école")])
    assert choices(store) == (["acme", "Beta", "Éclair", "école", "Zürich"], 5)


def test_what_was_used_last_comes_first(store: Store, clock: StandingClock) -> None:
    ids = store.write.run(lambda unit: {name: found(unit, name) for name in ("Acme", "Beta", "Gamma", "Delta")})
    for name in ("Gamma", "Delta", "Gamma"):
        clock.forward(minutes=1)
        use(store, ids[name])
    assert choices(store)[0] == ["Gamma", "Delta", "Acme", "Beta"]
    assert choices(store, limit=3)[0] == ["Gamma", "Delta", "Acme"]
    assert choices(store, "a", limit=2)[0] == ["Gamma", "Delta"]
    assert choices(store, who=ADMIN, everywhere=True)[0] == ["Acme", "Beta", "Delta", "Gamma"]


def test_only_organizations_with_the_right_are_offered(store: Store, clock: StandingClock) -> None:
    hidden = store.write.run(lambda unit: found(unit, "Hidden", Role.VIEWER))
    store.write.run(lambda unit: [found(unit, "Acme"), found(unit, "Foreign", None)])
    use(store, hidden)
    assert choices(store) == (["Acme"], 1)
    assert choices(store, "Hidden") == ([], 0)


def test_somebody_with_several_roles_is_offered_an_organization_once(store: Store) -> None:
    def work(unit: Unit) -> None:
        found(unit, "Acme")
        organization = unit.organizations.by_text(TEAM, "acme")
        assert organization
        unit.organizations.add_member(organization, unit.people.id_of(BOB), Role.OWNER)

    store.write.run(work)
    assert choices(store) == (["Acme"], 1)


def test_a_platform_admin_may_choose_any_organization_of_the_team_and_none_of_others(store: Store) -> None:
    store.write.run(
        lambda unit: [found(unit, "Acme", None), unit.organizations.create("T0OTHER", "Elsewhere", unit.now)]
    )
    assert choices(store, who=ADMIN, everywhere=True) == (["Acme"], 1)
    assert choices(store, who=ADMIN) == ([], 0)


@pytest.mark.parametrize("text", ["pay", "PAY", "me Pay", "páy", "100%", "_"])
def test_parts_of_a_name_are_found_and_wildcards_mean_themselves(store: Store, text: str) -> None:
    store.write.run(lambda unit: [found(unit, "Acme Payments 100%_"), found(unit, "Globex 1000")])
    assert choices(store, text)[0] == ["Acme Payments 100%_"]


def test_ten_thousand_organizations_are_counted_and_a_hundred_are_shown(store: Store) -> None:
    numbered = store.write.run(lambda unit: many_organizations(unit, BOB, 10_000))
    assert choices(store) == (numbered[:100], 10_000)
    assert choices(store, "0999") == ([f"Organization {n:05}" for n in (999, *range(9_990, 10_000))], 11)
    assert choices(store, who=ADMIN, everywhere=True) == (numbered[:100], 10_000)


@pytest.mark.parametrize(
    "text", ["Acme Payments", "AcmePayments", "acmepayments", " acme, payments! ", "Ácme Payments"]
)
def test_an_organization_is_found_by_its_name_or_id_however_it_is_written(store: Store, text: str) -> None:
    acme = store.write.run(lambda unit: found(unit, "Acme Payments"))
    got = store.read.run(lambda unit: unit.organizations.by_text(TEAM, text))
    assert got
    assert got.id == acme


@pytest.mark.parametrize("text", ["", "!?", "acme", "🙂"])
def test_a_text_that_gives_no_or_another_id_finds_nothing(store: Store, text: str) -> None:
    store.write.run(lambda unit: found(unit, "Acme Payments"))
    assert store.read.run(lambda unit: unit.organizations.by_text(TEAM, text)) is None


def test_the_same_id_is_given_once_in_a_team(store: Store) -> None:
    store.write.run(lambda unit: found(unit, "Acme Payments"))
    again = store.write.run(lambda unit: unit.organizations.create(TEAM, "ACME: payments", unit.now))
    assert again is None
    assert store.write.run(lambda unit: unit.organizations.create("T0OTHER", "Acme Payments", unit.now))
