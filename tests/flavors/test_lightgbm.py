from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest

from headrace.errors import InvalidValue
from headrace.lightgbm import FLAVOR, load_model, save_model
from headrace.testing.flavors import FlavorCase, FlavorSuite

KEYS = frozenset({"lgb_version", "data", "model_class"})
SMALL = {"num_leaves": 4, "min_data_in_leaf": 2, "verbose": -1, "num_threads": 1}


def frame(rows: int = 60) -> pd.DataFrame:
    numbers = np.random.default_rng(7)
    return pd.DataFrame({name: numbers.normal(size=rows) for name in "abc"})


def classifier() -> lightgbm.LGBMClassifier:
    model = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=4, min_child_samples=2, verbose=-1, n_jobs=1)
    return model.fit(frame(), np.where(frame()["a"] > 0, "yes", "no"))


class TestBooster(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        data = frame(5)
        model = lightgbm.train({**SMALL, "objective": "binary"}, lightgbm.Dataset(frame(), frame()["a"] > 0), 3)
        return FlavorCase(
            flavor=FLAVOR,
            model=model,
            data=data,
            expected=model.predict(data),
            predict=lambda loaded, given: loaded.predict(given),
            keys=KEYS,
            files=frozenset({"model.lgb"}),
            needs=frozenset({"lightgbm"}),
        )


class TestClassifier(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        data, model = frame(5), classifier()
        return FlavorCase(
            flavor=FLAVOR,
            model=model,
            data=data,
            expected=model.predict(data),
            predict=lambda loaded, given: loaded.predict(given),
            keys=KEYS | {"serialization_format", "skops_trusted_types"},
            files=frozenset({"model.skops"}),
            needs=frozenset({"lightgbm", "scikit-learn", "skops"}),
        )


class TestRegressorAsCloudpickle(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        data = frame(5)
        model = lightgbm.LGBMRegressor(n_estimators=3, num_leaves=4, min_child_samples=2, verbose=-1, n_jobs=1)
        model.fit(frame(), frame()["a"])
        return FlavorCase(
            flavor=FLAVOR,
            model=model,
            data=data,
            expected=model.predict(data),
            predict=lambda loaded, given: loaded.predict(given),
            keys=KEYS | {"serialization_format"},
            files=frozenset({"model.pkl"}),
            needs=frozenset({"lightgbm", "scikit-learn", "cloudpickle"}),
            options={"serialization_format": "cloudpickle"},
            runs_code=True,
        )


def test_probabilities_of_the_loaded_classifier_are_the_same(tmp_path: Path) -> None:
    model = classifier()
    save_model(model, tmp_path / "model")
    loaded = load_model(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(frame(5)), model.predict_proba(frame(5)))
    assert loaded.classes_.tolist() == ["no", "yes"]


def test_other_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="a Booster"):
        save_model("a model", tmp_path / "model")
