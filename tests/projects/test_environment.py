from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import headrace
from headrace import environments
from headrace.errors import HeadraceError, InvalidValue
from headrace.projects import environment, mlproject, run
from headrace.projects.launch import ProjectEnvironment
from tests.environments.wheels import wheel
from tests.projects.writing import write

LINK = (
    "python_env: python_env.yaml\nentry_points:\n  main: {command: 'python -c \"import tiny; print(tiny.version)\"'}\n"
)


def chosen(folder: Path, manager: str | None = None) -> ProjectEnvironment:
    return environment.choose(mlproject.read(folder), manager)


@pytest.fixture
def without_conda(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADRACE_CONDA_HOME", str(tmp_path / "no-conda"))


@pytest.fixture
def with_conda(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "conda" / "bin"
    place.mkdir(parents=True)
    (place / "conda").write_text("#!/bin/sh\n")
    (place / "conda").chmod(0o755)
    monkeypatch.setenv("HEADRACE_CONDA_HOME", str(place.parent))


def test_manager_by_the_projects_files(folder: Path, without_conda: None) -> None:
    assert chosen(folder).manager == "local"
    (folder / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    assert chosen(folder).manager == "uv"
    (folder / "conda.yaml").write_text("dependencies: []\n")
    assert chosen(folder).manager == "uv"
    (folder / "python_env.yaml").write_text("dependencies: []\n")
    assert chosen(folder).manager == "uv"
    assert chosen(folder, "virtualenv").manager == "virtualenv"
    assert chosen(folder, "local").manager == "local"


def test_conda_builds_its_own_where_it_is_installed(folder: Path, with_conda: None) -> None:
    (folder / "conda.yaml").write_text("dependencies: []\n")
    assert chosen(folder).manager == "conda"


def test_conda_cant_build_what_isnt_its_own(folder: Path) -> None:
    (folder / "python_env.yaml").write_text("dependencies: []\n")
    with pytest.raises(InvalidValue, match=r"no conda_env; 'uv', 'virtualenv' and 'local' can run it"):
        chosen(folder, "conda")


def test_conda_that_isnt_installed_is_named(folder: Path, without_conda: None) -> None:
    write(folder, "conda_env: env.yaml\nentry_points: {main: {command: 'true'}}\n", env__yaml="dependencies: []\n")
    with pytest.raises(HeadraceError, match=r"needs conda, mamba, micromamba on .*no-conda/bin, and none is there"):
        run(str(folder), env_manager="conda")


def test_fault_in_the_environments_file_makes_no_run(folder: Path) -> None:
    write(folder, LINK, python_env__yaml="dependencies: tiny\n")
    with pytest.raises(InvalidValue, match="a list of requirements"):
        run(str(folder))
    assert not headrace.search_runs(output_format="list")


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_environment_is_built_once_and_found_again(manager: str, folder: Path, tmp_path: Path) -> None:
    package = wheel(tmp_path, "tiny", "1.5")
    write(folder, LINK, python_env__yaml=f"dependencies: ['tiny @ {package.as_uri()}']\n")
    told: list[str] = []
    first = run(str(folder), env_manager=manager, progress=told.append)
    assert list(first.logs()) == ["1.5\n"]
    assert any("Building an environment" in line for line in told)
    assert headrace.get_run(first.run_id).data.tags["mlflow.project.env"] == manager
    told.clear()
    package.unlink()
    assert list(run(str(folder), env_manager=manager, progress=told.append).logs()) == ["1.5\n"]
    assert not any("Building" in line for line in told)


def test_dependencies_of_a_pyproject(folder: Path, tmp_path: Path) -> None:
    package = wheel(tmp_path, "tiny", "1.5")
    text = f"[project]\nname = 'mine'\nversion = '1'\ndependencies = ['tiny @ {package.as_uri()}']\n"
    write(folder, LINK.partition("\n")[2], pyproject__toml=text)
    assert list(run(str(folder)).logs()) == ["1.5\n"]


def test_uv_lock_is_what_is_installed(folder: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    index.mkdir()
    wheel(index, "tiny", "1.5")
    text = f"""
        [project]
        name = "mine"
        version = "1"
        requires-python = ">=3.11"
        dependencies = ["tiny"]
        [tool.uv]
        no-index = true
        find-links = ["{index}"]
    """
    write(folder, LINK.partition("\n")[2], pyproject__toml=text)
    subprocess.run([sys.executable, "-m", "uv", "lock", "--quiet"], cwd=folder, check=True)
    wheel(index, "tiny", "2.0")
    handle = run(str(folder))
    assert list(handle.logs()) == ["1.5\n"]
    tags = headrace.get_run(handle.run_id).data.tags
    assert tags["headrace.project.lock"].startswith("sha256:")
    kept = headrace.artifacts.load_text(f"runs:/{handle.run_id}/project/uv.lock")
    assert kept == (folder / "uv.lock").read_text()


@pytest.mark.parametrize(
    ("asked", "pinned", "python"),
    [(">=3.11", "", None), (">=3.99", "", "3.99"), ("==3.99.*", "", "3.99"), ("", "3.12\n", "3.12"), ("", "", None)],
)
def test_python_of_a_pyproject(asked: str, pinned: str, python: str | None, folder: Path) -> None:
    line = f"requires-python = '{asked}'\n" if asked else ""
    write(folder, pyproject__toml=f"[project]\nname = 'mine'\n{line}")
    if pinned:
        (folder / ".python-version").write_text(pinned)
    assert environment.spec_of(chosen(folder)).python == python


def test_installer_that_dies_half_way_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, LINK, python_env__yaml=f"dependencies: ['tiny @ {wheel(tmp_path, 'tiny', '1.5').as_uri()}']\n")
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "uv").write_text(
        "#!/bin/sh\n"
        'if [ "$1" = venv ]; then\n'
        '  for last; do :; done; mkdir -p "$last/bin"; echo half > "$last/bin/python"; exit 0\n'
        "fi\n"
        'echo "error: No space left on device (os error 28)" >&2; exit 2\n'
    )
    (fake / "uv").chmod(0o755)
    with monkeypatch.context() as broken:
        broken.setattr("headrace.environments.build.uv_or_none", lambda: fake / "uv")
        broken.setattr("headrace.environments.build.find_uv", lambda: fake / "uv")
        with pytest.raises(environments.BuildFailed, match="No space left on device"):
            run(str(folder), env_manager="uv")
    assert not list(Path(os.environ["HEADRACE_ENV_ROOT"]).rglob("python"))
    assert list(run(str(folder), env_manager="uv").logs()) == ["1.5\n"]


def test_disk_that_fills_up_leaves_nothing_and_says_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root alone; the test above has an installer that fails like this")
    try:
        monkeypatch.setenv("HEADRACE_ENV_ROOT", str(disk / "environments"))
        package = wheel(tmp_path, "tiny", "1.5")
        with zipfile.ZipFile(package, "a") as archive:
            archive.writestr("big.bin", os.urandom(1 << 20))
        write(folder, LINK, python_env__yaml=f"dependencies: ['tiny @ {package.as_uri()}']\n")
        with pytest.raises(environments.BuildFailed, match="No space left"):
            run(str(folder), env_manager="uv")
        left = [path.name for path in (disk / "environments").rglob("*") if path.is_file()]
        assert set(left) <= {"lock"}
        assert headrace.search_runs(output_format="list")[0].info.status == "FAILED"
    finally:
        subprocess.run(["umount", str(disk)], check=True)
