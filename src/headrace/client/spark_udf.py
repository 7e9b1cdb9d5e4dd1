"""`pyfunc.spark_udf`: a model as a column function of Spark, loaded once in each Python worker."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Union

from headrace.client.resolve import resolve_model
from headrace.client.spark_results import as_column, result_type_of
from headrace.errors import InvalidValue, NotSupported
from headrace.lazy import optional_import
from headrace.packaging.batch import worker
from headrace.packaging.mlmodel import Model
from headrace.packaging.schema import Schema


def spark_udf(
    spark: Any,
    model_uri: str,
    result_type: Any = None,
    env_manager: str | None = None,
    params: dict[str, Any] | None = None,
    extra_env: Mapping[str, str] | None = None,
    prebuilt_env_uri: str | None = None,
    model_config: Mapping[str, Any] | None = None,
    *,
    allow_pickle: bool | None = None,
) -> Callable[..., Any]:
    """A function of columns: none for those of the signature, several in its order, or one struct with its names.

    result_type: a Spark type or a DDL string ("double", "array<float>", "label string, score double"); by default what
    the signature's outputs say. env_manager: local, or uv, virtualenv or conda to run the model in its own environment.
    extra_env: environment variables in the workers.
    """
    if prebuilt_env_uri is not None:
        raise NotSupported("prebuilt_env_uri is for Databricks alone; env_manager='uv' builds and caches environments.")
    pandas = optional_import("pandas", extra="pandas", why="in Spark's UDFs")
    functions = optional_import("pyspark.sql.functions", why="for spark_udf")
    resolved = resolve_model(model_uri)
    meta = Model.load(resolved.path)
    outputs, inputs = meta.get_output_schema(), meta.get_input_schema()
    kind = result_type_of(result_type, outputs)
    model = worker.worker_model(
        resolved.path,
        resolved.origin,
        allow_pickle=allow_pickle,
        model_config=model_config,
        env_manager=env_manager,
        variables=extra_env,
    )
    model, archive = _sent(spark, model)

    def score(batches: Iterator[Any]) -> Iterator[Any]:
        predictor = worker.loaded(model, archive)
        for batch in batches:
            frame = _frame(batch if isinstance(batch, tuple) else (batch,), inputs)
            answer = predictor.predict(frame, params=params) if len(frame) else []
            yield as_column(answer, kind, len(frame)) if len(frame) else _empty(kind)

    # Spark tells the kind of a UDF by its annotations, which must be classes, not their names.
    one = pandas.DataFrame if type(kind).__name__ == "StructType" else pandas.Series
    iterator: Any = Iterator
    several: Any = tuple
    either: Any = Union  # `|` makes another kind of object, which Spark doesn't know
    score.__annotations__ = {
        "batches": iterator[several[either[pandas.Series, pandas.DataFrame], ...]],
        "return": iterator[one],
    }
    made = functions.pandas_udf(score, returnType=kind)

    def udf(*columns: Any) -> Any:
        return made(*(columns or _default_columns(inputs)))

    udf.metadata = meta  # type: ignore[attr-defined] # as MLflow's
    return udf


def _sent(spark: Any, model: worker.WorkerModel) -> tuple[worker.WorkerModel, Callable[[], Path] | None]:
    """On a cluster the folder travels as one file, which Spark gives to each executor once."""
    try:
        context = spark.sparkContext
    except Exception as error:
        raise NotSupported(
            "Spark Connect has no way to give the workers a folder of this machine; use a session with a SparkContext."
        ) from error
    if context.master.startswith("local"):
        return model, None
    folder = Path(tempfile.mkdtemp(prefix="headrace-spark-"))
    packed = worker.pack(model, folder / "model.tar")
    name = f"headrace-{packed.archive_digest}.tar"
    (folder / "model.tar").rename(folder / name)
    context.addFile(str(folder / name))

    def archive() -> Path:
        return Path(optional_import("pyspark").SparkFiles.get(name))

    return packed, archive


def _frame(columns: tuple[Any, ...], inputs: Schema | None) -> Any:
    pandas = optional_import("pandas")
    if len(columns) == 1 and isinstance(columns[0], pandas.DataFrame):
        return columns[0]
    names = [str(place) for place in range(len(columns))] if inputs is None else inputs.input_names()
    required = 0 if inputs is None else len(inputs.required_input_names())
    if len(columns) < required:
        raise InvalidValue(
            "columns", len(columns), f"the model needs {required}, in this order: {', '.join(map(str, names))}."
        )
    return pandas.DataFrame({name: _cells(column) for name, column in zip(names, columns, strict=False)})


def _cells(column: Any) -> Any:
    """A struct beside other columns is a column of objects."""
    if not hasattr(column, "columns"):
        return column
    pandas = optional_import("pandas")
    return pandas.Series(column.to_dict(orient="records"), index=column.index, dtype=object)


def _empty(kind: Any) -> Any:
    pandas = optional_import("pandas")
    if type(kind).__name__ == "StructType":
        return pandas.DataFrame({field.name: [] for field in kind.fields})
    return pandas.Series([], dtype=object)


def _default_columns(inputs: Schema | None) -> list[str]:
    if inputs is None:
        raise InvalidValue("columns", (), "the model has no signature, so name the columns: udf('a', 'b').")
    if not inputs.has_input_names():
        raise InvalidValue(
            "columns", (), f"the signature names none of its {len(inputs)} columns, so name them: udf('a', 'b')."
        )
    if inputs.optional_input_names():
        raise InvalidValue(
            "columns", (), f"some are optional ({', '.join(inputs.optional_input_names())}): name those that are there."
        )
    return [str(name) for name in inputs.input_names()]
