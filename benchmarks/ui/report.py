"""The results as data and as a table."""

from pathlib import Path

import msgspec

from benchmarks.models.report import document, table
from benchmarks.tracking.report import NONE, Document, number, ratio

__all__ = ["document", "markdown", "store"]

HEADER = ("work", "unit", "MLflow", "Headrace", "v MLflow", "target")


def store(found: Document, folder: Path) -> Path:
    stamp = str(found["machine"]["date"])[:19].replace(":", "").replace("-", "")
    path = folder / f"ui-{stamp}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return path


def _cell(row: Document, system: str) -> str:
    figure = row["figures"].get(system)
    if figure is None:
        return NONE
    if figure["value"] is None:
        return figure["note"] or NONE
    note = f" ({figure['note']})" if figure["note"] else ""
    return f"{number(figure['value'])}{note}"


def markdown(found: Document) -> str:
    lines = [
        (
            row["title"],
            row["unit"],
            _cell(row, "mlflow"),
            _cell(row, "headrace"),
            ratio(row, "mlflow"),
            row["target"] or NONE,
        )
        for row in found["rows"]
    ]
    return table(found, HEADER, lines)
