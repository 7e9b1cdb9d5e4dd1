from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.client import context
from headrace.errors import InvalidValue


@pytest.fixture(autouse=True)
def asked_anew() -> None:
    context._repository_tags.cache_clear()


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@x", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The main script of the process, in a folder of its own."""
    folder = tmp_path / "project"
    folder.mkdir()
    path = folder / "train.py"
    path.write_text("x = 1\n")
    monkeypatch.setattr(sys, "argv", [str(path)])
    return path


@pytest.fixture
def repository(script: Path) -> Path:
    git(script.parent, "init", "-q", "-b", "main")
    git(script.parent, "add", ".")
    git(script.parent, "commit", "-q", "-m", "first")
    return script.parent


def test_user_and_source_are_named(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "anna")
    with mlflow.start_run() as run:
        pass
    stored = mlflow.get_run(run.info.run_id)
    assert stored.data.tags["mlflow.user"] == stored.info.user_id == "anna"
    assert stored.data.tags["mlflow.source.name"] == str(script)
    assert stored.data.tags["mlflow.source.type"] == "LOCAL"


def test_without_a_script_the_source_is_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["-c"])
    assert context.resolve_tags()["mlflow.source.name"] == "<console>"
    assert not [key for key in context.resolve_tags() if ".git." in key]


def test_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda uid: (_ for _ in ()).throw(KeyError(uid)))
    assert context.user_name() == "unknown"


def test_commit_branch_and_remote_are_found(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://ci:token@example.com/team/project.git")
    tags = context.resolve_tags()
    assert tags["mlflow.source.git.commit"] == git(repository, "rev-parse", "HEAD")
    assert tags["mlflow.source.git.branch"] == "main"
    assert tags["mlflow.source.git.repoURL"] == "https://example.com/team/project.git"
    assert "mlflow.source.git.dirty" not in tags


def test_ssh_remote_stays_as_it_is(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "git@example.com:team/project.git")
    assert context.resolve_tags()["mlflow.source.git.repoURL"] == "git@example.com:team/project.git"


def test_changed_file_makes_the_tree_dirty(repository: Path, script: Path) -> None:
    script.write_text("x = 2\n")
    assert context.resolve_tags()["mlflow.source.git.dirty"] == "true"


def test_new_file_doesnt_make_it_dirty(repository: Path) -> None:
    (repository / "notes.txt").write_text("new")
    assert "mlflow.source.git.dirty" not in context.resolve_tags()


def test_detached_head_has_no_branch(repository: Path) -> None:
    git(repository, "checkout", "-q", "--detach")
    tags = context.resolve_tags()
    assert "mlflow.source.git.commit" in tags
    assert "mlflow.source.git.branch" not in tags


def test_repository_without_a_commit_and_folder_without_a_repository_say_nothing(script: Path) -> None:
    assert not [key for key in context.resolve_tags() if ".git." in key]
    git(script.parent, "init", "-q")
    context._repository_tags.cache_clear()
    assert not [key for key in context.resolve_tags() if ".git." in key]


def test_repositorys_own_configuration_starts_no_program(repository: Path) -> None:
    trace = repository.parent / "ran"
    git(repository, "config", "core.fsmonitor", f"touch {trace}; false")
    context.resolve_tags()
    assert not trace.exists()


def test_without_git_there_are_no_git_tags(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert not [key for key in context.resolve_tags() if ".git." in key]


def test_run_context_of_the_environment_wins_over_what_is_found_and_loses_to_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", '{"mlflow.user": "robot", "job": 7}')
    assert context.resolve_tags()["mlflow.user"] == "robot"
    with mlflow.start_run(tags={"job": "mine"}) as run:
        assert run.data.tags["job"] == "mine"


@pytest.mark.parametrize("text", ["[1]", "{", '"x"'])
def test_broken_run_context_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", text)
    with pytest.raises(InvalidValue, match="RUN_CONTEXT"):
        mlflow.start_run()


def test_client_adds_no_tags() -> None:
    run = mlflow.MlflowClient().create_run("0", tags={"a": 1}, run_name="n")
    assert run.data.tags == {"a": "1", "mlflow.runName": "n"}
