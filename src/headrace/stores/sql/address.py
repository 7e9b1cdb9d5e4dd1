"""Addresses of SQL stores."""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from headrace.errors import InvalidValue

SUPPORTED = (
    "sqlite:///relative/path.db, sqlite:////absolute/path.db, postgresql://user:password@host:5432/database "
    "(also postgres:// and postgresql+psycopg://)"
)
_POSTGRES = re.compile(r"(postgresql|postgres)(\+[a-z0-9]+)?")
_PASSWORD = re.compile(r"(://[^/@:]*):[^@/]*@")


class SqliteAddress(NamedTuple):
    path: str


class PostgresAddress(NamedTuple):
    conninfo: str
    """As libpq reads it."""


def parse(uri: str) -> SqliteAddress | PostgresAddress:
    scheme, separator, rest = uri.partition("://")
    scheme = scheme.lower()
    if separator and scheme.split("+")[0] == "sqlite":
        return _sqlite(uri)
    if separator and (found := _POSTGRES.fullmatch(scheme)):
        if found[2] not in (None, "+psycopg", "+psycopg2"):
            raise InvalidValue("uri", shown(uri), f"the driver is always psycopg 3; write postgresql://{shown(rest)}.")
        return PostgresAddress(f"postgresql://{rest}")
    raise InvalidValue("uri", shown(uri), f"supported are {SUPPORTED}.")


def _sqlite(uri: str) -> SqliteAddress:
    parts = urlsplit(uri)
    # sqlite:///a.db is the relative a.db, sqlite:////a.db the absolute /a.db, as in SQLAlchemy.
    path = unquote(parts.path[1:])
    if parts.netloc or not path or path == ":memory:":
        raise InvalidValue("uri", uri, "a file is needed: sqlite:///relative/path.db or sqlite:////absolute/path.db.")
    if parts.query:
        raise InvalidValue("uri", uri, "a SQLite address takes no options (?…).")
    if "\x00" in path:
        raise InvalidValue("uri", uri, "a path may not hold the NUL character.")
    return SqliteAddress(os.fspath(path))


def shown(uri: str) -> str:
    """Without the password."""
    return _PASSWORD.sub(r"\1:***@", uri)
