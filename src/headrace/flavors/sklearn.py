"""scikit-learn: estimators and pipelines, as skops files, which run nothing when loaded; pickle where asked."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from headrace.flavors import estimators
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.source import Source

SERIALIZATION_FORMAT_SKOPS = estimators.SKOPS
SERIALIZATION_FORMAT_PICKLE = estimators.PICKLE
SERIALIZATION_FORMAT_CLOUDPICKLE = estimators.CLOUDPICKLE
SUPPORTED_SERIALIZATION_FORMATS = list(estimators.FORMATS)
# What pyfunc_predict_fn may name.
_PREDICT_FNS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "predict_joint_log_proba",
    "score",
    "decision_function",
    "score_samples",
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
        file, keys = estimators.write(sk_model, draft, serialization_format, skops_trusted_types)
        draft.set_flavor(pickled_model=file, sklearn_version=sklearn.__version__, **keys)
        if not hasattr(sk_model, pyfunc_predict_fn):
            warnings.warn(
                f"{type(sk_model).__name__} has no {pyfunc_predict_fn}, so that it can be loaded by "
                "sklearn.load_model alone; pyfunc_predict_fn may name another method.",
                stacklevel=5,
            )
            return None
        draft.set_pyfunc(model_path=file, predict_fn=pyfunc_predict_fn)
        return _Wrapper(sk_model)

    def load(self, source: Source, /) -> Any:
        keys = source.flavor(self.name)
        return _load(source, str(keys["pickled_model"]), keys)

    def load_pyfunc(self, source: Source, /) -> Predictor:
        if self.name in source.model.flavors:
            return _Wrapper(self.load(source))
        # MLflow 1 wrote folders with the pyfunc flavor alone.
        keys = source.pyfunc
        return _Wrapper(_load(source, str(keys.get("model_path") or keys["data"]), {}))


FLAVOR = Sklearn()


def _load(source: Source, name: str, keys: dict[str, Any]) -> Any:
    optional_import("sklearn", extra="sklearn", why="the model is one of scikit-learn's")
    return estimators.read(source, name, keys)


class _Wrapper:
    """predict, and every other method of the estimator that may be the model's predict_fn."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def __getattr__(self, name: str) -> Any:
        if name not in _PREDICT_FNS:
            raise AttributeError(name)
        return estimators.with_params(getattr(self._estimator, name))

    def predict(self, model_input: Any) -> Any:
        return self._estimator.predict(model_input)

    def get_raw_model(self) -> Any:
        return self._estimator
