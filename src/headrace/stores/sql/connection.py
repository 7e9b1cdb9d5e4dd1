"""The seam between the two databases: what every store function gets as `db`.

SQL is written once, with `?` for parameters and nothing in it that only one database knows (no literal `?` or `%`);
where the two must differ a function asks `db.dialect`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, Protocol

Dialect = Literal["sqlite", "postgresql"]
Row = tuple[Any, ...]


class Rows(Protocol):
    """Answer of a statement; good until the next statement of the same connection."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Row | None: ...

    def fetchall(self) -> list[Row]: ...

    def __iter__(self) -> Iterator[Row]: ...


class Database(Protocol):
    """One open transaction (or read snapshot). BLOBs come and go as bytes."""

    dialect: Dialect

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows: ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None: ...
