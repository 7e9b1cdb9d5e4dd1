"""Stores on SQLite and PostgreSQL. Nothing of a database is imported before one is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.stores.sql.open import open_sql_store, upgrade
    from headrace.stores.sql.store import SqlStore

__all__ = ["SqlStore", "open_sql_store", "upgrade"]


def __getattr__(name: str) -> Any:
    if name == "SqlStore":
        from headrace.stores.sql.store import SqlStore

        return SqlStore
    if name in ("open_sql_store", "upgrade"):
        from headrace.stores.sql import open as opening

        return getattr(opening, name)
    raise AttributeError(name)
