import math
import os
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient


def test_run_as_context_manager_finishes(fluent: str) -> None:
    with mlflow.start_run(run_name="whole", tags={"a": "1"}, description="what for") as run:
        assert mlflow.active_run().info.run_id == run.info.run_id
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "on": True})
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metrics({"acc": np.float32(0.25), "n": 3}, step=2)
        mlflow.set_tag("t", "v")
        mlflow.set_tags({"u": 1})
        mlflow.delete_tag("u")
    assert mlflow.active_run() is None
    assert mlflow.last_active_run().info.run_id == run.info.run_id
    read = mlflow.get_run(run.info.run_id)
    assert (read.info.status, read.info.run_name, read.info.experiment_id) == ("FINISHED", "whole", fluent)
    assert read.data.params == {"lr": "0.1", "depth": "3", "on": "True"}
    assert read.data.metrics == {"loss": 0.5, "acc": 0.25, "n": 3.0}
    tags = read.data.tags
    assert tags["mlflow.note.content"] == "what for"
    assert tags["mlflow.source.type"] == "LOCAL"
    assert {"mlflow.user", "mlflow.source.name"} <= set(tags)
    assert (tags["a"], tags["t"], "u" in tags) == ("1", "v", False)
    assert read.info.end_time >= read.info.start_time


def test_failed_block_marks_the_run_failed(fluent: str) -> None:
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
        mlflow.log_metric("before", 1)
        raise ZeroDivisionError
    read = mlflow.get_run(run.info.run_id)
    assert (read.info.status, read.data.metrics) == ("FAILED", {"before": 1.0})


def test_nested_runs(fluent: str) -> None:
    with mlflow.start_run() as outer:
        with mlflow.start_run(nested=True) as inner:
            mlflow.log_metric("m", 1)
        with pytest.raises(Exception, match="already active"):
            mlflow.start_run()
        assert mlflow.active_run().info.run_id == outer.info.run_id
    assert mlflow.get_parent_run(inner.info.run_id).info.run_id == outer.info.run_id
    assert mlflow.get_run(outer.info.run_id).data.metrics == {}


def test_resumed_run_goes_on_and_finishes_again(fluent: str) -> None:
    with mlflow.start_run() as first:
        mlflow.log_metric("m", 1, step=0)
    with mlflow.start_run(run_id=first.info.run_id) as again:
        assert mlflow.get_run(again.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("m", 2, step=1)
    history = MlflowClient().get_metric_history(first.info.run_id, "m")
    assert [p.value for p in history] == [1.0, 2.0]
    assert mlflow.get_run(first.info.run_id).info.status == "FINISHED"


def test_run_given_by_the_environment_is_resumed(fluent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with mlflow.start_run() as first:
        pass
    monkeypatch.setenv("MLFLOW_RUN_ID", first.info.run_id)
    with mlflow.start_run() as again:
        assert again.info.run_id == first.info.run_id
    assert "MLFLOW_RUN_ID" not in os.environ


def test_set_experiment_makes_it_once(fluent: str, unique: Callable[[str], str]) -> None:
    name = unique("by set")
    first = mlflow.set_experiment(name)
    assert mlflow.set_experiment(name).experiment_id == first.experiment_id
    assert mlflow.set_experiment(experiment_id=fluent).experiment_id == fluent


def test_search_runs_gives_a_frame(fluent: str) -> None:
    for index in range(3):
        with mlflow.start_run(run_name=f"r{index}"):
            mlflow.log_param("i", index)
            mlflow.log_metric("loss", math.nan if index == 2 else index)
            if index:
                mlflow.set_tag("odd", "yes")
    frame = mlflow.search_runs(order_by=["params.i"])
    assert frame["params.i"].tolist() == ["0", "1", "2"]
    assert frame["metrics.loss"].isna().tolist() == [False, False, True]
    assert frame["tags.odd"].isna().tolist() == [True, False, False]
    assert set(frame["status"]) == {"FINISHED"}
    assert str(frame["start_time"].dtype).startswith("datetime64")
    assert len(mlflow.search_runs(filter_string="metrics.loss >= 1", output_format="list")) == 1
    assert mlflow.search_runs(filter_string="tags.odd = 'yes' AND metrics.loss = 7").empty


def test_dataset_input_of_a_frame(fluent: str) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})
    data = mlflow.data.from_pandas(frame, source="/data/frame.csv", name="frame", targets="y")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training", tags={"v": "1"})
    [read] = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    assert (read.dataset.name, read.dataset.digest) == ("frame", data.digest)
    assert {t.key: t.value for t in read.tags} == {"mlflow.data.context": "training", "v": "1"}
    assert len(mlflow.search_runs(filter_string="dataset.name = 'frame'", output_format="list")) == 1


def test_experiments_by_the_fluent_calls(fluent: str, unique: Callable[[str], str]) -> None:
    name = unique("fluent")
    made = mlflow.create_experiment(name, tags={"k": "1"})
    mlflow.set_experiment_tag("ofactive", "1")
    assert mlflow.get_experiment(fluent).tags["ofactive"] == "1"
    assert [e.experiment_id for e in mlflow.search_experiments(filter_string=f"name = '{name}'")] == [made]
    mlflow.delete_experiment(made)
    assert mlflow.get_experiment_by_name(name).lifecycle_stage == "deleted"


def test_run_deleted_by_the_fluent_call(fluent: str) -> None:
    with mlflow.start_run() as run:
        pass
    mlflow.delete_run(run.info.run_id)
    assert mlflow.search_runs(output_format="list") == []


def test_asynchronous_logging_arrives(fluent: str) -> None:
    with mlflow.start_run() as run:
        waiting = [mlflow.log_metric("m", i, step=i, synchronous=False) for i in range(200)]
        waiting.append(mlflow.log_params({"a": 1}, synchronous=False))
        mlflow.flush_async_logging()
        for operation in waiting:
            operation.wait()
    read = mlflow.get_run(run.info.run_id)
    assert (read.data.metrics["m"], read.data.params) == (199.0, {"a": "1"})
    assert len(MlflowClient().get_metric_history(run.info.run_id, "m")) == 200


def test_logged_models_by_the_fluent_calls(fluent: str) -> None:
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model(name="net", params={"a": "1"}, tags={"t": "1"})
        mlflow.log_metric("acc", 0.5, step=3, model_id=model.model_id)
        mlflow.finalize_logged_model(model.model_id, "READY")
    assert mlflow.get_logged_model(model.model_id).source_run_id == run.info.run_id
    found = mlflow.search_logged_models(
        experiment_ids=[fluent], filter_string="metrics.acc > 0.4", output_format="list"
    )
    assert [m.model_id for m in found] == [model.model_id]
    assert mlflow.last_logged_model().model_id == model.model_id


def test_source_of_this_process_is_tagged(fluent: str) -> None:
    with mlflow.start_run() as run:
        pass
    assert Path(mlflow.get_run(run.info.run_id).data.tags["mlflow.source.name"]).name
