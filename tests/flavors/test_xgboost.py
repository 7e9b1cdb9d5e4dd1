from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost

from headrace import pyfunc
from headrace.errors import InvalidValue
from headrace.packaging import manifest
from headrace.packaging.mlmodel import Model
from headrace.packaging.signature import infer_signature
from headrace.packaging.trust import UntrustedModel
from headrace.testing.flavors import FlavorCase, FlavorSuite
from headrace.xgboost import FLAVOR, load_model, save_model

KEYS = frozenset({"xgb_version", "data", "model_class", "model_format"})
NEEDS = frozenset({"xgboost-cpu"})


def frame(rows: int = 40) -> pd.DataFrame:
    numbers = np.random.default_rng(3)
    return pd.DataFrame({name: numbers.normal(size=rows) for name in "abc"})


def booster() -> xgboost.Booster:
    data = frame()
    return xgboost.train({"max_depth": 2, "nthread": 1}, xgboost.DMatrix(data, label=data["a"] > 0), num_boost_round=3)


class TestBooster(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        model, data = booster(), frame(5)
        return FlavorCase(
            flavor=FLAVOR,
            model=model,
            data=data,
            expected=model.predict(xgboost.DMatrix(data)),
            predict=lambda loaded, given: loaded.predict(xgboost.DMatrix(given)),
            keys=KEYS,
            files=frozenset({"model.ubj"}),
            needs=NEEDS,
        )


class TestClassifier(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        train, data = frame(), frame(5)
        model = xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1).fit(train, (train["a"] > 0).astype(int))
        return FlavorCase(
            flavor=FLAVOR,
            model=model,
            data=data,
            expected=model.predict(data),
            predict=lambda loaded, given: loaded.predict(given),
            keys=KEYS,
            files=frozenset({"model.json"}),
            needs=NEEDS,
            options={"model_format": "json"},
        )


def test_params_of_a_call_reach_the_framework(tmp_path: Path) -> None:
    data, model = frame(5), booster()
    signature = infer_signature(data, params={"output_margin": False, "unheard_of": 1})
    save_model(model, tmp_path / "model", signature=signature)
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    with pytest.warns(UserWarning, match="unheard_of"):
        margins = loaded.predict(data, params={"output_margin": True})
    np.testing.assert_array_equal(margins, model.predict(xgboost.DMatrix(data), output_margin=True))


def test_features_of_other_names_are_refused_by_the_booster(tmp_path: Path) -> None:
    save_model(booster(), tmp_path / "model")
    with pytest.raises(ValueError, match="feature_names mismatch"):
        pyfunc.load_model(str(tmp_path / "model")).predict(frame(3).rename(columns={"a": "z"}))


def test_a_class_of_others_is_code_that_needs_trust(tmp_path: Path) -> None:
    save_model(booster(), tmp_path / "model")
    path = tmp_path / "model" / "MLmodel"
    path.write_text(path.read_text().replace("xgboost.core.Booster", "subprocess.Popen"))
    (tmp_path / "model" / manifest.FILE_NAME).unlink()
    with pytest.raises(UntrustedModel, match=r"model_class subprocess\.Popen"):
        load_model(str(tmp_path / "model"))


def test_what_mlflow_1_wrote_loads(tmp_path: Path) -> None:
    """It named no class and no format, and called the file model.xgb."""
    model, data = booster(), frame(5)
    save_model(model, tmp_path / "model", model_format="xgb")
    written = Model.load(tmp_path / "model")
    for key in ("model_class", "model_format"):
        del written.flavors["xgboost"][key]
    written.save(tmp_path / "model" / "MLmodel")
    (tmp_path / "model" / manifest.FILE_NAME).unlink()
    np.testing.assert_array_equal(
        pyfunc.load_model(str(tmp_path / "model")).predict(data), model.predict(xgboost.DMatrix(data))
    )


@pytest.mark.parametrize("wrong", [{"model_format": "pickle"}, {"xgb_model": "a model"}])
def test_what_cant_be_saved_is_refused(wrong: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"allowed are ubj|a Booster"):
        save_model(**{"xgb_model": booster(), "path": tmp_path / "model", **wrong})
    assert not (tmp_path / "model").exists()
