"""The schema's revision: which one the database has, which one this version needs, and the way there.

Alembic is loaded only when there is something to migrate: it costs every start a twentieth of its time and 6 MB.
"""

from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa

from bot.errors import GatehouseError

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x6761746568
"""Key of the advisory lock under which PostgreSQL migrates: replicas that start together take turns."""


class NewerSchema(GatehouseError):
    """The database was made by a newer version of Gatehouse."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The database is at revision {found}, which this version does not know: install a newer Gatehouse."
        )


def current(engine: sa.Engine) -> str | None:
    """Return the revision the database has, or None if it is empty."""
    with engine.connect() as connection:
        return revision(connection)


def revision(connection: sa.Connection) -> str | None:
    """Return the revision that a connection sees, or None if the database is empty."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_REVISION).scalar_one_or_none()


@lru_cache(maxsize=1)
def newest() -> str:
    """Return the revision this version of Gatehouse needs."""
    return max(_known())


def is_known(found: str) -> bool:
    """Return whether this version of Gatehouse has ever had such a revision."""
    return found in _known()


def _known() -> set[str]:
    """Return all revisions: each is one file, ``m0001_what_it_does.py``."""
    return {file.stem[1:5] for file in (MIGRATIONS / "versions").glob("m[0-9][0-9][0-9][0-9]_*.py")}


def upgrade(engine: sa.Engine) -> None:
    """Bring the database to the newest revision, all or nothing; a no-op if it is there.

    Raises:
        NewerSchema: it is at a revision this version does not know.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        found = revision(connection)
        if found and not is_known(found):
            raise NewerSchema(found)
        if found != newest():
            _migrate(connection)


def _migrate(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, "head")


_REVISION = sa.text("SELECT version_num FROM alembic_version")
