"""`python -m benchmarks.models [--quick] [--only ROW,…] [--no-store]`

Each row runs on MLflow and on Headrace one after the other, in a new process and an empty folder each.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.models.plan import ROWS, Row
from benchmarks.models.report import document, markdown, store
from benchmarks.tracking.machine import this_machine

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = {
    "mlflow": ROOT / ".venv-mlflow" / "bin" / "python",
    "headrace": ROOT / ".venv" / "bin" / "python",
}
TIMEOUT_S = 900


def measure(system: str, row: Row, size: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix=f"bench-{row.id}-") as folder:
        home = {"HEADRACE_HOME": folder, "HOME": folder}
        ended = subprocess.run(
            [str(PYTHONS[system]), str(Path(__file__).with_name("work.py")), system, row.work, folder, size],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env={**{k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "HEADRACE_"))}, **home},
            check=False,
        )
    if ended.returncode != 0:
        print(ended.stderr[-3000:], file=sys.stderr)
        return {"value": None, "note": "failed", "figures": {}}
    found = json.loads(ended.stdout.strip().splitlines()[-1])
    return {"value": row.value(found), "note": row.note(found), "figures": found}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    parser.add_argument("--only", default="", help=", ".join(row.id for row in ROWS))
    parser.add_argument("--quick", action="store_true", help="small sizes, few repeats: to see it run")
    parser.add_argument("--no-store", action="store_true", help="don't write benchmarks/results/")
    given = parser.parse_args()
    wanted = set(filter(None, given.only.split(",")))
    rows = [row for row in ROWS if not wanted or row.id in wanted]
    results: dict[str, dict[str, Any]] = {}
    for row in rows:
        results[row.id] = {}
        for system in PYTHONS:
            results[row.id][system] = measure(system, row, "quick" if given.quick else "full")
            value, note = results[row.id][system]["value"], results[row.id][system]["note"]
            print(
                f"{row.id:<22}{system:<10}{value if value is None else f'{value:,.3f}'} {row.unit}  {note}", flush=True
            )
    with tempfile.TemporaryDirectory() as folder:
        machine = this_machine(Path(folder))
    found = document(rows, results, machine, versions(), quick=given.quick, complete=not wanted)
    print(markdown(found))
    if not given.no_store:
        print(f"stored: {store(found, ROOT / 'benchmarks' / 'results').relative_to(ROOT)}")
    return int(any(figure["value"] is None for by in results.values() for figure in by.values()))


def versions() -> dict[str, str]:
    asked = "import importlib.metadata as m; print(m.version({!r}))"
    found = {}
    for system, title in (("mlflow", "MLflow"), ("headrace", "Headrace")):
        said = subprocess.run(
            [str(PYTHONS[system]), "-c", asked.format(system)], capture_output=True, text=True, check=True
        )
        found[title] = said.stdout.strip()
    return found


if __name__ == "__main__":
    sys.exit(main())
