"""An ONNX graph that takes a model's place, and what it is fed and gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.errors import CallerError


class NotConvertible(CallerError):
    """This model can't become ONNX, or not by the converter that is installed."""


@dataclass(frozen=True, kw_only=True)
class Converted:
    """graph: the file's bytes, or a file that lies in a folder with its weights. columns: of the one matrix that it
    takes, None where its inputs go by their names. output: the one that is the answer, None for all. column: of that
    output. dimensions: 1 or 2, where
    the answer has that many and the graph's may have the other. as_rows: the answer is a table: all outputs are its
    columns, or the columns of the one output."""

    graph: bytes | Path
    columns: list[Any] | None = None
    one_column_each: bool = False
    output: str | None = None
    column: int | None = None
    dimensions: int | None = None
    as_rows: bool = False

    def about(self) -> dict[str, Any]:
        """What run.py reads of it."""
        return {
            "columns": self.columns,
            "one_column_each": self.one_column_each,
            "answer": {
                "output": self.output,
                "column": self.column,
                "dimensions": self.dimensions,
                "as_rows": self.as_rows,
            },
        }
