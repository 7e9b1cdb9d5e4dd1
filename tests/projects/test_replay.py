from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import headrace
from headrace import MlflowClient
from headrace.entities import Run
from headrace.errors import InvalidValue, NotFound
from headrace.projects import RunFailed, lock, packages, replay, run
from headrace.projects.kept import CannotBeHad
from headrace.projects.source_cache import root
from tests.support.git import committed, git

TRAIN = """
import sys

import headrace
import numpy as np

rows = np.load("data.npy")
with headrace.start_run():
    headrace.log_input(headrace.data.from_numpy(rows, source="data.npy", name="rows"))
    total = 0.0
    for step, weight in enumerate(rows):
        total += weight / 3 + float(sys.argv[1])
        headrace.log_metric("total", total, step=step)
    headrace.log_metric("rounded", round(total, 2))
    headrace.log_param("rows", len(rows))
"""
MLPROJECT = """
name: weights
entry_points:
  main:
    parameters:
      shift: {type: float, default: 0.5}
      note: {type: string, default: none}
    command: "python train.py {shift} {note}"
  look:
    parameters:
      shift: {type: float, default: 0.5}
    command: "cat data.npy > seen && echo {shift}"
"""


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "MLproject").write_text(MLPROJECT)
    (folder / "train.py").write_text(TRAIN)
    save(folder, 0.1, 0.2, 0.7)
    committed(folder)
    return folder


def save(folder: Path, *weights: float) -> None:
    np.save(folder / "data.npy", np.array(weights))


def got(run_id: str) -> Run:
    return headrace.get_run(run_id)


def metrics(run_id: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in MlflowClient().get_metric_history(run_id, "total")]


def test_a_replay_gives_the_metrics_to_the_digit(project: Path) -> None:
    original = run(project.as_uri(), parameters={"shift": 0.1, "note": "it's $HOME; `x`"}).run_id
    (project / "train.py").write_text(TRAIN.replace("/ 3", "/ 7"))
    committed(project)  # the branch has moved on; the replay takes the old commit
    done = replay(original)
    assert done.original_id == original
    assert done.run_id != original
    assert metrics(done.run_id) == metrics(original)
    assert got(done.run_id).data.metrics == got(original).data.metrics
    assert got(done.run_id).data.params == got(original).data.params
    assert done.differences.rows == ()
    assert done.differences.compared["metrics"] == 2
    assert done.differences.compared["data"] == 1
    assert done.differences.compared["environment"] > 50
    assert [check.verdict for check in done.data] == ["same"]
    tags = got(done.run_id).data.tags
    assert tags["headrace.replay.of"] == original
    assert tags["mlflow.source.git.commit"] == got(original).data.tags["mlflow.source.git.commit"]
    assert json.dumps(done.as_dict())


def test_changes_that_were_not_committed_are_laid_over_their_commit(project: Path) -> None:
    (project / "train.py").write_text(TRAIN.replace("/ 3", "/ 9"))
    save(project, 0.4)
    original = run(str(project)).run_id
    git(project, "checkout", "--quiet", ".")
    done = replay(original)
    assert metrics(done.run_id) == metrics(original) == [(0, 0.4 / 9 + 0.5)]
    assert done.differences.rows == ()
    assert (project / "train.py").read_text() == TRAIN


def test_a_folder_that_is_as_it_was_is_run_where_it_is(project: Path) -> None:
    """With what git doesn't know of, such as data."""
    git(project, "rm", "--quiet", "--cached", "data.npy")
    (project / ".gitignore").write_text("data.npy\nseen\n")
    committed(project)
    original = run(str(project), "look").run_id
    assert replay(original).differences.rows == ()
    (project / "more.txt").write_text("")
    committed(project)
    with pytest.raises(RunFailed):  # the old commit alone lacks the data
        replay(original)


def test_what_differs_is_shown_with_both_values(project: Path, folder: Path) -> None:
    (project / "train.py").write_text(
        TRAIN.replace("float(sys.argv[1])", "len(open('counter').read())") + "open('counter', 'a').write('x')\n"
    )
    (project / "counter").write_text("")
    (project / ".gitignore").write_text("counter\n")
    committed(project)
    original = run(str(project)).run_id
    save(project, 0.1)
    git(project, "update-index", "--assume-unchanged", "data.npy")  # so that git sees no other state
    done = replay(original)
    rows = {(row.part, row.name): row for row in done.differences.rows}
    assert rows["metrics", "total"].before == f"{got(original).data.metrics['total']!r} (step 2)"
    assert rows["metrics", "total"].after == repr(0.1 / 3 + 1)
    assert (rows["parameters", "rows"].before, rows["parameters", "rows"].after) == ("3", "1")
    assert "was changed, or read in another way" in rows["data", "rows"].note
    assert [check.verdict for check in done.data] == ["unconfirmed"]


def test_packages_that_changed_are_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = run(str(project), "look").run_id
    listed = packages.listed
    monkeypatch.setattr(
        packages, "listed", lambda variables: (listed(variables) or "").replace("pandas==", "pandas==0.") + "more==1\n"
    )
    [more, pandas] = replay(original).differences.rows
    assert (more.part, more.name, more.before, more.after) == ("environment", "more", None, "1")
    assert (pandas.name, pandas.after) == ("pandas", f"0.{pandas.before}")


def test_a_lock_of_then_is_used_and_shown(project: Path) -> None:
    (project / "train.sh").write_text("python -c 'import six; print(six.__version__)'\n")
    (project / "python_env.yaml").write_text("dependencies: [six]\n")
    (project / "requirements.lock").write_text(
        "six==1.16.0 --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254\n"
    )
    committed(project)
    original = run(str(project), entry_point="train.sh").run_id
    assert MlflowClient().list_artifacts(original, "project")
    git(project, "rm", "--quiet", "requirements.lock")
    committed(project)
    done = replay(original)
    assert done.differences.rows == ()
    path = MlflowClient().download_artifacts(done.run_id, "project/output.log")
    assert Path(path).read_text() == "1.16.0\n"
    assert done.missing == ()


def test_a_uv_lock_that_the_commit_lacks_comes_from_the_run(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["six"]\n'
    )
    (folder / "version.sh").write_text("python -c 'import six; print(six.__version__)'\n")
    (folder / ".gitignore").write_text("uv.lock\n")
    committed(folder)
    lock.write(folder)
    original = run(str(folder), "version.sh").run_id
    (folder / "uv.lock").unlink()
    done = replay(original)
    assert done.differences.rows == ()
    assert done.missing == ()
    assert not (folder / "uv.lock").exists()


def test_an_archive_that_was_replaced_is_told_by_its_digest(project: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "project"), "zip", project))
    original = run(str(archive), "look").run_id
    assert replay(original).differences.rows == ()
    (project / "more.txt").write_text("")
    shutil.make_archive(str(tmp_path / "project"), "zip", project)
    with pytest.raises(CannotBeHad, match=r"another one now: run .* had one of SHA-256 [0-9a-f]{64}"):
        replay(original)


def test_another_manager_runs_without_the_lock(project: Path) -> None:
    (project / "python_env.yaml").write_text("dependencies: [six]\n")
    committed(project)
    original = run(str(project), "look", env_manager="uv").run_id
    done = replay(original, env_manager="local")
    assert {row.name for row in done.differences.rows} >= {"environment", "numpy"}
    assert not [row for row in done.differences.rows if row.name == "lock"]


def test_relative_paths_lead_where_they_led(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys, headrace; headrace.log_metric(''length'', len(open(sys.argv[1]).read()))"
    (project / "MLproject").write_text(
        f"entry_points: {{main: {{parameters: {{file: path}}, command: 'python -c \"{code}\" {{file}}'}}}}"
    )
    committed(project)
    (tmp_path / "then").mkdir()
    (tmp_path / "then" / "x").write_text("four")
    monkeypatch.chdir(tmp_path / "then")
    headrace.set_tracking_uri(tmp_path / "store")
    original = run(str(project), parameters={"file": "x"}).run_id
    monkeypatch.chdir(tmp_path)
    assert got(replay(original).run_id).data.metrics == {"length": 4.0}


def test_a_commit_that_is_gone_is_told_with_the_places_that_were_tried(project: Path) -> None:
    original = run(project.as_uri(), entry_point="look", version="main").run_id
    commit = got(original).data.tags["mlflow.source.git.commit"]
    shutil.rmtree(root())
    moved = project.rename(project.with_name("moved"))
    with pytest.raises(CannotBeHad, match=f"Commit {commit} of run .* can't be had. Tried file://{project}"):
        replay(original)
    moved.rename(project)
    assert replay(original).differences.rows == ()


def test_a_remote_has_what_the_folder_has_no_more(project: Path, tmp_path: Path) -> None:
    bare = tmp_path / "remote.git"
    git(project, "clone", "--quiet", "--bare", str(project), str(bare))
    git(project, "remote", "add", "origin", str(bare))
    original = run(str(project), "look").run_id
    shutil.rmtree(project)
    assert replay(original).differences.rows == ()


def test_runs_that_are_no_projects_say_what_is_missing(project: Path) -> None:
    with headrace.start_run() as plain:
        pass
    with pytest.raises(InvalidValue, match=r"no artifact project/launch\.json and no tag mlflow\.project\.entryPoint"):
        replay(plain.info.run_id)
    with pytest.raises(NotFound):
        replay("0" * 32)


def test_a_run_of_mlflow_is_replayed_by_its_tags(project: Path) -> None:
    """As `mlflow run` leaves it: the tags, and parameters quoted for the shell."""
    commit = git(project, "rev-parse", "HEAD")
    client = MlflowClient()
    made = client.create_run(
        "0",
        tags={
            "mlflow.source.name": project.as_uri(),
            "mlflow.source.type": "PROJECT",
            "mlflow.source.git.commit": commit,
            "mlflow.project.entryPoint": "main",
            "mlflow.project.backend": "local",
        },
    ).info.run_id
    for key, value in {"shift": "0.25", "note": "'two words'", "rows": "3"}.items():
        client.log_param(made, key, value)
    client.log_metric(made, "rounded", 0.0)
    client.set_terminated(made)
    done = replay(made)
    assert got(done.run_id).data.params == {"shift": "0.25", "note": "'two words'", "rows": "3"}
    assert {row.name for row in done.differences.of("metrics")} == {"rounded", "total"}
    assert any("no record of its launch" in sentence for sentence in done.missing)


def test_a_sweep_is_not_replayed_as_one_run(project: Path) -> None:
    parent = headrace.projects.sweep(str(project), {"shift": [1, 2]}, entry_point="look").run_id
    with pytest.raises(InvalidValue, match=r"is a sweep.*one of its trials"):
        replay(parent)
