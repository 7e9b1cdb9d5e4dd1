from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
from pathlib import Path

import pytest
import yaml

from headrace.packaging import requirements


def saved(folder: Path, *lines: str) -> Path:
    requirements.write(folder, requirements.resolve(pip_requirements=list(lines)))
    return folder


def test_files_are_written_in_mlflows_form(tmp_path: Path) -> None:
    limits = tmp_path / "limits.txt"
    limits.write_text("numpy<3\n")
    requirements.write(tmp_path, requirements.resolve(pip_requirements=["six==1.17.0", f"-c {limits}"]))
    lines = ["mlflow==3.17.2", "six==1.17.0", "-c constraints.txt"]
    pip, setuptools = (importlib.metadata.version(name) for name in ("pip", "setuptools"))
    assert (tmp_path / "requirements.txt").read_bytes() == "\n".join(lines).encode()
    assert (tmp_path / "constraints.txt").read_bytes() == b"numpy<3"
    assert yaml.safe_load((tmp_path / "conda.yaml").read_text()) == {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={platform.python_version()}", f"pip<={pip}", {"pip": lines}],
    }
    written = (tmp_path / "python_env.yaml").read_text()
    assert written.startswith(
        f"python: {platform.python_version()}\nbuild_dependencies:\n- pip=={pip}\n- setuptools=={setuptools}\n- wheel"
    )
    assert written.endswith("\ndependencies:\n- -r requirements.txt\n")
    assert not [path for path in tmp_path.iterdir() if path != limits and str(tmp_path) in path.read_text()]


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    resolved = requirements.resolve(pip_requirements=["six==1.17.0", "--pre"])
    requirements.write(tmp_path, resolved)
    assert requirements.read(tmp_path) == resolved


def test_a_folder_of_mlflow_1_has_its_requirements_in_conda_yaml(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").write_text(
        "dependencies:\n- python=3.6.8\n- pip:\n  - mlflow\n  - six==1.10.0\nname: e\n"
    )
    assert requirements.read(tmp_path).pip == ["mlflow", "six==1.10.0"]
    assert [mismatch.required for mismatch in requirements.mismatches(tmp_path)] == ["six==1.10.0"]


def test_an_empty_folder_asks_for_nothing(tmp_path: Path) -> None:
    assert requirements.read(tmp_path).pip == []
    assert requirements.mismatches(tmp_path) == []


def test_mismatches_say_what_is_here_and_how_to_mend_all_at_once(tmp_path: Path) -> None:
    six, torch = importlib.metadata.version("six"), importlib.metadata.version("torch").partition("+")[0]
    saved(
        tmp_path,
        "six==1.10.0",
        "no_such_package[x]>=1",
        "also-missing; python_version < '3.0'",
        f"torch=={torch}",
        "numpy>=1",
        "xgboost>1",
        "https://example.org/whatever.whl",
        "--pre",
    )
    found = requirements.mismatches(tmp_path)
    assert [(each.name, each.required, each.installed) for each in found] == [
        ("six", "six==1.10.0", six),
        ("no-such-package", "no-such-package[x]>=1", None),
    ]
    assert requirements.missing(tmp_path) == found[1:]
    assert [str(each) for each in found] == [
        f"six==1.10.0 (installed: {six})",
        "no-such-package[x]>=1 (not installed)",
    ]
    line = requirements.install_line(found)
    assert shlex.split(line) == ["pip", "install", "six==1.10.0", "no-such-package[x]>=1"]


def test_lines_that_nobody_can_read_do_not_stop_a_load(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("what is this\n-r ../../secret.txt\nsix==1.10.0\n")
    assert [each.required for each in requirements.mismatches(tmp_path)] == ["six==1.10.0"]


def test_a_lock_holds_hashes_of_everything_but_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_LOCK_MODEL_DEPENDENCIES", "true")
    saved(tmp_path, "python-dateutil==2.9.0.post0")
    lock = (tmp_path / "requirements.lock").read_text()
    assert "python-dateutil==2.9.0.post0" in lock
    assert "six==" in lock
    assert "--hash=sha256:" in lock
    assert "mlflow" not in lock
    assert (tmp_path / "requirements.txt").read_text() == "mlflow==3.17.2\npython-dateutil==2.9.0.post0"


def test_a_lock_that_cannot_be_made_is_a_warning_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_LOCK_MODEL_DEPENDENCIES", "1")
    # Nobody listens at this address.
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.warns(UserWarning, match=r"(?s)aren't locked.*python-dateutil"):
        saved(tmp_path, "python-dateutil==2.9.0.post0")
    assert not (tmp_path / "requirements.lock").exists()
    assert (tmp_path / "requirements.txt").exists()
