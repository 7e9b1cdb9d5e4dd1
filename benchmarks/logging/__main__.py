"""`python -m benchmarks.logging [--quick] [--only PEER,…] [--no-store]`

One client after the other: Headrace to its server, MLflow to its own, trackio and W&B to files of this machine.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import traceback
from dataclasses import asdict
from pathlib import Path

from benchmarks.logging.plan import FULL, PEERS, QUICK, ROWS, Size
from benchmarks.logging.report import markdown, store
from benchmarks.tracking.machine import this_machine
from benchmarks.tracking.process import settle
from benchmarks.tracking.systems import HEADRACE, MLFLOW, ROOT, running, version_of

NOBODY = "http://127.0.0.1:9"
PYTHONS = {
    "headrace": ".venv",
    "mlflow": ".venv-mlflow",
    "mlflow-async": ".venv-mlflow",
    "trackio": ".venv-loggers",
    "wandb": ".venv-loggers",
}
LIMIT_S = 600


def work(peer: str, uri: str, size: Size, folder: Path) -> dict[str, float]:
    command = [ROOT / PYTHONS[peer] / "bin" / "python", Path(__file__).with_name("work.py"), peer, uri]
    ended = subprocess.run(
        [*command, json.dumps(asdict(size)), folder], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    lines = [line for line in ended.stdout.splitlines() if line.startswith("FIGURES ")]
    if not lines:
        raise RuntimeError(f"{peer} ended with {ended.returncode}: {ended.stderr[-1500:]}")
    found: dict[str, float] = json.loads(lines[-1].removeprefix("FIGURES "))
    return found


def figures(peer: str, size: Size, folder: Path) -> dict[str, float]:
    if peer in ("trackio", "wandb"):
        return work(peer, "", size, folder / "up")
    system = HEADRACE if peer == "headrace" else MLFLOW
    own = folder / "server"
    own.mkdir(parents=True)
    with running(system, own) as server:
        settle(server.tree)
        found = work(peer, server.url, size, folder / "up")
    if peer == "headrace":  # the others' calls raise, or drop what they were given
        found |= work(peer, NOBODY, size, folder / "down")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.logging", description=__doc__)
    parser.add_argument("--only", default="", help=", ".join(PEERS))
    parser.add_argument("--quick", action="store_true", help="small sizes: to see it run")
    parser.add_argument("--no-store", action="store_true", help="don't write benchmarks/results/")
    given = parser.parse_args()
    size, wanted = QUICK if given.quick else FULL, list(filter(None, given.only.split(","))) or list(PEERS)
    results: dict[str, dict[str, float]] = {}
    failed = False
    with tempfile.TemporaryDirectory(prefix="bench-logging-") as folder:
        machine = this_machine(Path(folder))
        for peer in wanted:
            try:
                results[peer] = figures(peer, size, Path(folder) / peer)
            except Exception:  # noqa: BLE001  whatever a peer does wrong shall not end the run
                traceback.print_exc()
                failed = True
                results[peer] = {}
            print(peer, results[peer], flush=True)
    found = {
        "machine": {**machine.as_dict(), "load_average": Path("/proc/loadavg").read_text().split()[:3]},
        "versions": versions(),
        "quick": given.quick,
        "complete": not failed and not given.only,
        "rows": [
            {
                **asdict(row),
                "figures": {peer: result[row.id] for peer, result in results.items() if row.id in result},
            }
            for row in ROWS
        ],
    }
    print(markdown(found))
    if not given.no_store:
        print(store(found, ROOT / "benchmarks" / "results"))
    return int(failed)


def versions() -> dict[str, str]:
    found = {"MLflow": version_of(MLFLOW), "Headrace": version_of(HEADRACE)}
    script = "import importlib.metadata as m; print(m.version('trackio'), m.version('wandb'))"
    python = ROOT / ".venv-loggers" / "bin" / "python"
    told = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False).stdout.split()
    return found | dict(zip(("trackio", "wandb"), told, strict=False))


if __name__ == "__main__":
    sys.exit(main())
