from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from headrace.projects.backends import payload

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    for name in (
        "train.py",
        "src/model.py",
        "data/big.bin",
        ".headrace/headrace.db",
        "__pycache__/x.pyc",
        "mlruns/0/m",
    ):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    return made


def names(folder: Path) -> list[str]:
    return [path.as_posix() for path in payload.files(folder)]


def git(folder: Path, *args: str) -> None:
    subprocess.run([*GIT, *args], cwd=folder, check=True, capture_output=True)


def test_stores_and_leftovers_of_tools_stay_here(folder: Path) -> None:
    assert names(folder) == ["data/big.bin", "src/model.py", "train.py"]


def test_of_a_repository_goes_what_git_knows_or_would_add(folder: Path) -> None:
    (folder / ".gitignore").write_text("data/\n")
    git(folder, "init")
    git(folder, "add", "train.py")
    git(folder, "commit", "-m", "one")
    assert names(folder) == [".gitignore", "src/model.py", "train.py"]
    assert names(folder / "src") == ["model.py"]
    (folder / "train.py").unlink()
    assert names(folder) == [".gitignore", "src/model.py"]


def test_a_folder_that_a_repository_ignores_goes_whole(folder: Path) -> None:
    git(folder.parent, "init")
    (folder.parent / ".gitignore").write_text("project/\n")
    assert names(folder) == ["data/big.bin", "src/model.py", "train.py"]


def test_a_submodule_goes_along(folder: Path, tmp_path: Path) -> None:
    git(folder, "init")
    git(folder, "add", "train.py")
    git(folder, "commit", "-m", "one")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", str(folder), "inner")
    assert names(outer) == [".gitmodules", "inner/train.py"]


def test_the_same_files_make_the_same_zip(folder: Path) -> None:
    (folder / "src" / "model.py").chmod(0o755)
    first = payload.zipped(folder)
    os.utime(folder / "train.py", (0, 1e9))
    assert payload.zipped(folder) == first
    (folder / "train.py").write_text("other")
    assert payload.zipped(folder) != first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == names(folder)
        assert archive.read("src/model.py") == b"src/model.py"
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    assert (modes["src/model.py"], modes["train.py"]) == (0o755, 0o644)


def test_a_copy_has_the_same_files(folder: Path, tmp_path: Path) -> None:
    payload.copy(folder, tmp_path / "there")
    assert names(tmp_path / "there") == names(folder)
