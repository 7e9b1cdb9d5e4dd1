"""The scripts that run under our shim are MLflow's own: the genuine one runs them, too."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from servers import ROOT

from tests.shim.model_scripts import SAYS


@pytest.mark.full
@pytest.mark.parametrize("name", sorted(SAYS))
def test_genuine_mlflow_runs_the_script(name: str, tmp_path: Path) -> None:
    quick = {"MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "1"}  # else 15 s for each model; it falls back to defaults
    kept = {name: value for name, value in os.environ.items() if name != "MLFLOW_EXPERIMENT_ID"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "models" / name)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**kept, **quick, "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db", "OMP_NUM_THREADS": "1"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(SAYS[name], done.stdout), done.stdout
