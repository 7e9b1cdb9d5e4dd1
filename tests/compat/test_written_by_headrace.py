"""What our client writes, read by the genuine one; and the other way round."""

import json
import os
import subprocess

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from servers import BIN, TARGET, Server

pytestmark = pytest.mark.skipif(TARGET != "headrace", reason="our client's environment is needed")

WRITE = """
import sys, numpy as np, pandas as pd, polars as pl
import headrace as mlflow
from headrace.data import from_numpy, from_pandas, from_polars
mlflow.set_experiment("written by headrace")
with mlflow.start_run() as run:
    arrays = from_numpy(np.ones((5, 2)), source="https://host/x.npy", targets=np.zeros(5), name="arrays")
    mlflow.log_input(arrays, "training")
    frame = from_pandas(pd.DataFrame({"a": [1], "b": ["x"]}), source="/data/x.csv", name="frame")
    mlflow.log_input(frame, tags={"k": "v"})
    mlflow.log_input(from_polars(pl.DataFrame({"a": [1.5, None]}), source="s3://bucket/x", name="polars"))
    mlflow.log_input(from_pandas(pd.DataFrame({"a": [1]}), name="made"))
    mlflow.log_text("héllo", "dir/a b.txt")
    mlflow.log_dict({"a": [1, 2]}, "a.json")
    mlflow.log_table({"q": ["x", "y"], "n": [1, None]}, "t.json")
    mlflow.log_table(pd.DataFrame({"q": ["z"], "n": [3.0]}), "t.parquet")
    mlflow.log_image(np.zeros((8, 6, 3), np.uint8), "black.png")
    mlflow.log_image(np.zeros((8, 6, 3), np.uint8), key="series/one", step=4, timestamp=99)
print(run.info.run_id)
"""
READ = """
import sys, json
import headrace as mlflow
run_id = sys.argv[1]
mlflow.set_experiment("written by mlflow")
table = mlflow.load_table("t.json", extra_columns=["run_id"])
run = mlflow.get_run(run_id)
sources = {i.dataset.name: mlflow.data.get_source(i).to_dict() for i in run.inputs.dataset_inputs}
print(json.dumps({
    "text": mlflow.artifacts.load_text(f"runs:/{run_id}/dir/a b.txt"),
    "dict": mlflow.artifacts.load_dict(f"runs:/{run_id}/a.json"),
    "table": json.loads(table.to_json(orient="split"))["data"],
    "image": mlflow.artifacts.load_image(f"runs:/{run_id}/black.png").size,
    "sources": sources,
    "listed": [f.path for f in mlflow.artifacts.list_artifacts(run_id=run_id)],
}))
"""


def ours(server: Server, script: str, *arguments: str) -> str:
    environment = {**os.environ, "MLFLOW_TRACKING_URI": server.url, "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
    done = subprocess.run(
        [str(BIN / "python"), "-c", script, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_genuine_client_reads_what_ours_wrote(client: MlflowClient, server: Server, fluent: str) -> None:
    run_id = ours(server, WRITE)
    inputs = {entry.dataset.name: entry for entry in client.get_run(run_id).inputs.dataset_inputs}
    assert set(inputs) == {"arrays", "frame", "polars", "made"}
    assert {tag.key: tag.value for tag in inputs["arrays"].tags} == {"mlflow.data.context": "training"}
    assert {tag.key: tag.value for tag in inputs["frame"].tags} == {"k": "v"}
    assert mlflow.data.get_source(inputs["arrays"]).url == "https://host/x.npy"
    assert mlflow.data.get_source(inputs["frame"]).uri == "/data/x.csv"
    assert type(mlflow.data.get_source(inputs["polars"])).__name__ == "S3ArtifactDatasetSource"
    assert mlflow.data.get_source(inputs["made"]).to_dict()["tags"]["mlflow.source.type"] == "LOCAL"
    schema = json.loads(inputs["frame"].dataset.schema)["mlflow_colspec"]
    assert mlflow.types.Schema.from_json(json.dumps(schema)).input_names() == ["a", "b"]
    tensors = json.loads(inputs["arrays"].dataset.schema)["mlflow_tensorspec"]
    assert mlflow.types.Schema.from_json(tensors["features"]).numpy_types() == [np.dtype("float64")]
    assert json.loads(inputs["arrays"].dataset.profile)["features_shape"] == [5, 2]

    assert mlflow.artifacts.load_text(f"runs:/{run_id}/dir/a b.txt") == "héllo"
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/a.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_image(f"runs:/{run_id}/black.png").size == (6, 8)
    experiment = client.get_experiment_by_name("written by headrace")
    table = client.load_table(experiment.experiment_id, "t.json", extra_columns=["run_id"])
    assert list(table["q"]) == ["x", "y"]
    assert list(table["run_id"]) == [run_id, run_id]
    assert list(client.load_table(experiment.experiment_id, "t.parquet")["n"]) == [3.0]
    images = [entry.path for entry in client.list_artifacts(run_id, "images")]
    assert all(path.startswith("images/series~one+step+4+timestamp+99+") for path in images)
    assert {path.rpartition(".")[2] for path in images} == {"png", "webp"}


def test_our_client_reads_what_the_genuine_one_wrote(server: Server, fluent: str) -> None:
    mlflow.set_experiment("written by mlflow")
    with mlflow.start_run() as run:
        frame = pd.DataFrame({"a": [1]})
        mlflow.log_input(mlflow.data.from_pandas(frame, source="s3://bucket/x", name="frame"))
        mlflow.log_input(mlflow.data.from_numpy(np.ones(3), source="https://host/x", name="arrays"))
        mlflow.log_text("héllo", "dir/a b.txt")
        mlflow.log_dict({"a": [1, 2]}, "a.json")
        mlflow.log_table({"q": ["x", "y"], "n": [1, None]}, "t.json")
        mlflow.log_image(np.zeros((8, 6, 3), np.uint8), "black.png")
    read = json.loads(ours(server, READ, run.info.run_id))
    assert read == {
        "text": "héllo",
        "dict": {"a": [1, 2]},
        "table": [["x", 1.0, run.info.run_id], ["y", None, run.info.run_id]],
        "image": [6, 8],
        "sources": {"frame": {"uri": "s3://bucket/x"}, "arrays": {"url": "https://host/x"}},
        "listed": ["a.json", "black.png", "dir", "t.json"],
    }
