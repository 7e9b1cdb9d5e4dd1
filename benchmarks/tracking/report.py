"""The results as data and as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.tracking.machine import Machine
from benchmarks.tracking.measure import Row
from benchmarks.tracking.runner import Results

NONE = "–"
PEERS = (("mlflow", "MLflow"), ("fasttrackml", "FastTrackML"))
Document = dict[str, Any]
EXTRAS = {  # what of a figure's extras stands in its cell
    "processes": "processes: {}",
    "packages": "packages: {}",
    "max_ms": "max {}",
    "api": "{} with the tracking calls touched",
}


def document(
    rows: Sequence[Row], results: Results, machine: Machine, versions: Mapping[str, str], *, quick: bool
) -> Document:
    return {
        "machine": machine.as_dict(),
        "versions": dict(versions),
        "quick": quick,
        "complete": set(results) == {row.id for row in rows},
        "rows": [
            {
                **{k: v for k, v in asdict(row).items() if k in ("id", "title", "unit", "better", "target")},
                "figures": {name: asdict(figure) for name, figure in results[row.id].items()},
            }
            for row in rows
            if row.id in results
        ],
    }


def store(found: Document, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    stamp = str(found["machine"]["date"])[:19].replace(":", "").replace("-", "")
    path = folder / f"tracking-{stamp}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return path


def number(value: float | None) -> str:
    """Three figures are what a repeat reproduces."""
    if value is None:
        return NONE
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def cell(row: Document, system: str) -> str:
    figure = row["figures"].get(system)
    if figure is None:
        return NONE
    if figure["value"] is None:
        return figure["note"][:40] or NONE
    text = number(figure["value"])
    for key, form in EXTRAS.items():
        if key in figure["extra"]:
            extra = figure["extra"][key]
            text += f" ({form.format(extra if isinstance(extra, int) else number(extra))})"
    if figure["note"]:
        text += f", {figure['note']}"
    return text


def ratio(row: Document, peer: str) -> str:
    """How many times better ours is than the peer."""
    ours = (row["figures"].get("headrace") or {}).get("value")
    theirs = (row["figures"].get(peer) or {}).get("value")
    if not ours or not theirs or ours < 0 or theirs < 0:
        return NONE
    times = ours / theirs if row["better"] == "higher" else theirs / ours
    return f"{times:,.0f} ×" if times >= 10 else f"{times:.1f} ×"


HEADER = ("work", "unit", "MLflow", "FastTrackML", "Headrace", "v MLflow", "v FastTrackML", "ceiling", "target")


def lines(found: Document) -> list[tuple[str, ...]]:
    return [
        (
            row["title"],
            row["unit"],
            cell(row, "mlflow"),
            cell(row, "fasttrackml"),
            cell(row, "headrace"),
            ratio(row, "mlflow"),
            ratio(row, "fasttrackml"),
            cell(row, "ceiling"),
            row["target"],
        )
        for row in found["rows"]
    ]


def caption(found: Document) -> str:
    machine, versions = found["machine"], found["versions"]
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{machine['date'][:10]}, {machine['cores']} cores {machine['cpu']}, {machine['memory_gib']} GiB, "
        f"fsync {machine['fsync_ms']} ms, Python {machine['python']}, SQLite {machine['sqlite']}; {named}"
        + ("; reduced sizes (--quick)" if found["quick"] else "")
    )


def markdown(found: Document) -> str:
    """The table of the README: without the ceiling, which is for who works on the figures."""
    keep = [HEADER.index(name) for name in HEADER if name != "ceiling"]
    rows = [HEADER, *lines(found)]
    texts = ["| " + " | ".join(row[i] for i in keep) + " |" for row in rows]
    texts.insert(1, "|" + " --- |" * len(keep))
    return "\n".join(texts) + f"\n\n{caption(found)}\n"


def show(found: Document) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Tracking", caption=caption(found))
    for name in HEADER:
        table.add_column(name, justify="left" if name in ("work", "unit") else "right")
    for line in lines(found):
        table.add_row(*line)
    Console(width=200).print(table)
