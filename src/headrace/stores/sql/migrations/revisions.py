"""Versions of the schema. A fresh database gets the newest one from a file of DDL that is made from `tables`, without
SQLAlchemy; an older database is brought forward by Alembic's revisions in `versions/`.

A new revision: change `tables.py`, add `versions/rNNNN_….py` and its name to REVISIONS, then run
`python -m headrace.stores.sql.migrations.generate`.
"""

from __future__ import annotations

from pathlib import Path

from headrace.stores.sql.connection import Dialect

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""From the oldest to HEAD."""
HEAD = REVISIONS[-1]
VERSION_TABLE = "headrace_version"

# PostgreSQL's index entries end at about 2,700 bytes; a prefix orders and narrows, the row decides.
INDEXED_VALUE_CHARS = 128

# A metric series whose points wait to be moved on: 512 loose ones, or 32 in its tail (24 bytes each).
SERIES_DUE = "loose >= 512 OR length(tail) >= 768"

FOLDER = Path(__file__).parent


def statements(dialect: Dialect, revision: str = HEAD) -> list[str]:
    """The DDL of a whole schema."""
    text = (FOLDER / f"{revision}_{dialect}.sql").read_text(encoding="utf-8")
    return [statement for part in text.split(";\n") if (statement := part.strip())]
