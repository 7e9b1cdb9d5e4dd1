"""The runs that are leased, by the end of their lease."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    leased = sa.text("lease_until_ms IS NOT NULL")
    op.create_index("run_leased", "run", ["lease_until_ms"], sqlite_where=leased, postgresql_where=leased)
