"""The database at one moment, what has changed in it since, and the way back: each attempt finds the same rows."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.store.engine import Store
from bot.store.tables import metadata
from bot.store.unit import Unit

Row = dict[str, Any]
"""As the driver gives it: what SQLite has no type for is text."""
Tuple = tuple[Any, ...]
Rows = dict[str, list[Tuple]]

_TABLES = {table.name: [column.name for column in table.columns] for table in metadata.sorted_tables}
del _TABLES["seen"]  # what came from Slack before is no state of the product: it stays
_SEARCH = [name for name in _TABLES if name.startswith("search_")]
_LOOKED_AT = [name for name in _TABLES if name not in _SEARCH]
"""What can be found follows from the organizations and APIs: it is only looked at when these have changed."""
_FOUND = {"organizations", "apis", "api_versions"}
_LENIENT = {
    "sqlite": "PRAGMA defer_foreign_keys = ON",
    "postgresql": "SET LOCAL session_replication_role = replica",
}
"""Lets rows come and go in any order within one transaction."""


@dataclass
class Change:
    """What became of the rows of one table."""

    added: list[Row] = field(default_factory=list)
    removed: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, Row]] = field(default_factory=list)
    """Before and after."""

    @property
    def rows(self) -> Iterator[Row]:
        """All rows that are not what they were, as they are now or were at last."""
        yield from self.added
        yield from self.removed
        yield from (after for _, after in self.changed)


Changes = dict[str, Change]
"""By table; one that has not changed is not in it."""


class Rewind:
    """The rows of a store as they are when it is made.

    Args:
        store: the running bot's.
        path: the SQLite file, which tells cheaply whether anybody has written to it; empty for PostgreSQL.
    """

    def __init__(self, store: Store, path: str = "") -> None:
        self._store = store
        self._base = store.read.run(lambda unit: _rows(unit, list(_TABLES)))
        self.base = {name: [_named(name, row) for row in rows] for name, rows in self._base.items()}
        """All rows, table by table."""
        self._watch = sqlite3.connect(path, isolation_level=None) if path else None
        self.is_back()

    def close(self) -> None:
        """Let go of the file."""
        if self._watch:
            self._watch.close()

    def is_back(self) -> None:
        """Note that all is as it was."""
        self._mark, self._known = self._written(), Changes()

    def _written(self) -> Any:
        """Return something that is another one after every write: cheaper than to compare all rows."""
        if self._watch:
            return self._watch.execute("PRAGMA data_version").fetchone()
        each = [f"SELECT count(*), max(xmin::text::bigint) FROM {name}" for name in _LOOKED_AT]  # noqa: S608 - our own tables
        query = " UNION ALL ".join(each)
        return self._store.read.run(lambda unit: unit.connection.exec_driver_sql(query).all())

    def changes(self) -> Changes:
        """Return what has changed."""
        mark = self._written()
        if mark == self._mark:
            return self._known
        self._mark = mark
        self._known = self._found(_LOOKED_AT)
        if _FOUND & set(self._known):
            self._known |= self._found(_SEARCH)
        return self._known

    def _found(self, names: list[str]) -> Changes:
        now = self._store.read.run(lambda unit: _rows(unit, names))
        return {name: _compared(name, self._base[name], rows) for name, rows in now.items() if rows != self._base[name]}

    def back(self, changes: Changes) -> Callable[[Unit], None]:
        """Return the work that undoes these changes."""

        def work(unit: Unit) -> None:
            connection = unit.connection
            connection.exec_driver_sql(_LENIENT[connection.dialect.name])
            mark = "?" if connection.dialect.name == "sqlite" else "%s"
            for name, change in changes.items():
                keys = _keys(name)
                where = " AND ".join(f"{key} = {mark}" for key in keys)
                for row in [*change.added, *(after for _, after in change.changed)]:
                    connection.exec_driver_sql(f"DELETE FROM {name} WHERE {where}", tuple(row[key] for key in keys))  # noqa: S608 - our own tables
            for name, change in changes.items():
                columns = ", ".join(f'"{column}"' for column in _TABLES[name])
                marks = ", ".join(mark for _ in _TABLES[name])
                for row in [*change.removed, *(before for before, _ in change.changed)]:
                    connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) VALUES ({marks})", _values(row))  # noqa: S608

        return work


def _rows(unit: Unit, names: list[str]) -> Rows:
    found: Rows = {}
    for name in names:
        columns = ", ".join(f'"{column}"' for column in _TABLES[name])
        query = f"SELECT {columns} FROM {name} ORDER BY {', '.join(_keys(name))}"  # noqa: S608 - our own tables
        found[name] = [tuple(row) for row in unit.connection.exec_driver_sql(query)]
    return found


def _named(name: str, row: Tuple) -> Row:
    return dict(zip(_TABLES[name], row, strict=True))


def _values(row: Row) -> Tuple:
    """Return the values as the driver takes them: JSON is read as values and written as text."""
    return tuple(json.dumps(value) if isinstance(value, dict | list) else value for value in row.values())


def _keys(name: str) -> list[str]:
    return [column.name for column in metadata.tables[name].primary_key]


def _compared(name: str, before: list[Tuple], now: list[Tuple]) -> Change:
    places = [_TABLES[name].index(key) for key in _keys(name)]
    was = {tuple(row[place] for place in places): row for row in before}
    is_ = {tuple(row[place] for place in places): row for row in now}
    return Change(
        added=[_named(name, row) for key, row in is_.items() if key not in was],
        removed=[_named(name, row) for key, row in was.items() if key not in is_],
        changed=[
            (_named(name, was[key]), _named(name, row)) for key, row in is_.items() if key in was and row != was[key]
        ],
    )
