from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headrace import environments
from headrace.environments import BuildFailed, Environment, Spec, build, of_conda, of_model, prepare
from headrace.environments.interpreters import NoSuchPython
from headrace.errors import InvalidValue
from headrace.lazy import MissingPackage
from headrace.packaging import requirements
from tests.environments.wheels import wheel

Project = Callable[..., Spec]


def answer(environment: Environment, code: str) -> Any:
    done = environment.run(
        ["-c", f"import json; print(json.dumps({code}))"], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_an_environment_holds_what_it_was_asked_for_and_nothing_else(project: Project, manager: str) -> None:
    environment = prepare(project("six==1.16.0"), manager)
    assert answer(environment, "[__import__('six').__version__, __import__('sys').prefix]") == [
        "1.16.0",
        str(environment.path),
    ]
    assert environment.run(["-c", "import numpy"], capture_output=True).returncode == 1


def test_it_is_built_once_and_then_found(project: Project, env_root: Path) -> None:
    lines: list[str] = []
    first = prepare(project("six==1.17.0"), progress=lines.append)
    assert any("six==1.17.0" in line for line in lines)
    assert first.path is not None
    assert first.path.is_relative_to(env_root)
    lines.clear()
    assert prepare(project("six==1.17.0"), progress=lines.append) == first
    assert lines == []  # nothing was resolved or built
    assert prepare(project("six==1.16.0")) != first


def test_commands_of_a_shell_find_its_programs_too(project: Project) -> None:
    environment = prepare(project("six==1.17.0"))
    done = subprocess.run(
        ["bash", "-c", "python -c 'import six, sys; print(sys.prefix)'; echo $VIRTUAL_ENV $EXTRA"],
        env=environment.variables({"EXTRA": "more"}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(environment.path), str(environment.path), "more"]
    assert environment.command("-V", Path("x")) == [str(environment.python), "-V", "x"]


def test_local_is_this_interpreter_as_it_is(project: Project) -> None:
    environment = prepare(project("no-such-package==1"), "local")
    assert environment == environments.local()
    assert answer(environment, "__import__('sys').executable") == sys.executable
    assert environment.start(["-c", "raise SystemExit(3)"]).wait() == 3


def test_constraints_and_wheels_of_the_project_are_heeded(tmp_path: Path, project: Project) -> None:
    (tmp_path / "project").mkdir()
    wheel(tmp_path / "project", "mine", "1.0")
    (tmp_path / "project" / "limits.txt").write_text("six<1.17\n")
    environment = prepare(project("./mine-1.0-py3-none-any.whl", "six", "-c limits.txt"))
    assert answer(environment, "[__import__('mine').version, __import__('six').__version__]") == ["1.0", "1.16.0"]


def test_a_failed_build_says_what_the_installer_said_and_leaves_nothing(project: Project, env_root: Path) -> None:
    spec = project("six==99.0")
    with pytest.raises(BuildFailed, match=r"(?s)six==99\.0.*HEADRACE_ENV_INSTALLER=pip"):
        prepare(spec)
    assert {path.name for path in env_root.glob("*/*")} == {"lock"}
    with pytest.raises(BuildFailed):
        prepare(spec)


def test_pip_installs_where_it_is_asked_to(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_ENV_INSTALLER", "pip")
    lines: list[str] = []
    environment = prepare(project("six==1.17.0"), progress=lines.append)
    assert any(line.startswith("Successfully installed six") for line in lines)
    assert answer(environment, "__import__('six').__version__") == "1.17.0"


def test_without_uv_virtualenv_works_and_uv_says_how_to_get_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(build, "uv_or_none", lambda: None)
    assert answer(prepare(project("six==1.16.0"), "virtualenv"), "__import__('six').__version__") == "1.16.0"
    code = (
        "import sys; sys.modules['uv'] = None; sys.executable = '/nowhere/python'\n"
        "from headrace.environments.uv import find_uv; find_uv()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert "pip install 'headrace[env]'" in done.stderr


def test_a_models_environment_can_import_headrace_and_its_lock_is_kept_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_LOCK_MODEL_DEPENDENCIES", "1")
    requirements.write(tmp_path, requirements.resolve(pip_requirements=["python-dateutil==2.9.0.post0"]))
    (tmp_path / "requirements.txt").write_text("python-dateutil\n")
    spec = of_model(tmp_path)
    assert spec.lock is not None
    environment = prepare(replace(spec, build=()))
    assert answer(environment, "[__import__('dateutil').__version__, __import__('headrace').__version__]") == [
        "2.9.0.post0",
        __import__("headrace").__version__,
    ]
    forged = spec.lock.replace("sha256:", "sha256:0000")
    with pytest.raises(BuildFailed):
        prepare(replace(spec, build=(), lock=forged))


def other_python() -> str | None:
    """A minor version of Python that is on this machine beside this one."""
    for place in sorted(Path.home().glob(".pyenv/versions/3.*/bin/python")):
        version = ".".join(place.parts[-3].split(".")[:2])
        if version != ".".join(platform.python_version_tuple()[:2]):
            return version
    return next((f"3.{minor}" for minor in (12, 13, 10) if shutil.which(f"python3.{minor}")), None)


@pytest.mark.skipif(other_python() is None, reason="this machine has one version of Python")
def test_another_version_of_python_is_found(project: Project) -> None:
    version = other_python()
    assert version is not None
    environment = prepare(project("six==1.17.0", python=version))
    assert answer(environment, "list(__import__('sys').version_info[:2])") == [int(part) for part in version.split(".")]


def test_another_patch_release_is_no_reason_to_fail(project: Project) -> None:
    minor = ".".join(platform.python_version_tuple()[:2])
    lines: list[str] = []
    environment = prepare(project("six==1.17.0", python=f"{minor}.99"), progress=lines.append)
    assert answer(environment, "__import__('platform').python_version()").startswith(minor)
    assert any(f"{minor}.99 isn't here" in line for line in lines)


def test_a_python_that_nobody_has_says_what_to_do(project: Project) -> None:
    with pytest.raises(NoSuchPython, match=r"asks for Python 3\.2.*env_manager 'local'"):
        prepare(project("six", python="3.2"))


def test_an_environment_whose_python_is_gone_is_built_anew(project: Project) -> None:
    first = prepare(project("six==1.17.0"))
    first.python.unlink()
    again = prepare(project("six==1.17.0"))
    assert again.path != first.path
    assert answer(again, "__import__('six').__version__") == "1.17.0"


def test_an_unknown_manager_is_refused(project: Project) -> None:
    with pytest.raises(InvalidValue, match="local, uv, virtualenv, conda"):
        prepare(project("six"), "poetry")


def test_packages_that_only_conda_has_are_told(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").write_text("dependencies:\n- python=3.11\n- libblas\n- pip:\n  - six==1.17.0\n")
    lines: list[str] = []
    prepare(of_conda(tmp_path / "conda.yaml"), progress=lines.append)
    assert any("libblas" in line for line in lines)


def test_without_conda_the_message_says_what_to_install(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_CONDA_HOME", "/nowhere")
    with pytest.raises(MissingPackage, match=r"/nowhere/bin.*Miniforge or micromamba"):
        prepare(project("six"), "conda")


def test_conda_is_given_the_file_and_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No conda on the machines that test this: a stand-in notes what it gets and makes a plain environment."""
    home = tmp_path / "conda" / "bin"
    home.mkdir(parents=True)
    (home / "conda").write_text(
        f'#!/bin/sh\n[ "$1 $2 $3 $5" = "env create --prefix --file" ] || exit 9\n'
        f'cp "$6" {tmp_path}/asked.yaml\n{sys.executable} -m venv --without-pip "$4"\n'
    )
    (home / "conda").chmod(0o755)
    monkeypatch.setenv("MLFLOW_CONDA_HOME", str(tmp_path / "conda"))
    (tmp_path / "conda.yaml").write_text(
        "name: e\nchannels: [x]\ndependencies:\n- python=3.11\n- libblas\n- pip:\n  - six==1.17.0\n"
    )
    environment = prepare(of_conda(tmp_path / "conda.yaml"), "conda")
    assert (tmp_path / "asked.yaml").read_text() == (
        "channels:\n- x\ndependencies:\n- python=3.11\n- libblas\n- pip:\n  - six==1.17.0\nname: e\n\n"
    )
    assert environment.variables()["CONDA_PREFIX"] == str(environment.path)
    assert answer(environment, "__import__('sys').prefix") == str(environment.path)
