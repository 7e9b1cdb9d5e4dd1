"""The flavor of docs/flavors.md, made into an installed package and held to the suite, as its authors would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import headrace

PAGE = Path(headrace.__file__).parents[2] / "docs" / "flavors.md"
FILES = re.compile(r"^```python\n# (\w+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def installed(folder: Path) -> None:
    """As pip would leave it."""
    page = PAGE.read_text(encoding="utf-8")
    files = dict(FILES.findall(page))
    assert set(files) == {"spline_flavor.py", "test_spline_flavor.py"}
    for name, code in files.items():
        (folder / name).write_text(code)
    entry = re.search(r'^\[project\.entry-points\."(.*)"\]\nscipy_spline = "(.*)"$', page, re.MULTILINE)
    assert entry is not None
    info = folder / "spline_flavor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spline-flavor\nVersion: 1.0\n")
    (info / "RECORD").write_text("spline_flavor.py,,\n")
    (info / "entry_points.txt").write_text(f"[{entry[1]}]\nscipy_spline = {entry[2]}\n")


def test_the_flavor_of_the_documentation_passes_the_suite(tmp_path: Path) -> None:
    installed(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_spline_flavor.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"\d\d passed", done.stdout)
