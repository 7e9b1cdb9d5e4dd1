from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
from pyarrow import parquet

import headrace as mlflow
from headrace import MlflowClient
from tests.cli.conftest import Headrace


@pytest.fixture
def two_runs() -> list[str]:
    """loss: three points each; only the second has a NaN and a param."""
    mlflow.set_experiment("digits")
    ids = []
    for name in ("a", "b"):
        with mlflow.start_run(run_name=name) as run:
            for step in range(3):
                mlflow.log_metric("loss", 1 / (step + 1), step=step, timestamp=1_700_000_000_000 + step)
        ids.append(run.info.run_id)
    MlflowClient().log_metric(ids[1], "acc", math.nan, timestamp=1_700_000_000_000)
    MlflowClient().log_param(ids[1], "model", "mlp, ü")
    return ids


def test_runs_as_csv_json_and_parquet(headrace: Headrace, two_runs: list[str]) -> None:
    headrace("runs", "export", "-n", "digits", "--order-by", "attributes.run_name", "-o", "runs.csv")
    headrace("runs", "export", *two_runs, "-o", "runs.json")
    told = headrace("runs", "export", *two_runs, "-o", "runs.parquet")
    assert told.err == "2 runs in runs.parquet\n"
    assert not told.out
    with Path("runs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["run_id"] for row in rows] == two_runs
    assert [row["params.model"] for row in rows] == ["", "mlp, ü"]
    assert [row["metrics.acc"] for row in rows] == ["", "NaN"]
    as_json = json.loads(Path("runs.json").read_text())
    assert [run["info"]["run_id"] for run in as_json] == two_runs
    assert as_json[1]["data"]["metrics"] == {"loss": 1 / 3, "acc": "NaN"}
    frame = parquet.read_table("runs.parquet")
    assert frame.column_names == list(rows[0])
    assert str(frame.schema.field("start_time").type) == "timestamp[ms, tz=UTC]"
    assert frame["metrics.loss"].to_pylist() == [1 / 3, 1 / 3]
    assert frame["params.model"].to_pylist() == [None, "mlp, ü"]
    start = frame["start_time"].to_pylist()[0]
    assert start.isoformat(sep=" ", timespec="milliseconds") == rows[0]["start_time"]


def test_every_point_of_the_metrics(headrace: Headrace, two_runs: list[str]) -> None:
    points = [
        {"run_id": run_id, "key": "loss", "step": step, "timestamp": 1_700_000_000_000 + step, "value": 1 / (step + 1)}
        for run_id in two_runs
        for step in range(3)
    ]
    assert headrace("runs", "export", *two_runs, "--history", "--key", "loss", "--format", "json").json() == points
    told = headrace("runs", "export", *two_runs, "--history", "-o", "points.parquet")
    assert told.err == "7 points in points.parquet\n"
    frame = parquet.read_table("points.parquet")
    assert frame["key"].to_pylist() == ["loss"] * 3 + ["acc"] + ["loss"] * 3
    assert frame["value"].to_pylist()[:3] == [1, 1 / 2, 1 / 3]
    assert math.isnan(frame["value"].to_pylist()[3])
    lines = headrace("runs", "export", two_runs[0], "--history").out.splitlines()
    assert lines[0] == "run_id,key,step,timestamp,value"
    assert lines[3] == f"{two_runs[0]},loss,2,2023-11-14 22:13:20.002+00:00,{1 / 3}"
    assert headrace("runs", "export", "-x", "0", "--history", "--format", "json").json() == []


def test_a_failed_export_leaves_the_old_file_and_no_other(headrace: Headrace, two_runs: list[str]) -> None:
    Path("runs.csv").write_text("kept")
    headrace("runs", "export", "-n", "digits", "--filter", "metrics.loss <", "-o", "runs.csv", status=1)
    assert Path("runs.csv").read_text() == "kept"
    assert [path.name for path in Path().iterdir() if path.name != ".headrace"] == ["runs.csv"]
