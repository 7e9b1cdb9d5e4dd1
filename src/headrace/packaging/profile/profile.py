"""The profile of a table, and the file that keeps it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from headrace.errors import Corrupt
from headrace.packaging.profile.column import Column, column_of
from headrace.packaging.profile.table import columns_of

FILE_NAME = "profile.json"
MAX_BYTES = 256 << 20
_MANY_ROWS = 50_000  # above, sorting the columns at once is worth threads


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """inputs, outputs: column by name. rows: of the inputs; output_rows: of the outputs, which may be those of a part
    of the rows. version: of the file's form."""

    version: int = 1
    rows: int
    inputs: dict[str, Column]
    output_rows: int = 0
    outputs: dict[str, Column] = {}

    def merge(self, other: Profile) -> Profile:
        """As if the rows of both had been seen together. An input column that one of them lacks was missing there; of
        outputs, which models name as they like, only what is there counts."""
        return Profile(
            rows=self.rows + other.rows,
            inputs=_merged(self.inputs, self.rows, other.inputs, other.rows),
            output_rows=self.output_rows + other.output_rows,
            outputs=_merged(self.outputs, 0, other.outputs, 0),
        )

    def discreet(self) -> Profile:
        """Without texts that are one of a kind."""
        return msgspec.structs.replace(
            self,
            inputs={name: column.discreet() for name, column in self.inputs.items()},
            outputs={name: column.discreet() for name, column in self.outputs.items()},
        )


def profile_of(inputs: Any, outputs: Any = None) -> Profile:
    """inputs, outputs: whatever `columns_of` takes."""
    made_in = _profiled(dict(columns_of(inputs)))
    made_out = {} if outputs is None else _profiled(dict(columns_of(outputs)))
    return Profile(rows=_rows(made_in), inputs=made_in, output_rows=_rows(made_out), outputs=made_out)


def _profiled(columns: dict[str, Any]) -> dict[str, Column]:
    if len(columns) > 1 and len(next(iter(columns.values()))) > _MANY_ROWS:
        with ThreadPoolExecutor(min(len(columns), os.cpu_count() or 1)) as threads:
            return dict(zip(columns, threads.map(column_of, columns.values()), strict=True))
    return {name: column_of(values) for name, values in columns.items()}


def _rows(columns: dict[str, Column]) -> int:
    return max((column.count for column in columns.values()), default=0)


def _merged(a: dict[str, Column], a_rows: int, b: dict[str, Column], b_rows: int) -> dict[str, Column]:
    absent_a = Column(kind="empty", count=a_rows, missing=a_rows)
    absent_b = Column(kind="empty", count=b_rows, missing=b_rows)
    return {name: a.get(name, absent_a).merge(b.get(name, absent_b)) for name in dict.fromkeys([*a, *b])}


def write(profile: Profile, folder: Path) -> None:
    """As a model folder keeps it, `discreet`."""
    (folder / FILE_NAME).write_bytes(msgspec.json.encode(profile.discreet()) + b"\n")


def read(folder: str | Path) -> Profile | None:
    """Of a model folder; None if it has none. Corrupt if it can't be read."""
    place = Path(folder) / FILE_NAME
    try:
        if place.stat().st_size > MAX_BYTES:
            raise Corrupt(f"{place} has more than {MAX_BYTES} bytes, so it is no profile.")
        return msgspec.json.decode(place.read_bytes(), type=Profile)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Corrupt(f"{place} can't be read as a profile: {error}.") from error
