"""LightGBM: boosters as LightGBM's own text; estimators of its scikit-learn interface as skops files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.errors import InvalidValue
from headrace.flavors import estimators
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import OwnPredict, Predictor
from headrace.packaging.requirements import provider
from headrace.packaging.source import Source

_BOOSTER = "lightgbm.basic.Booster"
_BOOSTER_FILE = "model.lgb"
# Estimators are attributes and a booster, which LightGBM reads from text.
_HARMLESS = frozenset(
    {
        "collections.OrderedDict",
        "collections.defaultdict",
        _BOOSTER,
        *(f"lightgbm.sklearn.LGBM{kind}" for kind in ("Classifier", "Model", "Ranker", "Regressor")),
    }
)


class Lightgbm:
    name = "lightgbm"
    model_argument = "lgb_model"
    module = "lightgbm"

    @property
    def distributions(self) -> Sequence[str]:
        return (provider(self.module, "lightgbm"),)

    def save(
        self,
        lgb_model: Any,
        draft: Draft,
        /,
        *,
        serialization_format: str | None = None,
        skops_trusted_types: Sequence[str] | None = None,
    ) -> Predictor:
        """serialization_format: of estimators; boosters have LightGBM's own."""
        lightgbm = optional_import(self.module)
        kind = type(lgb_model)
        if isinstance(lgb_model, lightgbm.Booster):
            file, keys = _BOOSTER_FILE, dict[str, Any]()
            lgb_model.save_model(draft.path / file)
        elif isinstance(lgb_model, lightgbm.LGBMModel):
            file, keys = estimators.write(lgb_model, draft, serialization_format, skops_trusted_types)
            draft.modules.add("sklearn")
        else:
            raise InvalidValue("lgb_model", f"a {kind.__name__}", "a Booster, or an estimator such as LGBMClassifier.")
        draft.set_flavor(
            lgb_version=lightgbm.__version__,
            data=file,
            model_class=f"{kind.__module__}.{kind.__qualname__}",
            **keys,
        )
        draft.set_pyfunc(data=file)
        return OwnPredict(lgb_model)

    def load(self, source: Source, /) -> Any:
        lightgbm = optional_import(self.module, why="the model is one of LightGBM's")
        keys = source.flavor(self.name)
        if keys.get("model_class", _BOOSTER) == _BOOSTER:
            return lightgbm.Booster(model_file=source.file(str(keys["data"])))
        return estimators.read(source, str(keys["data"]), keys, _HARMLESS)

    def load_pyfunc(self, source: Source, /) -> Predictor:
        return OwnPredict(self.load(source))


FLAVOR = Lightgbm()
