"""The error of data that a signature doesn't allow: where, what was expected, what was found, how to mend it."""

from __future__ import annotations

from headrace.errors import InvalidValue


class SchemaMismatch(InvalidValue):
    """`SchemaMismatch("column 'age'", "long", "float64 with 3 nulls", "Give …")`. All parts stay readable as fields."""

    def __init__(self, place: str, expected: str, found: str, mend: str = "", *, message: str = "") -> None:
        self.place, self.expected, self.found, self.mend = place, expected, found, mend
        where = f"{place}: " if place else ""
        sentence = f"Failed to enforce schema of data: {where}expected {expected}, found {found}."
        super().__init__(place or "data", message=message or f"{sentence} {mend}".rstrip())
        self.json_kwargs = {"error_class": "SCHEMA_ENFORCEMENT_FAILED"}


class Wrong(Exception):
    """Raised deep inside a value, caught where its place is known. `path` is filled from the inside out."""

    def __init__(self, expected: str, found: str, mend: str = "") -> None:
        super().__init__(expected, found, mend)
        self.path: list[str] = []

    def at(self, place: str) -> SchemaMismatch:
        expected, found, mend = self.args
        return SchemaMismatch(place + "".join(reversed(self.path)), expected, found, mend)
