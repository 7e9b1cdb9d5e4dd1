"""The runs that are leased, by the end of their lease, and what they are if it passes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    text = sa.Text(collation="C") if op.get_bind().dialect.name == "postgresql" else sa.Text()
    op.add_column("run", sa.Column("lost_status", text, nullable=True))
    leased = sa.text("lease_until_ms IS NOT NULL")
    op.create_index("run_leased", "run", ["lease_until_ms"], sqlite_where=leased, postgresql_where=leased)
