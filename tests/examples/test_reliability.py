from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "reliability" / "outage.py"
TIMEOUT_S = 300


def test_training_ends_and_the_server_has_all_whether_it_was_killed_or_never_there(tmp_path: Path) -> None:
    command = [sys.executable, EXAMPLE, "--folder", tmp_path / "outage", "--steps", "300", "--down", "2"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("the server has 600 points and 4 files; the run is FINISHED") == 2
    assert "killed; the training goes on" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
