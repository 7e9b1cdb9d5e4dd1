"""A database behind a store, looked at without changing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from headrace.cli.session import database_file
from headrace.errors import InvalidValue, StoreUnavailable
from headrace.lazy import optional_import
from headrace.stores.sql import schema
from headrace.stores.sql.address import PostgresAddress, parse
from headrace.stores.sql.migrations.revisions import HEAD, REVISIONS

LOOK_TIMEOUT_S = 5


class DatabaseState(msgspec.Struct, frozen=True):
    """schema: None where there is none of ours. newest: what this installation knows.

    state: "empty", "current", "older", "newer", "mlflow" or "foreign".
    """

    place: str
    server: str
    schema: str | None
    newest: str
    state: str
    journal_mode: str | None = None


def look(uri: str) -> DatabaseState:
    """StoreUnavailable where it can't be opened, InvalidValue where the URI names no database."""
    path = database_file(uri)
    if path is not None:
        return _look_sqlite(path)
    if urlsplit(uri).scheme.partition("+")[0] in ("postgresql", "postgres"):
        address = parse(uri)
        assert isinstance(address, PostgresAddress)
        return _look_postgresql(address.conninfo)
    raise InvalidValue("URL", without_password(uri), "a database is needed: sqlite:///, postgresql://, or a folder.")


def without_password(uri: str) -> str:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    if "@" not in parts.netloc:
        return uri
    user, _, host = parts.netloc.rpartition("@")
    shown = f"{user.partition(':')[0]}:***@{host}" if ":" in user else f"{user}@{host}"
    return urlunsplit(parts._replace(netloc=shown))


@contextmanager
def opened_sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """Read only. A file that isn't there, or isn't a database, is StoreUnavailable."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=LOOK_TIMEOUT_S)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        raise StoreUnavailable(f"The database {str(path)!r} can't be read: {error}.") from error


def _look_sqlite(path: Path) -> DatabaseState:
    if not path.exists():
        raise StoreUnavailable(f"There is no database at {str(path)!r} yet; the first run makes it.")
    with opened_sqlite(path) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        journal = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
        found = schema.version(connection, tables)
    return DatabaseState(
        place=str(path),
        server=f"SQLite {sqlite3.sqlite_version}",
        schema=found,
        newest=HEAD,
        state=_state(found, tables),
        journal_mode=journal,
    )


def _look_postgresql(url: str) -> DatabaseState:
    psycopg = optional_import("psycopg", extra="postgres", why="postgresql:// stores")
    place = without_password(url)
    try:
        with psycopg.connect(url, connect_timeout=LOOK_TIMEOUT_S, autocommit=True) as connection:
            connection.read_only = True
            version = connection.execute("SHOW server_version").fetchone()[0]
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))")
            tables = {row[0] for row in rows.fetchall()}
            found = schema.version(connection, tables)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise StoreUnavailable(f"The database {place} can't be read: {reason}") from error
    return DatabaseState(
        place=place, server=f"PostgreSQL {version}", schema=found, newest=HEAD, state=_state(found, tables)
    )


def _state(found: str | None, tables: set[str]) -> str:
    if found is not None:
        return "current" if found == HEAD else "older" if found in REVISIONS else "newer"
    if tables >= schema.MLFLOW_TABLES:
        return "mlflow"
    return "foreign" if tables else "empty"
