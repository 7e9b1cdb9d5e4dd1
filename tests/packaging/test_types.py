from __future__ import annotations

import copy
import datetime as dt
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import InvalidValue
from headrace.packaging.types import AnyType, Array, ColumnType, DataType, Map, Object, Property, SparkMLVector
from headrace.packaging.types import type_from_dict as read

NAMES = st.text(min_size=1, max_size=5)


def objects(inner: st.SearchStrategy[ColumnType]) -> st.SearchStrategy[ColumnType]:
    properties = st.lists(st.builds(Property, NAMES, inner, st.booleans()), min_size=1, max_size=4, unique_by=str)
    return properties.filter(lambda found: len({one.name for one in found}) == len(found)).map(Object)


TYPES: st.SearchStrategy[ColumnType] = st.recursive(
    st.one_of(st.sampled_from(DataType), st.just(AnyType()), st.just(SparkMLVector())),
    lambda inner: st.one_of(inner.map(Array), inner.map(Map), objects(inner)),
    max_leaves=8,
)


@given(TYPES)
def test_type_comes_back_from_its_json(kind: ColumnType) -> None:
    found = read(kind.to_dict())
    assert found == kind
    assert hash(found) == hash(kind)
    assert repr(found) == repr(kind)


@given(TYPES)
def test_type_survives_pickling_and_copying(kind: ColumnType) -> None:
    assert pickle.loads(pickle.dumps(kind)) == kind
    assert copy.deepcopy(kind) == kind


@given(TYPES, TYPES)
def test_types_are_equal_when_their_json_is(one: ColumnType, other: ColumnType) -> None:
    assert (one == other) is (one.to_dict() == other.to_dict())


def test_types_print_as_mlflows_users_know_them() -> None:
    kind = Array(Object([Property("z", "double", False), Property("k", Map("string"))]))
    assert repr(kind) == "Array({k: Map(str -> DataType.string) (required), z: double (optional)})"
    assert (repr(AnyType()), repr(SparkMLVector())) == ("Any", "SparkML vector")


def test_scalars_know_numpys_pandas_and_pythons_types() -> None:
    assert [one.to_numpy() for one in DataType] == [
        np.dtype(name) for name in ("bool", "int32", "int64", "float32", "float64", "str", "bytes", "datetime64[ns]")
    ]
    assert (DataType.string.to_pandas(), DataType.long.to_pandas()) == (object, np.dtype("int64"))
    assert [one.to_python() for one in DataType] == [bool, int, int, float, float, str, bytes, dt.date]
    assert DataType.from_numpy_type(np.dtype("float32")) is DataType.float
    assert DataType.check_type(DataType.datetime, dt.datetime(2024, 5, 31))  # noqa: DTZ001 — has no zone
    assert not DataType.check_type(DataType.long, True)


def test_types_are_frozen() -> None:
    with pytest.raises(AttributeError, match="frozen"):
        Array("long").dtype = DataType.string  # type: ignore[misc]


def test_optional_written_by_older_versions_is_read() -> None:
    assert Property.from_json_dict(a={"type": "long", "optional": True}) == Property("a", "long", required=False)
    assert Property.from_json_dict(a={"type": "long"}) == Property("a", "long")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"type": "int"}, "boolean, integer, long"),
        ({"type": "array"}, "`items`"),
        ({"type": "map"}, "`values`"),
        ({"type": "object"}, "`properties`"),
        ({"type": "object", "properties": {}}, "at least one"),
        ({"type": "object", "properties": {"a": {}}}, "`type`"),
        ({"items": {"type": "long"}}, "`type`"),
        ("long", "`type`"),
    ],
)
def test_broken_json_is_refused_with_what_is_expected(wrong: object, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        read(wrong)


def test_names_of_properties_are_text_and_stand_once() -> None:
    with pytest.raises(InvalidValue, match="only once"):
        Object([Property("a", "long"), Property("a", "string")])
    with pytest.raises(InvalidValue, match="is a string"):
        Property(1, "long")  # type: ignore[arg-type]


def test_argument_of_a_wrong_class_is_a_type_error_too() -> None:
    with pytest.raises(TypeError, match="must be a DataType"):
        Array(3)  # type: ignore[arg-type]
