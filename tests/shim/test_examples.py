from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import headrace

EXAMPLES = Path(headrace.__file__).parents[2] / "examples" / "tracking"
SAYS = {
    "callbacks.py": r"12 epochs, loss 3\.240 -> 0\.00004\d",
    "client_only.py": r"refused: INVALID_PARAMETER_VALUE\nexplicit is FINISHED, loss 0\.01",
    "nested_search.py": r"8 trials, best trial-\d: \d+\.\d{4}",
    "not_yet.py": r"4 warnings, answer 5\.0",
    "processes.py": r"3 runs from [123] other processes",
    "resume.py": r"interrupted: FAILED\nthen FINISHED after 10 steps",
    "threads.py": r"4 runs, 200 points",
}


def test_every_example_is_listed() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAYS)


@pytest.mark.parametrize("name", sorted(SAYS))
def test_example_that_imports_mlflow_runs_unchanged(name: str, tmp_path: Path) -> None:
    assert re.search(r"^(import|from) mlflow", (EXAMPLES / name).read_text(), flags=re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "headrace.shim", str(EXAMPLES / name)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=dict(os.environ),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(SAYS[name], done.stdout), done.stdout
    assert (tmp_path / ".headrace" / "headrace.db").is_file()
