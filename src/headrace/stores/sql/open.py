"""From an address to an open store. Only what the address needs is imported."""

from __future__ import annotations

from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.stores import locations
from headrace.stores.sql import address
from headrace.stores.sql.address import SqliteAddress
from headrace.stores.sql.blocks.background import Merges
from headrace.stores.sql.connection import Background, Engine
from headrace.stores.sql.migrations.revisions import HEAD
from headrace.stores.sql.sqlite_connection import Durability
from headrace.stores.sql.store import SqlStore


def open_sql_store(uri: str, artifact_root: str, *, durability: Durability = "full") -> SqlStore:
    """The store at a sqlite or postgresql address; its schema is made or brought forward if need be.

    artifact_root: path or URI below which experiments without a location of their own keep their files. durability:
    of SQLite, see `Durability`. InvalidValue for another address; InvalidState for a database that isn't ours, is newer
    than this code, or lies on a network file system; StoreUnavailable where it doesn't answer.
    """
    if durability not in ("full", "normal"):
        raise InvalidValue("durability", durability, "allowed are full and normal.")
    root = locations.checked(artifact_root)
    merges = Merges()
    return SqlStore(_engine(uri, root, durability, merges), root, merges.notice)


def _engine(uri: str, artifact_root: str, durability: Durability, background: Background) -> Engine:
    place = address.parse(uri)
    if isinstance(place, SqliteAddress):
        from headrace.stores.sql import sqlite_engine, sqlite_files, sqlite_schema

        path = sqlite_files.prepared(place.path)
        sqlite_schema.prepare(path, artifact_root)
        return sqlite_engine.SqliteEngine(path, durability=durability, background=background)
    optional_import("psycopg_pool", extra="postgres", why="stores on PostgreSQL speak through it")
    from headrace.stores.sql import postgres_engine, postgres_schema

    postgres_schema.prepare(place.conninfo, artifact_root)
    return postgres_engine.PostgresEngine(place.conninfo, background=background)


def upgrade(uri: str, artifact_root: str) -> str:
    """Brings the schema at uri to the newest version and returns its name. Opening a store does the same."""
    _engine(uri, locations.checked(artifact_root), "full", Merges()).close()
    return HEAD
