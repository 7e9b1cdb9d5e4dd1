"""The results as data and as a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.models.plan import Row
from benchmarks.tracking.machine import Machine
from benchmarks.tracking.report import Document, number, ratio

HEADER = ("work", "unit", "MLflow", "Headrace", "v MLflow", "target")


def document(
    rows: Sequence[Row],
    results: Mapping[str, Mapping[str, Any]],
    machine: Machine,
    versions: Mapping[str, str],
    *,
    quick: bool,
    complete: bool,
) -> Document:
    return {
        "machine": {**machine.as_dict(), "load_average": Path("/proc/loadavg").read_text().split()[:3]},
        "versions": dict(versions),
        "quick": quick,
        "complete": complete,
        "rows": [
            {
                "id": row.id,
                "title": row.title,
                "unit": row.unit,
                "better": row.better,
                "target": row.target,
                "figures": dict(results[row.id]),
            }
            for row in rows
        ],
    }


def store(found: Document, folder: Path) -> Path:
    stamp = str(found["machine"]["date"])[:19].replace(":", "").replace("-", "")
    path = folder / f"models-{stamp}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return path


def cell(row: Document, system: str) -> str:
    figure = row["figures"][system]
    note = f" ({figure['note']})" if figure["note"] else ""
    return f"{number(figure['value'])}{note}"


def markdown(found: Document) -> str:
    lines = [
        (row["title"], row["unit"], cell(row, "mlflow"), cell(row, "headrace"), ratio(row, "mlflow"), row["target"])
        for row in found["rows"]
    ]
    return table(found, HEADER, lines)


def table(found: Document, header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """With the machine and the versions below it."""
    machine, versions = found["machine"], found["versions"]
    texts = ["| " + " | ".join(line) + " |" for line in (header, *lines)]
    texts.insert(1, "|" + " --- |" * len(header))
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    caption = (
        f"{machine['date'][:10]}, {machine['cores']} cores {machine['cpu']}, {machine['memory_gib']} GiB, "
        f"Python {machine['python']}; {named}" + ("; reduced sizes (--quick)" if found["quick"] else "")
    )
    return "\n".join(texts) + f"\n\n{caption}\n"
