from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.tsa.arima.model import ARIMA

from headrace import pyfunc
from headrace.errors import InvalidValue
from headrace.statsmodels import FLAVOR, load_model, save_model
from headrace.testing.flavors import FlavorCase, FlavorSuite


def frame(rows: int = 40) -> pd.DataFrame:
    numbers = np.random.default_rng(11)
    return pd.DataFrame({name: numbers.normal(size=rows) for name in "abc"})


def case(model: Any, data: pd.DataFrame, expected: Any, predict: Any) -> FlavorCase:
    return FlavorCase(
        flavor=FLAVOR,
        model=model,
        data=data,
        expected=expected,
        predict=predict,
        keys=frozenset({"statsmodels_version", "data"}),
        files=frozenset({"model.statsmodels"}),
        needs=frozenset({"statsmodels"}),
        runs_code=True,
    )


class TestRegression(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        data = frame(5)
        model = sm.OLS(frame()["a"] * 2 + 1, frame()).fit()
        return case(model, data, model.predict(data), lambda loaded, given: loaded.predict(given))


class TestTimeSeries(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        model = ARIMA(np.sin(np.arange(40.0)), order=(1, 0, 0)).fit()
        data = pd.DataFrame({"start": [38], "end": [43]})
        return case(model, data, model.predict(38, 43), lambda loaded, _: loaded.predict(38, 43))


def test_a_time_series_wants_one_row_with_start_and_end(tmp_path: Path) -> None:
    save_model(ARIMA(np.sin(np.arange(40.0)), order=(1, 0, 0)).fit(), tmp_path / "model")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    for wrong in (pd.DataFrame({"start": [1]}), pd.DataFrame({"start": [1, 2], "end": [3, 4]})):
        with pytest.raises(InvalidValue, match="one row with the columns start and end"):
            loaded.predict(wrong)


def test_training_data_can_be_left_out(tmp_path: Path) -> None:
    data = frame(20_000)
    save_model(smf.ols("a ~ b + c", data).fit(), tmp_path / "with")
    save_model(smf.ols("a ~ b + c", data).fit(), tmp_path / "without", remove_data=True)
    sizes = {name: (tmp_path / name / "model.statsmodels").stat().st_size for name in ("with", "without")}
    assert sizes["without"] < sizes["with"] / 2
    assert load_model(str(tmp_path / "without")).params.index.tolist() == ["Intercept", "b", "c"]


def test_a_model_that_isnt_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"fit\(\)"):
        save_model(sm.OLS(frame()["a"], frame()), tmp_path / "model")
