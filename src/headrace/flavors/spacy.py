"""spaCy: pipelines as spaCy's own folders; with a text categorizer, also behind pyfunc's predict.

A spaCy folder names the functions that build it, and only registered ones are called: none of the folder's own.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.requirements import provider
from headrace.packaging.source import Source

_FOLDER = "model.spacy"


class Spacy:
    name = "spacy"
    model_argument = "spacy_model"
    module = "spacy"

    @property
    def distributions(self) -> Sequence[str]:
        return (provider(self.module, "spacy"),)

    def save(self, spacy_model: Any, draft: Draft, /) -> Predictor | None:
        spacy = optional_import(self.module)
        if not isinstance(spacy_model, spacy.language.Language):
            raise InvalidValue(
                "spacy_model", f"a {type(spacy_model).__name__}", "a pipeline, as spacy.load returns it."
            )
        spacy_model.to_disk(draft.folder(_FOLDER))
        draft.set_flavor(spacy_version=spacy.__version__, data=_FOLDER)
        if not _categorizes(spacy_model):
            warnings.warn(
                "The spaCy pipeline has no TextCategorizer, so that it can be loaded by spacy.load_model alone.",
                stacklevel=5,
            )
            return None
        draft.set_pyfunc(data=_FOLDER)
        return _Wrapper(spacy_model)

    def load(self, source: Source, /) -> Any:
        spacy = optional_import(self.module, why="the model is one of spaCy's")
        return spacy.load(source.file(str(source.flavor(self.name).get("data", _FOLDER))))

    def load_pyfunc(self, source: Source, /) -> Predictor:
        return _Wrapper(self.load(source))


FLAVOR = Spacy()


def _categorizes(pipeline: Any) -> bool:
    kind = optional_import("spacy.pipeline").TextCategorizer
    return any(isinstance(part, kind) for _, part in pipeline.pipeline)


class _Wrapper:
    """From a column of texts to a column `predictions` of scores by category."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline

    def predict(self, model_input: Any) -> Any:
        import pandas as pd

        columns = list(getattr(model_input, "columns", ()))
        if len(columns) != 1:
            raise InvalidValue(
                "model_input", columns or type(model_input).__name__, "a DataFrame with one column of texts."
            )
        scores = [document.cats for document in self._pipeline.pipe(model_input.iloc[:, 0])]
        return pd.DataFrame({"predictions": pd.Series(scores, index=model_input.index, dtype=object)})

    def get_raw_model(self) -> Any:
        return self._pipeline
