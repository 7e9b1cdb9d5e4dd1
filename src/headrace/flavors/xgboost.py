"""XGBoost: boosters and the estimators of its scikit-learn interface, in XGBoost's own formats, which are data only."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from headrace.errors import Corrupt, InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.requirements import provider
from headrace.packaging.source import Source

FORMATS = ("ubj", "json", "xgb")
_BOOSTER = "xgboost.core.Booster"  # of folders that name no class, as MLflow 1 wrote them


class Xgboost:
    name = "xgboost"
    model_argument = "xgb_model"
    module = "xgboost"

    @property
    def distributions(self) -> Sequence[str]:
        return (provider(self.module, "xgboost"),)  # `xgboost-cpu` has the same module

    def save(self, xgb_model: Any, draft: Draft, /, *, model_format: str = "ubj") -> Predictor:
        """model_format: `ubj` (binary) or `json`; `xgb` is the former under the name that MLflow 1 gave it."""
        xgboost = optional_import(self.module)
        if not isinstance(xgb_model, xgboost.Booster | xgboost.XGBModel):
            raise InvalidValue(
                "xgb_model", f"a {type(xgb_model).__name__}", "a Booster, or an estimator such as XGBClassifier."
            )
        if model_format not in FORMATS:
            raise InvalidValue("model_format", model_format, f"allowed are {', '.join(FORMATS)}.")
        path = draft.path / f"model.{model_format}"
        if model_format == "xgb":
            booster = xgb_model if isinstance(xgb_model, xgboost.Booster) else xgb_model.get_booster()
            path.write_bytes(booster.save_raw("ubj"))
        else:
            xgb_model.save_model(path)
        kind = type(xgb_model)
        draft.set_flavor(
            xgb_version=xgboost.__version__,
            data=path.name,
            model_class=f"{kind.__module__}.{kind.__qualname__}",
            model_format=model_format,
        )
        draft.set_pyfunc(data=path.name)
        return _Wrapper(xgb_model)

    def load(self, source: Source, /) -> Any:
        optional_import(self.module, why="the model is one of XGBoost's")
        keys = source.flavor(self.name)
        model = _class(source, str(keys.get("model_class", _BOOSTER)))()
        path = source.file(str(keys["data"]))
        # XGBoost guesses the format by the file's ending, and warns of those that it doesn't know.
        model.load_model(path if path.suffix in (".ubj", ".json") else bytearray(path.read_bytes()))
        return model

    def load_pyfunc(self, source: Source, /) -> Predictor:
        return _Wrapper(self.load(source))


FLAVOR = Xgboost()


def _class(source: Source, written: str) -> Callable[[], Any]:
    """XGBoost's own classes by their names; others are code that the model names."""
    module, _, name = written.rpartition(".")
    xgboost = importlib.import_module("xgboost")
    own = getattr(xgboost, name, None)
    if module.partition(".")[0] == "xgboost" and inspect.isclass(own):
        found: Callable[[], Any] = own
        return found
    source.allow_code([f"MLmodel (model_class {written})"])
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise Corrupt(f"The model in {source.path} is a {written}, which can't be imported: {error}.") from error
    return found


class _Wrapper:
    def __init__(self, model: Any) -> None:
        self._model = model
        self._booster = isinstance(model, importlib.import_module("xgboost").Booster)

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        known = _known_params(self._model.predict, params or {})
        if self._booster:
            model_input = importlib.import_module("xgboost").DMatrix(model_input)
        return self._model.predict(model_input, **known)

    def get_raw_model(self) -> Any:
        return self._model


def _known_params(predict: Callable[..., Any], params: dict[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(predict).parameters
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
        return params
    unknown = sorted(set(params) - set(parameters))
    if unknown:
        warnings.warn(
            f"XGBoost's predict has no {', '.join(unknown)}; ignored. It has {', '.join(parameters)}.", stacklevel=4
        )
    return {name: value for name, value in params.items() if name in parameters}
