from __future__ import annotations

import pickle
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from headrace import pyfunc
from headrace.errors import InvalidValue, NotFound
from headrace.packaging import manifest
from headrace.packaging.mlmodel import Model
from headrace.packaging.signature import infer_signature
from headrace.packaging.trust import UntrustedModel
from headrace.sklearn import (
    FLAVOR,
    get_default_conda_env,
    get_default_pip_requirements,
    load_model,
    save_model,
)
from headrace.testing.flavors import FlavorCase, FlavorSuite

KEYS = frozenset({"pickled_model", "sklearn_version", "serialization_format"})


def frame(rows: int = 40) -> pd.DataFrame:
    numbers = np.random.default_rng(5)
    columns = {name: numbers.normal(size=rows) for name in "abc"}
    return pd.DataFrame({**columns, "kind": numbers.choice(["x", "y"], size=rows)})


def pipeline(*, last: Any = None) -> Any:
    columns = ColumnTransformer([("numbers", StandardScaler(), ["a", "b", "c"]), ("kinds", OneHotEncoder(), ["kind"])])
    train = frame()
    return make_pipeline(columns, LogisticRegression() if last is None else last).fit(train, train["a"] > 0)


def case(model: Any, **more: Any) -> FlavorCase:
    data = frame(5)
    return FlavorCase(
        flavor=FLAVOR,
        model=model,
        data=data,
        expected=model.predict(data),
        predict=lambda loaded, given: loaded.predict(given),
        **{"keys": KEYS, "needs": frozenset({"scikit-learn", "skops"}), "files": frozenset({"model.skops"}), **more},
    )


class TestPipelineAsSkops(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        return case(pipeline(), keys=KEYS | {"skops_trusted_types"})


class TestPipelineAsCloudpickle(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        return case(
            pipeline(last=RandomForestClassifier(n_estimators=5)),
            files=frozenset({"model.pkl"}),
            needs=frozenset({"scikit-learn", "cloudpickle"}),
            options={"serialization_format": "cloudpickle"},
            runs_code=True,
        )


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "decision_function"])
def test_another_method_may_be_the_models_predict(method: str, tmp_path: Path) -> None:
    model = pipeline()
    save_model(model, tmp_path / "model", pyfunc_predict_fn=method, input_example=frame(3))
    assert Model.load(tmp_path / "model").flavors["python_function"]["predict_fn"] == method
    answer = pyfunc.load_model(str(tmp_path / "model")).predict(frame(5))
    np.testing.assert_array_equal(answer, getattr(model, method)(frame(5)))


def test_an_estimator_without_the_method_has_its_native_form_only(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="StandardScaler has no predict"):
        save_model(StandardScaler().fit([[1.0], [3.0]]), tmp_path / "model")
    assert load_model(str(tmp_path / "model")).mean_ == [2.0]
    with pytest.raises(NotFound, match=r"sklearn.*load_model"):
        pyfunc.load_model(str(tmp_path / "model"))


def test_params_of_a_call_are_arguments_of_the_method(tmp_path: Path) -> None:
    class Scaled(BaseEstimator):
        def fit(self, x: Any, y: Any = None) -> Any:
            return self

        def predict_proba(self, x: Any, scale: float = 1.0) -> Any:
            return np.asarray(x) * scale

    data = np.ones((2, 1))
    signature = infer_signature(data, params={"scale": 1.0})
    with pytest.warns(UserWarning, match="saved by cloudpickle"):
        save_model(Scaled(), tmp_path / "model", pyfunc_predict_fn="predict_proba", signature=signature)
    assert pyfunc.load_model(str(tmp_path / "model")).predict(data, params={"scale": 3.0}).tolist() == [[3.0], [3.0]]


def test_what_skops_cant_take_is_pickled_with_a_word(tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(lambda x: x * 2), LogisticRegression())
    model.fit(np.array([[0.0], [1.0]]), [0, 1])
    with pytest.warns(UserWarning, match=r"saved by cloudpickle, as skops can't take it"):
        save_model(model, tmp_path / "model")
    assert Model.load(tmp_path / "model").flavors["sklearn"]["serialization_format"] == "cloudpickle"
    assert load_model(str(tmp_path / "model")).predict(np.array([[1.0]])).tolist() == [1]
    with pytest.raises(InvalidValue, match="serialization_format='cloudpickle' can"):
        save_model(Unsupported(), tmp_path / "other", serialization_format="skops")
    assert not (tmp_path / "other").exists()


class Unsupported(BaseEstimator, TransformerMixin):
    def __init__(self) -> None:
        self.made = (number for number in range(3))


def test_types_that_a_file_lists_as_trusted_arent(tmp_path: Path) -> None:
    """MLflow loads whatever types the MLmodel beside the file names."""
    save_model(Doubler().fit([[1.0]]), tmp_path / "model", serialization_format="skops")
    (name,) = Model.load(tmp_path / "model").flavors["sklearn"]["skops_trusted_types"]
    assert name.endswith("test_sklearn.Doubler")
    (tmp_path / "model" / manifest.FILE_NAME).unlink()
    with (tmp_path / "model" / "MLmodel").open("a") as file:
        file.write("made_by: a stranger\n")
    with pytest.raises(UntrustedModel, match=r"model\.skops"):
        load_model(str(tmp_path / "model"))


class Doubler(BaseEstimator, TransformerMixin):
    def fit(self, x: Any, y: Any = None) -> Any:
        self.seen_ = len(x)
        return self

    def predict(self, x: Any) -> Any:
        return np.asarray(x) * 2


def test_default_requirements_are_those_of_the_framework_and_the_formats_that_are_asked_for() -> None:
    assert get_default_pip_requirements() == [f"scikit-learn=={version('scikit-learn')}"]
    both = get_default_pip_requirements(include_cloudpickle=True, include_skops=True)
    assert [line.partition("==")[0] for line in both] == ["cloudpickle", "scikit-learn", "skops"]
    (*_, pip) = get_default_conda_env(include_skops=True)["dependencies"]
    assert [line.partition("==")[0] for line in pip["pip"]] == ["mlflow", "scikit-learn", "skops"]


def test_what_mlflow_1_wrote_loads(tmp_path: Path) -> None:
    """A pickle, no format named; its oldest folders have no flavor of scikit-learn's at all."""
    folder = tmp_path / "model"
    folder.mkdir()
    model = pipeline()
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    pyfunc_only = (
        "python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n    env: conda.yaml\n"
    )
    (folder / "MLmodel").write_text(f"flavors:\n  {pyfunc_only}")
    loaded = pyfunc.load_model(str(folder), allow_pickle=True)
    np.testing.assert_array_equal(loaded.predict(frame(5)), model.predict(frame(5)))
    (folder / "MLmodel").write_text(
        f"flavors:\n  {pyfunc_only}  sklearn:\n    pickled_model: model.pkl\n    sklearn_version: 0.20.3\n"
    )
    np.testing.assert_array_equal(load_model(str(folder), allow_pickle=True).predict(frame(5)), model.predict(frame(5)))
