"""Run by Alembic; `open_store` hands in the connection and its transaction."""

from alembic import context

from correlator.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
