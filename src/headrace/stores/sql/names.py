"""Keys of metrics, params and tags as numbers: two caches over table `name`, one for each database.

A number never changes its text, so what is cached stays true for ever; what a transaction made is cached for others
only once it is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from headrace.stores.sql.connection import Database

MAX_CACHED = 200_000  # about 40 MB; a store with more distinct keys starts its cache anew
_CHUNK = 1000


class NameCache:
    """Committed names, shared by all connections of an engine. Single dict operations only, so no lock."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.by_number: dict[int, str] = {}

    def add(self, pairs: Iterable[tuple[int, str]]) -> None:
        if len(self.numbers) > MAX_CACHED:
            self.numbers, self.by_number = {}, {}
        for number, text in pairs:
            self.numbers[text] = number
            self.by_number[number] = text


class ReaderNames:
    def __init__(self, cache: NameCache) -> None:
        self.cache = cache

    def ensure(self, db: Database, texts: Iterable[str]) -> dict[str, int]:  # noqa: ARG002 - for writers
        raise AssertionError("a reader makes no names")

    def find(self, db: Database, text: str) -> int | None:
        number = self.cache.numbers.get(text)
        if number is None:
            row = db.execute("SELECT id FROM name WHERE text = ?", (text,)).fetchone()
            if row is not None:
                number = row[0]
                self.cache.add([(row[0], text)])
        return number

    def texts(self, db: Database, numbers: Iterable[int]) -> dict[int, str]:
        known = self.cache.by_number
        missing = [number for number in numbers if number not in known]
        if not missing:
            return known
        known = dict(known)  # the shared one may start anew meanwhile
        for start in range(0, len(missing), _CHUNK):
            chunk = list(set(missing[start : start + _CHUNK]))
            rows = db.execute(f"SELECT id, text FROM name WHERE id {db.any_of}", (db.among(chunk),)).fetchall()
            known.update(rows)
            self.cache.add(rows)
        return known


class WriterNames(ReaderNames):
    """Of SQLite's one writer: names are rows of the running transaction, undone with its savepoints."""

    def __init__(self, cache: NameCache) -> None:
        super().__init__(cache)
        self.staged: dict[str, int] = {}

    def ensure(self, db: Database, texts: Iterable[str]) -> dict[str, int]:
        known = self.cache.numbers
        wanted = list(texts)
        cached = dict(zip(wanted, map(known.get, wanted), strict=True))
        if None not in cached.values():
            return cast("dict[str, int]", cached)
        found: dict[str, int] = {}
        for text in wanted:
            number = known.get(text) or self.staged.get(text)
            found[text] = self._made(db, text) if number is None else number
        return found

    def _made(self, db: Database, text: str) -> int:
        row = db.execute("SELECT id FROM name WHERE text = ?", (text,)).fetchone()
        if row is None:
            row = db.execute("INSERT INTO name (text) VALUES (?) RETURNING id", (text,)).fetchone()
        self.staged[text] = row[0]
        return int(row[0])

    def find(self, db: Database, text: str) -> int | None:
        number = self.staged.get(text) or self.cache.numbers.get(text)
        if number is None:
            row = db.execute("SELECT id FROM name WHERE text = ?", (text,)).fetchone()
            if row is not None:
                number = self.staged[text] = row[0]
        return number

    def texts(self, db: Database, numbers: Iterable[int]) -> dict[int, str]:
        wanted = list(numbers)
        if all(number in self.cache.by_number for number in wanted):
            return self.cache.by_number
        rows = db.execute(f"SELECT id, text FROM name WHERE id {db.any_of}", (db.among(wanted),)).fetchall()
        return dict(rows)

    def mark(self) -> int:
        return len(self.staged)

    def undo_to(self, mark: int) -> None:
        while len(self.staged) > mark:
            self.staged.popitem()

    def committed(self) -> None:
        if self.staged:
            self.cache.add([(number, text) for text, number in self.staged.items()])
            self.staged.clear()


class CommittingNames(ReaderNames):
    """Of PostgreSQL: new names are committed on a connection of their own before the transaction goes on.

    Rows of `name` made inside the transactions of several replicas would wait for each other in any order.
    """

    def __init__(self, cache: NameCache, commit: Callable[[list[str]], list[tuple[int, str]]]) -> None:
        super().__init__(cache)
        self.commit = commit

    def ensure(self, db: Database, texts: Iterable[str]) -> dict[str, int]:  # noqa: ARG002 - has a connection of its own
        wanted = list(texts)
        known = self.cache.numbers
        missing = sorted({text for text in wanted if text not in known})
        made: dict[str, int] = {}
        if missing:
            pairs = self.commit(missing)
            self.cache.add(pairs)
            made = {text: number for number, text in pairs}
        return {text: made[text] if text in made else known[text] for text in wanted}
