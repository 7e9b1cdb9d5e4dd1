"""A piece of the input: as many rows as go through the model at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Limits:
    """A chunk ends at whichever comes first. size_bytes: of input text; a frame of it takes a few times as much."""

    rows: int = 32_768
    size_bytes: int = 16 << 20


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """rows: with the bad ones, which `data` lacks. bad: offset in the chunk → what is wrong there. lines: the line of
    each row, where the input goes by lines. whole: there is no other chunk, so that any answer can be written."""

    data: Any
    rows: int
    first_row: int = 0
    bad: dict[int, str] = field(default_factory=dict)
    params: dict[str, Any] | None = None
    lines: Sequence[int] | None = None
    whole: bool = False
    unwrapped: bool = False

    def place(self, offset: int) -> str:
        """Where a row stands, as its owner counts: from 1."""
        return f"line {self.lines[offset]}" if self.lines else f"row {self.first_row + offset + 1}"

    @cached_property
    def good(self) -> list[int]:
        """Offsets of the rows that `data` holds."""
        return [offset for offset in range(self.rows) if offset not in self.bad]


def length(data: Any) -> int | None:
    """How many rows; None for what can't be cut into rows."""
    if hasattr(data, "iloc") or isinstance(data, list):
        return len(data)
    if isinstance(data, np.ndarray):
        return len(data) if data.ndim else None
    if isinstance(data, dict) and data and all(isinstance(part, np.ndarray) and part.ndim for part in data.values()):
        lengths = {len(part) for part in data.values()}
        return lengths.pop() if len(lengths) == 1 else None
    return None


def cut(data: Any, start: int, stop: int) -> Any:
    if hasattr(data, "iloc"):
        return data.iloc[start:stop]
    if isinstance(data, dict):
        return {name: part[start:stop] for name, part in data.items()}
    return data[start:stop]
