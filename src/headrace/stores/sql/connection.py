"""The seam between the two databases: what every store function gets as `db`.

SQL is written once, with `?` for parameters and nothing in it that only one database knows (no literal `?` or `%`);
where the two must differ a function asks `db.dialect` or the small vocabulary below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

Dialect = Literal["sqlite", "postgresql"]
Row = tuple[Any, ...]
T = TypeVar("T")


class Rows(Protocol):
    """Answer of a statement; good until the next statement of the same connection."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class RunRow(NamedTuple):
    """rewinds: how many there are of the run, so that nobody looks for them in the usual case."""

    ref: int
    experiment_id: int
    rewinds: int = 0


class Names(Protocol):
    """Keys of metrics, params and tags as numbers (table `name`), cached in the process."""

    def ensure(self, db: Database, texts: Iterable[str]) -> dict[str, int]:
        """Numbers of all texts, made where missing. Writers only."""
        ...

    def find(self, db: Database, text: str) -> int | None: ...

    def texts(self, db: Database, numbers: Iterable[int]) -> dict[int, str]:
        """A mapping that holds at least the texts of all numbers; not to be changed."""
        ...


class Database(Protocol):
    """One open transaction (or read snapshot). BLOBs come and go as bytes."""

    dialect: Dialect
    names: Names
    any_of: str
    """`f"id {db.any_of}"` with the parameter `db.among(ids)`: id is one of them."""

    active_runs: dict[str, RunRow]
    """Runs that were found active; whoever makes one inactive takes it out."""
    for_share: str
    for_update: str
    """Ends of a SELECT whose rows must stay as they are until COMMIT."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows: ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object: ...

    def among(self, values: Sequence[int] | Sequence[str]) -> Any: ...

    def touch(self, run_ref: int, experiment_id: int) -> int | None:
        """Notes that this transaction writes the run, for `changes`. On PostgreSQL it also makes other writers of
        the run wait: call it before reading what the write depends on; several runs in ascending order. There it says
        how many rewinds the run has by then; None: what was read before is still so."""
        ...

    def touch_all(self, experiment_id: int) -> None:
        """`touch` for every run of an experiment."""
        ...


Work = Callable[[Database], T]
"""What a store method does in one transaction; may run again from the start after a deadlock."""


class Background(Protocol):
    """Work that can wait, such as merging blocks."""

    def pending(self) -> bool:
        """Cheap; asked after every group."""
        ...

    def step(self, db: Database) -> None:
        """At most 20 ms in a transaction of its own."""
        ...


class Engine(Protocol):
    dialect: Dialect

    def read(self, work: Work[T]) -> T:
        """work sees one snapshot."""
        ...

    def write(self, work: Work[T]) -> T:
        """Returns after COMMIT."""
        ...

    def submit(self, work: Work[T]) -> Future[T]:
        """The Future is done after COMMIT, from another thread."""
        ...

    def close(self) -> None: ...
