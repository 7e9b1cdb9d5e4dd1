"""`python -m benchmarks.ui [--quick] [--only ROW,…] [--soak SECONDS] [--folder DIR] [--no-store]`

Both systems' pages in the same Chromium, one system after the other, each with its server on the same cores. The
databases are made first, through the stores; with --folder they are kept for the next time.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.models.__main__ import versions
from benchmarks.tracking.machine import this_machine
from benchmarks.tracking.process import settle
from benchmarks.tracking.systems import HEADRACE, MLFLOW, ROOT, System, running
from benchmarks.ui.dataset import FULL, GROWING, QUICK, Experiments, Size, fill
from benchmarks.ui.plan import ROWS, Row
from benchmarks.ui.report import document, markdown, store

SCRIPT = Path(__file__).parent / "browser" / "main.mjs"
SOAK_S, QUICK_SOAK_S = 600, 60
STEP_S = 180  # a step that hangs is given up, beside what the soak takes
Results = dict[str, dict[str, Any]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ui", description=__doc__)
    parser.add_argument("--only", default="", help=", ".join(row.id for row in ROWS))
    parser.add_argument("--quick", action="store_true", help="small experiments, two samples: to see it run")
    parser.add_argument("--soak", type=int, help=f"seconds that the pages stay open; default {SOAK_S}, 0: none")
    parser.add_argument("--folder", type=Path, help="where databases go; kept. Default: a temporary one")
    parser.add_argument("--no-store", action="store_true", help="don't write benchmarks/results/")
    given = parser.parse_args()
    wanted = set(filter(None, given.only.split(",")))
    soak_s = given.soak if given.soak is not None else QUICK_SOAK_S if given.quick else SOAK_S
    rows = [row for row in ROWS if (not wanted or row.id in wanted) and (row.step != "soak" or soak_s)]
    size = QUICK if given.quick else FULL
    results: Results = {row.id: {} for row in rows}
    with ExitStack() as stack:
        folder = (given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-ui-")))).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        machine = this_machine(folder)
        for system in (HEADRACE, MLFLOW):
            asked = [row for row in rows if system.name in row.systems]
            if asked and system.there():
                measured(system, asked, folder, size, soak_s, results)
    found = document(
        rows, results, machine, {**versions(), "Chromium": chromium()}, quick=given.quick, complete=not wanted
    )
    print(markdown(found))
    if not given.no_store:
        print(f"stored: {store(found, ROOT / 'benchmarks' / 'results').relative_to(ROOT)}")
    return int(any(figure["value"] is None for by in results.values() for figure in by.values()))


def measured(system: System, rows: list[Row], folder: Path, size: Size, soak_s: int, results: Results) -> None:
    place = folder / f"{'quick' if size is QUICK else 'full'}-{system.name}"
    ids = fill(system.name, place, size)
    with running(system, place) as server:
        settle(server.tree)
        for step in dict.fromkeys(row.step for row in rows):
            said = browse(job(system, server.url, ids, size, step, soak_s), STEP_S + (soak_s if step == "soak" else 0))
            for row in rows:
                if row.step == step:
                    samples = said.get("samples")
                    figure = row.figure(samples) if samples else {"value": None, "note": "failed", "samples": said}
                    results[row.id][system.name] = figure
                    print(f"{row.id:<20}{system.name:<10}{figure['value']} {row.unit}  {figure['note']}", flush=True)


def job(system: System, url: str, ids: Experiments, size: Size, step: str, soak_s: int) -> dict[str, Any]:
    newest = range(size.compared_runs - size.curves, size.compared_runs)
    return {
        "system": system.name,
        "url": url,
        "ids": ids,
        "newest": [f"{number:032x}" for number in newest],
        "live": [f"{int(ids.get('live', 0)):08x}{number:024x}" for number in range(GROWING)],
        "livePoints": size.live_points,
        "repeats": 2 if size is QUICK else 5,
        "charts": size.charts,
        "scrollPx": 40_000,
        "soakS": soak_s,
        "steps": [step],
    }


def browse(asked: dict[str, Any], limit_s: float) -> dict[str, Any]:
    """What the step found, or the error that it ended with."""
    try:
        ran = subprocess.run(
            ["node", str(SCRIPT), json.dumps(asked)], capture_output=True, text=True, check=True, timeout=limit_s
        )
    except (subprocess.SubprocessError, OSError) as why:
        return {"error": f"{why}"[:500]}
    said: dict[str, Any] = msgspec.json.decode(ran.stdout.splitlines()[-1])
    if "error" in said:
        print(f"{asked['system']} {asked['steps']}: {said['error']}", file=sys.stderr)
    return said


def chromium() -> str:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return said.stdout.split()[1]


if __name__ == "__main__":
    sys.exit(main())
