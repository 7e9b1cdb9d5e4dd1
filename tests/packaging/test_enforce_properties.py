from __future__ import annotations

import copy
import datetime as dt
import warnings
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from headrace.packaging.enforce import SchemaMismatch, enforce_input, enforce_params
from headrace.packaging.infer import infer_params, infer_schema
from headrace.packaging.infer.merge import NoCommonType
from headrace.packaging.schema import ColSpec, ParamSchema, Schema

INT64 = st.integers(-(2**63), 2**63 - 1)
# Neither null nor a mixture can stand in a list: a schema has no word for it, so that none is inferred.
SCALARS = st.one_of(INT64, st.floats(), st.text(max_size=5), st.booleans(), st.binary(max_size=3))
LISTS = st.one_of(
    *(st.lists(one, max_size=4) for one in (INT64, st.floats(allow_nan=False), st.text(max_size=5), st.booleans()))
)
NAMES = st.text(min_size=1, max_size=4)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(SCALARS, LISTS),
    lambda inner: st.dictionaries(NAMES, st.one_of(st.none(), inner), max_size=3),
    max_leaves=6,
)
DTYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float16", "float32", "float64", "bool"]
KINDS = [*DTYPES, "str", "object", "category", "Int32", "Int64", "Float64", "boolean", "string", "datetime64[ns]"]


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, 4))
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    return pd.DataFrame({name: draw(series(draw(st.sampled_from(KINDS)), rows)) for name in names})


def series(kind: str, rows: int) -> st.SearchStrategy[pd.Series[Any]]:
    if kind in ("str", "object", "category", "string"):
        cells: st.SearchStrategy[Any] = st.one_of(st.text(max_size=4), st.none())
    elif kind in ("Int32", "Int64", "boolean"):
        cells = st.one_of(st.booleans(), st.none())
    elif kind.startswith("datetime"):
        cells = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))  # noqa: DTZ001 — columns have no zone
    else:
        cells = st.sampled_from([0, 1, 2, 100]) if kind != "bool" else st.booleans()
    return st.lists(cells, min_size=rows, max_size=rows).map(lambda values: pd.Series(values).astype(kind))


@given(frames())
@settings(deadline=None)
def test_schema_of_a_frame_takes_that_frame_and_changes_nothing(frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    schema = infer_schema(frame)
    found = enforce_input(frame, schema)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(enforce_input(found, schema), found)
    assert list(found.columns) == list(frame.columns)
    assert found.isna().to_numpy().tolist() == frame.isna().to_numpy().tolist()
    again = Schema.from_json(schema.to_json())
    pd.testing.assert_frame_equal(enforce_input(frame, again), found)


@given(frames(), st.randoms())
@settings(deadline=None)
def test_order_of_columns_and_strangers_make_no_difference(frame: pd.DataFrame, random: Any) -> None:
    schema = infer_schema(frame)
    names = [*frame.columns, "a stranger"]
    random.shuffle(names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = enforce_input(frame.assign(**{"a stranger": 1})[names], schema)
    pd.testing.assert_frame_equal(found, enforce_input(frame, schema))


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3))
@settings(deadline=None)
def test_schema_of_a_dict_takes_that_dict_and_changes_nothing(row: dict[str, Any]) -> None:
    try:
        schema = infer_schema([row])
    except NoCommonType:
        assume(False)
    before = copy.deepcopy(row)
    found = enforce_input([row], schema)
    assert repr(row) == repr(before)
    pd.testing.assert_frame_equal(enforce_input(found, schema), found)


@given(
    st.sampled_from(DTYPES),
    st.sampled_from(["boolean", "integer", "long", "float", "double"]),
    st.lists(st.sampled_from([0, 1, 2, 100]), min_size=1, max_size=4),
)
def test_what_is_let_through_keeps_its_values(dtype: str, kind: str, values: list[int]) -> None:
    frame = pd.DataFrame({"a": np.array(values).astype(dtype)})
    schema = Schema([ColSpec(kind, "a")])
    try:
        found = enforce_input(frame, schema)
    except SchemaMismatch:
        return
    assert found["a"].tolist() == frame["a"].tolist()
    assert found["a"].dtype == ColSpec(kind).type.to_numpy()  # type: ignore[union-attr]


PARAM_VALUES = st.one_of(
    st.booleans(), INT64, st.floats(allow_nan=False), st.text(max_size=5), st.lists(INT64, max_size=3)
)


@given(st.dictionaries(NAMES, PARAM_VALUES, min_size=1, max_size=4))
def test_params_that_the_schema_came_from_pass_unchanged(params: dict[str, Any]) -> None:
    schema = infer_params(params)
    assert ParamSchema.from_json(schema.to_json()) == schema
    assert enforce_params({}, schema) == enforce_params(params, schema) == params
