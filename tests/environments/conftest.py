from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.environments import Spec, of_python_env


@pytest.fixture(autouse=True)
def env_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "environments"
    monkeypatch.setenv("HEADRACE_ENV_ROOT", str(root))
    return root


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Spec]:
    """A project's environment with some requirements, read from its python_env.yaml."""

    def make(*requirements: str, python: str = "") -> Spec:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        lines = [f"python: {python!r}"] if python else []
        lines += ["dependencies:", *(f"- {line}" for line in requirements)]
        (folder / "python_env.yaml").write_text("\n".join(lines if requirements else lines[:-1]) + "\n")
        return of_python_env(folder / "python_env.yaml")

    return make
