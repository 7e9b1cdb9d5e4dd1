from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "registry" / "champion.py"
TIMEOUT_S = 300


def test_gates_refuse_a_webhook_hears_history_tells_and_a_flipped_byte_is_caught(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, EXAMPLE, "--folder", tmp_path / "registry"], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert ended.returncode == 0, ended.stderr
    _, gates, candidates, shop, history, flipped = parts(ended.stdout)
    assert "@champion is version 1" in gates
    stump, forest, regression = candidates.split("\n  version ")[1:]
    assert stump.startswith("2: a stump")
    assert "refused  @champion → version 2" in stump
    assert "metric accuracy" in stump
    assert "schema" not in stump
    assert "refused  @champion → version 3" in forest
    assert "schema: column 'tannin_index' (double) is required and wasn't there" in forest
    assert "metric accuracy" not in forest
    assert "done     @champion → version 4" in regression
    assert 'model_version_alias.created: {"name": "wine", "alias": "champion", "version": "4"}' in shop
    assert "signature verified: yes; further messages: 0" in shop
    assert "1 → 4" in history
    assert "better on the test set" in history
    assert "is whole" in history
    assert "caught   load models:/wine@champion" in flipped
    assert "model.skops" in flipped
    assert "registered" in flipped
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "Traceback" not in (tmp_path / "registry" / "server.log").read_text()


def parts(printed: str) -> list[str]:
    """What stands before the first heading, and below each."""
    found = [""]
    for line in printed.splitlines():
        if line[:1].isdigit():
            found.append("")
        found[-1] += f"\n{line}"
    return found
