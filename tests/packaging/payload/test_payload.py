from __future__ import annotations

import io
import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import HeadraceError
from headrace.packaging.mlmodel import PYFUNC, Model
from headrace.packaging.payload import BadPayload, UnknownContentType, cast_frame, decode, encode
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.packaging.schema import ColSpec, ParamSchema, Schema
from headrace.packaging.signature import ModelSignature
from tests.packaging.payload import cases

RECORDED = json.loads(Path(__file__).with_name("outcomes.json").read_text(encoding="utf-8"))


def model_of(inputs: Any) -> Model:
    model = Model()
    if inputs:
        model.signature = ModelSignature(
            inputs=Schema.from_json(json.dumps(inputs)), params=ParamSchema.from_json(json.dumps(cases.PARAMS))
        )
    model.add_flavor(PYFUNC, loader_module="none")
    return model


def answer(case: str) -> Any:
    inputs, content_type, _ = cases.CASES[case]
    model = model_of(inputs)
    try:
        request = decode(content_type, cases.body_of(case).encode(), model)
        made = PyFuncModel(model, cases.Echo()).predict(request.data, request.params)
    except UnknownContentType:
        return 415
    except HeadraceError as error:
        return error.http
    return json.loads(encode(made, unwrapped=request.unwrapped))


@pytest.mark.parametrize("case", cases.CASES)
def test_requests_are_taken_as_mlflows_server_takes_them(case: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert answer(case) == RECORDED[case]


SCALARS = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32),
    "double": st.floats(),
    "string": st.text(),
}


@given(st.data())
def test_what_json_holds_comes_back_in_the_schemas_types(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(SCALARS)), min_size=1, max_size=4))
    names = [f"c{place}" for place in range(len(kinds))]
    columns = dict(zip(names, kinds, strict=True))
    rows = data.draw(st.lists(st.fixed_dictionaries({n: SCALARS[k] for n, k in columns.items()}), min_size=1))
    model = model_of([{"type": kind, "name": name, "required": True} for name, kind in columns.items()])
    frame = decode("json", json.dumps({"dataframe_records": rows}), model).data
    for name, kind in columns.items():
        assert frame[name].dtype.kind == {"boolean": "b", "integer": "i", "long": "i", "string": "O"}.get(kind, "f")
        for got, sent in zip(frame[name].tolist(), [row[name] for row in rows], strict=True):
            assert got == sent or (math.isnan(got) and math.isnan(sent))


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1))
def test_an_optional_long_keeps_every_digit_beside_nulls(values: list[int | None]) -> None:
    frame = pd.DataFrame({"a": pd.Series(values, dtype=object)})
    made, bad = cast_frame(frame, Schema([ColSpec("long", "a", required=False)]))
    assert not bad
    assert [None if value is pd.NA else value for value in made["a"].tolist()] == values


BAD_CELLS = [
    ("long", 1.5, "1.5"),
    ("long", "x", "'x'"),
    ("long", None, "null"),
    ("long", 2**63, str(2**63)),
    ("integer", 2**31, str(2**31)),
    ("integer", True, None),
    ("float", 1e39, "1e+39"),
    ("double", "one", "'one'"),
    ("double", [1], None),
    ("boolean", "maybe", "'maybe'"),
    ("boolean", None, "null"),
    ("boolean", 2, "2"),
    ("datetime", "tomorrow", "'tomorrow'"),
    ("binary", "not base64!", "'not base64!'"),
    ("string", {"a": 1}, "{'a': 1}"),
]
GOOD = {
    "long": 7, "integer": 7, "float": 1.5, "double": 1.5, "boolean": True, "datetime": "2024-05-31", "binary": "aGk=",
    "string": "a",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "found"), BAD_CELLS)
def test_a_bad_cell_is_named_and_its_row_left_out(kind: str, value: Any, found: str | None) -> None:
    good = GOOD[kind]
    frame = pd.DataFrame({"a": pd.Series([good, value, good], dtype=object)})
    made, bad = cast_frame(frame, Schema([ColSpec(kind, "a")]))
    if kind == "integer" and value is True:
        assert made["a"].tolist() == [7, 1, 7]
        return
    assert len(made) == 2
    assert (bad[0].row, bad[0].column) == (1, "a")
    assert kind in bad[0].expected
    assert found is None or bad[0].found == found


def test_a_refused_request_names_row_column_and_what_was_expected() -> None:
    model = model_of([{"type": "long", "name": "age", "required": True}])
    with pytest.raises(BadPayload, match=r"Row 1, column 'age': expected long, found 'old'\. \(1 more rows"):
        decode("csv", "age\n5\nold\nolder\n", model)


def test_times_with_a_zone_become_utc() -> None:
    model = model_of([{"type": "datetime", "name": "at", "required": True}])
    body = {"dataframe_records": [{"at": "2024-05-31T12:00:00+02:00"}, {"at": "2024-05-31T12:00:00Z"}]}
    made = decode("json", json.dumps(body), model).data["at"]
    assert made.tolist() == [pd.Timestamp("2024-05-31 10:00"), pd.Timestamp("2024-05-31 12:00")]


def test_parquet_is_read() -> None:
    body = io.BytesIO()
    pd.DataFrame({"d": [1, 2]}).to_parquet(body)
    request = decode("application/vnd.apache.parquet", body.getvalue(), model_of([{"type": "double", "name": "d"}]))
    assert request.data["d"].dtype == np.float64


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        (np.array([1.5, np.nan]), "[1.5, NaN]"),
        (pd.DataFrame({"a": [1, 2]}), '[{"a": 1}, {"a": 2}]'),
        (pd.Series([1, 2], name="s"), '[{"s": 1}, {"s": 2}]'),
        ([b"hi", np.int64(3)], '["aGk=\\n", 3]'),
        ({"a": np.array([[1]])}, '{"a": [[1]]}'),
        ([pd.Timestamp("2024-05-31")], '["2024-05-31T00:00:00"]'),
    ],
)
def test_predictions_are_written_as_mlflow_writes_them(predictions: Any, expected: str) -> None:
    assert encode(predictions) == f'{{"predictions": {expected}}}'
    assert encode(predictions, unwrapped=True) == expected
