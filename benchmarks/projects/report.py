"""The results as data and as a table: those of the models' benchmark, in files of their own name."""

from pathlib import Path

import msgspec

from benchmarks.models.report import document, markdown
from benchmarks.tracking.report import Document

__all__ = ["document", "markdown", "store"]


def store(found: Document, folder: Path) -> Path:
    stamp = str(found["machine"]["date"])[:19].replace(":", "").replace("-", "")
    path = folder / f"projects-{stamp}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return path
