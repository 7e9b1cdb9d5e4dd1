from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csc_matrix, csr_matrix

from headrace.errors import InvalidValue
from headrace.packaging.example import Example, example_of, read


def written(example: Example, folder: Path) -> tuple[Any, Any]:
    example.write(folder)
    return (
        json.loads((folder / "input_example.json").read_text()),
        json.loads((folder / "serving_input_example.json").read_text()),
    )


# As MLflow 3.17.2 writes them (contract of the model format, table of input examples).
FORMS: dict[str, tuple[Any, dict[str, str], Any, Any]] = {
    "frame": (
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
        {"type": "dataframe", "pandas_orient": "split"},
        {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]},
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]}},
    ),
    "frame without names": (
        pd.DataFrame([[1.5, 2.0]]),
        {"type": "dataframe", "pandas_orient": "values"},
        {"data": [[1.5, 2.0]]},
        {"dataframe_split": {"data": [[1.5, 2.0]]}},
    ),
    "array": (np.arange(4).reshape(2, 2), {"type": "ndarray"}, [[0, 1], [2, 3]], {"inputs": [[0, 1], [2, 3]]}),
    "arrays": ({"x": np.ones(2)}, {"type": "ndarray"}, {"x": [1.0, 1.0]}, {"inputs": {"x": [1.0, 1.0]}}),
    "text": ("hello", {"type": "json_object"}, "hello", {"inputs": "hello"}),
    "list": ([1, 2], {"type": "json_object"}, [1, 2], {"inputs": [1, 2]}),
    "prompt": ({"prompt": "hi"}, {"type": "json_object"}, {"prompt": "hi"}, {"prompt": "hi"}),
    "bytes": (b"ab", {"type": "json_object"}, "YWI=\n", {"inputs": "YWI=\n"}),
    "time": (
        dt.datetime(2026, 1, 2, 3),  # noqa: DTZ001 — examples have no zone, as MLflow's type datetime has none
        {"type": "json_object"},
        "2026-01-02T03:00:00",
        {"inputs": "2026-01-02T03:00:00"},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_files_are_those_of_mlflow(form: str, tmp_path: Path) -> None:
    given, info, content, serving = FORMS[form]
    example = example_of(given)
    paths = {"artifact_path": "input_example.json", "serving_input_path": "serving_input_example.json"}
    assert example.info == {**info, **paths}
    assert written(example, tmp_path) == (content, serving)


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ("bytes", "time")])
def test_example_is_read_back(form: str, tmp_path: Path) -> None:
    given = FORMS[form][0]
    example = example_of(given)
    example.write(tmp_path)
    found, params = read(tmp_path, example.info)
    assert params is None
    if isinstance(given, pd.DataFrame):
        pd.testing.assert_frame_equal(found, given, check_dtype=False)
    elif isinstance(given, dict) and isinstance(given.get("x"), np.ndarray):
        np.testing.assert_array_equal(found["x"], given["x"])
    elif isinstance(given, np.ndarray):
        np.testing.assert_array_equal(found, given)
    else:
        assert found == given


def test_params_go_beside_the_example(tmp_path: Path) -> None:
    example = example_of((["a"], {"n": 3}))
    assert example.data == ["a"]
    assert example.params == {"n": 3}
    assert example.info["params"] == "true"
    assert written(example, tmp_path) == (
        {"inputs": ["a"], "params": {"n": 3}},
        {"inputs": ["a"], "params": {"n": 3}},
    )
    assert read(tmp_path, example.info) == (["a"], {"n": 3})


def test_params_of_a_chat_stand_among_its_fields(tmp_path: Path) -> None:
    example = example_of(({"messages": []}, {"temperature": 0.5}))
    assert written(example, tmp_path)[1] == {"messages": [], "temperature": 0.5}


@pytest.mark.parametrize(("kind", "matrix"), [("csr", csr_matrix), ("csc", csc_matrix)])
def test_sparse_matrix_keeps_its_parts(kind: str, matrix: Any, tmp_path: Path) -> None:
    given = matrix(np.array([[0, 1.5], [0, 0], [2, 0]]))
    example = example_of(given)
    content, serving = written(example, tmp_path)
    assert example.info["type"] == f"sparse_matrix_{kind}"
    assert set(content) == {"data", "indices", "indptr", "shape"}
    assert serving == {"inputs": [[0, 1.5], [0, 0], [2, 0]]}
    np.testing.assert_array_equal(read(tmp_path, example.info)[0].toarray(), given.toarray())


def test_missing_number_is_nan_and_other_missing_values_null(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": [1.0, np.nan], "t": pd.to_datetime(["2026-01-01", None]), "s": ["a", None]})
    example_of(frame).write(tmp_path)
    assert "[NaN, null, null]" in (tmp_path / "input_example.json").read_text()


def test_polars_frame_counts_as_a_pandas_one() -> None:
    assert example_of(pl.DataFrame({"a": [1]})).info["type"] == "dataframe"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"x": np.ones(1), "y": 2}, "every value is an array"),
        ([np.ones(1)], "stack them into one array"),
        (pd.Series([1]), "series.to_frame"),
        (object(), "allowed are a DataFrame, an array"),
        ((1, 2, 3), "a tuple is \\(example, params\\)"),
        (([1], [2]), "with params a dict"),
    ],
)
def test_example_that_has_no_form_says_what_has(given: Any, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        example_of(given)
