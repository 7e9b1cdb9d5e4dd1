"""Where Headrace answers otherwise than MLflow, on purpose. Where MLflow crashes, a refusal needs no entry.

`cases` is a regular expression that the whole name of a case matches. The tests demand that every entry is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Deviation:
    group: str
    cases: str
    ours: str  # "refuses", "answers" (where MLflow refuses or crashes), or "differs"
    why: str

    def covers(self, group: str, case: str, theirs: Any, ours: Any) -> bool:
        kind = "refuses" if ours == "refused" else "answers" if isinstance(theirs, str) else "differs"
        return self.group == group and self.ours == kind and re.fullmatch(self.cases, case) is not None


_MASKED = "MLflow crashes on a missing value in pandas' nullable types; an optional column may have some."
_PARSED = (
    "Text that is a time becomes one, as it does for MLflow with pandas 2, where text is kept as objects. JSON has no "
    "other form of it."
)
_CATEGORY = "A category of text is inferred as string, so that a frame must pass the schema that was inferred from it."
_LISTS = "A list says no exact type: it is built into an array of the schema's type where that loses nothing."
_TIMESTAMP = "A Timestamp is a datetime."
_DTYPE = "Nothing is checked or converted here, so that the column keeps its dtype."

DEVIATIONS = [
    Deviation(
        group="columns",
        cases=r"boolean \w+ <- object: (bytes|bytes and None|int and text|bool and text)",
        ours="refuses",
        why="MLflow hands on any objects as booleans; text among them is a mistake.",
    ),
    Deviation(group="columns", cases=r"boolean optional <- extension: boolean with NA", ours="answers", why=_MASKED),
    Deviation(group="columns", cases=r"long optional <- extension: Int64 with NA", ours="answers", why=_MASKED),
    Deviation(
        group="columns", cases=r"(string|long) \w+ <- extension: category of (text|ints)", ours="answers", why=_CATEGORY
    ),
    Deviation(
        group="columns",
        cases=r"double \w+ <- (empty object|object: huge ints)",
        ours="differs",
        why="MLflow leaves integers; a column of doubles holds doubles.",
    ),
    Deviation(group="columns", cases=r"datetime \w+ <- (object: |str of )ISO dates", ours="answers", why=_PARSED),
    Deviation(group="nested", cases=r"any \w+ <- 0: 1", ours="differs", why=_DTYPE),
    Deviation(
        group="nested",
        cases=r"scalars in object \w+ <- \d+: \{'b': \"bytes b'a'\"\}",
        ours="refuses",
        why="Bytes are no boolean.",
    ),
    Deviation(
        group="nested", cases=r"scalars in object \w+ <- \d+: \{'t': '2024-05-31'\}", ours="answers", why=_PARSED
    ),
    Deviation(
        group="forms",
        cases=r"unnamed doubles <- frame without rows",
        ours="differs",
        why="MLflow leaves integers; a column of doubles holds doubles.",
    ),
    Deviation(group="forms", cases=r"(nested unnamed|any) <- frame without rows", ours="differs", why=_DTYPE),
    Deviation(group="tensors", cases=r".* <- (list|dict of lists)", ours="answers", why=_LISTS),
    Deviation(
        group="tensors",
        cases=r".* <- frame of (int )?arrays",
        ours="differs",
        why="Cells of arrays are cast as cells of lists are; MLflow hands on the wrong type.",
    ),
    Deviation(
        group="tensors",
        cases=r"one named <- csr",
        ours="answers",
        why="An array stands for the only tensor, whether it has a name or not; so does a sparse one.",
    ),
    Deviation(group="infer", cases=r"(list|dict|rows|one): Timestamps", ours="differs", why=_TIMESTAMP),
    Deviation(
        group="infer_params",
        cases=r"empty list",
        ours="differs",
        why="An empty list is one of strings, as it is for data; MLflow says datetime.",
    ),
]
