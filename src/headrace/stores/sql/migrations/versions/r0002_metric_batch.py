"""Requests of many keys in a row each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "metric_batch",
        sa.Column("id", sa.BigInteger() if postgresql else sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("run_ref", sa.BigInteger(), nullable=False),
        sa.Column("key_set", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
    )
    op.create_index("metric_batch_run", "metric_batch", ["run_ref", "key_set"])
    if postgresql:
        op.execute("ALTER TABLE metric_batch ALTER COLUMN payload SET STORAGE EXTERNAL")
