from __future__ import annotations

from typing import Any

import psycopg

from headrace.errors import InvalidState
from headrace.stores.sql import schema
from headrace.stores.sql.faults import sql_errors
from headrace.stores.sql.migrations.revisions import HEAD
from headrace.stores.sql.postgres_engine import connect

LOCK = 0x68656164  # any number that all of our servers use and hardly anybody else: "head"
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
# A dump that was restored elsewhere holds transaction ids that its new home has yet to reach.
FOREIGN_CHANGES = "SELECT 1 FROM run_change WHERE seq >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint LIMIT 1"
FORGET_CHANGES = "UPDATE run_change SET seq = 0"


def prepare(conninfo: str, artifact_root: str, *more_versions: str) -> None:
    """Leaves a database with the newest schema there."""
    with sql_errors(), connect(conninfo) as connection:
        if schema.version(connection, _tables(connection)) != HEAD or more_versions:
            _prepare(connection, conninfo, artifact_root, *more_versions)
        if connection.execute(FOREIGN_CHANGES).fetchone() is not None:
            connection.execute(FORGET_CHANGES)


def _tables(connection: psycopg.Connection[Any]) -> set[str]:
    return {row[0] for row in connection.execute(TABLES)}


def _prepare(connection: psycopg.Connection[Any], conninfo: str, artifact_root: str, *more_versions: str) -> None:
    place = repr(connection.info.dbname)
    encoding = connection.execute("SHOW server_encoding").fetchone()
    if encoding != ("UTF8",):
        raise InvalidState(
            "database",
            place,
            message=f"The database {place} has encoding {encoding and encoding[0]}; Headrace needs one with UTF8 "
            "(CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0).",
        )
    connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    try:
        tables = _tables(connection)
        found = schema.version(connection, tables)
        if found is None:
            schema.check_free(tables, place)
            with connection.transaction():
                schema.create(connection, "postgresql", artifact_root)
            found = HEAD
        schema.check_known(found, place)
        if found != HEAD or more_versions:
            schema.upgraded(lambda: psycopg.connect(conninfo), "postgresql", *more_versions)
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
