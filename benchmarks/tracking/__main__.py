"""`python -m benchmarks.tracking [--quick] [--only ROW,…] [--systems NAME,…] [--folder DIR] [--no-store]`"""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.tracking.machine import this_machine
from benchmarks.tracking.measure import FULL, QUICK
from benchmarks.tracking.plan import ROWS
from benchmarks.tracking.report import document, show, store
from benchmarks.tracking.runner import Runner
from benchmarks.tracking.systems import ROOT, SYSTEMS, version_of


def listed(known: list[str]) -> "type[list[str]]":
    def parse(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        if unknown := sorted(set(names) - set(known)):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return names

    return parse  # type: ignore[return-value]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracking", description=__doc__)
    rows = [row.id for row in ROWS]
    parser.add_argument("--only", type=listed(rows), default=[], help=", ".join(rows))
    parser.add_argument("--systems", type=listed(list(SYSTEMS)), default=list(SYSTEMS))
    parser.add_argument("--quick", action="store_true", help="small sizes, one short repeat: to see it run")
    parser.add_argument("--folder", type=Path, help="where databases go; kept. Default: a temporary one")
    parser.add_argument("--no-store", action="store_true", help="don't write benchmarks/results/")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped on the way out
    if shutil.which("wrk") is None:
        print("The benchmark needs wrk (Debian: apt-get install wrk).", file=sys.stderr)
        return 2
    systems = [SYSTEMS[name] for name in given.systems if SYSTEMS[name].there()]
    for name in set(given.systems) - {system.name for system in systems}:
        print(f"{SYSTEMS[name].title} is left out: {SYSTEMS[name].program} isn't there.", file=sys.stderr)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="bench-tracking-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        machine = this_machine(folder)
        runner = Runner(systems=systems, only=given.only, size=QUICK if given.quick else FULL, folder=folder)
        results = runner.run()
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    versions = {system.title: version_of(system) for system in systems}
    found = document(ROWS, results, machine, versions, quick=given.quick)
    show(found)
    if not given.no_store:
        print(f"stored: {store(found, ROOT / 'benchmarks' / 'results').relative_to(ROOT)}")
    failed = [r for r, by in results.items() if any(f.note.startswith("failed") for f in by.values())]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
