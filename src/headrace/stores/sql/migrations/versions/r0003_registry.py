"""Registered models, their versions and history; webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    _webhooks(
        sa.BigInteger() if postgresql else sa.Integer(),
        sa.Text(collation="C") if postgresql else sa.Text(),
        sa.BigInteger(),
    )


def _webhooks(own_id: sa.types.TypeEngine[int], text: sa.types.TypeEngine[str], integer: sa.BigInteger) -> None:
    op.create_table(
        "webhook",
        sa.Column("id", own_id, primary_key=True, autoincrement=True),
        sa.Column("webhook_id", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("url", text, nullable=False),
        sa.Column("description", text),
        sa.Column("secret", text),
        sa.Column("status", text, nullable=False),
        sa.Column("creation_timestamp", integer, nullable=False),
        sa.Column("last_updated_timestamp", integer, nullable=False),
        sa.UniqueConstraint("webhook_id", name="webhook_webhook_id"),
    )
    op.create_table(
        "webhook_event",
        sa.Column("webhook_ref", integer, primary_key=True, autoincrement=False),
        sa.Column("position", integer, primary_key=True, autoincrement=False),
        sa.Column("entity", text, nullable=False),
        sa.Column("action", text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("webhook_event_wanted", "webhook_event", ["entity", "action", "webhook_ref"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", own_id, primary_key=True, autoincrement=True),
        sa.Column("delivery_id", text, nullable=False),
        sa.Column("webhook_ref", integer, nullable=False),
        sa.Column("entity", text, nullable=False),
        sa.Column("action", text, nullable=False),
        sa.Column("body", text, nullable=False),
        sa.Column("created_ms", integer, nullable=False),
        sa.Column("due_ms", integer, nullable=False),
        sa.Column("state", text, nullable=False),
        sa.Column("attempts", integer, nullable=False, server_default=sa.text("0")),
        sa.Column("ended_ms", integer),
        sa.Column("lease_until_ms", integer, nullable=False, server_default=sa.text("0")),
        sa.Column("response_status", integer),
        sa.Column("response_body", text),
        sa.Column("error", text),
        sa.UniqueConstraint("delivery_id", name="webhook_delivery_delivery_id"),
    )
    op.create_index("webhook_delivery_of", "webhook_delivery", ["webhook_ref", "id"])
    for name, columns, where in (
        ("webhook_delivery_due", ["webhook_ref", "due_ms", "id"], "state = 'waiting'"),
        ("webhook_delivery_ended", ["ended_ms"], "ended_ms IS NOT NULL"),
    ):
        op.create_index(name, "webhook_delivery", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
