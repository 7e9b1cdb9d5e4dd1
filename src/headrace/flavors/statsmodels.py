"""statsmodels: fitted results. statsmodels has no format but pickle, so that whoever loads one must trust it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.pyfunc import pickling
from headrace.packaging.requirements import provider
from headrace.packaging.source import Source

_FILE = "model.statsmodels"


class Statsmodels:
    name = "statsmodels"
    model_argument = "statsmodels_model"
    module = "statsmodels"

    @property
    def distributions(self) -> Sequence[str]:
        return (provider(self.module, "statsmodels"),)

    def save(self, statsmodels_model: Any, draft: Draft, /, *, remove_data: bool = False) -> Predictor:
        """remove_data: leaves out the arrays of the training data, as the results' own `save` does."""
        statsmodels = optional_import(self.module)
        if not callable(getattr(statsmodels_model, "save", None)) or not hasattr(statsmodels_model, "model"):
            raise InvalidValue(
                "statsmodels_model", f"a {type(statsmodels_model).__name__}", "fitted results, as fit() returns them."
            )
        statsmodels_model.save(str(draft.path / _FILE), remove_data)
        draft.set_flavor(statsmodels_version=statsmodels.__version__, data=_FILE)
        draft.set_pyfunc(data=_FILE)
        return _Wrapper(statsmodels_model)

    def load(self, source: Source, /) -> Any:
        optional_import(self.module, why="the model is one of statsmodels'")
        name = str(source.flavor(self.name).get("data", _FILE))
        path = source.file(name)
        source.allow_code([name])
        return pickling.load(path)

    def load_pyfunc(self, source: Source, /) -> Predictor:
        return _Wrapper(self.load(source))


FLAVOR = Statsmodels()


class _Wrapper:
    """A time series is predicted from `start` to `end`, which one row of input names; others from their regressors."""

    def __init__(self, results: Any) -> None:
        self._results = results
        series = optional_import("statsmodels.tsa.base.tsa_model").TimeSeriesModel
        self._is_series = isinstance(results.model, series)

    def predict(self, model_input: Any) -> Any:
        if not self._is_series:
            return self._results.predict(model_input)
        columns = list(getattr(model_input, "columns", ()))
        if len(model_input) != 1 or not {"start", "end"} <= set(columns):
            raise InvalidValue(
                "model_input",
                f"{len(model_input)} rows of {columns or type(model_input).__name__}",
                "a time series is predicted from a DataFrame of one row with the columns start and end.",
            )
        return self._results.predict(start=model_input["start"].iloc[0], end=model_input["end"].iloc[0])

    def get_raw_model(self) -> Any:
        return self._results
