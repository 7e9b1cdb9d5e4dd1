from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql.functions import col, struct
from pyspark.sql.types import ArrayType, DoubleType, StringType

from headrace import pyfunc
from headrace.errors import InvalidValue
from headrace.models import infer_signature

pytestmark = pytest.mark.filterwarnings("ignore")
EXAMPLE = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})


def saved(folder: Path, predict: Any, example: Any = EXAMPLE, **options: Any) -> str:
    pyfunc.save_model(str(folder), python_model=predict, input_example=example, pip_requirements=[], **options)
    return str(folder)


@pytest.fixture(scope="module")
def table(spark: Any) -> Any:
    rows = [(place, float(place), float(place * 10)) for place in range(100)]
    return spark.createDataFrame(rows, ["id", "a", "b"]).repartition(4)


def collected(table: Any, column: Any) -> list[Any]:
    rows = table.select("id", column.alias("answer")).collect()
    return [row["answer"] for row in sorted(rows, key=lambda row: row["id"])]


@pytest.fixture(scope="module")
def total(tmp_path_factory: pytest.TempPathFactory) -> str:
    def add(model_input):  # type: ignore[no-untyped-def]
        return (model_input["a"] + model_input["b"]).to_numpy()

    return saved(tmp_path_factory.mktemp("total") / "model", add)


def test_columns_a_struct_or_the_signatures_names(spark: Any, table: Any, total: str) -> None:
    udf = pyfunc.spark_udf(spark, total)
    expected = [place * 11.0 for place in range(100)]
    assert collected(table, udf("a", "b")) == expected
    assert collected(table, udf(col("a"), col("b"))) == expected
    assert collected(table, udf()) == expected
    assert collected(table, udf(struct("b", "a"))) == expected
    assert collected(table, udf(struct("id", "b", "a"))) == expected


def test_the_columns_that_are_missing_are_told(spark: Any, table: Any, total: str) -> None:
    with pytest.raises(Exception, match="the model needs 2, in this order: a, b"):
        collected(table, pyfunc.spark_udf(spark, total)("a"))


@pytest.mark.parametrize(
    ("result_type", "expected"),
    [
        ("double", 44.0),
        (DoubleType(), 44.0),
        (DoubleType, 44.0),
        ("string", "44.0"),
        (StringType(), "44.0"),
        ("array<double>", [44.0]),
        (ArrayType(StringType()), ["44.0"]),
    ],
)
def test_result_types(spark: Any, table: Any, total: str, result_type: Any, expected: Any) -> None:
    assert collected(table, pyfunc.spark_udf(spark, total, result_type)("a", "b"))[4] == expected


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> str:
    def label(model_input):  # type: ignore[no-untyped-def]
        import pandas as pd

        score = model_input["a"] / 100
        labels = ["high" if one > 0.5 else "low" for one in score]
        return pd.DataFrame({"label": labels, "score": score, "id": [7] * len(score)})

    return saved(tmp_path_factory.mktemp("labelled") / "model", label)


def test_a_struct_takes_columns_by_name(spark: Any, table: Any, labelled: str) -> None:
    udf = pyfunc.spark_udf(spark, labelled, "score double, label string")
    assert collected(table, udf("a", "b"))[60].asDict() == {"score": 0.6, "label": "high"}
    assert table.select(udf("a", "b").alias("x")).select("x.label").distinct().count() == 2


def test_the_signatures_outputs_give_the_type(spark: Any, table: Any, labelled: str, total: str) -> None:
    assert collected(table, pyfunc.spark_udf(spark, labelled)("a", "b"))[60].asDict() == {
        "label": "high", "score": 0.6, "id": 7,
    }  # fmt: skip
    assert table.select(pyfunc.spark_udf(spark, total)("a", "b").alias("x")).schema["x"].dataType == DoubleType()


def test_a_type_that_the_answer_hasnt_is_told(spark: Any, table: Any, labelled: str) -> None:
    assert collected(table, pyfunc.spark_udf(spark, labelled, "double")("a", "b"))[60] == 0.6
    assert collected(table, pyfunc.spark_udf(spark, labelled, "long")("a", "b"))[60] == 7
    with pytest.raises(Exception, match="nothing that is a boolean; it has label"):
        collected(table, pyfunc.spark_udf(spark, labelled, "boolean")("a", "b"))
    with pytest.raises(InvalidValue, match="can't read it as a type"):
        pyfunc.spark_udf(spark, labelled, "dooble")
    with pytest.raises(InvalidValue, match="allowed are"):
        pyfunc.spark_udf(spark, labelled, "interval")


def test_arrays_and_arrays_of_arrays(spark: Any, table: Any, tmp_path: Path) -> None:
    def pairs(model_input):  # type: ignore[no-untyped-def]
        return model_input[["a", "b"]].to_numpy()

    def grids(model_input):  # type: ignore[no-untyped-def]
        import numpy as np

        values = model_input[["a", "b"]].to_numpy()
        return np.stack([values, values * 2], axis=1)

    flat = saved(tmp_path / "pairs", pairs)
    assert collected(table, pyfunc.spark_udf(spark, flat)("a", "b"))[3] == [3.0, 30.0]
    assert collected(table, pyfunc.spark_udf(spark, flat, "x double, y float")("a", "b"))[3].asDict() == {
        "x": 3,
        "y": 30,
    }
    nested = saved(tmp_path / "grids", grids)
    answer = collected(table, pyfunc.spark_udf(spark, nested, "array<array<double>>")("a", "b"))
    assert answer[3] == [[3.0, 30.0], [6.0, 60.0]]


def test_without_signature_columns_are_numbered(spark: Any, table: Any, tmp_path: Path) -> None:
    def second(model_input):  # type: ignore[no-untyped-def]
        return model_input["1"]

    pyfunc.save_model(str(tmp_path / "m"), python_model=second, pip_requirements=[])
    assert collected(table, pyfunc.spark_udf(spark, str(tmp_path / "m"))("a", "b"))[5] == 50.0
    with pytest.raises(InvalidValue, match="has no signature"):
        pyfunc.spark_udf(spark, str(tmp_path / "m"))()


def test_arrays_in_columns_feed_tensors(spark: Any, tmp_path: Path) -> None:
    def norms(model_input):  # type: ignore[no-untyped-def]
        import numpy as np

        assert isinstance(model_input, np.ndarray)
        return np.linalg.norm(model_input, axis=1)

    model = saved(tmp_path / "m", norms, np.array([[3.0, 4.0]]))
    data = spark.createDataFrame([(0, [3.0, 4.0]), (1, [6.0, 8.0])], ["id", "v"])
    assert collected(data, pyfunc.spark_udf(spark, model)("v")) == [5.0, 10.0]


def test_params_and_variables_and_configuration_reach_the_model(spark: Any, table: Any, tmp_path: Path) -> None:
    class Scaled(pyfunc.PythonModel):
        def load_context(self, context):  # type: ignore[no-untyped-def]
            self.offset = context.model_config["offset"]

        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
            import os

            return model_input["a"] * params["k"] + self.offset + float(os.environ.get("BIAS", "0"))

    signature = infer_signature(EXAMPLE, np.array([1.0]), params={"k": 1})
    pyfunc.save_model(
        str(tmp_path / "m"), python_model=Scaled(), signature=signature, model_config={"offset": 0}, pip_requirements=[]
    )
    udf = pyfunc.spark_udf(
        spark, str(tmp_path / "m"), params={"k": 3}, extra_env={"BIAS": "1000"}, model_config={"offset": 100}
    )
    assert collected(table, udf("a", "b"))[2] == 1106.0


def test_a_worker_loads_the_model_once(spark: Any, table: Any, tmp_path: Path) -> None:
    class Counting(pyfunc.PythonModel):
        def load_context(self, context):  # type: ignore[no-untyped-def]
            import os
            from pathlib import Path

            with Path(Path(context.artifacts["place"]).read_text()).open("a") as file:
                file.write(f"{os.getpid()}\n")

        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
            return model_input["a"]

    log = tmp_path / "loads"
    log.touch()
    (tmp_path / "place").write_text(str(log))
    pyfunc.save_model(
        str(tmp_path / "m"),
        python_model=Counting(),
        artifacts={"place": str(tmp_path / "place")},
        signature=infer_signature(EXAMPLE, np.array([1.0])),
        pip_requirements=[],
    )
    udf = pyfunc.spark_udf(spark, str(tmp_path / "m"))
    for _ in range(3):
        assert len(collected(table, udf("a", "b"))) == 100
    loads = log.read_text().split()
    assert str(os.getpid()) not in loads
    assert len(loads) == len(set(loads)) <= 4


def test_what_the_model_raises_comes_out(spark: Any, table: Any, tmp_path: Path) -> None:
    def broken(model_input):  # type: ignore[no-untyped-def]
        raise LookupError("nowhere to be found")

    pyfunc.save_model(str(tmp_path / "m"), python_model=broken, pip_requirements=[])
    with pytest.raises(Exception, match="nowhere to be found"):
        collected(table, pyfunc.spark_udf(spark, str(tmp_path / "m"))("a"))


def test_empty_partitions_are_no_matter(spark: Any, table: Any, total: str, labelled: str) -> None:
    few = table.filter("id < 2").repartition(4)
    assert collected(few, pyfunc.spark_udf(spark, total)("a", "b")) == [0.0, 11.0]
    none = table.filter("id < 0")
    assert collected(none, pyfunc.spark_udf(spark, labelled)("a", "b")) == []


def test_the_model_can_run_in_its_own_environment(spark: Any, table: Any, tmp_path: Path) -> None:
    def versions(model_input):  # type: ignore[no-untyped-def]
        import toolz

        return [f"{toolz.__version__} {value}" for value in model_input["a"]]

    pyfunc.save_model(
        str(tmp_path / "m"),
        python_model=versions,
        signature=infer_signature(EXAMPLE, ["a"]),
        pip_requirements=["toolz==0.12.1", "cloudpickle"],
    )
    udf = pyfunc.spark_udf(spark, str(tmp_path / "m"), env_manager="uv")
    assert collected(table, udf("a", "b"))[7] == "0.12.1 7.0"
