from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.environments import of_conda, of_python_env, prepare
from headrace.environments.lock import LockFailed, split
from headrace.errors import InvalidValue
from headrace.projects import lock

Project = Callable[..., Path]


@pytest.fixture(autouse=True)
def env_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_ENV_ROOT", str(tmp_path / "environments"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A folder with a python_env.yaml."""

    def make(*requirements: str, python: str = "") -> Path:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        lines = [f"python: '{python}'"] if python else []
        lines += ["build_dependencies: [wheel]", "dependencies:", *(f"- {line}" for line in requirements)]
        (folder / "python_env.yaml").write_text("\n".join(lines) + "\n")
        return folder

    return make


def test_a_lock_holds_versions_and_hashes_of_all_that_is_pulled_in(project: Project) -> None:
    folder = project("python-dateutil==2.9.0.post0")
    written = lock.write(folder)
    assert written.path == folder / "requirements.lock"
    assert written.changed
    hashed, unhashed = split(written.path.read_text())
    assert {each.partition("==")[0] for each in hashed} >= {"python-dateutil", "six", "wheel"}
    assert all("--hash=sha256:" in each for each in hashed)
    assert (unhashed, written.unhashed, written.packages) == ([], (), len(hashed))
    assert not lock.write(folder).changed


def test_a_lock_is_current_until_what_it_was_made_of_changes(project: Project) -> None:
    folder = project("six")
    lock.write(folder)
    assert lock.check(folder).current
    project("six<2")
    assert not lock.check(folder).current
    project("six", python="3.11")
    assert not lock.check(folder).current
    project("six")
    assert lock.check(folder).current
    moved = folder.rename(folder.with_name("elsewhere"))
    assert lock.check(moved).current


def test_a_requirements_file_that_is_named_counts(project: Project) -> None:
    folder = project("-r more.txt")
    (folder / "more.txt").write_text("six\n")
    lock.write(folder)
    assert lock.check(folder).current
    (folder / "more.txt").write_text("six\nidna\n")
    assert not lock.check(folder).current


def test_a_lock_without_our_head_is_taken_as_it_is(project: Project) -> None:
    folder = project("six")
    (folder / "requirements.lock").write_text("six==1.16.0 --hash=sha256:00\n")
    assert lock.check(folder).current


def test_the_environment_has_the_versions_of_the_lock(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "setup.py").write_text("from setuptools import setup; setup(name='mine', version='7')\n")
    folder = project("six<1.17", "../mine")
    written = lock.write(folder)
    assert written.unhashed == ("../mine",)
    project("six", "../mine")  # the lock fixes it all the same
    spec = of_python_env(folder / "python_env.yaml")
    found = lock.find(folder / "python_env.yaml", spec)
    assert found is not None
    environment = prepare(lock.locked(spec, found.text))
    code = "import six; from importlib.metadata import version; print(six.__version__, version('mine'))"
    assert environment.run(["-c", code], capture_output=True, text=True).stdout == "1.16.0 7\n"


def test_a_forged_hash_is_refused(project: Project) -> None:
    folder = project("six")
    path = lock.write(folder).path
    spec = of_python_env(folder / "python_env.yaml")
    forged = lock.locked(spec, path.read_text().replace("sha256:", "sha256:0000"))
    with pytest.raises(Exception, match=r"(?i)hash"):
        prepare(forged)


def test_requirements_that_contradict_leave_the_old_lock(project: Project) -> None:
    folder = project("six")
    before = lock.write(folder).path.read_text()
    project("six==1.16.0", "six==1.17.0")
    with pytest.raises(LockFailed, match=r"six==1\.16\.0"):
        lock.write(folder)
    assert (folder / "requirements.lock").read_text() == before
    assert {each.name for each in folder.iterdir()} == {"python_env.yaml", "requirements.lock"}


def test_the_pip_part_of_a_conda_file_is_locked(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").write_text("dependencies:\n- python=3.11\n- pip:\n  - six==1.16.0\n")
    path = lock.write(tmp_path).path
    assert "six==1.16.0 " in path.read_text()
    found = lock.find(tmp_path / "conda.yaml", of_conda(tmp_path / "conda.yaml"))
    assert found is not None
    assert found.current


def test_a_pyproject_gets_uvs_own_lock(tmp_path: Path) -> None:
    described = '[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["six"{}]\n'
    (tmp_path / "pyproject.toml").write_text(described.format(""))
    with pytest.raises(InvalidValue, match="no lock yet"):
        lock.check(tmp_path)
    written = lock.write(tmp_path)
    assert (written.path, written.packages, written.changed) == (tmp_path / "uv.lock", 1, True)
    assert lock.check(tmp_path).current
    (tmp_path / "pyproject.toml").write_text(described.format(', "idna"'))
    assert not lock.check(tmp_path).current


@pytest.mark.parametrize(
    ("mlproject", "said"),
    [
        ("docker_env: {image: python}\nentry_points: {main: {command: 'true'}}", "pin it by its digest"),
        ("entry_points: {main: {command: 'true'}}", "Write a python_env.yaml"),
    ],
)
def test_projects_without_packages_say_what_to_do(tmp_path: Path, mlproject: str, said: str) -> None:
    (tmp_path / "MLproject").write_text(mlproject)
    with pytest.raises(InvalidValue, match=said):
        lock.write(tmp_path)


def test_spec_of_a_lock_differs_from_that_without(project: Project) -> None:
    folder = project("six")
    path = lock.write(folder).path
    spec = of_python_env(folder / "python_env.yaml")
    with_lock = lock.locked(spec, path.read_text())
    assert with_lock.digest() != spec.digest()
    assert with_lock.digest() == lock.locked(replace(spec, build=()), path.read_text()).digest()
