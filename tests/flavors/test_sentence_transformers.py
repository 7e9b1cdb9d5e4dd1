from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sentence_transformers")

import numpy as np
import pandas as pd
import sentence_transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules as models

from headrace import pyfunc
from headrace.errors import InvalidValue
from headrace.packaging.llm.signatures import task_signature
from headrace.packaging.mlmodel import Model
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.signature import ModelSignature, infer_signature
from headrace.packaging.trust import UntrustedModel
from headrace.sentence_transformers import FLAVOR, load_model, save_model
from headrace.testing.flavors import FlavorCase, FlavorSuite
from tests.support import tiny_transformers as tiny

TEXTS = ["the mill stands by the river", "madrid"]
TASK = "llm/v1/embeddings"


@pytest.fixture(scope="module")
def model() -> SentenceTransformer:
    return tiny.encoder()


class TestEncoder(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        made = tiny.encoder()
        with tempfile.TemporaryDirectory() as folder:
            inside = Path(folder) / "look"
            made.save(str(inside), create_model_card=False)
            written = [path.relative_to(inside) for path in inside.rglob("*") if path.is_file()]
        return FlavorCase(
            flavor=FLAVOR,
            model=made,
            data=TEXTS,
            expected=made.encode(TEXTS),
            predict=lambda loaded, texts: loaded.encode(texts),
            keys=frozenset({"sentence_transformers_version", "source_model_name", "pipeline_model_type"}),
            files=frozenset(f"model.sentence_transformer/{path}" for path in written),
            needs=frozenset({"sentence-transformers", "transformers", "torch"}),
            tolerance=1e-5,
            default_signature=ModelSignature(
                Schema([ColSpec("string")]), Schema([TensorSpec(np.dtype("float64"), (-1,))])
            ),
        )


def test_arrays_have_a_row_for_each_text_in_every_form(model: SentenceTransformer, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    expected = model.encode(TEXTS)
    for form in (TEXTS, np.array(TEXTS), pd.Series(TEXTS), pd.DataFrame({"text": TEXTS})):
        np.testing.assert_allclose(loaded.predict(form), expected, rtol=1e-5)
    np.testing.assert_allclose(loaded.predict(TEXTS[0]), expected[:1], rtol=1e-4)


def test_params_are_arguments_of_encode(model: SentenceTransformer, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model", input_example=(TEXTS, {"normalize_embeddings": True}))
    vectors = pyfunc.load_model(str(tmp_path / "model")).predict(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1], rtol=1e-5)


def test_embeddings_are_openais(model: SentenceTransformer, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model", task=TASK)
    saved = Model.load(tmp_path / "model")
    assert saved.signature == task_signature(TASK)
    assert saved.metadata == {"task": TASK}
    assert (saved.pyfunc or {})["config"] == {"task": TASK}
    assert (saved.pyfunc or {})["data"] == "model.sentence_transformer"
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    answer = loaded.predict({"input": TEXTS})
    found = [entry["embedding"] for entry in answer["data"]]
    np.testing.assert_allclose(found, model.encode(TEXTS), rtol=1e-5)
    tokens = sum(len(model.tokenizer(text)["input_ids"]) for text in TEXTS)
    assert answer["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}
    assert answer["model"] == "tiny-bert"
    frame = pd.DataFrame({"input": TEXTS})
    assert [entry["index"] for entry in loaded.predict(frame)["data"]] == [0, 1]
    with pytest.raises(InvalidValue, match=r"a text of \d+ tokens; the model takes 32"):
        loaded.predict({"input": "the mill " * 40})


def test_what_contradicts_itself_is_refused(model: SentenceTransformer, tmp_path: Path) -> None:
    refusals: list[tuple[Any, dict[str, Any], str]] = [
        (object(), {}, "SentenceTransformer"),
        (model, {"task": "llm/v1/chat"}, "encoders have"),
        (model, {"task": TASK, "metadata": {"task": "other"}}, "contradicts"),
        (model, {"task": TASK, "signature": infer_signature("a", "b")}, "its own signature"),
    ]
    for given, options, said in refusals:
        with pytest.raises(InvalidValue, match=said):
            save_model(given, tmp_path / "model", **options)


def test_an_inference_config_is_kept_beside_the_model(model: SentenceTransformer, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model", inference_config={"batch_size": 4})
    assert json.loads((tmp_path / "model" / "inference_config").read_text()) == {"batch_size": 4}


def test_modules_and_activations_of_a_stranger_are_asked_about(tmp_path: Path) -> None:
    dense = models.Dense(32, 8)
    save_model(tiny.encoder(dense), tmp_path / "own")
    assert load_model(str(tmp_path / "own")).encode(TEXTS).shape == (2, 8)  # torch's own activation

    def stranger(name: str, file: str, old: str, new: str) -> Path:
        folder = Path(shutil.copytree(tmp_path / "own", tmp_path / name))
        (folder / "model_manifest.json").unlink()
        with (folder / "MLmodel").open("a") as mlmodel:
            mlmodel.write("made_by: a stranger\n")
        path = folder / "model.sentence_transformer" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return folder

    kind = f"{type(dense).__module__}.Dense"
    foreign = stranger("foreign", "modules.json", kind, "os.Dense")
    with pytest.raises(UntrustedModel, match=r"modules\.json"):
        load_model(str(foreign))
    lively = stranger("lively", "2_Dense/config.json", "torch.nn.modules.activation.Tanh", "os.abort")
    with pytest.raises(UntrustedModel, match=r"2_Dense/config\.json"):
        pyfunc.load_model(str(lively))
    same = stranger("same", "modules.json", kind, kind)
    assert load_model(str(same)).encode(TEXTS).shape == (2, 8)


def test_the_device_is_the_calls_or_the_environments(
    model: SentenceTransformer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(model, tmp_path / "model")
    monkeypatch.setenv("MLFLOW_DEFAULT_PREDICTION_DEVICE", "-1")
    assert load_model(str(tmp_path / "model")).device.type == "cpu"
    assert load_model(str(tmp_path / "model"), device="cpu").device.type == "cpu"
    assert (
        sentence_transformers.__version__
        == Model.load(tmp_path / "model").flavors["sentence_transformers"]["sentence_transformers_version"]
    )
