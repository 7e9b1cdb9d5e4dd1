from __future__ import annotations

import datetime as dt
import math
import sys

import pandas as pd
import polars as pl
import pytest

import headrace as mlflow
from headrace.client import frames
from headrace.errors import InvalidValue
from headrace.lazy import MissingPackage

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def two_runs() -> list[str]:
    """The newer first."""
    with mlflow.start_run(tags={"only": "first"}) as first:
        mlflow.log_metric("acc", 0.5)
        mlflow.log_param("lr", 0.1)
    with mlflow.start_run() as second:
        mlflow.log_metrics({"acc": 0.75, "loss": 1})
    return [second.info.run_id, first.info.run_id]


def test_pandas_is_the_default_and_holds_mlflows_columns(two_runs: list[str]) -> None:
    frame = mlflow.search_runs(order_by=["metrics.acc DESC"])
    assert isinstance(frame, pd.DataFrame)
    assert list(frame["run_id"]) == two_runs
    first = list(frame.columns)
    assert first[:6] == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert first.index("metrics.acc") < first.index("params.lr") < first.index("tags.only")
    assert str(frame["start_time"].dtype).endswith("UTC]")
    assert list(frame["metrics.acc"]) == [0.75, 0.5]
    assert math.isnan(frame["metrics.loss"][1])
    assert list(frame["params.lr"]) == [None, "0.1"]
    assert list(frame["tags.only"]) == [None, "first"]


def test_times_are_those_of_the_run(two_runs: list[str]) -> None:
    info = mlflow.get_run(two_runs[0]).info
    row = mlflow.search_runs(filter_string=f"run_id = '{two_runs[0]}'").iloc[0]
    assert row["start_time"] == pd.Timestamp(info.start_time, unit="ms", tz="UTC")
    assert row["end_time"] == pd.Timestamp(info.end_time, unit="ms", tz="UTC")


def test_run_that_lives_has_no_end_time() -> None:
    with mlflow.start_run():
        assert mlflow.search_runs()["end_time"].isna().all()


def test_nothing_found_is_an_empty_table_with_the_fixed_columns() -> None:
    frame = mlflow.search_runs()
    assert len(frame) == 0
    assert list(frame.columns) == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]


def test_polars_on_request(two_runs: list[str]) -> None:
    frame = mlflow.search_runs(output_format="polars", order_by=["metrics.acc DESC"])
    assert isinstance(frame, pl.DataFrame)
    assert frame["run_id"].to_list() == two_runs
    assert frame["metrics.loss"].to_list() == [1.0, None]
    assert isinstance(frame["start_time"][0], dt.datetime)


def test_list_on_request(two_runs: list[str]) -> None:
    runs = mlflow.search_runs(output_format="list", order_by=["metrics.acc DESC"])
    assert [run.info.run_id for run in runs] == two_runs
    assert runs[0].data.metrics == {"acc": 0.75, "loss": 1.0}


@pytest.mark.parametrize(
    ("missing", "kind"), [({"pandas"}, pl.DataFrame), ({"pandas", "polars"}, list)], ids=["polars", "list"]
)
def test_without_pandas_the_next_best_is_used(
    two_runs: list[str], monkeypatch: pytest.MonkeyPatch, missing: set[str], kind: type
) -> None:
    real = frames.find_spec
    monkeypatch.setattr(frames, "find_spec", lambda name: None if name in missing else real(name))
    assert isinstance(mlflow.search_runs(), kind)


def test_pandas_that_was_asked_for_and_is_missing_says_how_to_get_it(
    two_runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackage, match=r"pip install 'headrace\[pandas\]'"):
        mlflow.search_runs(output_format="pandas")


def test_unknown_format_is_refused() -> None:
    with pytest.raises(InvalidValue, match="pandas, polars, list"):
        mlflow.search_runs(output_format="arrow")


def test_experiments_are_chosen_by_id_name_all_or_the_current_one() -> None:
    made = {}
    for name in ("a", "b"):
        mlflow.set_experiment(name)
        with mlflow.start_run() as run:
            made[name] = run.info

    def found(**chosen: object) -> set[str]:
        return {run.info.run_id for run in mlflow.search_runs(output_format="list", **chosen)}  # type: ignore[call-overload]

    a, b = made["a"].run_id, made["b"].run_id
    assert found() == {b}
    assert found(experiment_ids=[made["a"].experiment_id]) == {a}
    assert found(experiment_names=["a"]) == {a}
    assert found(experiment_names=["a", "b", "nobody"]) == {a, b}
    assert found(experiment_names=["nobody"]) == set()
    assert found(search_all_experiments=True) == {a, b}
    assert found(experiment_ids=[]) == set()
    with pytest.raises(InvalidValue, match="not both"):
        found(experiment_ids=["0"], experiment_names=["a"])


def test_search_goes_over_pages_and_stops_at_max_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.client.runs._PAGE", 3)
    for _ in range(8):
        mlflow.MlflowClient().create_run("0")
    assert len(mlflow.search_runs(output_format="list")) == 8
    assert len(mlflow.search_runs(output_format="list", max_results=7)) == 7


def test_bad_filter_is_refused() -> None:
    with pytest.raises(mlflow.MlflowException) as caught:
        mlflow.search_runs(filter_string="metrics.acc > 'x")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_client_search_gives_pages_with_tokens() -> None:
    client = mlflow.MlflowClient()
    for _ in range(5):
        client.create_run("0")
    page = client.search_runs(["0"], max_results=3)
    rest = client.search_runs(["0"], max_results=3, page_token=page.token)
    assert (len(page), len(rest), rest.token) == (3, 2, None)
    assert len({run.info.run_id for run in [*page, *rest]}) == 5
