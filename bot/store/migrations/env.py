"""Alembic runs this: it migrates the connection that ``bot.store.schema`` hands it."""

from alembic import context

from bot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
    user_module_prefix="",
)
context.run_migrations()
