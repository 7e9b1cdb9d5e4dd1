"""The results as data and as a table."""

from pathlib import Path

import msgspec

from benchmarks.logging.plan import PEERS
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
    machine, versions = found["machine"], found["versions"]
    lines = [
        (row["title"], row["unit"], *(cell(row["figures"].get(peer)) for peer in PEERS), row["target"])
        for row in found["rows"]
    ]
    texts = ["| " + " | ".join(line) + " |" for line in (HEADER, *lines)]
    texts.insert(1, "|" + " --- |" * len(HEADER))
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    caption = (
        f"{machine['date'][:10]}, {machine['cores']} cores {machine['cpu']}, {machine['memory_gib']} GiB, "
        f"Python {machine['python']}; {named}" + ("; reduced sizes (--quick)" if found["quick"] else "")
    )
    return "\n".join(texts) + f"\n\n{caption}\n"
