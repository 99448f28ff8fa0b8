"""The kinds of columns our tables are made of."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class Instant(sa.types.TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def identity() -> sa.Column[str]:
    """Return the column of an opaque id."""
    return sa.Column("id", sa.String(22), primary_key=True)


def link(column: str, name: str, **options: Any) -> sa.Column[str]:
    """Return a column that holds the id of another table's row."""
    return sa.Column(name, sa.String(22), sa.ForeignKey(column), nullable=options.pop("nullable", False), **options)


def text(name: str, length: int, **options: Any) -> sa.Column[str]:
    """Return a column of text with at most ``length`` characters, required unless said otherwise."""
    return sa.Column(name, sa.String(length), nullable=options.pop("nullable", False), **options)


def moment(name: str, **options: Any) -> sa.Column[datetime]:
    """Return a column that holds a moment, required unless said otherwise."""
    return sa.Column(name, Instant, nullable=options.pop("nullable", False), **options)


def flag(name: str) -> sa.Column[bool]:
    """Return a column that says yes or no, and no unless said otherwise."""
    return sa.Column(name, sa.Boolean, nullable=False, default=False)


def ascii_text(name: str, length: int, **options: Any) -> sa.Column[str]:
    """ASCII that is compared byte by byte, as SQLite does it anyway: the same order in both, and ranges of prefixes."""
    return sa.Column(
        name,
        sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql"),
        nullable=False,
        **options,
    )
