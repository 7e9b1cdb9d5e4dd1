"""Puts the newest benchmarks into the README, between their markers, or checks that they are there.

python -m benchmarks.readme_table            writes the tables
python -m benchmarks.readme_table --check    exits 1 if the README shows other ones
"""

import argparse
import sys
from pathlib import Path

import msgspec

from benchmarks.logging.report import markdown as logging_table
from benchmarks.models.report import markdown as models_table
from benchmarks.projects.report import markdown as projects_table
from benchmarks.registry.report import markdown as registry_table
from benchmarks.serving.report import markdown as serving_table
from benchmarks.tracking.report import Document
from benchmarks.tracking.report import markdown as tracking_table
from benchmarks.ui.report import markdown as ui_table

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
TABLES = {
    "tracking": tracking_table,
    "models": models_table,
    "registry": registry_table,
    "projects": projects_table,
    "logging": logging_table,
    "serving": serving_table,
    "ui": ui_table,
}


class NoTable(Exception):
    """There is nothing to show, or no place to show it."""


def newest(kind: str, folder: Path = RESULTS) -> Document:
    """The last run at full size that has all systems' figures; reduced ones are nothing to quote."""
    for path in sorted(folder.glob(f"{kind}-*.json"), reverse=True):
        found: Document = msgspec.json.decode(path.read_bytes())
        if not found["quick"] and len(found["versions"]) > 1 and found["complete"]:
            return found
    raise NoTable(f"no complete result in {folder}; make one by: make bench-{kind}")


def with_table(text: str, kind: str, table: str) -> str:
    first, last = f"<!-- bench:{kind} -->", f"<!-- /bench:{kind} -->"
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise NoTable(f"README.md has no lines {first} and {last} to put the table between")
    return f"{before}{first}\n{table}{last}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readme_table")
    parser.add_argument("--check", action="store_true", help="change nothing, tell by the exit status")
    given = parser.parse_args()
    made = text = README.read_text(encoding="utf-8")
    try:
        for kind, table in TABLES.items():
            made = with_table(made, kind, table(newest(kind)))
    except NoTable as why:
        print(why, file=sys.stderr)
        return 1
    if given.check:
        if made != text:
            print(
                "README.md shows other benchmarks than the newest; python -m benchmarks.readme_table", file=sys.stderr
            )
        return int(made != text)
    README.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
