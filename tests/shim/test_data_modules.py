from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import mlflow
import mlflow.data.numpy_dataset
import pandas as pd
from mlflow.data.dataset import Dataset
from mlflow.data.dataset_source import DatasetSource
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.data.pandas_dataset import PandasDataset, from_pandas

data = from_pandas(pd.DataFrame({"a": [1]}), source=HTTPDatasetSource("https://host/x"))
assert isinstance(data, PandasDataset) and isinstance(data, Dataset)
assert isinstance(data.source, DatasetSource)
with mlflow.start_run() as run:
    mlflow.log_input(data, "training")
    mlflow.log_text("x", "a.txt")
assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt") == "x"
print(mlflow.data.get_source(mlflow.get_run(run.info.run_id).inputs.dataset_inputs[0]).url)
"""


def test_modules_of_mlflows_datasets_are_ours() -> None:
    Path("script.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "headrace.shim", "script.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "https://host/x"
