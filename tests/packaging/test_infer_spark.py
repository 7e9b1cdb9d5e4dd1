from __future__ import annotations

import pytest

from headrace.packaging.enforce import SchemaMismatch, enforce_input
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.signature import infer_signature
from headrace.packaging.types import Array, Object, Property

pyspark = pytest.importorskip("pyspark")
pytestmark = pytest.mark.full


@pytest.mark.filterwarnings("ignore")
def test_spark_frame_is_told_and_enforced() -> None:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        frame = spark.sql(
            "select 1.5D as a, 'x' as b, array('u', 'v') as c, named_struct('k', 1L) as d, map('m', 2.5D) as e, "
            "date'2024-05-31' as f, cast(1 as smallint) as g"
        )
        schema = infer_signature(frame).inputs
        assert schema == Schema(
            [
                ColSpec("double", "a"),
                ColSpec("string", "b"),
                ColSpec(Array("string"), "c"),
                ColSpec(Object([Property("k", "long")]), "d"),
                ColSpec(Object([Property("m", "double")]), "e"),
                ColSpec("datetime", "f"),
                ColSpec("integer", "g"),
            ]
        )
        wanted = Schema([ColSpec("string", "b"), ColSpec("double", "a")])
        assert enforce_input(frame, wanted).columns == ["a", "b"]
        with pytest.raises(SchemaMismatch, match="'a'"):
            enforce_input(frame, Schema([ColSpec("long", "a")]))
        types = wanted.as_spark_schema()
        assert [(one.name, one.dataType.simpleString()) for one in types] == [("b", "string"), ("a", "double")]
    finally:
        spark.stop()
