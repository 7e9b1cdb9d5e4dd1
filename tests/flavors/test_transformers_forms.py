"""Every kind of pipeline as a pyfunc model: what it takes and gives, against the pipeline itself."""

from __future__ import annotations

import base64
import io
import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")
pytest.importorskip("torch")

import numpy as np
import pandas as pd
import torch
import transformers
from transformers.pipelines import get_supported_tasks

from headrace import pyfunc
from headrace.errors import InvalidValue
from headrace.flavors.transformers import forms
from headrace.flavors.transformers.records import rows_of
from headrace.packaging.mlmodel import Model
from headrace.packaging.signature import infer_signature
from headrace.transformers import generate_signature_output, load_model, save_model
from tests.support import tiny_transformers as tiny

GREEDY = {"max_new_tokens": 6, "do_sample": False}
TEXTS = ["the mill stands", "madrid"]
LABELS = ["happy", "sad"]
# Text pipelines of transformers 5; those with files of their own kind are below.
TEXT_TASKS = (
    "text-generation",
    "fill-mask",
    "text-classification",
    "token-classification",
    "zero-shot-classification",
    "feature-extraction",
)


@pytest.fixture(scope="module")
def pipelines() -> dict[str, Any]:
    return {task: tiny.pipeline(task) for task in TEXT_TASKS}


@pytest.fixture(scope="module")
def loaded(pipelines: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("forms")
    for task, pipeline in pipelines.items():
        save_model(pipeline, folder / task, model_config=GREEDY if task == "text-generation" else None)
    return {task: pyfunc.load_model(str(folder / task)) for task in pipelines}


def same(answer: Any, expected: Any) -> None:
    assert type(answer) is type(expected)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(answer, expected, rtol=1e-4)
    else:
        np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-5)


def test_all_text_tasks_of_the_library_are_known() -> None:
    elsewhere = {"text-to-audio", "table-question-answering", "decision"}
    from transformers.pipelines import SUPPORTED_TASKS

    texts = {task for task, how in SUPPORTED_TASKS.items() if how["type"] == "text"}
    dropped = {"question-answering", "summarization", "translation", "text2text-generation"}
    assert texts - dropped - elsewhere <= set(TEXT_TASKS)
    assert set(TEXT_TASKS) <= set(get_supported_tasks())


def test_generated_texts_are_one_an_input_in_every_form(loaded: dict[str, Any], pipelines: dict[str, Any]) -> None:
    model = loaded["text-generation"]
    expected = [found[0]["generated_text"].strip() for found in pipelines["text-generation"](TEXTS, **GREEDY)]
    assert model.predict(TEXTS) == expected
    assert model.predict(TEXTS[0]) == expected[:1]
    assert model.predict(pd.DataFrame({"prompt": TEXTS})) == expected
    assert model.predict(np.array(TEXTS)) == expected
    assert model.predict(pd.Series(TEXTS)) == expected


def test_filled_masks_are_the_likeliest_tokens(loaded: dict[str, Any], pipelines: dict[str, Any]) -> None:
    masked = ["the [MASK] of spain", "water [MASK] the [MASK]"]
    first, second = pipelines["fill-mask"](masked)
    assert loaded["fill-mask"].predict(masked[0]) == [first[0]["token_str"]]
    both = [first[0]["token_str"], [gap[0]["token_str"] for gap in second]]
    assert loaded["fill-mask"].predict(masked) == both
    assert loaded["fill-mask"].predict(masked[1]) == both[1:]


def test_classes_come_as_a_frame(loaded: dict[str, Any], pipelines: dict[str, Any], tmp_path: Path) -> None:
    expected = pd.DataFrame(pipelines["text-classification"](TEXTS))
    same(loaded["text-classification"].predict(TEXTS), expected)
    same(loaded["text-classification"].predict(TEXTS[0]), expected[:1])
    pair = {"text": "the mill", "text_pair": "the wheel"}
    save_model(pipelines["text-classification"], tmp_path / "pairs", input_example=pair)
    pairs = pyfunc.load_model(str(tmp_path / "pairs"))
    assert pairs.metadata.get_input_schema().input_names() == ["text", "text_pair"]
    same(pairs.predict([pair, pair]), pd.DataFrame(pipelines["text-classification"]([pair, pair])))


def test_entities_are_joined_by_commas(loaded: dict[str, Any], pipelines: dict[str, Any]) -> None:
    results = pipelines["token-classification"](TEXTS)
    expected = [",".join(part["entity"] for part in result) for result in results]
    assert loaded["token-classification"].predict(TEXTS) == expected
    assert loaded["token-classification"].predict(TEXTS[1]) == expected[1:]


def test_zero_shot_classes_are_a_row_for_each_label(loaded: dict[str, Any], pipelines: dict[str, Any]) -> None:
    template = "this is {}"
    rows = []
    for text in TEXTS:
        found = pipelines["zero-shot-classification"](text, candidate_labels=LABELS, hypothesis_template=template)
        for label, score in zip(found["labels"], found["scores"], strict=True):
            rows.append({"sequence": text, "labels": label, "scores": score})
    expected = pd.DataFrame(rows)
    asked = [
        {"sequences": text, "candidate_labels": json.dumps(LABELS), "hypothesis_template": template} for text in TEXTS
    ]
    same(loaded["zero-shot-classification"].predict(asked), expected)
    same(loaded["zero-shot-classification"].predict(pd.DataFrame(asked)), expected)
    with pytest.raises(InvalidValue, match="candidate_labels"):
        loaded["zero-shot-classification"].predict({"sequences": "x", "hypothesis_template": template})


def test_zero_shot_takes_labels_as_a_list_where_the_example_has_one(pipelines: dict[str, Any], tmp_path: Path) -> None:
    asked = {"sequences": TEXTS[0], "candidate_labels": LABELS}
    save_model(pipelines["zero-shot-classification"], tmp_path / "model", input_example=asked)
    answer = pyfunc.load_model(str(tmp_path / "model")).predict(asked)
    assert sorted(answer["labels"]) == LABELS
    assert set(answer["sequence"]) == {TEXTS[0]}


def test_features_are_an_array_of_tokens_and_width(loaded: dict[str, Any], pipelines: dict[str, Any]) -> None:
    expected = [np.array(result)[0] for result in pipelines["feature-extraction"](TEXTS)]
    same(loaded["feature-extraction"].predict(TEXTS[0]), expected[0])
    for found, right in zip(loaded["feature-extraction"].predict(TEXTS), expected, strict=True):
        same(found, right)


def test_params_win_over_the_models_config(pipelines: dict[str, Any], tmp_path: Path) -> None:
    example = ("the mill", {"max_new_tokens": 3})
    save_model(pipelines["text-generation"], tmp_path / "model", model_config=GREEDY, input_example=example)
    model = pyfunc.load_model(str(tmp_path / "model"), model_config={"do_sample": False})
    short, long = model.predict("the mill"), model.predict("the mill", params={"max_new_tokens": 9})
    expected = pipelines["text-generation"]("the mill", **{**GREEDY, "max_new_tokens": 9})[0]["generated_text"]
    assert long == [expected.strip()]
    assert len(short[0]) < len(long[0])


def test_an_answer_for_a_signature_is_what_the_model_will_give(pipelines: dict[str, Any], tmp_path: Path) -> None:
    pipeline, params = pipelines["text-generation"], {"max_new_tokens": 3}
    answer = generate_signature_output(pipeline, "the mill", model_config=GREEDY, params=params)
    signature = infer_signature("the mill", answer, params)
    save_model(pipeline, tmp_path / "model", model_config=GREEDY, signature=signature)
    assert pyfunc.load_model(str(tmp_path / "model")).predict("the mill", params=params) == answer


def test_a_param_that_the_pipeline_doesnt_know_is_named(pipelines: dict[str, Any], tmp_path: Path) -> None:
    save_model(pipelines["text-generation"], tmp_path / "model", model_config={**GREEDY, "no_such_thing": 1})
    with pytest.raises(InvalidValue, match="no_such_thing"):
        pyfunc.load_model(str(tmp_path / "model")).predict("the mill")


def test_a_prompt_template_goes_round_each_prompt(pipelines: dict[str, Any], tmp_path: Path) -> None:
    pipeline = pipelines["text-generation"]
    save_model(pipeline, tmp_path / "model", model_config=GREEDY, prompt_template="the {prompt} stands")
    model = Model.load(tmp_path / "model")
    assert model.metadata == {"prompt_template": "the {prompt} stands"}
    assert (model.pyfunc or {})["config"] == {**GREEDY, "return_full_text": False}
    answer = pyfunc.load_model(str(tmp_path / "model")).predict("mill")
    expected = pipeline("the mill stands", **GREEDY, return_full_text=False)[0]["generated_text"]
    assert answer == [expected.strip()]


def test_whitespace_can_be_collapsed_and_the_prompt_left_out(pipelines: dict[str, Any], tmp_path: Path) -> None:
    config = {**GREEDY, "max_new_tokens": 20, "collapse_whitespace": True, "include_prompt": False}
    save_model(pipelines["text-generation"], tmp_path / "model", model_config=config)
    (answer,) = pyfunc.load_model(str(tmp_path / "model")).predict("the   mill")
    plain = pipelines["text-generation"]("the   mill", max_new_tokens=20, do_sample=False)[0]["generated_text"]
    assert answer == re.sub(r"\s+", " ", plain.removeprefix("the   mill")).strip()


@pytest.mark.skipif(tiny.IS_4, reason="its Tapas doesn't know pandas 3")
@pytest.mark.filterwarnings("ignore")
def test_tables_are_asked(tmp_path: Path) -> None:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "how", "many", "mills", "rivers", "wheels", "3", "10", "?"]
    (tmp_path / "vocab.txt").write_text("\n".join([*words, "[EMPTY]"]))
    tokenizer = transformers.TapasTokenizer(str(tmp_path / "vocab.txt"))
    torch.manual_seed(0)
    config = transformers.TapasConfig(
        vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    model = transformers.TapasForQuestionAnswering(config).eval()
    pipeline = transformers.pipeline("table-question-answering", model=model, tokenizer=tokenizer, device="cpu")
    save_model(pipeline, tmp_path / "model")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    table = {"mills": ["3", "10"], "rivers": ["10", "3"]}
    expected = pipeline({"table": table, "query": "how many mills ?"})["answer"]
    asked = {"query": "how many mills ?", "table": json.dumps(table)}
    assert loaded.predict(asked) == [expected]
    assert loaded.predict(pd.DataFrame([asked, {**asked, "table": str(table)}])) == [expected] * 2
    with pytest.raises(InvalidValue, match="it looks like JSON"):
        loaded.predict({**asked, "table": "{broken"})


@pytest.mark.filterwarnings("ignore")
def test_sounds_are_classified_from_arrays(tmp_path: Path) -> None:
    pipeline = tiny.sounds()
    sound = np.sin(np.arange(400, dtype=np.float32))
    save_model(pipeline, tmp_path / "model", signature=False)
    answer = pyfunc.load_model(str(tmp_path / "model")).predict(sound)
    same(answer, pd.DataFrame(pipeline(sound)))


@pytest.mark.filterwarnings("ignore")
def test_images_are_classified_from_bytes_base64_and_files(tmp_path: Path) -> None:
    image_module = pytest.importorskip("PIL.Image")
    torch.manual_seed(0)
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=8, patch_size=4
    )
    model = transformers.ViTForImageClassification(config).eval()
    try:
        processor = transformers.ViTImageProcessor(size={"height": 8, "width": 8})
    except ImportError as error:
        pytest.skip(str(error))
    pipeline = transformers.pipeline("image-classification", model=model, image_processor=processor, device="cpu")
    save_model(pipeline, tmp_path / "model")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    picture = image_module.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    (tmp_path / "picture.png").write_bytes(stream.getvalue())
    expected = pd.DataFrame(pipeline([picture]))
    for form in (base64.b64encode(stream.getvalue()).decode(), str(tmp_path / "picture.png")):
        same(loaded.predict(form), expected)
    with pytest.raises(InvalidValue, match="addresses aren't followed"):
        loaded.predict("http://127.0.0.1:9/picture.png")
    for text in ("nowhere.png", "no name " * 1000):
        with pytest.raises(InvalidValue, match="neither a file's path"):
            loaded.predict(text)
    assert Model.load(tmp_path / "model").flavors["transformers"]["components"] == ["image_processor"]
    assert "pillow" in (tmp_path / "model" / "requirements.txt").read_text()


@pytest.mark.filterwarnings("ignore")
def test_a_pipeline_that_no_signature_can_say_has_only_its_native_form(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=8, patch_size=4
    )
    model = transformers.YolosForObjectDetection(
        transformers.YolosConfig(**{**config.to_dict(), "image_size": [8, 8], "num_detection_tokens": 2})
    )
    try:
        processor = transformers.YolosImageProcessor()
    except ImportError as error:
        pytest.skip(str(error))
    pipeline = transformers.pipeline("object-detection", model=model, image_processor=processor, device="cpu")
    with pytest.warns(UserWarning, match="no python_function flavor"):
        save_model(pipeline, tmp_path / "model")
    assert set(Model.load(tmp_path / "model").flavors) == {"transformers"}
    assert load_model(str(tmp_path / "model")).task == "object-detection"


class Older:
    """A pipeline of transformers 4, by its class's name and what it gives; none of them runs on 5."""

    def __init__(self, name: str, *results: Any) -> None:
        self.__class__ = type(name, (Older,), {})
        self.results, self.asked = list(results), None

    def __call__(self, inputs: Any, **_: Any) -> Any:
        self.asked = inputs
        return self.results


def test_pipelines_of_transformers_4_have_their_forms() -> None:
    def ask(pipeline: Any, model_input: Any) -> Any:
        form = forms.form_of(pipeline)
        return form.answer(pipeline, form.read(model_input), {})

    assert ask(Older("TranslationPipeline", {"translation_text": " eau "}), "water") == ["eau"]
    assert ask(Older("SummarizationPipeline", {"summary_text": "short"}), ["a long text"]) == ["short"]
    pairs = Older("Text2TextGenerationPipeline", {"generated_text": "a mill"})
    assert ask(pairs, {"question": "what", "context": "a mill stands"}) == ["a mill"]
    assert pairs.asked == ["question: what context: a mill stands"]
    answers = Older("QuestionAnsweringPipeline", {"answer": "a mill", "score": 0.5})
    assert ask(answers, pd.DataFrame({"question": ["what"], "context": ["a mill stands"]})) == ["a mill"]
    assert answers.asked == [{"question": "what", "context": "a mill stands"}]


def test_rows_of_any_form() -> None:
    assert rows_of("a") == ["a"]
    assert rows_of({"a": 1}) == [{"a": 1}]
    assert rows_of(pd.DataFrame({0: ["x", "y"]})) == ["x", "y"]
    assert rows_of(pd.DataFrame({"t": ["x"]})) == [{"t": "x"}]
    assert rows_of(np.array("x")) == ["x"]
    assert rows_of(pd.DataFrame({"t": [np.array(["x", "y"])]})) == [{"t": ["x", "y"]}]
    with pytest.raises(InvalidValue, match="not int"):
        rows_of(3)


@pytest.mark.filterwarnings("ignore")
def test_a_text_pipeline_without_a_form_gives_what_it_gives(tmp_path: Path) -> None:
    """As text-to-audio and decision have it: transformers knows them, MLflow doesn't."""
    form = forms.form_of(Older("DecisionPipeline"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert form.answer(Older("DecisionPipeline", {"yes": 0.7}), form.read("ask"), {}) == [{"yes": 0.7}]


@pytest.mark.skipif(not tiny.IS_4, reason="tasks of transformers 4; tools/test_transformers_versions.py runs this")
@pytest.mark.filterwarnings("ignore")
def test_tasks_that_transformers_5_dropped(tmp_path: Path) -> None:
    asked = [{"question": "what is the capital", "context": "the capital of spain is madrid"}] * 2
    questions = tiny.pipeline("question-answering")
    save_model(questions, tmp_path / "questions")
    answers = pyfunc.load_model(str(tmp_path / "questions"))
    assert answers.predict(asked) == [found["answer"].strip() for found in questions(asked)]
    assert answers.predict(asked[0]) == [questions(**asked[0])["answer"].strip()]

    tokenizer = tiny.word_tokenizer()
    torch.manual_seed(0)
    config = transformers.T5Config(
        d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, vocab_size=len(tokenizer), decoder_start_token_id=0
    )
    model = transformers.T5ForConditionalGeneration(config).eval()
    keys = {"summarization": "summary_text", "translation_en_to_de": "translation_text"}
    for task, key in {**keys, "text2text-generation": "generated_text"}.items():
        pipeline = transformers.pipeline(task, model=model, tokenizer=tokenizer, device="cpu")
        settings = {"max_new_tokens": 5, "min_length": 1, "do_sample": False}
        save_model(pipeline, tmp_path / task, model_config=settings)
        loaded = pyfunc.load_model(str(tmp_path / task))
        expected = [found[key].strip() for found in pipeline(TEXTS, **settings)]
        assert loaded.predict(TEXTS) == expected
        assert loaded.predict(TEXTS[0]) == expected[:1]
