"""`python -m benchmarks.registry [--quick] [--only ROW,…] [--folder DIR] [--no-store]`

One server after the other, on a SQLite database of its own with the same models; needs wrk.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from benchmarks.registry.fill import fill
from benchmarks.registry.measure import creation, digests, latency
from benchmarks.registry.plan import CREATE, DIGEST_FOUR, DIGEST_ONE, FULL, QUICK, REQUESTS, ROWS, Size
from benchmarks.registry.report import document, markdown, store
from benchmarks.tracking.machine import this_machine
from benchmarks.tracking.measure import Figure, nothing
from benchmarks.tracking.process import settle
from benchmarks.tracking.systems import HEADRACE, MLFLOW, ROOT, System, running, version_of

Results = dict[str, dict[str, Figure]]
SYSTEMS = (MLFLOW, HEADRACE)
DATABASE = "tracking.db"  # that `running` starts a server on


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.registry", description=__doc__)
    parser.add_argument("--only", default="", help=", ".join(row.id for row in ROWS))
    parser.add_argument("--quick", action="store_true", help="small sizes, one short repeat: to see it run")
    parser.add_argument("--folder", type=Path, help="where databases go; kept. Default: a temporary one")
    parser.add_argument("--no-store", action="store_true", help="don't write benchmarks/results/")
    return parser.parse_args()


def keep(results: Results, row_id: str, system: System, measure: Callable[[], Figure]) -> None:
    """A row that fails is told in the table; the others go on."""
    try:
        figure = measure()
    except Exception as why:  # noqa: BLE001  whatever a peer does wrong shall not end the run
        traceback.print_exc()
        figure = nothing(f"failed: {type(why).__name__}: {why}"[:300])
    results.setdefault(row_id, {})[system.name] = figure
    shown = figure.note if figure.value is None else f"{figure.value:,.3f}  {figure.note}"
    print(f"{row_id:<18}{system.name:<10}{shown}", flush=True)


def serve(results: Results, system: System, folder: Path, size: Size, wanted: set[str]) -> None:
    own = folder / system.name
    own.mkdir(parents=True, exist_ok=True)
    fill(system.name, own / DATABASE, size.models, size.versions)
    with running(system, own) as server:
        settle(server.tree)
        for request in REQUESTS:
            if request.id in wanted:
                keep(results, request.id, system, lambda request=request: latency(server, request, size))  # type: ignore[misc]
        if CREATE.id in wanted:
            keep(results, CREATE.id, system, lambda: creation(server, size))


def main() -> int:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped on the way out
    if shutil.which("wrk") is None:
        print("The benchmark needs wrk (Debian: apt-get install wrk).", file=sys.stderr)
        return 2
    size = QUICK if given.quick else FULL
    wanted = set(filter(None, given.only.split(","))) or {row.id for row in ROWS}
    folder = given.folder or Path(tempfile.mkdtemp(prefix="bench-registry-"))
    folder.mkdir(parents=True, exist_ok=True)
    results: Results = {}
    try:
        machine = this_machine(folder)
        if wanted & {DIGEST_ONE.id, DIGEST_FOUR.id}:
            one, four = digests(folder / "digests", size)
            keep(results, DIGEST_ONE.id, HEADRACE, lambda: one)
            keep(results, DIGEST_FOUR.id, HEADRACE, lambda: four)
            shutil.rmtree(folder / "digests")
        for system in SYSTEMS:
            if wanted - {DIGEST_ONE.id, DIGEST_FOUR.id}:
                serve(results, system, folder, size, wanted)
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    found = document(results, machine, {each.title: version_of(each) for each in SYSTEMS}, quick=given.quick)
    print(markdown(found))
    if not given.no_store:
        print(f"stored: {store(found, ROOT / 'benchmarks' / 'results').relative_to(ROOT)}")
    return int(any(figure.value is None for by in results.values() for figure in by.values()))


if __name__ == "__main__":
    sys.exit(main())
