"""`python -m benchmarks.projects [--quick] [--only ROW,…] [--no-store]`

Each row runs on MLflow and on Headrace in a folder that is empty but for caches of wheels, which all rows share.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.models.__main__ import versions
from benchmarks.projects.plan import ROWS
from benchmarks.projects.report import document, markdown, store
from benchmarks.projects.work import ROOT, Setup
from benchmarks.tracking.machine import this_machine

REPEATS, QUICK_REPEATS = 5, 1
TRIALS, QUICK_TRIALS = 200, 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.projects", description=__doc__)
    parser.add_argument("--only", default="", help=", ".join(row.id for row in ROWS))
    parser.add_argument("--quick", action="store_true", help="small sizes, few repeats: to see it run")
    parser.add_argument("--no-store", action="store_true", help="don't write benchmarks/results/")
    given = parser.parse_args()
    wanted = set(filter(None, given.only.split(",")))
    rows = [row for row in ROWS if not wanted or row.id in wanted]
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-projects-") as folder:
        machine = this_machine(Path(folder))
        for row in rows:
            place = Path(folder, row.id)
            place.mkdir()
            setup = Setup(
                folder=place,
                repeats=QUICK_REPEATS if given.quick else REPEATS,
                trials=QUICK_TRIALS if given.quick else TRIALS,
            )
            results[row.id] = row.measure(setup)
            for system, figure in results[row.id].items():
                value = figure["value"]
                shown = value if value is None else f"{value:,.3f}"
                print(f"{row.id:<22}{system:<10}{shown} {row.unit}  {figure['note']}", flush=True)
    found = document(rows, results, machine, versions(), quick=given.quick, complete=not wanted)
    print(markdown(found))
    if not given.no_store:
        print(f"stored: {store(found, ROOT / 'benchmarks' / 'results').relative_to(ROOT)}")
    return int(any(figure["value"] is None for by in results.values() for figure in by.values()))


if __name__ == "__main__":
    sys.exit(main())
