"""Puts the newest benchmark into the README, between its markers, or checks that it is there.

python -m benchmarks.readme_table            writes the table
python -m benchmarks.readme_table --check    exits 1 if the README shows another one
"""

import argparse
import sys
from pathlib import Path

import msgspec

from benchmarks.tracking.report import Document, markdown

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- bench:tracking -->", "<!-- /bench:tracking -->"


class NoTable(Exception):
    """There is nothing to show, or no place to show it."""


def newest(folder: Path = RESULTS) -> Document:
    """The last run at full size that has all systems' figures; reduced ones are nothing to quote."""
    for path in sorted(folder.glob("tracking-*.json"), reverse=True):
        found: Document = msgspec.json.decode(path.read_bytes())
        if not found["quick"] and len(found["versions"]) > 1 and found["complete"]:
            return found
    raise NoTable(f"no complete result in {folder}; make one by: make bench-tracking")


def with_table(text: str, table: str) -> str:
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoTable(f"README.md has no lines {BEGIN} and {END} to put the table between")
    return f"{before}{BEGIN}\n{table}{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readme_table")
    parser.add_argument("--check", action="store_true", help="change nothing, tell by the exit status")
    given = parser.parse_args()
    try:
        text = README.read_text(encoding="utf-8")
        made = with_table(text, markdown(newest()))
    except NoTable as why:
        print(why, file=sys.stderr)
        return 1
    if given.check:
        if made != text:
            print(
                "README.md shows another benchmark than the newest; python -m benchmarks.readme_table", file=sys.stderr
            )
        return int(made != text)
    README.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
