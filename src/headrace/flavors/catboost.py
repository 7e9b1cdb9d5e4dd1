"""CatBoost: models in CatBoost's own formats, which are data only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.errors import Corrupt, InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import OwnPredict, Predictor
from headrace.packaging.requirements import provider
from headrace.packaging.source import Source

FORMATS = ("cbm", "json", "onnx", "coreml")  # those that CatBoost reads back
CLASSES = ("CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor")
_FILE = "model.cb"


class Catboost:
    name = "catboost"
    model_argument = "cb_model"
    module = "catboost"

    @property
    def distributions(self) -> Sequence[str]:
        return (provider(self.module, "catboost"),)

    def save(
        self,
        cb_model: Any,
        draft: Draft,
        /,
        *,
        format: str = "cbm",
        export_parameters: dict[str, Any] | None = None,
        pool: Any = None,
    ) -> Predictor:
        """The options are those of CatBoost's save_model. pool: for JSON models with categorical features."""
        catboost = optional_import(self.module)
        kind = next((each.__name__ for each in type(cb_model).__mro__ if each.__name__ in CLASSES), None)
        if kind is None or not isinstance(cb_model, catboost.CatBoost):
            raise InvalidValue("cb_model", f"a {type(cb_model).__name__}", f"one of {', '.join(CLASSES)}.")
        if format not in FORMATS:
            raise InvalidValue("format", format, f"allowed are {', '.join(FORMATS)}.")
        cb_model.save_model(str(draft.path / _FILE), format=format, export_parameters=export_parameters, pool=pool)
        draft.set_flavor(
            catboost_version=catboost.__version__,
            data=_FILE,
            model_type=kind,
            save_format=format,
        )
        draft.set_pyfunc(data=_FILE)
        return OwnPredict(cb_model)

    def load(self, source: Source, /) -> Any:
        catboost = optional_import(self.module, why="the model is one of CatBoost's")
        keys = source.flavor(self.name)
        kind = keys.get("model_type")
        if kind not in CLASSES:
            raise Corrupt(f"The model in {source.path} is a {kind!r}; CatBoost has {', '.join(CLASSES)}.")
        model = getattr(catboost, kind)()
        model.load_model(str(source.file(str(keys["data"]))), format=keys.get("save_format", "cbm"))
        return model

    def load_pyfunc(self, source: Source, /) -> Predictor:
        return OwnPredict(self.load(source))


FLAVOR = Catboost()
