"""The results as data and as a table."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import msgspec

from benchmarks.registry.plan import ROWS
from benchmarks.tracking.machine import Machine
from benchmarks.tracking.measure import Figure
from benchmarks.tracking.report import Document, caption, cell, ratio

HEADER = ("work", "unit", "MLflow", "Headrace", "v MLflow", "target")
FILLED = {
    "headrace": "through its store, before the server starts",
    "mlflow": "rows written into the tables that its own store has made, before the server starts",
}


def document(
    results: Mapping[str, Mapping[str, Figure]], machine: Machine, versions: Mapping[str, str], *, quick: bool
) -> Document:
    return {
        "machine": {**machine.as_dict(), "load_average": Path("/proc/loadavg").read_text().split()[:3]},
        "versions": dict(versions),
        "quick": quick,
        "complete": all(set(results.get(row.id, ())) == set(row.systems) for row in ROWS),
        "filled": FILLED,
        "rows": [
            {
                "id": row.id,
                "title": row.title,
                "unit": row.unit,
                "better": row.better,
                "target": row.target,
                "figures": {name: asdict(figure) for name, figure in results[row.id].items()},
            }
            for row in ROWS
            if row.id in results
        ],
    }


def store(found: Document, folder: Path) -> Path:
    stamp = str(found["machine"]["date"])[:19].replace(":", "").replace("-", "")
    path = folder / f"registry-{stamp}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return path


def markdown(found: Document) -> str:
    lines = [
        (
            row["title"],
            row["unit"],
            cell(row, "mlflow"),
            cell(row, "headrace"),
            ratio(row, "mlflow"),
            row["target"],
        )
        for row in found["rows"]
    ]
    texts = ["| " + " | ".join(line) + " |" for line in (HEADER, *lines)]
    texts.insert(1, "|" + " --- |" * len(HEADER))
    return "\n".join(texts) + f"\n\n{caption(found)}\n"
