"""The results as data and as a table."""

from pathlib import Path

import msgspec

from benchmarks.models.report import document, table
from benchmarks.tracking.report import NONE, Document, number, ratio

__all__ = ["document", "markdown", "store"]

SYSTEMS = {"mlflow": "MLflow", "fastapi": "FastAPI", "litserve": "LitServe", "bentoml": "BentoML"}
BESIDE = {  # what else a row compares with
    "mlflow-transformers": "with Transformers",
    "unbatched": "Headrace without batching",
    "engine": "the engine alone",
}


def store(found: Document, folder: Path) -> Path:
    stamp = str(found["machine"]["date"])[:19].replace(":", "").replace("-", "")
    path = folder / f"serving-{stamp}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return path


def _cell(row: Document, system: str, *, note: bool = False) -> str:
    figure = row["figures"].get(system)
    if figure is None:
        return NONE
    if figure["value"] is None:
        return figure["note"] or NONE
    text = number(figure["value"])
    return f"{text} ({figure['note']})" if note and figure["note"] else text


def _beside(row: Document) -> str:
    told = [f"{title} {_cell(row, name)}" for name, title in BESIDE.items() if name in row["figures"]]
    return f" ({'; '.join(told)})" if told else ""


def markdown(found: Document) -> str:
    header = ("work", "unit", *SYSTEMS.values(), "Headrace", "v MLflow", "target")
    lines = [
        (
            row["title"] + _beside(row),
            row["unit"],
            *(_cell(row, system) for system in SYSTEMS),
            _cell(row, "headrace", note=True),
            ratio(row, "mlflow"),
            row["target"],
        )
        for row in found["rows"]
    ]
    return table(found, header, lines)
