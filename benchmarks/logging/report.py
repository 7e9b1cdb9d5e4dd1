"""The results as data and as a table."""

from pathlib import Path

import msgspec

from benchmarks.logging.plan import PEERS
from benchmarks.models.report import table
from benchmarks.tracking.report import Document, number

HEADER = ("work", "unit", *PEERS.values(), "target")


def store(found: Document, folder: Path) -> Path:
    stamp = str(found["machine"]["date"])[:19].replace(":", "").replace("-", "")
    path = folder / f"logging-{stamp}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return path


def cell(value: float | None) -> str:
    return "–" if value is None else number(value)


def markdown(found: Document) -> str:
    lines = [
        (row["title"], row["unit"], *(cell(row["figures"].get(peer)) for peer in PEERS), row["target"])
        for row in found["rows"]
    ]
    return table(found, HEADER, lines)
