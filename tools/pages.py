"""Pages with a generated part: everything below the marker line. `--check` says whether the file is up to date."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def run(page: str, tool: str, generate: Callable[[], str]) -> None:
    path = DOCS / page
    marker = f"<!-- Below this line the page is made by `python -m tools.{tool}`; edit the sources, not the page. -->\n"
    before = path.read_text(encoding="utf-8")
    if marker not in before:
        sys.exit(f"{path} has no line {marker!r}")
    after = before.partition(marker)[0] + marker + "\n" + generate().rstrip("\n") + "\n"
    if "--check" in sys.argv[1:]:
        if after != before:
            sys.exit(f"{path} is out of date; run: python -m tools.{tool}")
    else:
        path.write_text(after, encoding="utf-8")
