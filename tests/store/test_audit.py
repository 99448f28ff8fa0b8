"""The audit trail is one chain for each organization; whatever is changed in it later shows (SPEC 9)."""

import pytest
import sqlalchemy as sa

from bot.domain.audit import CATALOG, Actor, ActorKind, Change
from bot.domain.people import Person
from bot.errors import Refusal
from bot.store.audit import broken_rows
from bot.store.engine import Store
from bot.store.unit import Unit
from tests.store.conftest import StandingClock

BOB = Actor(kind=ActorKind.PERSON, person=Person(team="T0GATEHOUSE", user="U0BOB"))


def change(number: int) -> Change:
    """Something that happened."""
    return Change(what="Create", entity="Client", key=f"Client{number}", after={"name": f"Chéz “{number}”"})


def broken(store: Store) -> list[str]:
    """What verification finds."""
    return store.read.run(lambda unit: broken_rows(unit.audit.rows(), unit.audit.heads()))


def tamper(store: Store, statement: str) -> None:
    """Change the database behind the program's back."""
    with store.engine.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount


@pytest.fixture
def trail(store: Store) -> Store:
    """A trail of three rows in one chain and one in another."""
    store.write.run(lambda unit: unit.audit.record("acme", BOB, change(1), change(2)))
    store.write.run(lambda unit: unit.audit.record("acme", CATALOG, change(3)))
    store.write.run(lambda unit: unit.audit.record("globex", BOB, change(4)))
    return store


def test_rows_tell_who_did_what_and_when(trail: Store, clock: StandingClock) -> None:
    rows = trail.read.run(lambda unit: list(unit.audit.rows()))
    assert [(row.scope, row.number, row.actor, row.change, row.at) for row in rows] == [
        ("acme", 1, BOB, change(1), clock.at),
        ("acme", 2, BOB, change(2), clock.at),
        ("acme", 3, CATALOG, change(3), clock.at),
        ("globex", 1, BOB, change(4), clock.at),
    ]


def test_each_row_is_chained_to_the_one_before(trail: Store) -> None:
    rows = trail.read.run(lambda unit: list(unit.audit.rows()))
    assert [row.previous_hash for row in rows] == ["", rows[0].hash, rows[1].hash, ""]
    assert broken(trail) == []


def test_an_empty_trail_is_whole(store: Store) -> None:
    assert broken(store) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("entity_key", "'Other'"),
        ("actor_user", "'U0EVE'"),
        ("actor_kind", "'admin'"),
        ("what", "'Delete'"),
        ("after", "'{}'"),
        ("at", "'2026-03-02 09:00:01'"),
        ("hash", f"'{'0' * 64}'"),
    ],
)
def test_an_altered_row_is_found(trail: Store, column: str, value: str) -> None:
    where = "scope = 'acme' AND number = 2"
    tamper(trail, f"UPDATE audit SET {column} = {value} WHERE {where}")  # noqa: S608 - both stand above
    assert broken(trail)[0] == "Chain acme: row 2 was altered."


def test_a_row_taken_out_is_found(trail: Store) -> None:
    tamper(trail, "DELETE FROM audit WHERE scope = 'acme' AND number = 2")
    assert broken(trail) == ["Chain acme: a row is missing before number 3."]


def test_a_first_row_taken_out_is_found(trail: Store) -> None:
    tamper(trail, "DELETE FROM audit WHERE scope = 'acme' AND number = 1")
    assert broken(trail) == ["Chain acme: a row is missing before number 2."]


def test_an_end_cut_off_is_found(trail: Store) -> None:
    tamper(trail, "DELETE FROM audit WHERE scope = 'acme' AND number = 3")
    assert broken(trail) == ["Chain acme: its end is missing; 3 rows were written."]


def test_a_whole_chain_taken_out_is_found(trail: Store) -> None:
    tamper(trail, "DELETE FROM audit WHERE scope = 'globex'")
    assert broken(trail) == ["Chain globex: its end is missing; 1 rows were written."]


def test_a_row_moved_to_another_chain_is_found(trail: Store) -> None:
    tamper(trail, "UPDATE audit SET scope = 'zeta' WHERE scope = 'globex'")
    assert len(broken(trail)) == 2


def test_rows_are_written_with_the_change_they_tell_of_or_not_at_all(store: Store) -> None:
    def work(unit: Unit) -> None:
        unit.audit.record("acme", BOB, change(1))
        raise Refusal("No.")

    with pytest.raises(Refusal):
        store.write.run(work)
    store.write.run(lambda unit: unit.audit.record("acme", BOB, change(2)))
    assert store.read.run(lambda unit: [row.number for row in unit.audit.rows()]) == [1]
    assert broken(store) == []


def test_changes_made_side_by_side_make_one_chain(store: Store) -> None:
    futures = [
        store.write.submit(lambda unit, number=n: unit.audit.record("acme", BOB, change(number)))  # type: ignore[misc]
        for n in range(24)
    ]
    for future in futures:
        future.result(10)
    assert store.read.run(lambda unit: [row.number for row in unit.audit.rows()]) == list(range(1, 25))
    assert broken(store) == []
