"""One connection to PostgreSQL as the `Database` that store functions get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, cast

import psycopg

from headrace.stores.sql.connection import Dialect, Names, Rows, RunRow

CHANGE = (
    "INSERT INTO run_change (run_ref, experiment_id, seq) VALUES (%s, %s, pg_current_xact_id()::text::bigint) "
    "ON CONFLICT (run_ref) DO UPDATE SET seq = excluded.seq RETURNING rewinds"
)
CHANGE_ALL = (
    "UPDATE run_change SET seq = pg_current_xact_id()::text::bigint "
    "WHERE run_ref IN (SELECT id FROM run WHERE experiment_id = %s)"
)


@cache
def translated(sql: str) -> bytes:
    """`?` as psycopg writes it. Our SQL holds no other `?` and no `%`."""
    return sql.replace("?", "%s").encode()


class PostgresDatabase:
    dialect: Dialect = "postgresql"
    any_of = "= ANY(?)"
    for_share = " FOR SHARE"
    for_update = " FOR UPDATE"

    def __init__(self, connection: psycopg.Connection[Any], names: Names) -> None:
        self.connection = connection
        self.names = names
        self.active_runs: dict[str, RunRow] = {}

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        cursor = self.connection.execute(translated(sql), parameters, binary=True)
        return cast(Rows, cursor)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        with self.connection.cursor() as cursor:
            cursor.executemany(translated(sql), parameters)
        return None

    def among(self, values: Sequence[int] | Sequence[str]) -> list[int] | list[str]:
        return cast("list[int] | list[str]", list(values))

    def touch(self, run_ref: int, experiment_id: int) -> int | None:
        row = self.connection.execute(CHANGE, (run_ref, experiment_id)).fetchone()
        assert row is not None, "it returns the row that it writes"
        return int(row[0])

    def touch_all(self, experiment_id: int) -> None:
        self.connection.execute(CHANGE_ALL, (experiment_id,))
