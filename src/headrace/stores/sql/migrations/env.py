"""Alembic runs this; `schema.upgraded` hands it the open connection."""

from __future__ import annotations

from alembic import context

from headrace.stores.sql.migrations.revisions import VERSION_TABLE
from headrace.stores.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
