"""The first schema."""

from __future__ import annotations

from typing import cast

from alembic import op

from headrace.stores.sql.connection import Dialect
from headrace.stores.sql.migrations.revisions import statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    for statement in statements(cast(Dialect, op.get_bind().dialect.name), revision):
        op.execute(statement)
