"""scikit-learn: estimators and pipelines, as skops files, which run nothing when they are loaded, or as pickles."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.pyfunc import pickling
from headrace.packaging.pyfunc.model import takes
from headrace.packaging.source import Source

SERIALIZATION_FORMAT_SKOPS = "skops"
SERIALIZATION_FORMAT_PICKLE = "pickle"
SERIALIZATION_FORMAT_CLOUDPICKLE = "cloudpickle"
SUPPORTED_SERIALIZATION_FORMATS = [
    SERIALIZATION_FORMAT_PICKLE,
    SERIALIZATION_FORMAT_CLOUDPICKLE,
    SERIALIZATION_FORMAT_SKOPS,
]
_FILES = {"skops": "model.skops", "pickle": "model.pkl", "cloudpickle": "model.pkl"}
_PREDICT_FNS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "predict_joint_log_proba",
    "score",
    "decision_function",
    "transform",
)


class Sklearn:
    name = "sklearn"
    model_argument = "sk_model"
    module = "sklearn"
    distributions: Sequence[str] = ("scikit-learn",)

    def save(
        self,
        sk_model: Any,
        draft: Draft,
        /,
        *,
        serialization_format: str | None = None,
        pyfunc_predict_fn: str = "predict",
        skops_trusted_types: Sequence[str] | None = None,
    ) -> Predictor | None:
        """serialization_format: skops unless the model holds what only a pickle can. skops_trusted_types: beside those
        that skops knows, types that whoever loads it may trust; a hint, which no loader of ours obeys."""
        sklearn = optional_import(self.module, extra="sklearn")
        chosen, types = _format_of(sk_model, serialization_format)
        path = draft.path / _FILES[chosen]
        if chosen == SERIALIZATION_FORMAT_SKOPS:
            optional_import("skops.io", extra="sklearn").dump(sk_model, path)
            draft.require("skops")
        elif chosen == SERIALIZATION_FORMAT_PICKLE:
            path.write_bytes(pickle.dumps(sk_model))
        else:
            pickling.dump(sk_model, path)
            draft.require("cloudpickle")
        keys: dict[str, Any] = {
            "pickled_model": path.name,
            "sklearn_version": sklearn.__version__,
            "serialization_format": chosen,
        }
        if chosen == SERIALIZATION_FORMAT_SKOPS:
            keys["skops_trusted_types"] = sorted({*types, *(skops_trusted_types or ())}) or None
        draft.set_flavor(**keys)
        if not hasattr(sk_model, pyfunc_predict_fn):
            return None
        draft.set_pyfunc(model_path=path.name, predict_fn=pyfunc_predict_fn)
        return _Wrapper(sk_model)

    def load(self, source: Source, /) -> Any:
        keys = source.flavor(self.name)
        return _load(source, str(keys["pickled_model"]), keys.get("serialization_format", SERIALIZATION_FORMAT_PICKLE))

    def load_pyfunc(self, source: Source, /) -> Predictor:
        if self.name in source.model.flavors:
            return _Wrapper(self.load(source))
        # MLflow 1 wrote folders with the pyfunc flavor alone.
        return _Wrapper(_load(source, str(source.pyfunc["model_path"]), SERIALIZATION_FORMAT_PICKLE))


FLAVOR = Sklearn()


class _Wrapper:
    """Every method of the estimator that may be the model's predict_fn."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        for name in _PREDICT_FNS:
            if hasattr(estimator, name):
                setattr(self, name, _with_params(getattr(estimator, name)))

    def predict(self, model_input: Any) -> Any:
        return self._estimator.predict(model_input)

    def get_raw_model(self) -> Any:
        return self._estimator


def _with_params(method: Callable[..., Any]) -> Callable[..., Any]:
    """Params of a call are further arguments of the method, as MLflow passes them."""
    if takes(method, "params"):
        return method

    def call(model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return method(model_input, **(params or {}))

    return call


def _format_of(estimator: Any, asked: str | None) -> tuple[str, list[str]]:
    """The format, and for skops the types in it that skops doesn't know to be harmless."""
    if asked not in (None, *SUPPORTED_SERIALIZATION_FORMATS):
        raise InvalidValue("serialization_format", asked, f"allowed are {', '.join(SUPPORTED_SERIALIZATION_FORMATS)}.")
    if asked not in (None, SERIALIZATION_FORMAT_SKOPS):
        return str(asked), []
    try:
        skops = optional_import("skops.io", extra="sklearn", why="to save scikit-learn models without pickle")
        types = list(skops.get_untrusted_types(data=skops.dumps(estimator)))
        reason = next((f"it holds {name}, which another program can't import" for name in types if _is_local(name)), "")
    except Exception as error:
        if asked is not None:
            raise
        types, reason = [], f"{type(error).__name__}: {error}"
    if not reason or asked is not None:
        return SERIALIZATION_FORMAT_SKOPS, types
    warnings.warn(
        f"The {type(estimator).__name__} is saved by cloudpickle, as skops can't take it ({reason}). Whoever loads it "
        "must trust it; serialization_format='cloudpickle' says that this is meant.",
        stacklevel=5,
    )
    return SERIALIZATION_FORMAT_CLOUDPICKLE, []


def _is_local(type_name: str) -> bool:
    return type_name.startswith("__main__.") or ".<locals>." in type_name


def _load(source: Source, name: str, serialization_format: str) -> Any:
    optional_import("sklearn", extra="sklearn", why="the model is one of scikit-learn's")
    path = source.file(name)
    if serialization_format == SERIALIZATION_FORMAT_SKOPS:
        skops = optional_import("skops.io", extra="sklearn", why=f"to read {name}")
        types = skops.get_untrusted_types(file=path)
        if types:
            source.allow_code([name])
        return skops.load(path, trusted=types)
    source.allow_code([name])
    return pickling.load(path)
