from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

import headrace as mlflow
from headrace import MlflowClient
from headrace.client.open import close_stores
from headrace.entities import Run

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digits_grid.py"
TIMEOUT_S = 300


def run_grid(epochs: int) -> tuple[str, list[Run]]:
    """What it printed, and the runs of the grid, best first."""
    ended = subprocess.run(
        [sys.executable, EXAMPLE, "--epochs", str(epochs), "--jobs", "2"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert ended.returncode == 0, ended.stderr
    [parent] = mlflow.search_runs(
        experiment_names=["digits"], filter_string="attributes.run_name = 'grid'", output_format="list"
    )
    assert parent.info.status == "FINISHED"
    children = mlflow.search_runs(
        experiment_names=["digits"],
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.accuracy DESC", "metrics.fit_seconds ASC"],
        output_format="list",
    )
    return ended.stdout, children


def test_the_demo_tracks_all_it_does() -> None:
    printed, children = run_grid(epochs=2)
    client = MlflowClient()
    try:
        assert len(children) == 8
        assert {run.data.params["model"] for run in children} == {"mlp", "linear", "forest"}
        for run in children:
            assert run.info.status == "FINISHED"
            assert {path.path for path in client.list_artifacts(run.info.run_id)} == {
                "confusion_matrix.png",
                "first_mistake.png",
                "mistakes.json",
                "notes",
            }
            [data] = run.inputs.dataset_inputs
            assert data.dataset.name == "digits"
            epochs = 0 if run.data.params["model"] == "forest" else 2
            history = client.get_metric_history(run.info.run_id, "test_accuracy_score")
            assert [point.step for point in history] == list(range(epochs))
        digests = {run.inputs.dataset_inputs[0].dataset.digest for run in children}
        assert len(digests) == 1, "all were trained on the same data, in processes of their own"
        assert f"Best run: {children[0].info.run_name}" in printed
        assert f"runs compare {children[0].info.run_id} {children[1].info.run_id}" in printed
    finally:
        close_stores()


@pytest.mark.full
def test_the_whole_demo_takes_less_than_two_minutes_of_a_core_and_its_models_are_good() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, children = run_grid(epochs=15)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    core_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    try:
        assert len(children) == 8
        assert children[0].data.metrics["accuracy"] > 0.95
        assert all(run.data.metrics["accuracy"] > 0.8 for run in children)
    finally:
        close_stores()
    assert core_s < 120
