"""Run by .venv-heavy's interpreter with MLflow's own packages behind: saves or loads a model by genuine MLflow.

python genuine.py PACKAGES save|load FLAVOR FOLDER ARRAY — ARRAY: .npy of the input; the answer goes to ARRAY.out.npy
"""

from __future__ import annotations

import sys
from typing import Any

packages, action, flavor, folder, array = sys.argv[1:]
sys.path.append(packages)  # last: TensorFlow and Spark come from this environment

import mlflow  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

data = np.load(array)


def answer(loaded: Any) -> Any:
    return np.asarray(loaded.predict(pd.DataFrame(data, columns=["a", "b"]) if flavor == "spark" else data))


def fitted() -> Any:
    if flavor == "spark":
        from pyspark.ml import Pipeline
        from pyspark.ml.classification import LogisticRegression
        from pyspark.ml.feature import VectorAssembler
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.master("local[1]").config("spark.driver.host", "127.0.0.1").getOrCreate()
        frame = pd.DataFrame(data, columns=["a", "b"])
        frame["label"] = (frame["a"] > frame["b"]).astype(float)
        stages = [VectorAssembler(inputCols=["a", "b"], outputCol="features"), LogisticRegression(maxIter=5)]
        return Pipeline(stages=stages).fit(spark.createDataFrame(frame))
    import keras

    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input([data.shape[1]]), keras.layers.Dense(2, activation="tanh")])


module = __import__(f"mlflow.{flavor}", fromlist=["save_model"])
if action == "save":
    signature = None if flavor == "spark" else mlflow.models.infer_signature(data)
    module.save_model(fitted(), folder, signature=signature, pip_requirements=["keras"])
np.save(f"{array}.out.npy", answer(mlflow.pyfunc.load_model(folder)))
