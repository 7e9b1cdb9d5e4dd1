from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import headrace
from headrace import MlflowClient
from headrace.entities import Run
from headrace.errors import InvalidValue
from headrace.lazy import MissingPackage
from headrace.projects import sweep
from headrace.projects.sweeps.conductor import MetricMissing
from headrace.projects.sweeps.outcome import Standing
from tests.projects.sweep.conftest import Project
from tests.support.git import committed


def trials_below(run_id: str) -> list[Run]:
    return headrace.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{run_id}'", order_by=["attributes.start_time"], output_format="list"
    )


def text_of(run_id: str, path: str) -> str:
    return Path(MlflowClient().download_artifacts(run_id, path)).read_text()


def test_each_combination_is_a_run_below_one_parent(project: Project) -> None:
    project.command("echo {x} {n} {name}")
    result = sweep(project.uri, {"x": [0.5, 1], "n": "int:1..2", "name": "it's; $(id),b c"}, jobs=2)
    assert (result.counts.finished, result.counts.total, result.complete) == (8, 8, True)
    runs = trials_below(result.run_id)
    printed = {text_of(run.info.run_id, "project/output.log") for run in runs}
    assert printed == {f"{x} {n} {name}\n" for x in ("0.5", "1") for n in "12" for name in ("it's; $(id)", "b c")}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.tags["mlflow.source.type"] for run in runs} == {"PROJECT"}
    assert sorted(int(run.data.tags["headrace.sweep.trial"]) for run in runs) == list(range(8))
    [first] = [run for run in runs if run.data.tags["headrace.sweep.trial"] == "0"]
    assert json.loads(first.data.tags["headrace.sweep.parameters"]) == {"x": "0.5", "n": "1", "name": "it's; $(id)"}
    parent = headrace.get_run(result.run_id)
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["headrace.sweep"] == "grid"
    assert parent.data.params["n"] == "int:1..2"
    assert parent.data.metrics["trials_finished"] == 8


@pytest.mark.usefixtures("served")
def test_the_parent_tells_the_best_trial(project: Project) -> None:
    project.program("log(loss=(x - 3) ** 2, other=1)")
    result = sweep(
        project.uri, {"x": [1, 3.5, 5]}, entry_point="train", metric="loss", direction="minimize", run_name="search"
    )
    assert result.best is not None
    assert (result.best.number, result.best.value) == (1, 0.25)
    assert [trial.value for trial in result.ranked()] == [0.25, 4.0, 4.0]
    parent = headrace.get_run(result.run_id)
    assert parent.info.run_name == "search"
    assert parent.data.metrics["best_loss"] == 0.25
    assert parent.data.tags["headrace.sweep.best_run_id"] == result.best.run_id
    assert json.loads(parent.data.tags["headrace.sweep.best_parameters"]) == {"x": "3.5"}
    note = parent.data.tags["mlflow.note.content"]
    assert "Best loss: **0.25** with `x=3.5` (trial 1)." in note
    table = json.loads(text_of(result.run_id, "sweep/trials.json"))
    assert table["columns"] == ["trial", "x", "loss", "state", "reason", "duration_s", "run_id"]
    assert [row[:4] for row in table["data"]] == [
        [1, "3.5", 0.25, "finished"],
        [0, "1", 4.0, "finished"],
        [2, "5", 4.0, "finished"],
    ]
    assert sweep(
        project.uri, {"x": [1, 3.5]}, entry_point="train", metric="loss", direction="maximize"
    ).best.parameters == {"x": "1"}  # type: ignore[union-attr]


def test_trials_run_at_the_same_time_and_no_more_than_asked(project: Project) -> None:
    """Each waits for another one to be there; a third would see two."""
    project.command(
        "mkdir here-{n} && [ $(ls -d here-* | wc -l) -le 2 ] && "
        "until [ $(ls -d here-* | wc -l) -ge 2 ] || [ -e met-{n} ]; do sleep 0.01; done; "
        "touch met-1 met-2 met-3 met-4; rmdir here-{n}"
    )
    result = sweep(project.uri, {"n": [1, 2, 3, 4]}, jobs=2)
    assert result.counts.finished == 4


def test_failures_are_counted_and_shown_and_the_others_go_on(project: Project) -> None:
    project.command("echo about to fail; [ {n} != 2 ]")
    said: list[str] = []
    standings: list[Standing] = []
    result = sweep(project.uri, {"n": "1,2,3"}, progress=said.append, changed=standings.append)
    assert (result.counts.finished, result.counts.failed) == (2, 1)
    assert "Trial 1 failed (n=2): ended with status 1" in said
    assert any("about to fail" in line for line in said)
    assert [run.info.status for run in trials_below(result.run_id)] == ["FINISHED", "FAILED", "FINISHED"]
    assert headrace.get_run(result.run_id).info.status == "FINISHED"
    last = standings[-1]
    assert (last.counts.ended, last.counts.failed, last.counts.running, last.here) == (3, 1, 0, 3)


def test_a_sweep_of_failures_alone_has_failed(project: Project) -> None:
    project.command("false")
    result = sweep(project.uri, {"n": "1,2"})
    assert result.counts.failed == 2
    assert headrace.get_run(result.run_id).info.status == "FAILED"


@pytest.mark.usefixtures("served")
def test_a_metric_that_nobody_logs_ends_it_with_those_that_are_logged(project: Project) -> None:
    project.program("log(accuracy=1, epoch=2)")
    with pytest.raises(MetricMissing, match=r"'val_loss'.*they log 'accuracy', 'epoch'"):
        sweep(project.uri, {"x": "float:0..9/1"}, entry_point="train", metric="val_loss", direction="minimize")
    [parent] = headrace.search_runs(filter_string="tags.`headrace.sweep` = 'grid'", output_format="list")
    assert parent.info.status == "FAILED"
    runs = trials_below(parent.info.run_id)
    assert len(runs) == 3  # and not all ten
    assert runs[0].data.tags["headrace.sweep.reason"] == "no metric 'val_loss'; it logged 'accuracy', 'epoch'"


@pytest.mark.usefixtures("served")
def test_trials_without_the_metric_among_others_count_as_failed(project: Project) -> None:
    project.program("if x < 4: log(loss=x)")
    result = sweep(project.uri, {"x": [1, 2, 5, 6, 7, 8]}, entry_point="train", metric="loss", direction="maximize")
    assert (result.counts.finished, result.counts.failed) == (2, 4)
    assert result.best is not None
    assert result.best.value == 2


@pytest.mark.usefixtures("served")
def test_optuna_searches_and_prunes_what_is_worse_than_the_others(project: Project) -> None:
    """Five trials are good and end; the next ones are bad and would take their time."""
    project.program(
        """
from pathlib import Path
Path("begun").open("a").write(f"{x}\\n")
bad = len(Path("begun").read_text().splitlines()) > 5
for step in range(3):
    log(loss=100.0 if bad else abs(x - 2) / (step + 1), step=step)
if bad:
    time.sleep(60)  # to be ended long before
"""
    )
    result = sweep(
        project.uri, {"x": "float:0..10"}, "optuna", "train", metric="loss", direction="minimize", trials=7, seed=1
    )
    assert (result.counts.finished, result.counts.pruned) == (5, 2)
    killed = [run for run in trials_below(result.run_id) if run.info.status == "KILLED"]
    assert len(killed) == 2
    for run in killed:
        assert run.data.tags["headrace.sweep.state"] == "pruned"
        assert run.data.tags["headrace.sweep.reason"] == "loss = 100 at step 2: worse than other trials"
    assert len(set(project.lines("begun"))) == 7
    assert result.best is not None
    assert result.best.state == "finished"
    assert headrace.get_run(result.run_id).data.metrics["trials_pruned"] == 2


def test_trials_of_a_git_project_have_the_commit_and_a_folder_of_their_own(project: Project) -> None:
    project.command("[ ! -e mine ] && touch mine")
    commit = committed(project.folder)
    result = sweep(project.folder.as_uri(), {"n": "1,2"}, version=commit, jobs=2)
    assert result.counts.finished == 2
    assert {run.data.tags["mlflow.source.git.commit"] for run in trials_below(result.run_id)} == {commit}
    assert headrace.get_run(result.run_id).data.tags["mlflow.source.git.commit"] == commit
    assert not (project.folder / "mine").exists()


def test_a_sweep_inside_a_run_is_below_it(project: Project) -> None:
    with headrace.start_run() as outer:
        result = sweep(project.uri, {"n": "1,2"})
    assert headrace.get_run(result.run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id
    assert len(trials_below(result.run_id)) == 2


def test_a_script_without_mlproject_takes_anything(folder: Path) -> None:
    (folder / "go.sh").write_text('echo "$@"\n')
    result = sweep(folder, {"lr": "log:1e-3..1/10", "mode": "a,b"}, entry_point="go.sh")
    assert result.counts.finished == 8
    assert text_of(result.trials[0].run_id, "project/output.log") == "--lr 0.001 --mode a\n"


@pytest.mark.parametrize(
    ("parameters", "options", "said"),
    [
        ({"y": "1,2"}, {}, "'y'.*'main' declares no such parameter; it has x, n, name, flag"),
        ({"naem": "1,2"}, {}, "Did you mean name"),
        ({"name": "int:1..3"}, {}, r"declared as string, and a range holds numbers.*\\int:1\.\.3"),
        ({"name": "float:0..1/0.5"}, {}, "declared as string"),
        ({"flag": "int:0..1"}, {}, "declared as bool"),
        ({"n": "float:0..1/0.5"}, {}, "declared as int; ranges of it begin with int or logint"),
        ({"x": "1,two"}, {}, "'two'.*float"),
        ({"n": "1,2"}, {"jobs": 0}, "'--jobs'.*at least one"),
        ({"n": "1,2"}, {"kind": "sobol"}, "'sobol'.*grid, random:N"),
        ({"n": "1,2"}, {"entry_point": "mian"}, "'mian'.*Did you mean main"),
        ({"n": "1,2"}, {"backend": "nowhere"}, "'nowhere'"),
    ],
)
def test_what_is_wrong_is_told_before_any_run_is_made(
    project: Project, parameters: dict[str, str], options: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidValue, match=said):
        sweep(project.uri, parameters, **options)  # type: ignore[arg-type]
    assert headrace.search_runs(output_format="list") == []


def test_a_command_that_cannot_be_made_is_told_before_any_run_is_made(project: Project) -> None:
    project.command("echo {oops}")
    with pytest.raises(InvalidValue, match="oops"):
        sweep(project.uri, {"n": "1,2"})
    assert headrace.search_runs(output_format="list") == []


def test_the_environment_is_built_once_before_the_first_trial(project: Project) -> None:
    (project.folder / "python_env.yaml").write_text("dependencies: [six]\n")
    project.command("python -c 'import six' && echo $VIRTUAL_ENV")
    said: list[str] = []
    result = sweep(project.uri, {"n": "1,2,3"}, jobs=2, progress=said.append)
    assert result.counts.finished == 3
    assert len({text_of(trial.run_id, "project/output.log") for trial in result.trials}) == 1
    [built] = [at for at, line in enumerate(said) if line.startswith("Building an environment")]
    [began] = [at for at, line in enumerate(said) if line.startswith("Sweep ")]
    assert built < began


@pytest.mark.usefixtures("served")
def test_fewer_trials_than_jobs(project: Project) -> None:
    project.program("log(loss=x)")
    result = sweep(
        project.uri, {"x": "float:0..1"}, "optuna", "train", metric="loss", direction="minimize", trials=1, jobs=4
    )
    assert result.counts.finished == 1


def test_without_optuna_the_message_says_what_to_install(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingPackage, match=r"pip install 'headrace\[sweep\]'"):
        sweep(project.uri, {"x": "float:0..1"}, "optuna", metric="loss", direction="minimize", trials=1)
    assert headrace.search_runs(output_format="list") == []
