"""Rewinds of runs, what they hide, and corrections of params."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    text = sa.Text(collation="C") if postgresql else sa.Text()
    clustered = {} if postgresql else {"sqlite_with_rowid": False}

    def row_id() -> sa.Column[int]:
        return sa.Column("id", sa.BigInteger() if postgresql else sa.Integer(), primary_key=True, autoincrement=True)

    def number(name: str, *, key: bool = False) -> sa.Column[int]:
        return sa.Column(name, sa.BigInteger(), nullable=False, primary_key=key, autoincrement=False)

    def words(name: str, *, key: bool = False) -> sa.Column[str]:
        return sa.Column(name, text, nullable=False, primary_key=key)

    op.add_column("run_change", sa.Column("rewinds", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_table("run_rewind", row_id(), number("run_ref"), number("step"), number("rewound_ms"), words("who"))
    op.create_index("run_rewind_run", "run_rewind", ["run_ref"])
    op.create_table(
        "run_writer",
        number("run_ref", key=True),
        words("writer_id", key=True),
        number("joined_ms"),
        **clustered,
    )
    op.create_table(
        "metric_hidden",
        row_id(),
        *map(number, ("rewind_ref", "key_ref", "n", "first_step", "last_step")),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
    )
    op.create_index("metric_hidden_rewind", "metric_hidden", ["rewind_ref", "key_ref", "first_step"])
    if postgresql:
        op.execute("ALTER TABLE metric_hidden ALTER COLUMN payload SET STORAGE EXTERNAL")
    op.create_table(
        "model_metric_hidden",
        *(number(name, key=True) for name in ("rewind_ref", "key_ref", "model_ref")),
        *(words(name, key=True) for name in ("dataset_name", "dataset_digest")),
        *(number(name, key=True) for name in ("timestamp", "step")),
        sa.Column("class", sa.SmallInteger(), nullable=False, primary_key=True, autoincrement=False),
        sa.Column("value", sa.Double(), nullable=False, primary_key=True),
        **clustered,
    )
    op.create_table(
        "param_correction",
        row_id(),
        *map(number, ("run_ref", "key_ref")),
        *map(words, ("old_value", "new_value")),
        number("corrected_ms"),
        *map(words, ("who", "reason")),
    )
    op.create_index("param_correction_run", "param_correction", ["run_ref"])
