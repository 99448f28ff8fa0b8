"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike but SQLAlchemy keeps in two places."""

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(connection: sa.Connection, table: sa.Table, **values: Any) -> bool:
    """Insert a row unless it breaks a unique constraint; return whether it was inserted."""
    return connection.execute(_insert_missing(connection.dialect.name, table), values).rowcount == 1


def insert_missing(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert those rows that break no unique constraint."""
    connection.execute(_insert_missing(connection.dialect.name, table), rows)


@cache
def _insert_missing(dialect: str, table: sa.Table) -> sa.Insert:
    """Return a statement that is built once: values that are written into it take twice as long as inserting them."""
    # SQLAlchemy keeps the number of inserted rows only where it is asked to, and says -1 otherwise.
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def insert_or_update(connection: sa.Connection, table: sa.Table, *, key: tuple[str, ...], **values: Any) -> None:
    """Insert a row, or set its other columns if one with this ``key`` exists."""
    changes = {column: value for column, value in values.items() if column not in key}
    statement = _insert(connection.dialect.name, table).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changes))


def _insert(dialect: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
