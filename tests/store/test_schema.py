"""Migrations and tables agree; a database knows its revision; a newer one is refused."""

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.store import schema
from bot.store.engine import Store, open_store
from bot.store.search_tables import search_entries


def test_migrations_build_exactly_the_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), search_entries.metadata) == []


def test_an_empty_database_has_no_revision_and_gets_the_newest(database_url: str) -> None:
    opened = open_store(database_url)
    assert schema.current(opened.engine) is None
    schema.upgrade(opened.engine)
    assert schema.current(opened.engine) == schema.newest()
    schema.upgrade(opened.engine)
    opened.close()


def test_each_migration_is_named_by_its_revision_and_the_last_is_the_newest() -> None:
    scripts = list(ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions())
    assert [script.path.rpartition("/m")[2][:4] for script in scripts] == [script.revision for script in scripts]
    assert scripts[0].revision == schema.newest()


def test_a_database_of_a_newer_version_is_refused_in_one_sentence(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.NewerSchema, match=r"revision 9999.*newer Gatehouse"):
        schema.upgrade(store.engine)


def test_replicas_that_start_together_migrate_once(postgres_url: str) -> None:
    failures: list[Exception] = []

    def start() -> None:
        opened = open_store(postgres_url, patient=True)
        try:
            schema.upgrade(opened.engine)
        except Exception as error:  # noqa: BLE001 - the test tells of it
            failures.append(error)
        finally:
            opened.close()

    replicas = [threading.Thread(target=start) for _ in range(4)]
    for replica in replicas:
        replica.start()
    for replica in replicas:
        replica.join()
    assert failures == []
