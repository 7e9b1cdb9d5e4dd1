from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "monitoring" / "clinics.py"
TIMEOUT_S = 300


@pytest.mark.full
def test_patients_like_the_studys_are_quiet_and_a_new_clinic_is_an_alarm(tmp_path: Path) -> None:
    folder = tmp_path / "clinics"
    ended = subprocess.run(
        [sys.executable, EXAMPLE, "--folder", folder], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    _, first, usual, clinic, webhook = parts(ended.stdout)
    assert "models:/progression@champion is version 1" in first
    assert "Nothing has drifted." in usual
    assert "exit status 0" in usual
    assert "ALARM  input blood_pressure: its values moved" in clinic
    assert "ALARM  input sugar: missing: 16% instead of 0%" in clinic
    assert "ALARM  output value: its values moved" in clinic
    assert clinic.count("ALARM") == 3
    assert "exit status 3" in clinic
    assert "model_version.drifted: blood_pressure, sugar, value" in webhook
    assert "signature verified: yes; further messages: 0" in webhook
    assert (folder / "drift.png").read_bytes().startswith(b"\x89PNG")
    assert "Traceback" not in ended.stdout + ended.stderr + (folder / "serve.log").read_text()


def parts(printed: str) -> list[str]:
    """What stands before the first heading, and below each."""
    found = [""]
    for line in printed.splitlines():
        if line[:1].isdigit():
            found.append("")
        found[-1] += f"\n{line}"
    return found
