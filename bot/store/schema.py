"""The schema's revision: which one the database has, which one this version needs, and the way there."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.errors import GatehouseError

LOCK = 0x6761746568
"""Key of the advisory lock under which PostgreSQL migrates: replicas that start together take turns."""


class NewerSchema(GatehouseError):
    """The database was made by a newer version of Gatehouse."""


def current(engine: sa.Engine) -> str | None:
    """Return the revision the database has, or None if it is empty."""
    with engine.connect() as connection:
        return revision(connection)


def revision(connection: sa.Connection) -> str | None:
    """Return the revision that a connection sees, or None if the database is empty."""
    return MigrationContext.configure(connection).get_current_revision()


@lru_cache(maxsize=1)
def newest() -> str:
    """Return the revision this version of Gatehouse needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def upgrade(engine: sa.Engine) -> None:
    """Bring the database to the newest revision, all or nothing; a no-op if it is there.

    Raises:
        NewerSchema: it is at a revision this version does not know.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        found = revision(connection)
        config = _config(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found and found not in known:
            raise NewerSchema(
                f"The database is at revision {found}, which this version does not know: install a newer Gatehouse."
            )
        command.upgrade(config, "head")


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config(attributes=_attributes(connection))
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _attributes(connection: sa.Connection | None) -> dict[str, Any]:
    return {} if connection is None else {"connection": connection}
