from __future__ import annotations

import sqlite3

import psycopg
import psycopg_pool
import pytest

from headrace.errors import Corrupt, HeadraceError, IntegrityViolation, InvalidValue, NotFound, StoreUnavailable
from headrace.stores.sql.faults import sql_errors


def of_sqlite(kind: type[sqlite3.Error], code: int, text: str) -> sqlite3.Error:
    error = kind(text)
    error.sqlite_errorcode = code
    return error


FOREIGN = [
    (of_sqlite(sqlite3.IntegrityError, sqlite3.SQLITE_CONSTRAINT_UNIQUE, "UNIQUE"), IntegrityViolation),
    (of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_BUSY_SNAPSHOT, "locked"), StoreUnavailable),
    (of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_LOCKED, "locked"), StoreUnavailable),
    (of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_FULL, "full"), StoreUnavailable),
    (of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_IOERR_FSYNC, "disk I/O error"), StoreUnavailable),
    (of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_READONLY, "readonly"), StoreUnavailable),
    (of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_CANTOPEN, "unable to open"), StoreUnavailable),
    (of_sqlite(sqlite3.DatabaseError, sqlite3.SQLITE_CORRUPT, "malformed"), Corrupt),
    (of_sqlite(sqlite3.DatabaseError, sqlite3.SQLITE_NOTADB, "not a database"), Corrupt),
    (sqlite3.ProgrammingError("Cannot operate on a closed database."), StoreUnavailable),
    (psycopg.errors.UniqueViolation("duplicate key"), IntegrityViolation),
    (psycopg.errors.DeadlockDetected("deadlock"), StoreUnavailable),
    (psycopg.errors.SerializationFailure("could not serialize"), StoreUnavailable),
    (psycopg.errors.AdminShutdown("terminating"), StoreUnavailable),
    (psycopg.errors.DiskFull("no space"), StoreUnavailable),
    (psycopg.errors.ReadOnlySqlTransaction("read only"), StoreUnavailable),
    (psycopg.errors.InsufficientPrivilege("permission denied"), StoreUnavailable),
    (psycopg.errors.LockNotAvailable("lock timeout"), StoreUnavailable),
    (psycopg.OperationalError("connection refused"), StoreUnavailable),
    (psycopg.InterfaceError("the connection is closed"), StoreUnavailable),
    (psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), InvalidValue),
    (psycopg_pool.PoolTimeout("no connection"), StoreUnavailable),
    (psycopg_pool.PoolClosed("closed"), StoreUnavailable),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), InvalidValue),
]


@pytest.mark.parametrize(("foreign", "ours"), FOREIGN, ids=lambda each: getattr(each, "__name__", type(each).__name__))
def test_foreign_error_becomes_ours(foreign: Exception, ours: type[HeadraceError]) -> None:
    with pytest.raises(ours) as caught, sql_errors():
        raise foreign
    assert type(caught.value) is ours
    assert caught.value.__cause__ is foreign


@pytest.mark.parametrize(
    "error",
    [
        NotFound("run", "ab"),
        KeyError("a bug"),
        of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_ERROR, "no such table"),
        psycopg.errors.UndefinedColumn("no such column"),
    ],
)
def test_our_errors_and_our_bugs_pass_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, sql_errors():
        raise error
    assert caught.value is error
