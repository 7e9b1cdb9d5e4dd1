"""The one border where the drivers' errors become ours."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from headrace.errors import Corrupt, HeadraceError, IntegrityViolation, InvalidValue, StoreUnavailable

_NEXT_STEP = {
    sqlite3.SQLITE_FULL: "free some disk space, then send the request again",
    sqlite3.SQLITE_BUSY: "another process holds the write lock; end it or wait, then send the request again",
    sqlite3.SQLITE_LOCKED: "another process holds the write lock; end it or wait, then send the request again",
    sqlite3.SQLITE_READONLY: "make the database file and its folder writable for this user",
    sqlite3.SQLITE_CANTOPEN: "check that its folder exists and that this user may write there",
    sqlite3.SQLITE_IOERR: "check the disk, then send the request again",
}


@contextmanager
def sql_errors() -> Iterator[None]:
    try:
        yield
    except HeadraceError:
        raise
    except Exception as error:
        ours = translated(error)
        if ours is None:
            raise
        raise ours from error


def translated(error: BaseException) -> HeadraceError | None:
    """None: not a fault of the database."""
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, UnicodeEncodeError):
        return InvalidValue("text", error.object, "it must be valid Unicode; a lone surrogate is not.")
    psycopg = sys.modules.get("psycopg")  # never imported where only SQLite is used
    if psycopg is not None and isinstance(error, psycopg.Error):
        return _of_postgres(error)
    pool = sys.modules.get("psycopg_pool")
    if pool is not None and isinstance(error, pool.PoolTimeout | pool.PoolClosed | pool.TooManyRequests):
        return StoreUnavailable(f"PostgreSQL gives no connection: {error}. Check the server, then try again.")
    return None


def is_conflict(error: BaseException) -> bool:
    """A deadlock or serialization failure of PostgreSQL: the transaction may simply run again."""
    return getattr(error, "sqlstate", None) in ("40001", "40P01")


def _of_sqlite(error: sqlite3.Error) -> HeadraceError | None:
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF  # the rest says which kind of it
    if isinstance(error, sqlite3.IntegrityError):
        return IntegrityViolation(f"The database refuses this write: {error}.")
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Corrupt(f"The SQLite database is damaged or none at all: {error}. Restore it from a backup.")
    if isinstance(error, sqlite3.OperationalError) and primary != sqlite3.SQLITE_ERROR:
        step = _NEXT_STEP.get(primary or 0, "send the request again")
        return StoreUnavailable(f"SQLite can't answer: {error}. Next step: {step}.")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreUnavailable("The store is closed; open it again.")
    return None


def _of_postgres(error: BaseException) -> HeadraceError | None:
    import psycopg

    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, psycopg.IntegrityError):
        return IntegrityViolation(f"The database refuses this write: {text}.")
    state = getattr(error, "sqlstate", None) or ""
    if isinstance(error, psycopg.DataError) and "NUL" in text:
        return InvalidValue(message=f"PostgreSQL can't hold a value of this request: {text}.")
    # 25006 read only; 42501 no privilege; 53xxx out of resources; 57xxx shut down; 58xxx system; 55P03 lock timeout.
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or state in ("25006", "42501"):
        return StoreUnavailable(f"PostgreSQL can't answer: {text}. Check the server, then send the request again.")
    return None
