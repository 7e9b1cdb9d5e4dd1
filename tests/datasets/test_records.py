from __future__ import annotations

import json
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pytest

from headrace import entities
from headrace.datasets import (
    HttpSource,
    MetaDataset,
    from_huggingface,
    from_numpy,
    from_pandas,
    from_polars,
    get_source,
    source_from_json,
)
from headrace.entities import limits
from headrace.errors import HeadraceError, InvalidValue

FRAME = {
    "long": [1, 2],
    "double": [1.5, None],
    "text": ["a", "b"],
    "flag": [True, False],
}


# Expected JSON: what the mlflow 3.17.2 client logs for the same calls.
def test_numpy_record_is_what_mlflow_writes() -> None:
    record = from_numpy(np.zeros((5, 4)), source="https://h/x.npy", targets=np.ones(5), digest="be3b259c").to_dict()
    assert record == {
        "name": "dataset",
        "digest": "be3b259c",
        "source": '{"url": "https://h/x.npy"}',
        "source_type": "http",
        "schema": '{"mlflow_tensorspec": {"features": "[{\\"type\\": \\"tensor\\", \\"tensor-spec\\": {\\"dtype\\": '
        '\\"float64\\", \\"shape\\": [-1, 4]}}]", "targets": "[{\\"type\\": \\"tensor\\", \\"tensor-spec\\": '
        '{\\"dtype\\": \\"float64\\", \\"shape\\": [-1]}}]"}}',
        "profile": '{"features_shape": [5, 4], "features_size": 20, "features_nbytes": 160, "targets_shape": [5], '
        '"targets_size": 5, "targets_nbytes": 40}',
    }


def test_named_arrays_record_is_what_mlflow_writes() -> None:
    features = {"a": np.zeros((5, 4), dtype="f4"), "b": np.array(["x", "y"])}
    record = from_numpy(features, name="nm").to_dict()
    assert record["schema"] == (
        '{"mlflow_tensorspec": {"features": "[{\\"name\\": \\"a\\", \\"type\\": \\"tensor\\", \\"tensor-spec\\": '
        '{\\"dtype\\": \\"float32\\", \\"shape\\": [-1, 4]}}, {\\"name\\": \\"b\\", \\"type\\": \\"tensor\\", '
        '\\"tensor-spec\\": {\\"dtype\\": \\"str\\", \\"shape\\": [-1]}}]", "targets": null}}'
    )
    assert json.loads(str(record["profile"])) == {
        "features_shape": {"a": [5, 4], "b": [2]},
        "features_size": {"a": 20, "b": 2},
        "features_nbytes": {"a": 80, "b": 8},
    }


def test_pandas_record_is_what_mlflow_writes() -> None:
    record = from_pandas(pd.DataFrame({"i": [1, 2]}), source="s3://b/k.csv", predictions="i").to_dict()
    assert (record["source"], record["source_type"]) == ('{"uri": "s3://b/k.csv"}', "s3")
    assert record["schema"] == '{"mlflow_colspec": [{"type": "long", "name": "i", "required": true}]}'
    assert record["profile"] == '{"num_rows": 2, "num_elements": 2}'


def types(record: dict[str, str | None]) -> dict[str, tuple[str, bool]]:
    columns = json.loads(str(record["schema"]))["mlflow_colspec"]
    return {column["name"]: (column["type"], column["required"]) for column in columns}


def test_column_types_of_pandas() -> None:
    frame = pd.DataFrame(
        FRAME
        | {
            "i4": np.array([1, 2], "i4"),
            "u1": np.array([1, 2], "u1"),
            "f4": np.array([1, 2], "f4"),
            "time": pd.to_datetime(["2020-01-01", None]),
            "zoned": pd.to_datetime(["2020-01-01", "2021-01-01"], utc=True),
            "bytes": [b"a", b"b"],
            "list": [[1], [2]],
            "mixed": [1, "a"],
            "category": pd.Categorical(["u", "v"]),
            "nullable": pd.array([1, None], dtype="Int64"),
            "none": [None, None],
        }
    )
    assert types(from_pandas(frame).to_dict()) == {
        "long": ("long", True), "double": ("double", False), "text": ("string", True), "flag": ("boolean", True),
        "i4": ("integer", True), "u1": ("integer", True), "f4": ("float", True), "time": ("datetime", False),
        "zoned": ("datetime", True), "bytes": ("binary", True), "list": ("any", True), "mixed": ("any", True),
        "category": ("string", True), "nullable": ("long", False), "none": ("any", False),
    }  # fmt: skip


def test_column_types_of_polars() -> None:
    frame = pl.DataFrame(FRAME).with_columns(
        pl.col("long").cast(pl.Int32).alias("i4"), pl.lit(b"x").alias("bytes"), pl.lit([1]).alias("list")
    )
    record = from_polars(frame, targets="flag")
    assert types(record.to_dict()) == {
        "long": ("long", True), "double": ("double", False), "text": ("string", True), "flag": ("boolean", True),
        "i4": ("integer", True), "bytes": ("binary", True), "list": ("any", True),
    }  # fmt: skip
    assert record.profile == {"num_rows": 2, "num_elements": 14}


def test_record_of_hugging_face() -> None:
    ds = datasets.Dataset.from_dict(FRAME)
    dataset = from_huggingface(ds, path="team/data", revision="main", targets="flag")
    record = dataset.to_dict()
    assert {name: kind for name, (kind, _) in types(record).items()} == {
        "long": "long", "double": "double", "text": "string", "flag": "boolean",
    }  # fmt: skip
    assert record["source_type"] == "hugging_face"
    source = json.loads(str(record["source"]))
    assert (source["path"], source["revision"], source["data_files"]) == ("team/data", "main", None)
    assert dataset.profile["num_rows"] == 2
    assert from_huggingface(ds).source.source_type == "code"
    assert from_huggingface(ds).digest != from_huggingface(ds.select([1, 0])).digest
    assert from_huggingface(ds).digest != from_huggingface(ds.select([0])).digest


def test_hugging_face_needs_one_split() -> None:
    ds = datasets.DatasetDict({"train": datasets.Dataset.from_dict(FRAME)})
    with pytest.raises(InvalidValue, match="DatasetDict"):
        from_huggingface(ds)  # type: ignore[arg-type]


def test_dataset_of_a_source_alone() -> None:
    dataset = MetaDataset("s3://bucket/table", name="table")
    record = dataset.to_dict()
    assert (record["schema"], record["profile"], record["source_type"]) == (None, None, "s3")
    assert dataset.digest == MetaDataset("s3://bucket/table", name="table").digest
    assert dataset.digest != MetaDataset("s3://bucket/other", name="table").digest


def test_entity_holds_the_same_and_leads_back_to_the_source() -> None:
    dataset = from_numpy(np.ones(3), source=HttpSource("https://host/a.npy"), name="ones")
    entity = dataset.to_entity()
    assert (entity.name, entity.digest, entity.source_type) == ("ones", dataset.digest, "http")
    assert entity.schema == dataset.to_dict()["schema"]
    assert get_source(entity) == get_source(entities.DatasetInput(entity)) == get_source(dataset) == dataset.source
    assert json.loads(dataset.to_json()) == dataset.to_dict()


def test_names_of_missing_columns_are_refused() -> None:
    for make, frame in ((from_pandas, pd.DataFrame(FRAME)), (from_polars, pl.DataFrame(FRAME))):
        with pytest.raises(InvalidValue, match=r"nope.*'long'"):
            make(frame, targets="nope")  # type: ignore[operator]


def test_schema_of_a_frame_with_very_many_columns_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_DATASET_SCHEMA_CHARS", 1000)
    record = from_pandas(pd.DataFrame(np.zeros((1, 100)))).to_dict()
    assert record["schema"] is None
    assert record["profile"] == '{"num_rows": 1, "num_elements": 100}'


@pytest.mark.parametrize(
    ("given", "source_type", "fields"),
    [
        ("/data/x.csv", "local", {"uri": "/data/x.csv"}),
        ("data/x.csv", "local", {"uri": "data/x.csv"}),
        ("file:///data/x.csv", "local", {"uri": "file:///data/x.csv"}),
        ("gs://bucket/x", "gs", {"uri": "gs://bucket/x"}),
        ("wasbs://c@a/x", "wasbs", {"uri": "wasbs://c@a/x"}),
        ("http://host/x", "http", {"url": "http://host/x"}),
        ("C:\\data", "local", {"uri": "C:\\data"}),
    ],
)
def test_source_from_an_address(given: str, source_type: str, fields: dict[str, str]) -> None:
    source = from_numpy(np.ones(1), source=given).source
    assert (source.source_type, source.to_dict()) == (source_type, fields)
    assert source_from_json(source.to_json(), source_type) == source


def test_source_of_another_kind_is_described_but_not_loaded() -> None:
    source = source_from_json('{"delta_table_name": "t", "delta_table_version": 3}', "delta_table")
    assert source.to_dict()["delta_table_version"] == 3
    with pytest.raises(HeadraceError, match="delta_table"):
        source.load()


@pytest.mark.parametrize(("text", "kind"), [("{", "http"), ("[]", "local"), ('{"nope": 1}', "http")])
def test_source_that_is_no_source_is_refused(text: str, kind: str) -> None:
    with pytest.raises(InvalidValue, match="source"):
        source_from_json(text, kind)


def test_sources_load(tmp_path: Path) -> None:
    import threading
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    (tmp_path / "a b.csv").write_text("x\n1\n")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever, name="files")
        thread.start()
        path = HttpSource(f"http://127.0.0.1:{server.server_port}/a%20b.csv").load(str(tmp_path / "down"))
        server.shutdown()
        thread.join()
    assert path == str(tmp_path / "down/a b.csv")
    assert Path(path).read_text() == "x\n1\n"
    local = from_numpy(np.ones(1), source=(tmp_path / "a b.csv").as_uri()).source
    assert local.load() == str(tmp_path / "a b.csv")
    with pytest.raises(HeadraceError, match="run that code"):
        from_numpy(np.ones(1)).source.load()


def test_importing_datasets_loads_no_data_library() -> None:
    import subprocess
    import sys

    script = (
        "import sys, headrace.datasets; print(sorted({'pandas', 'polars', 'datasets', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
