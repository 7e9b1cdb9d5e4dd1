from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
import spacy
from spacy.training import Example

from headrace import pyfunc
from headrace.errors import InvalidValue, NotFound
from headrace.packaging import manifest
from headrace.spacy import FLAVOR, load_model, save_model
from headrace.testing.flavors import FlavorCase, FlavorSuite


def pipeline() -> spacy.language.Language:
    made = spacy.blank("en")
    made.add_pipe("textcat")
    texts = {"good and kind": {"yes": 1.0, "no": 0.0}, "bad and rude": {"yes": 0.0, "no": 1.0}}
    examples = [Example.from_dict(made.make_doc(text), {"cats": cats}) for text, cats in texts.items()]
    made.initialize(lambda: examples)
    for _ in range(3):
        made.update(examples)
    return made


def files_of(model: spacy.language.Language) -> frozenset[str]:
    with tempfile.TemporaryDirectory() as folder:
        model.to_disk(folder)
        return frozenset(f"model.spacy/{name}" for name in manifest.files_of(folder))


class TestTextCategorizer(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        model = pipeline()
        data = pd.DataFrame({"text": ["a kind one", "a bad one"]})
        return FlavorCase(
            flavor=FLAVOR,
            model=model,
            data=data,
            expected=pd.DataFrame({"predictions": [model(text).cats for text in data["text"]]}),
            predict=lambda loaded, given: pd.DataFrame({"predictions": [loaded(text).cats for text in given["text"]]}),
            keys=frozenset({"spacy_version", "data"}),
            files=files_of(model),
            needs=frozenset({"spacy"}),
        )


def test_a_pipeline_without_categorizer_has_its_native_form_only(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="no TextCategorizer"):
        save_model(spacy.blank("en"), tmp_path / "model")
    assert [token.text for token in load_model(str(tmp_path / "model"))("two words")] == ["two", "words"]
    with pytest.raises(NotFound, match="spacy"):
        pyfunc.load_model(str(tmp_path / "model"))


def test_other_inputs_and_objects_are_refused(tmp_path: Path) -> None:
    save_model(pipeline(), tmp_path / "model")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    for wrong in (pd.DataFrame({"a": ["x"], "b": ["y"]}), "a text"):
        with pytest.raises(InvalidValue, match="one column of texts"):
            loaded.predict(wrong)
    with pytest.raises(InvalidValue, match=r"spacy\.load"):
        save_model("a model", tmp_path / "other")
