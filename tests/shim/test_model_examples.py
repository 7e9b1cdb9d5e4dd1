from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import headrace
from tests.shim.model_scripts import SAYS

EXAMPLES = Path(headrace.__file__).parents[2] / "examples" / "models"


def test_every_example_is_listed() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAYS)


@pytest.mark.parametrize("name", sorted(SAYS))
def test_script_that_logs_models_into_mlflow_runs_unchanged(name: str, tmp_path: Path) -> None:
    assert re.search(r"^import mlflow", (EXAMPLES / name).read_text(), flags=re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "headrace.shim", str(EXAMPLES / name)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(SAYS[name], done.stdout), done.stdout
    assert (tmp_path / ".headrace" / "headrace.db").is_file()
