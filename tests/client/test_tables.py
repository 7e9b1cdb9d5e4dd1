from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import headrace as mlflow
from headrace.client.mlflow_client import MlflowClient
from headrace.errors import InvalidValue, NotFound


@pytest.fixture(autouse=True)
def embedded(tmp_path: Path) -> None:
    mlflow.set_tracking_uri(tmp_path / "store")


def stored(run_id: str, path: str) -> Any:
    return json.loads(mlflow.artifacts.load_text(f"runs:/{run_id}/{path}"))


def rows(frame: Any) -> list[list[Any]]:
    plain: list[list[Any]] = json.loads(frame.to_json(orient="split"))["data"]
    return plain


@pytest.mark.parametrize("path", ["dir/a b.json", "t.parquet"])
@pytest.mark.parametrize(
    "data",
    [
        {"a": [1, 2], "b": ["x", None]},
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
        pl.DataFrame({"a": [1, 2], "b": ["x", None]}),
        {"a": np.array([1, 2]), "b": ("x", None)},
    ],
    ids=["dict", "pandas", "polars", "arrays"],
)
def test_table_of_any_kind(path: str, data: Any) -> None:
    with mlflow.start_run() as run:
        mlflow.log_table(data, path)
        mlflow.log_table({"a": 3, "b": "z"}, path)
        mlflow.log_table({"c": [True], "a": [4]}, path)
    table = mlflow.load_table(path)
    assert list(table.columns) == ["a", "b", "c"]
    assert rows(table) == [[1, "x", None], [2, None, None], [3, "z", None], [4, None, True]]
    assert json.loads(MlflowClient().get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"]) == [
        {"path": path, "type": "table"}
    ]


# The mlflow 3.17.2 client writes these bytes for the same calls.
def test_json_is_what_mlflow_writes() -> None:
    frame = pd.DataFrame(
        {
            "d": pd.to_datetime(["2020-01-01"]), "f": [float("nan")], "g": [float("inf")], "l": [[1, 2]],
            "t": [("a", 1)], "np": [np.float32(1.5)],
        }
    )  # fmt: skip
    with mlflow.start_run() as run:
        mlflow.log_table({"a": [1, 2], "b": ["x", None]}, "t.json")
        mlflow.log_table(frame, "t2.json")
    text = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/t.json")
    assert text == '{"columns":["a","b"],"data":[[1,"x"],[2,null]]}'
    text = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/t2.json")
    assert text == (
        '{"columns":["d","f","g","l","t","np"],"data":[["2020-01-01T00:00:00.000",null,null,[1,2],["a",1],1.5]]}'
    )


def test_values_without_a_form_in_json() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    values = [
        dt.datetime(2020, 1, 1, 2, tzinfo=zone), dt.date(2020, 1, 2), b"bytes", {"k": np.int64(1)}, {3}, pd.NA, pd.NaT,
        np.array([1.5]), float("-inf"), Path("p"), "ü\ud800", 1 << 70,
    ]  # fmt: skip
    with mlflow.start_run() as run:
        mlflow.log_table({"v": values}, "t.json")
    assert [row[0] for row in stored(run.info.run_id, "t.json")["data"]] == [
        "2020-01-01T00:00:00.000Z", "2020-01-02", "bytes", {"k": 1}, [3], None, None, [1.5], None, "p", "ü\ud800",
        1 << 70,
    ]  # fmt: skip


def test_shorter_columns_are_filled_up() -> None:
    with mlflow.start_run() as run:
        mlflow.log_table({"a": [1, 2], "b": [1]}, "t.json")
        mlflow.log_table({}, "empty.json")
    assert stored(run.info.run_id, "t.json")["data"] == [[1, 1], [2, None]]
    assert stored(run.info.run_id, "empty.json") == {"columns": [], "data": []}


@pytest.mark.parametrize(("data", "path"), [([1], "t.json"), ("x", "t.json"), ({"a": [1]}, "t.csv"), ({"a": [1]}, "t")])
def test_what_is_no_table_is_refused(data: Any, path: str) -> None:
    with mlflow.start_run() as run, pytest.raises(InvalidValue):
        mlflow.log_table(data, path)
    assert MlflowClient().list_artifacts(run.info.run_id) == []


def test_mixed_column_in_parquet_is_refused() -> None:
    with mlflow.start_run(), pytest.raises(InvalidValue, match="Parquet"):
        mlflow.log_table({"a": [1, "x"]}, "t.parquet")


def test_file_that_is_no_table_is_not_overwritten() -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("[1]", "t.json")
        with pytest.raises(InvalidValue, match="isn't a table"):
            mlflow.log_table({"a": [1]}, "t.json")
    assert stored(run.info.run_id, "t.json") == [1]


def test_tables_of_several_runs_come_below_one_another() -> None:
    for name in ("one", "two", "three"):
        with mlflow.start_run(run_name=name) as run:
            mlflow.log_param("p", name)
            mlflow.log_metric("m", 1.5)
            if name != "two":
                mlflow.log_table({"v": [name]}, "it's 100%.json")
            mlflow.log_table({"v": ["other"]}, "other.json")
    columns = ["run_id", "run_name", "params.p", "metrics.m", "tags.nope", "start_time"]
    table = mlflow.load_table("it's 100%.json", extra_columns=columns)
    assert list(table.columns) == ["v", *columns]
    assert sorted(table["v"]) == sorted(table["run_name"]) == sorted(table["params.p"]) == ["one", "three"]
    assert list(table["metrics.m"]) == [1.5, 1.5]
    assert str(table["start_time"].dtype).startswith("datetime64")
    assert str(table["start_time"].dt.tz) == "UTC"
    only = mlflow.load_table("it's 100%.json", run_ids=[run.info.run_id])
    assert list(only["v"]) == ["three"]
    client = MlflowClient()
    assert len(client.load_table("0", "other.json")) == 3
    with pytest.raises(InvalidValue, match="nope"):
        mlflow.load_table("other.json", extra_columns=["nope"])
    with pytest.raises(NotFound, match="log_table"):
        mlflow.load_table("missing.json")
    with pytest.raises(NotFound):
        mlflow.load_table("missing.json", run_ids=[run.info.run_id])


def test_pictures_in_a_table_become_files() -> None:
    with mlflow.start_run() as run:
        mlflow.log_table({"img": [mlflow.Image([[0, 255]]), None], "n": [1, 2]}, "tab/t.json")
    first, second = (row[0] for row in stored(run.info.run_id, "tab/t.json")["data"])
    assert second is None
    assert first["type"] == "image"
    assert first["filepath"].startswith("table_images/tab/t/")
    assert first["compressed_filepath"] == first["filepath"].removesuffix(".png") + ".webp"
    assert mlflow.artifacts.load_image(f"runs:/{run.info.run_id}/{first['filepath']}").size == (2, 1)
    assert mlflow.artifacts.load_image(f"runs:/{run.info.run_id}/{first['compressed_filepath']}").size == (2, 1)


def test_tag_that_would_be_too_long_is_not_written_and_said() -> None:
    folder = f"{'d' * 200}/" * 10
    with mlflow.start_run() as run:
        for index in range(3):
            mlflow.log_table({"a": [index]}, f"{folder}{index}.json")
        with pytest.warns(UserWarning, match="too many tables"):
            mlflow.log_table({"a": [3]}, f"{folder}3.json")
    tag = json.loads(MlflowClient().get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"])
    assert len(tag) == 3
    table = mlflow.load_table(f"{folder}3.json", run_ids=[run.info.run_id])
    assert list(table["a"]) == [3]


def test_without_pandas_and_pyarrow_polars_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from headrace.client import frames, tables

    found = tables.find_spec
    monkeypatch.setattr(tables, "find_spec", lambda name: None if name == "pyarrow" else found(name))
    monkeypatch.setattr(frames, "find_spec", lambda name: None if name == "pandas" else found(name))
    with mlflow.start_run():
        mlflow.log_table({"a": [1, None], "b": ["x", "y"]}, "t.parquet")
    table = mlflow.load_table("t.parquet")
    assert isinstance(table, pl.DataFrame)
    assert table.to_dict(as_series=False) == {"a": [1, None], "b": ["x", "y"]}
    monkeypatch.setattr(frames, "find_spec", lambda name: None)
    assert mlflow.load_table("t.parquet") == {"a": [1, None], "b": ["x", "y"]}
