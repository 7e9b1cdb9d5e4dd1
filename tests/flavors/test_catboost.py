from __future__ import annotations

from pathlib import Path

import catboost
import numpy as np
import pandas as pd
import pytest

from headrace.catboost import FLAVOR, load_model, save_model
from headrace.errors import Corrupt, InvalidValue
from headrace.packaging import manifest
from headrace.testing.flavors import FlavorCase, FlavorSuite

KEYS = frozenset({"catboost_version", "data", "model_type", "save_format"})
SMALL = {"iterations": 3, "depth": 2, "verbose": False, "allow_writing_files": False, "thread_count": 1}


def frame(rows: int = 40) -> pd.DataFrame:
    numbers = np.random.default_rng(9)
    return pd.DataFrame({name: numbers.normal(size=rows) for name in "abc"})


def case(model: catboost.CatBoost, **options: str) -> FlavorCase:
    data = frame(5)
    return FlavorCase(
        flavor=FLAVOR,
        model=model,
        data=data,
        expected=model.predict(data),
        predict=lambda loaded, given: loaded.predict(given),
        keys=KEYS,
        files=frozenset({"model.cb"}),
        needs=frozenset({"catboost"}),
        options=options,
    )


class TestClassifier(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        return case(catboost.CatBoostClassifier(**SMALL).fit(frame(), np.where(frame()["a"] > 0, "yes", "no")))


class TestRegressorAsJson(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        return case(catboost.CatBoostRegressor(**SMALL).fit(frame(), frame()["a"]), format="json")


def test_the_class_comes_back(tmp_path: Path) -> None:
    model = catboost.CatBoost({**SMALL, "loss_function": "RMSE"}).fit(frame(), frame()["a"])
    save_model(model, tmp_path / "model")
    assert type(load_model(str(tmp_path / "model"))) is catboost.CatBoost


def test_formats_that_cant_be_read_back_are_refused(tmp_path: Path) -> None:
    model = catboost.CatBoostRegressor(**SMALL).fit(frame(), frame()["a"])
    with pytest.raises(InvalidValue, match="cbm, json"):
        save_model(model, tmp_path / "model", format="cpp")
    with pytest.raises(InvalidValue, match="CatBoostClassifier"):
        save_model("a model", tmp_path / "model")


def test_a_class_that_isnt_catboosts_is_refused(tmp_path: Path) -> None:
    save_model(catboost.CatBoostRegressor(**SMALL).fit(frame(), frame()["a"]), tmp_path / "model")
    path = tmp_path / "model" / "MLmodel"
    path.write_text(path.read_text().replace("CatBoostRegressor", "Pool"))
    (tmp_path / "model" / manifest.FILE_NAME).unlink()
    with pytest.raises(Corrupt, match=r"'Pool'.*CatBoostClassifier"):
        load_model(str(tmp_path / "model"))
