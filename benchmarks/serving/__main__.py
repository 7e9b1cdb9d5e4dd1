"""`python -m benchmarks.serving [--quick] [--only ROW,…] [--no-store]`

Each system serves alone, in a folder of its own, with its load generator on the same cores. About 12 minutes.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.models.__main__ import versions
from benchmarks.serving.plan import ROWS
from benchmarks.serving.report import document, markdown, store
from benchmarks.serving.rows import Setup
from benchmarks.serving.systems import ROOT, SERVERS
from benchmarks.tracking.machine import this_machine

SECONDS, QUICK_SECONDS = 8.0, 2.0
REPEATS, QUICK_REPEATS = 1000, 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--only", default="", help=", ".join(row.id for row in ROWS))
    parser.add_argument("--quick", action="store_true", help="short loads: to see it run")
    parser.add_argument("--no-store", action="store_true", help="don't write benchmarks/results/")
    given = parser.parse_args()
    wanted = set(filter(None, given.only.split(",")))
    rows = [row for row in ROWS if not wanted or row.id in wanted]
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-serving-") as folder:
        machine = this_machine(Path(folder))
        setup = Setup(
            folder=Path(folder),
            seconds=QUICK_SECONDS if given.quick else SECONDS,
            repeats=QUICK_REPEATS if given.quick else REPEATS,
        )
        for row in rows:
            results[row.id] = row.measure(setup)
            for system, figure in results[row.id].items():
                value = figure["value"]
                shown = value if value is None else f"{value:,.3f}"
                print(f"{row.id:<14}{system:<20}{shown} {row.unit}  {figure['note']}", flush=True)
    found = document(rows, results, machine, _versions(), quick=given.quick, complete=not wanted)
    print(markdown(found))
    if not given.no_store:
        print(f"stored: {store(found, ROOT / 'benchmarks' / 'results').relative_to(ROOT)}")
    return int(any(figure["value"] is None for by in results.values() for figure in by.values()))


def _versions() -> dict[str, str]:
    asked = "import importlib.metadata as m; print(*(m.version(name) for name in ('fastapi', 'litserve', 'bentoml')))"
    said = subprocess.run([str(SERVERS / "python"), "-c", asked], capture_output=True, text=True, check=True)
    peers = dict(zip(("FastAPI", "LitServe", "BentoML"), said.stdout.split(), strict=True))
    return {**versions(), **peers}


if __name__ == "__main__":
    sys.exit(main())
