from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.meta.source import ROOT, modules

UV = [sys.executable, "-m", "uv"]
MAX_SIZE_MB = 170  # with bytecode, as pip leaves it
MAX_PACKAGES = 30
SHIPPED_APART = {"__main__", "testing"}  # the first would run, the second needs pytest


@pytest.mark.full
def test_default_install_is_small(tmp_path: Path) -> None:
    site = tmp_path / "site"
    subprocess.run(
        [*UV, "pip", "install", "--quiet", "--compile-bytecode", "--target", str(site), str(ROOT)],
        check=True,
    )
    packages = sorted(path.name for path in site.glob("*.dist-info"))
    size_mb = sum(path.stat().st_blocks * 512 for path in site.rglob("*")) / (1 << 20)
    print(f"default install: {size_mb:.0f} MB, {len(packages)} packages")
    assert size_mb <= MAX_SIZE_MB
    assert len(packages) <= MAX_PACKAGES, packages


@pytest.mark.full
def test_default_install_opens_every_room_and_answers_help(tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    subprocess.run([*UV, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    subprocess.run([*UV, "pip", "install", "--quiet", "--python", str(python), str(ROOT)], check=True)
    rooms = [name for name in modules() if name.count(".") == 1 and name.rpartition(".")[2] not in SHIPPED_APART]
    subprocess.run([python, "-c", "\n".join(f"import {name}" for name in rooms)], check=True)
    if "headrace.cli" in modules():
        subprocess.run([environment / "bin" / "headrace", "--help"], check=True, stdout=subprocess.DEVNULL)
