"""Very many APIs and organizations for benchmarks, written in bulk as a catalog file would write them."""

import gc
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from bot.domain.apis import ApiVersion, faces
from bot.domain.ids import new_id
from bot.domain.ordering import sort_key
from bot.domain.people import Person
from bot.domain.policy import Role
from bot.domain.search import Field
from bot.store import schema, search_index
from bot.store.engine import Store, open_store
from bot.store.search_tables import search_entries, search_words
from bot.store.tables import api_versions, apis, members, organizations
from bot.store.unit import Unit
from bot.usecases.people import bind_team
from tests import postgres

TEAM = "T0BENCH"
MEMBER, DEVELOPER, ADMIN = (Person(team=TEAM, user=user) for user in ("U0MEMBER", "U0MANY", "U0ADMIN"))
"""Somebody inside three organizations, somebody inside ten thousand, and a platform admin."""
_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "ke",
    "li",
    "mo",
    "nu",
    "pa",
    "re",
    "si",
    "to",
    "vu",
    "wa",
    "xe",
    "yi",
    "zo",
    "lar",
    "men",
    "tis",
    "rok",
    "sal",
    "ven",
    "dor",
    "pin",
    "qua",
    "stel",
]
_KINDS = [
    "Payments",
    "Orders",
    "Accounts",
    "Shipping",
    "Catalog",
    "Search",
    "Users",
    "Billing",
    "Invoices",
    "Tickets",
    "Weather",
    "Maps",
    "Messages",
    "Storage",
    "Identity",
    "Reports",
    "Events",
    "Devices",
    "Images",
    "Translations",
]
Rows = Iterator[dict[str, Any]]


def seed(store: Store, count: int, owners: int) -> None:
    """Fill a migrated, empty database with ``count`` APIs in ``owners`` organizations, and index them.

    The rows are those that the index itself would write; only the way into the tables is shorter.
    """
    gc.disable()  # millions of rows and no cycles: looking for some takes longer than everything else
    store.write.run(lambda unit: _seed(unit, count, owners))
    gc.enable()


def _seed(unit: Unit, count: int, owners: int) -> None:
    chance = random.Random(count)  # noqa: S311 - names, not secrets
    made = [_organization(unit, chance, number) for number in range(owners)]
    _bulk(unit.connection, organizations, iter(made))
    _bulk(unit.connection, members, iter(list(_memberships(unit, made))))
    pairs = [_api(chance, chance.choice(made), number) for number in range(count)]
    _bulk(unit.connection, apis, (api for api, _ in pairs))
    _bulk(unit.connection, api_versions, (version for _, version in pairs))
    named = {one["id"]: one for one in made}
    entries = [search_index._organization_entry(SimpleNamespace(**one)) for one in made]
    entries += [_entry(named[api["organization_id"]], api, version) for api, version in pairs]
    _bulk(unit.connection, search_entries, (one.values | {"id": at} for at, one in enumerate(entries, 1)))
    _bulk(unit.connection, search_words, search_index._word_rows(enumerate(entries, 1)))
    used: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        used[entry.values["shelf"]].update(word for field, word in entry.words if field is not Field.WHOLE)
    for shelf, every in used.items():
        for table, rows in search_index._word_forms(shelf, every).items():
            _bulk(unit.connection, table, iter(rows))


def _entry(organization: dict[str, Any], api: dict[str, Any], version: dict[str, Any]) -> search_index.Entry:
    row = version | {"name": api["name"], "organization_id": organization["id"]}
    row |= {"organization": organization["name"], "then_by": organization["sort_name"]}
    (face,) = faces([ApiVersion(**{name: row[name] for name in ("id", "version", "status", "visibility")})])
    return search_index._api_entry(row, face)


def _bulk(connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
    """Insert rows in the order of the primary key, which is many times faster than in any other."""
    names = [column.name for column in table.columns]
    dialect = connection.dialect
    process = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
    defaults = [getattr(column.default, "arg", None) for column in table.columns]
    keep = f"bench_{table.name}"
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {keep} AS SELECT * FROM {table.name} WHERE false")  # noqa: S608 - names of our own tables

    def values() -> Iterator[tuple[Any, ...]]:
        for row in rows:
            raw = (row.get(name, default) for name, default in zip(names, defaults, strict=True))
            yield tuple(do(one) if do else one for do, one in zip(process, raw, strict=True))

    driver = connection.connection.driver_connection
    assert driver is not None
    if dialect.name == "postgresql":
        with driver.cursor().copy(f"COPY {keep} ({', '.join(map(_quoted, names))}) FROM STDIN") as copy:
            for one in values():
                copy.write_row(one)
    else:
        driver.executemany(f"INSERT INTO {keep} VALUES ({', '.join('?' * len(names))})", values())  # noqa: S608 - names of our own tables
    order = ", ".join(_quoted(column.name) for column in table.primary_key)
    connection.exec_driver_sql(f"INSERT INTO {table.name} SELECT * FROM {keep} ORDER BY {order}")  # noqa: S608 - names of our own tables
    connection.exec_driver_sql(f"DROP TABLE {keep}")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _memberships(unit: Unit, made: list[dict[str, Any]]) -> Rows:
    people = {person: unit.people.id_of(person) for person in (MEMBER, DEVELOPER)}
    for number, one in enumerate(made):
        role = {"organization_id": one["id"], "sort_name": one["sort_name"], "role": Role.OWNER}
        if number < 3:
            yield role | {"person_id": people[MEMBER]}
        if number < 10_000:
            yield role | {"person_id": people[DEVELOPER]}


def _organization(unit: Unit, chance: random.Random, number: int) -> dict[str, Any]:
    name = f"{_word(chance)} {chance.choice(_KINDS)} {number}"
    key = name.replace(" ", "")
    return {
        "id": new_id(),
        "team": TEAM,
        "key": key,
        "folded": key.lower(),
        "name": name,
        "sort_name": sort_key(name),
        "created_at": unit.now,
    }


def _api(chance: random.Random, owner: dict[str, Any], number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    name = f"{_word(chance)} {chance.choice(_KINDS)} {number}"
    key = name.replace(" ", "")
    api = {"id": new_id(), "organization_id": owner["id"], "key": key, "folded": key.lower(), "name": name}
    version = {
        "id": new_id(),
        "api_id": api["id"],
        "version": "1.0",
        "status": "Published",
        "visibility": chance.choices(("everyone", "members", "organization"), (70, 20, 10))[0],
        "description": f"{chance.choice(_KINDS)} for {_word(chance)}.",
        "tags": [chance.choice(_KINDS).lower()],
    }
    return api, version


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=3)).capitalize()


@contextmanager
def seeded(kind: str, keep: str | None, *counts: int) -> Iterator[tuple[Store, ...]]:
    """Give an open store for each number of APIs, seeded with them in a tenth as many organizations, 10,000 at least.

    Args:
        kind: ``sqlite`` or ``postgresql``.
        keep: a folder. SQLite files stay in it for the next run; addresses of PostgreSQL databases are read from its
            file ``postgresql``, one a line for each number. Without it everything is made anew and thrown away.
        counts: the numbers of APIs.
    """
    with ExitStack() as stack:
        folder = Path(keep or stack.enter_context(TemporaryDirectory(prefix="gatehouse-bench-")))
        stores = tuple(
            _opened(url, count) for url, count in zip(_urls(kind, folder, counts, stack), counts, strict=True)
        )
        yield stores
        for store in stores:
            store.close()


def _urls(kind: str, folder: Path, counts: tuple[int, ...], stack: ExitStack) -> list[str]:
    if kind == "sqlite":
        return [f"sqlite:///{folder / f'apis-{count}.db'}" for count in counts]
    known = folder / "postgresql"
    if known.exists():
        named = (line.split() for line in known.read_text("utf-8").splitlines())
        addresses = {int(count): url for count, url in named}
        return [addresses[count] for count in counts]
    server = stack.enter_context(postgres.running())
    return [stack.enter_context(server.database()) for _ in counts]


def _opened(url: str, count: int) -> Store:
    store = open_store(url, patient=True)
    schema.upgrade(store.engine)
    there = store.read.run(lambda unit: unit.connection.execute(sa.select(apis.c.id).limit(1)).first())
    if not there:
        store.write.run(lambda unit: bind_team(unit, TEAM))
        seed(store, count, max(10_000, count // 10))
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE" if not store.is_sqlite else "ANALYZE")
    return store
