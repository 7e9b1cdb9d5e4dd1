from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.ml.linalg import Vectors
from pyspark.sql import SparkSession

from headrace import pyfunc
from headrace.errors import InvalidValue
from headrace.packaging.mlmodel import Model
from headrace.packaging.trust import UntrustedModel
from headrace.spark import FLAVOR, load_model, save_model
from tests.heavy.test_keras import as_a_strangers

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("spark")]


def frame(count: int = 40) -> pd.DataFrame:
    numbers = np.random.default_rng(5)
    made = pd.DataFrame({"a": numbers.normal(size=count), "b": numbers.normal(size=count)})
    return made.assign(label=(made["a"] > made["b"]).astype(float))


def fitted() -> Any:
    spark = SparkSession.getActiveSession()
    stages = [VectorAssembler(inputCols=["a", "b"], outputCol="features"), LogisticRegression(maxIter=5)]
    return Pipeline(stages=stages).fit(spark.createDataFrame(frame()))


def predicted(model: Any, data: pd.DataFrame) -> list[float]:
    spark = SparkSession.getActiveSession()
    return [row["prediction"] for row in model.transform(spark.createDataFrame(data)).collect()]


@pytest.fixture(scope="module")
def folder(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spark") / "model"
    save_model(fitted(), path, input_example=frame(5)[["a", "b"]])
    return path


def test_the_folder_is_mlflows(folder: Path) -> None:
    model = Model.load(folder)
    assert set(model.flavors["spark"]) - {"code"} == {"pyspark_version", "model_data", "model_class"}
    assert model.flavors["spark"]["model_class"] == "pyspark.ml.pipeline.PipelineModel"
    assert model.pyfunc is not None
    assert model.pyfunc["data"] == "sparkml"
    assert model.signature is not None
    assert [spec.name for spec in model.signature.inputs] == ["a", "b"]
    assert "pyspark==" in (folder / "requirements.txt").read_text()
    assert (folder / "sparkml" / "metadata").is_dir()


def test_predictions_are_sparks_own(folder: Path) -> None:
    data = frame(20)[["a", "b"]]
    expected = predicted(fitted(), data)
    assert set(expected) == {0.0, 1.0}
    assert predicted(load_model(str(folder)), data) == expected
    assert pyfunc.load_model(str(folder)).predict(data) == expected


def test_a_spark_frame_goes_in_as_it_is(folder: Path, spark: Any) -> None:
    data = frame(20)[["a", "b"]]
    assert pyfunc.load_model(str(folder)).predict(spark.createDataFrame(data)) == predicted(fitted(), data)


def test_vectors_come_as_lists(spark: Any, tmp_path: Path) -> None:
    data = spark.createDataFrame(
        [(Vectors.dense([1.0, 2.0]), 0.0), (Vectors.dense([3.0, 1.0]), 1.0)] * 5, ["features", "label"]
    )
    model = LogisticRegression(maxIter=5).fit(data)
    save_model(model, tmp_path / "model")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    for cells in ([[1.0, 2.0], [3.0, 1.0]], [np.array([1.0, 2.0]), np.array([3.0, 1.0])]):
        assert loaded.predict(pd.DataFrame({"features": cells})) == [0.0, 1.0]


def test_a_transformers_output_is_the_prediction(spark: Any, tmp_path: Path) -> None:
    data = spark.createDataFrame(frame())
    assembled = VectorAssembler(inputCols=["a"], outputCol="features").transform(data)
    scaler = StandardScaler(inputCol="features", outputCol="scaled").fit(assembled)
    save_model(scaler, tmp_path / "model")
    answer = pyfunc.load_model(str(tmp_path / "model")).predict(pd.DataFrame({"features": [[2.0]]}))
    assert answer == [pytest.approx([2.0 / frame()["a"].std()])]


def test_a_logged_model_loads_by_its_address() -> None:
    import headrace

    with headrace.start_run():
        info = headrace.spark.log_model(fitted(), name="spark-model", input_example=frame(3)[["a", "b"]])
    assert len(pyfunc.load_model(info.model_uri).predict(frame(3)[["a", "b"]])) == 3


def test_a_class_that_isnt_sparks_needs_trust(folder: Path, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    as_a_strangers(copy)
    assert pyfunc.load_model(str(copy)) is not None
    (part,) = (copy / "sparkml" / "metadata").glob("part-*")
    part.write_text(part.read_text().replace("org.apache.spark.ml.PipelineModel", "evil.Model"))
    with pytest.raises(UntrustedModel, match="sparkml"):
        load_model(str(copy))


def test_an_unfitted_or_unwritable_thing_is_refused(spark: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="a fitted model or transformer"):
        save_model(LogisticRegression(), tmp_path / "model")


def test_flavor_is_found_by_name() -> None:
    from headrace.packaging.flavor import flavor

    assert flavor("spark") is FLAVOR
