"""The search index: current in the same transaction, bounded, and the same on both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from bot.catalogs import native
from bot.domain.ids import new_id
from bot.domain.people import Person
from bot.domain.policy import Permission
from bot.store import schema, search
from bot.store.engine import Store, open_store
from bot.store.search import Found
from bot.store.search_tables import search_entries, search_words
from bot.store.tables import api_versions, apis, organizations
from bot.store.unit import Unit
from bot.usecases.catalog import apply_catalog
from bot.usecases.people import bind_team

TEAM = "T0ACME"
BOB, EVE, NIA, ADMIN = (Person(team=TEAM, user=user) for user in ("U0BOB", "U0EVE", "U0NIA", "U0ADMIN"))
SAMPLES = Path(__file__).parents[2] / "bot" / "samples" / "catalog.json"


def apply(store: Store, text: str) -> None:
    source = native.parse(text)
    store.write.run(lambda unit: bind_team(unit, TEAM))
    store.write.run(lambda unit: apply_catalog(unit, source.catalog, str))


def organization(name: str, apis_: str, members: str = "") -> str:
    return f"  - {{name: {name}, members: [{members}], apis: [{apis_}]}}\n"


def catalog(*entries: str) -> str:
    return "version: 1\norganizations:\n" + "".join(entries)


def search_for(store: Store, text: str, who: Person = NIA, *, offset: int = 0, limit: int = 100) -> Found:
    def work(unit: Unit) -> Found:
        reader = unit.search.reader(who, everywhere=who == ADMIN)
        if text:
            return unit.search.find(reader, text, offset=offset, limit=limit)
        return unit.search.everything(reader, offset=offset, limit=limit)

    return store.read.run(work)


def names(store: Store, text: str, who: Person = NIA, **page: int) -> list[str]:
    found = search_for(store, text, who, **page)
    lines = store.read.run(lambda unit: unit.apis.lines(found.ids))
    assert len(lines) == len(found.ids)
    return [f"{line.name} {line.version}" for line in lines]


def rows_of(store: Store, query: "sa.Select[Any]") -> list[Any]:
    return store.read.run(lambda unit: list(unit.connection.execute(query)))


def test_what_fits_best_comes_first(store: Store) -> None:
    apply(
        store,
        catalog(
            organization(
                "Acme",
                "{name: Described, version: '1', description: All about ledgers},"
                "{name: Tagged, version: '1', tags: [ledger]},"
                "{name: Our Ledger, version: '1'},"
                "{name: Ledgers United, version: '1'},"
                "{name: Subledger, version: '1'},"
                "{name: Ledger, version: '1'},"
                "{name: Lodger, version: '1'}",
            )
        ),
    )
    best_first = ["Ledger 1", "Ledgers United 1", "Our Ledger 1", "Tagged 1", "Subledger 1", "Described 1"]
    assert names(store, "ledger") == [*best_first, "Lodger 1"]


def test_every_word_has_to_fit_wherever_it_stands(store: Store) -> None:
    apply(
        store,
        catalog(
            organization("North Bank", "{name: Cards, version: '1', tags: [debit]}, {name: Loans, version: '1'}"),
            organization("South Bank", "{name: Cards, version: '2', description: Credit and debit}"),
        ),
    )
    assert names(store, "bank cards") == ["Cards 1", "Cards 2"]
    assert names(store, "debit card north") == ["Cards 1"]
    assert names(store, "debti nroth") == ["Cards 1"]
    assert names(store, "loans south") == []


def test_an_inside_version_takes_the_place_of_the_public_one_for_its_organization(store: Store) -> None:
    versions = "{name: Orders, version: '1'}, {name: Orders, version: '2', visibility: organization}"
    apply(store, catalog(organization("Acme", versions, "{user: U0EVE, roles: [Viewer]}")))
    for text in ("", "orders", "acme orders", "odrers"):
        assert names(store, text) == ["Orders 1"]
        assert names(store, text, EVE) == names(store, text, ADMIN) == ["Orders 2"]
        assert search_for(store, text, EVE).total == 1


def test_a_role_without_the_right_to_see_apis_shows_what_members_see(store: Store) -> None:
    shown = "{name: Orders, version: '1', visibility: members}, {name: Secrets, version: '1', visibility: organization}"
    apply(store, catalog(organization("Acme", shown, "{user: U0BOB, roles: [Client Developer]}")))
    assert names(store, "") == []
    assert names(store, "", BOB) == ["Orders 1"]


@pytest.mark.parametrize("text", ["", "secret", "ecre", "secert", "common secret"])
def test_somebody_inside_many_organizations_sees_theirs_and_no_others(store: Store, text: str) -> None:
    eve = "{user: U0EVE, roles: [Viewer]}"
    own = [
        organization(
            f"Own {number:02}", f"{{name: Common Secret {number:02}, version: '1', visibility: organization}}", eve
        )
        for number in range(search.OWN + 5)
    ]
    public = (
        "{name: Common Secret Zero, version: '1'}, {name: Common Secret Zero, version: '2', visibility: organization}"
    )
    hidden = "{name: Common Secret Hidden, version: '1', visibility: organization}"
    apply(store, catalog(*own, organization("Public", public, eve), organization("Other", hidden)))
    found = names(store, text, EVE)
    assert sorted(found) == sorted(
        [f"Common Secret {number:02} 1" for number in range(search.OWN + 5)] + ["Common Secret Zero 2"]
    )
    assert not search_for(store, text, EVE).is_floor
    assert names(store, text, NIA) == ["Common Secret Zero 1"]


def test_changes_are_found_in_the_same_transaction(store: Store) -> None:
    apply(store, catalog(organization("Acme", "{name: Orders, version: '1', tags: [old], description: First}")))
    assert names(store, "old") == names(store, "first") == ["Orders 1"]
    apply(store, catalog(organization("Acme", "{name: Orders, version: '1', tags: [new], description: Second}")))
    assert names(store, "old") == names(store, "first") == []
    assert names(store, "new") == names(store, "second") == ["Orders 1"]
    apply(store, catalog(organization("Acme", "{name: Orders, version: '2'}")))
    assert names(store, "orders") == ["Orders 2"]
    apply(store, catalog(organization("Acme", "{name: Orders, version: '2', status: Retired}")))
    assert names(store, "orders") == ["Orders 1"]
    apply(store, catalog(organization("Acme", "{name: Orders, version: '1', visibility: members}")))
    assert names(store, "orders") == names(store, "") == []


def test_a_catalog_that_fails_leaves_the_index_as_it_was(store: Store) -> None:
    apply(store, catalog(organization("Acme", "{name: Orders, version: '1'}")))
    source = native.parse(catalog(organization("Acme", "{name: Invoices, version: '1'}")))

    def work(unit: Unit) -> None:
        apply_catalog(unit, source.catalog, str)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write.run(work)
    assert names(store, "") == ["Orders 1"]
    assert names(store, "invoices") == []


def test_the_same_catalog_again_writes_nothing_to_the_index(store: Store) -> None:
    text = catalog(organization("Acme", "{name: Orders, version: '1', tags: [a, b]}"))
    apply(store, text)
    before = rows_of(store, sa.select(search_entries.c.id).order_by(search_entries.c.id))
    apply(store, text)
    assert rows_of(store, sa.select(search_entries.c.id).order_by(search_entries.c.id)) == before


def test_no_word_of_an_entry_outlives_it(store: Store) -> None:
    apply(store, catalog(organization("Acme", "{name: Orders, version: '1'}")))
    apply(store, catalog(organization("Acme", "{name: Orders, version: '1', status: Retired}")))
    assert rows_of(store, sa.select(search_words.c.word).where(search_words.c.word == "orders")) == []


def test_what_is_there_already_is_indexed_by_the_migration(database_url: str) -> None:
    store = open_store(database_url, patient=True)
    try:
        with store.engine.begin() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(schema.MIGRATIONS))
            command.upgrade(config, "0001")
            owner = {"id": new_id(), "team": TEAM, "key": "Acme", "folded": "acme", "name": "Acme", "sort_name": "acme"}
            at = sa.func.current_timestamp()
            connection.execute(sa.insert(organizations).values(**owner, created_at=at))
            api = {
                "id": new_id(),
                "organization_id": owner["id"],
                "key": "Orders",
                "folded": "orders",
                "name": "Orders",
            }
            connection.execute(sa.insert(apis).values(**api))
            version = {"id": new_id(), "api_id": api["id"], "version": "1", "status": "Published", "tags": ["old"]}
            connection.execute(sa.insert(api_versions).values(**version, visibility="everyone"))
        schema.upgrade(store.engine)
        assert names(store, "") == names(store, "orders") == names(store, "old") == ["Orders 1"]
    finally:
        store.close()


def test_both_databases_find_the_same_in_the_same_order(tmp_path: Path, postgres_url: str) -> None:
    texts = ["", "pay", "api", "a", "account", "twilo", "aws", "google maps", "spotfy", "video api", "the", "ment", "x"]
    pages = []
    for url in (f"sqlite:///{tmp_path / 'gatehouse.db'}", postgres_url):
        store = open_store(url, patient=True)
        schema.upgrade(store.engine)
        apply(store, SAMPLES.read_text("utf-8"))
        found = [(text, who.user, names(store, text, who)) for text in texts for who in (NIA, BOB, ADMIN)]
        counts = [(search_for(store, text).total, search_for(store, text).is_floor) for text in texts]
        pages.append((found, counts))
        store.close()
    assert pages[0] == pages[1]
    assert sum(bool(found) for _, _, found in pages[0][0]) > len(texts)


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MOST", 20), ("MOST_LISTED", 30), ("DEEP", 40), ("MOST_WORDS", 10)):
        monkeypatch.setattr(search, name, value)


def _numbered(count: int, word: Callable[[int], str] = lambda number: "even" if number % 2 == 0 else "odd") -> str:
    return ",".join(f"{{name: Item {word(number)} {number:03}, version: '1'}}" for number in range(count))


@pytest.mark.usefixtures("small_bounds")
def test_beyond_the_bound_it_says_that_there_may_be_more(store: Store) -> None:
    apply(store, catalog(organization("Acme", _numbered(60))))
    assert (search_for(store, "item").total, search_for(store, "item").is_floor) == (20, True)
    assert (search_for(store, "").total, search_for(store, "").is_floor) == (30, True)
    assert names(store, "", offset=25, limit=10) == [f"Item even {number:03} 1" for number in range(50, 60, 2)]
    assert names(store, "item 017") == ["Item odd 017 1"]


@pytest.mark.usefixtures("small_bounds")
def test_words_that_each_fit_too_much_are_found_together(store: Store) -> None:
    rare = _numbered(90, lambda number: "even rare" if number > 60 else "even" if number % 2 else "rare")
    apply(store, catalog(organization("Acme", rare)))
    found = search_for(store, "even rare")
    assert found.is_floor
    assert found.ids
    for name in names(store, "even rare"):
        assert "even" in name and "rare" in name


@pytest.mark.usefixtures("small_bounds")
def test_a_name_that_was_typed_exactly_is_first_however_much_else_fits(store: Store) -> None:
    apply(store, catalog(organization("Acme", _numbered(60) + ",{name: Item, version: '1'}")))
    assert names(store, "item")[0] == "Item 1"


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The statements sent to any database since the test began."""
    seen: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    yield seen
    sa.event.remove(sa.Engine, "before_cursor_execute", hear)


def test_hidden_apis_change_neither_the_statements_nor_the_count(store: Store, statements: list[str]) -> None:
    apply(store, catalog(organization("Acme", "{name: Hidden Treasure, version: '1', visibility: organization}")))
    shapes = []
    for text in ("treasure", "nonsense"):
        statements.clear()
        assert search_for(store, text) == Found((), 0, is_floor=False)
        shapes.append(list(statements))
    assert shapes[0] == shapes[1] != []


def test_a_platform_admin_finds_organizations_by_parts_and_typos(store: Store) -> None:
    apply(store, catalog(*(organization(name, "") for name in ("Acme Payments", "Pay Day", "Globex", "Köln Bank"))))

    def chosen(text: str) -> list[str]:
        found = store.read.run(
            lambda unit: unit.organizations.choices(ADMIN, Permission.CLIENT_EDIT, everywhere=True, text=text)
        )
        assert found.total == len(found.shown) and not found.is_floor
        return [choice.name for choice in found.shown]

    assert chosen("pay") == ["Pay Day", "Acme Payments"]
    assert chosen("glboex") == ["Globex"]
    assert chosen("koln") == ["Köln Bank"]
    assert chosen("lobe") == ["Globex"]
    assert chosen("nothing") == []
