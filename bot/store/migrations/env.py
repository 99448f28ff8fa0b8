"""Alembic runs this: it migrates the connection that ``bot.store.schema`` hands it."""

from alembic import context

from bot.store.search_tables import search_entries

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=search_entries.metadata,
    render_as_batch=True,
    transactional_ddl=False,
    user_module_prefix="",
)
context.run_migrations()
