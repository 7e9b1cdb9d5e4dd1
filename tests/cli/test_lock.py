from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Headrace


def test_it_writes_a_lock_and_says_whether_it_is_current(tmp_path: Path, in_process: Headrace) -> None:
    described = tmp_path / "python_env.yaml"
    described.write_text("dependencies: [six]\n")
    assert "no lock yet; `headrace lock .`" in in_process("lock", "--check", status=1).err
    assert in_process("lock", "--json").json() == {
        "path": "requirements.lock",
        "packages": 1,
        "unhashed": [],
        "changed": True,
    }
    assert "was current already" in in_process("lock").out
    assert "is current" in in_process("lock", str(tmp_path), "--check").out
    described.write_text("dependencies: [six, idna]\n")
    assert in_process("lock", "--check", "--json", status=1).json() == {"path": "requirements.lock", "current": False}
    assert "out of date: headrace lock ." in in_process("lock", "--check", status=1).out


def test_what_cannot_be_locked_is_told(tmp_path: Path, in_process: Headrace) -> None:
    assert "'nowhere'" in in_process("lock", "nowhere", status=1).err
    (tmp_path / "python_env.yaml").write_text("dependencies: [six==99]\n")
    assert "no version of six==99" in in_process("lock", status=1).err
    (tmp_path / "python_env.yaml").write_text("dependencies: [-e ./mine]\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "setup.py").write_text("from setuptools import setup; setup(name='mine', version='7')\n")
    assert "Without a hash, since it is a folder or a repository: -e ./mine" in in_process("lock").err
