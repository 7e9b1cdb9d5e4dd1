"""Registered models, their versions and history; webhooks."""

from __future__ import annotations

from typing import cast

from alembic import op

from headrace.stores.sql.connection import Dialect
from headrace.stores.sql.migrations.revisions import statements

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Only tables that weren't there before."""
    dialect = cast(Dialect, op.get_bind().dialect.name)
    there = statements(dialect, down_revision)
    for statement in statements(dialect, revision):
        if statement not in there:
            op.get_bind().exec_driver_sql(statement)
