"""Spark ML: pipelines and transformers as Spark writes them, loaded into the active session or a small local one.

The metadata of each stage names the class that reads it; one that isn't Spark's own is code, and needs trust.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headrace import clock
from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.source import Source
from headrace.packaging.types import SparkMLVector

_FOLDER = "sparkml"
_OWN_CLASSES = ("org.apache.spark.ml.", "pyspark.ml.")
_PREDICTION = "prediction"


class Spark:
    name = "spark"
    model_argument = "spark_model"
    module = "pyspark"
    distributions = ("pyspark",)

    def save(
        self,
        spark_model: Any,
        draft: Draft,
        /,
        *,
        dfs_tmpdir: str | None = None,
        sample_input: Any = None,  # noqa: ARG002 — MLflow's argument of old, without effect there too
    ) -> Predictor:
        """dfs_tmpdir: a folder that the driver and the executors of a cluster share, for a copy on the way."""
        pyspark = optional_import(self.module)
        model = _as_pipeline(spark_model)
        target = draft.path / _FOLDER
        if dfs_tmpdir is None:
            model.write().save(target.as_uri())
        else:
            _by_way_of(model, dfs_tmpdir, target)
        draft.set_flavor(pyspark_version=pyspark.__version__, model_data=_FOLDER, model_class=_class_name(model))
        draft.set_pyfunc(data=_FOLDER)
        return _Wrapper(model, draft)

    def load(self, source: Source, /, *, dfs_tmpdir: str | None = None) -> Any:
        """A PipelineModel. dfs_tmpdir: where a cluster's executors can read it, if they can't read this folder."""
        optional_import(self.module, why="the model is one of Spark's")
        keys = source.flavor(self.name)
        place = str(keys.get("model_data", _FOLDER))
        path = source.file(place)
        foreign = sorted(set(_foreign_classes(path)))
        if foreign:
            source.allow_code([f"{place} ({', '.join(foreign[:5])})"])
        session()
        return optional_import("pyspark.ml").PipelineModel.load(
            path.as_uri() if dfs_tmpdir is None else _copied(path, dfs_tmpdir)
        )

    def load_pyfunc(self, source: Source, /) -> Predictor:
        return _Wrapper(self.load(source), source)


FLAVOR = Spark()


def session() -> Any:
    """The active one, whose settings are its owner's; or a local one of one thread."""
    sql = optional_import("pyspark.sql")
    active = sql.SparkSession.getActiveSession()
    if active is not None:
        return active
    return (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        # Models are loaded in Spark's own Python workers too, as by spark_udf.
        .config("spark.executor.allowSparkContext", "true")
        .getOrCreate()
    )


def _as_pipeline(model: Any) -> Any:
    ml, util = optional_import("pyspark.ml"), optional_import("pyspark.ml.util")
    readable = isinstance(model, util.MLReadable) and isinstance(model, util.MLWritable)
    if not isinstance(model, ml.Transformer) or not readable:
        raise InvalidValue(
            "spark_model",
            type(model).__name__,
            "a fitted model or transformer of pyspark.ml that can be written and read (MLWritable, MLReadable).",
        )
    return model if isinstance(model, ml.PipelineModel) else ml.PipelineModel([model])


def _class_name(model: Any) -> str:
    return f"{type(model).__module__}.{type(model).__qualname__}"


def _hadoop(path: str) -> tuple[Any, Any]:
    """Hadoop's path and the file system that it is on."""
    spark = session()
    jvm = spark.sparkContext._jvm
    place = jvm.org.apache.hadoop.fs.Path(path)
    return place, place.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())


def _by_way_of(model: Any, dfs_tmpdir: str, target: Path) -> None:
    shared = f"{dfs_tmpdir.rstrip('/')}/headrace-{clock.hex_id()}"
    model.write().save(shared)
    place, system = _hadoop(shared)
    local, _ = _hadoop(target.as_uri())
    system.copyToLocalFile(True, place, local, True)


def _copied(path: Path, dfs_tmpdir: str) -> str:
    shared = f"{dfs_tmpdir.rstrip('/')}/headrace-{clock.hex_id()}"
    place, system = _hadoop(shared)
    local, _ = _hadoop(path.as_uri())
    system.copyFromLocalFile(local, place)
    return shared


def _foreign_classes(folder: Path) -> Iterator[str]:
    for part in sorted(folder.rglob("metadata/part-*")):
        for line in part.read_text(encoding="utf-8", errors="replace").splitlines():
            if not line.strip():
                continue
            try:
                name = json.loads(line)["class"]
            except (ValueError, KeyError, TypeError):
                name = "metadata that can't be read"
            if not str(name).startswith(_OWN_CLASSES):
                yield str(name)


class _Wrapper:
    """pandas in, a list out: the pipeline's column `prediction`."""

    def __init__(self, model: Any, owner: Draft | Source) -> None:
        self._model, self._owner = model, owner

    def predict(self, model_input: Any) -> Any:
        spark = session()
        if hasattr(model_input, "sparkSession"):
            frame = model_input
        elif hasattr(model_input, "columns"):
            frame = spark.createDataFrame(_plain(model_input, self._vectors("inputs")))
        else:
            raise InvalidValue("model_input", type(model_input).__name__, "a DataFrame of pandas or of Spark.")
        functions = optional_import("pyspark.ml.functions")
        for name in self._vectors("inputs") or _vector_columns(self._model, frame):
            column = name if name is not None else frame.columns[0]
            if type(frame.schema[column].dataType).__name__ == "ArrayType":
                frame = frame.withColumn(column, functions.array_to_vector(column))
        answer = self._transformed(frame).select(_PREDICTION)
        if type(answer.schema[_PREDICTION].dataType).__name__ == "VectorUDT":
            answer = answer.withColumn(_PREDICTION, functions.vector_to_array(_PREDICTION))
        return [row[_PREDICTION] for row in answer.collect()]

    def _vectors(self, part: str) -> list[Any]:
        signature = self._owner.model.signature
        schema = getattr(signature, part) if signature is not None else None
        return [spec.name for spec in schema or () if isinstance(spec.type, SparkMLVector)]

    def _transformed(self, frame: Any) -> Any:
        """Where the last stage is no predictor, its output column takes the name."""
        answer = self._model.transform(frame)
        last = self._model.stages[-1]
        if _PREDICTION not in answer.columns and last.hasParam("outputCol"):
            return answer.withColumnRenamed(last.getOutputCol(), _PREDICTION)
        if _PREDICTION not in answer.columns:
            raise InvalidValue(
                "spark_model", _class_name(last), f"it gives no column {_PREDICTION!r}: {', '.join(answer.columns)}."
            )
        return answer

    def get_raw_model(self) -> Any:
        return self._model


def _plain(frame: Any, vectors: list[Any]) -> Any:
    """A copy in which arrays are lists of floats: Spark can't tell the type of numpy's."""
    made = frame.copy(deep=False)
    for place, name in enumerate(made.columns):
        column = made.iloc[:, place]
        if column.dtype.kind == "O" and len(column) and hasattr(column.iloc[0], "__len__"):
            if hasattr(column.iloc[0], "tolist") or name in vectors or None in vectors:
                made.isetitem(place, column.map(lambda cell: [float(item) for item in cell]))
            elif hasattr(column.iloc[0], "toArray"):
                made.isetitem(place, column.map(lambda cell: cell.toArray().tolist()))
    return made


def _vector_columns(model: Any, frame: Any) -> list[str]:
    """Without a signature that says so: what the stages read as vectors and came as lists of numbers."""
    read = [
        stage.getOrDefault(param)
        for stage in model.stages
        for param in ("featuresCol", "inputCol")
        if stage.hasParam(param) and stage.isDefined(stage.getParam(param))
    ]
    return [name for name in dict.fromkeys(read) if name in frame.columns and _is_numbers(frame.schema[name].dataType)]


def _is_numbers(kind: Any) -> bool:
    return type(kind).__name__ == "ArrayType" and type(kind.elementType).__name__ == "DoubleType"
