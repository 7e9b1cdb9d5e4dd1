"""When requests may share a predict."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace import pyfunc, sklearn
from headrace.models import infer_signature
from headrace.serving.hosts.rowwise import agree, answers_by_row
from tests.serving.hosts.taking import ask, call, host_of

pytestmark = pytest.mark.filterwarnings("ignore:The model's input has integer columns")

ROWS = pd.DataFrame({"x": [1.0, 2.0], "n": [3, 4]})


class Sums(pyfunc.PythonModel):
    def predict(self, model_input: pd.DataFrame) -> Any:
        return model_input["x"] + model_input["n"]


class Centres(pyfunc.PythonModel):
    """Each row's answer depends on the others."""

    def predict(self, model_input: pd.DataFrame) -> Any:
        return model_input["x"] - model_input["x"].mean()


class Counts(pyfunc.PythonModel):
    def predict(self, model_input: pd.DataFrame) -> Any:
        return len(model_input)


class Draws(pyfunc.PythonModel):
    def predict(self, model_input: pd.DataFrame) -> Any:
        return [random.random() for _ in range(len(model_input))]


class Upper(pyfunc.PythonModel):
    def predict(self, model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]


def loaded(model: Any, **options: Any) -> Any:
    pyfunc.save_model("m", python_model=model, **options)
    return pyfunc.load_model("m")


@pytest.mark.parametrize(
    ("model", "example", "expected"),
    [
        (Sums(), ROWS, True),
        (Sums(), ROWS[:1], True),
        (Centres(), ROWS, False),
        (Centres(), ROWS[:1], False),
        (Counts(), ROWS, False),
        (Draws(), ROWS, False),
        (Sums(), None, False),
    ],
)
def test_a_python_model_has_to_prove_that_it_answers_by_row(model: Any, example: Any, expected: bool) -> None:
    signature = infer_signature(ROWS)
    assert answers_by_row(loaded(model, input_example=example, signature=signature)) is expected


def test_integers_alone_may_be_categories_and_prove_nothing() -> None:
    example = ROWS[["n"]][:1]
    model = loaded(lambda model_input: model_input["n"] * 2, input_example=example)
    assert not answers_by_row(model)


def test_lists_by_a_type_hint_are_rows() -> None:
    model = loaded(Upper(), input_example=["a", "b"])
    assert answers_by_row(model)
    host = host_of(model)
    replies = ask(host, call({"inputs": ["x"]}), call({"inputs": ["y", "z"]}))
    assert [reply.body for reply in replies] == [b'{"predictions": ["X"]}', b'{"predictions": ["Y", "Z"]}']
    assert replies[0].batch == 2
    assert [reply.status for reply in ask(host, call({"inputs": ["x"]}), call({"inputs": [1]}))] == [200, 400]


def test_estimators_do_by_nature(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(ROWS, [1.0, 2.0])
    sklearn.save_model(model, tmp_path / "m", signature=infer_signature(ROWS))
    assert answers_by_row(pyfunc.load_model(str(tmp_path / "m")))


def test_an_estimator_whose_example_says_otherwise_doesnt(tmp_path: Path) -> None:
    from sklearn.base import BaseEstimator, RegressorMixin

    class Mean(RegressorMixin, BaseEstimator):  # type: ignore[misc, unused-ignore]
        def fit(self, data: Any, target: Any) -> Any:
            self.fitted_ = True
            return self

        def predict(self, data: Any) -> Any:
            return np.full(len(data), np.asarray(data).mean())

    sklearn.save_model(Mean().fit(ROWS, [1, 2]), tmp_path / "m", input_example=ROWS, serialization_format="cloudpickle")
    assert not answers_by_row(pyfunc.load_model(str(tmp_path / "m"), allow_pickle=True))


def test_a_method_that_looks_at_all_rows_is_no_row_wise_one(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(ROWS, [1.0, 2.0])
    sklearn.save_model(model, tmp_path / "m", signature=infer_signature(ROWS), pyfunc_predict_fn="score")
    assert not answers_by_row(pyfunc.load_model(str(tmp_path / "m")))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1.0, {"a": 2.0}], [1.000001, {"a": 2.0}], True),
        ([1.0], [1.001], False),
        ([float("nan")], [float("nan")], True),
        ([1], [1.0], False),
        ([1], [2], False),
        ([np.array([1.0, 2.0])], [[1.0, 2.0]], True),
        ([1, 2], [1], False),
        (["a"], ["b"], False),
        ([{"a": 1}], [{"b": 1}], False),
    ],
)
def test_answers_agree_but_for_the_last_digits_of_floats(first: Any, second: Any, expected: bool) -> None:
    assert agree(first, second) is expected
