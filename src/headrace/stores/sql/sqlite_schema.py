from __future__ import annotations

import sqlite3

from headrace.clock import monotonic_s
from headrace.errors import NotSupported
from headrace.stores.sql import schema
from headrace.stores.sql.faults import sql_errors
from headrace.stores.sql.migrations.revisions import HEAD
from headrace.stores.sql.sqlite_connection import connect
from headrace.stores.sql.sqlite_turn import Turnstile

OLDEST_SQLITE = (3, 38, 0)  # json_each built in; RETURNING
LOCK_WAIT_S = 120.0  # a migration of a large database takes a while


def prepare(path: str, artifact_root: str, *more_versions: str) -> None:
    """Leaves a database in WAL mode with the newest schema at path (absolute, on a local file system)."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise NotSupported(
            f"SQLite {sqlite3.sqlite_version} is too old: {wanted} or newer is needed; use a newer Python, or postgresql://."
        )
    with sql_errors():
        connection = connect(path)
        try:
            if _is_ready(connection) and not more_versions:
                return
            turnstile = Turnstile(path)
            try:
                with turnstile.held(monotonic_s() + LOCK_WAIT_S):
                    _prepare(connection, path, artifact_root, *more_versions)
            finally:
                turnstile.close()
        finally:
            connection.close()


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _is_ready(connection: sqlite3.Connection) -> bool:
    in_wal = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    return in_wal and schema.version(connection, _tables(connection)) == HEAD


def _prepare(connection: sqlite3.Connection, path: str, artifact_root: str, *more_versions: str) -> None:
    place = repr(path)
    tables = _tables(connection)
    found = schema.version(connection, tables)
    if found is None:
        schema.check_free(tables, place)
    else:
        schema.check_known(found, place)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = schema.version(connection, _tables(connection))
        if found is None:
            schema.create(connection, "sqlite", artifact_root)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if (found is not None and found != HEAD) or more_versions:
        schema.upgraded(lambda: connect(path), "sqlite", *more_versions)
