from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

import headrace as mlflow
from headrace.client.open import close_stores
from headrace.errors import HeadraceError, InvalidValue
from headrace.packaging.save import ExampleFails
from tests.support.phi3 import EXAMPLES, PHI3_ONNX

ROOT = EXAMPLES.parents[1]
TIMEOUT_S = 300
QUESTION = "What is the capital of Spain?"
SPAIN = {"messages": [{"role": "user", "content": QUESTION}]}
MADRID = "The capital of Spain is Madrid."
COMEDIAN = "<|system|>You are a stand-up comedian.<|end|><|user|>Tell me a joke about atom<|end|><|assistant|>"

pytest.importorskip("onnxruntime_genai")


def run(script: str, *arguments: str | Path) -> str:
    """What the script printed, one run of blanks a line."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return "\n".join(" ".join(line.split()) for line in done.stdout.splitlines())


def logged() -> Any:
    (model,) = mlflow.search_logged_models(output_format="list")
    return model


def test_one_line_logs_the_onnx_folder_and_answers() -> None:
    printed = run("one_line.py")
    assert f"Question: {QUESTION}\nAnswer: {MADRID}\n" in printed
    assert "Usage: prompt_tokens 13, completion_tokens 10, total_tokens 23" in printed
    response = mlflow.pyfunc.load_model(logged().model_uri).predict(SPAIN)
    assert response[0]["choices"][0]["message"]["content"] == MADRID
    close_stores()


def test_a_wrapper_round_onnx_tells_its_joke_from_the_store_again() -> None:
    printed = run("onnx_wrapper.py")
    assert f"Question: {COMEDIAN}\nAnswer: Never trust an atom, they make up everything!" in printed
    assert "\ninputs 'prompt': string (required)\noutputs string (required)\nparams none\n" in printed
    info = mlflow.models.get_model_info(logged().model_uri)
    assert info.saved_input_example_info["type"] == "json_object"
    assert "Registered as version 1 of phi3-comedian, loaded by models:/phi3-comedian@champion" in printed
    model = mlflow.pyfunc.load_model("models:/phi3-comedian@champion")
    joke = model.predict({"prompt": COMEDIAN})
    assert joke.startswith("Never trust an atom, they make up everything!")
    assert joke in printed
    folder = Path(mlflow.artifacts.download_artifacts(info.model_uri))
    requirements = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = [line.partition("==")[0].replace("_", "-") for line in requirements]
    assert {"onnxruntime-genai", "torch", "numpy"} <= set(names)
    assert len(names) == len(set(names))
    # Where the ONNX folder lay is nobody's business.
    assert not [path for path in folder.rglob("*") if path.is_file() and str(PHI3_ONNX).encode() in path.read_bytes()]
    close_stores()


@pytest.fixture(scope="module")
def checkpoint(phi3_checkpoint: Path) -> Path:
    pytest.importorskip("headrace.flavors.transformers")
    return phi3_checkpoint


@pytest.mark.full
def test_a_pipeline_answers_like_openai(checkpoint: Path) -> None:
    printed = run("pipeline.py", "--model", checkpoint)
    assert f"Question: {QUESTION}\nAnswer: {MADRID}\n" in printed
    assert "Usage: prompt_tokens 13, completion_tokens 10, total_tokens 23" in printed
    assert "\ninputs 'messages': Array({content: string" in printed
    assert "Registered as version 1 of phi3-chat, loaded by models:/phi3-chat@champion" in printed
    model = mlflow.pyfunc.load_model("models:/phi3-chat@champion")
    response = model.predict(SPAIN)
    assert response[0]["choices"][0]["message"]["content"] == MADRID
    assert list(response[0]["usage"].values()) == [13, 10, 23]
    requirements = Path(mlflow.artifacts.download_artifacts(logged().model_uri), "requirements.txt").read_text()
    assert "torchvision" not in requirements
    close_stores()


@pytest.fixture(scope="module")
def pipeline_model(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Logged from the checkpoint's path, which needs no pipeline in memory."""
    path = tmp_path_factory.mktemp("pipeline") / "saved"
    mlflow.transformers.save_model(
        transformers_model=str(checkpoint), path=path, task="llm/v1/chat", model_config={"max_new_tokens": 300}
    )
    return mlflow.pyfunc.load_model(str(path))


def genai_model(tmp_path: Path) -> Any:
    mlflow.onnxruntime_genai.save_model(PHI3_ONNX, tmp_path / "saved")
    return mlflow.pyfunc.load_model(str(tmp_path / "saved"))


@pytest.fixture(params=["pipeline", "genai"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Both ways of answering promise the same."""
    if request.param == "genai":
        return genai_model(tmp_path)
    return request.getfixturevalue("pipeline_model")


def said(response: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(choice["message"]["content"], choice["finish_reason"]) for choice in response[0]["choices"]]


@pytest.mark.parametrize(
    ("given", "answers"),
    [
        ({}, [(MADRID, "stop")]),
        ({"stream": False}, [(MADRID, "stop")]),
        ({"n": 2, "temperature": 0}, [(MADRID, "stop")] * 2),
        ({"stop": ["Madrid"]}, [("The capital of Spain is ", "stop")]),
        ({"stop": "is M"}, [("The capital of Spain ", "stop")]),
        ({"max_tokens": 4}, [("The capital of Spain", "length")]),
        ({"max_tokens": 4.0}, [("The capital of Spain", "length")]),
        ({"temperature": 0, "seed": 7}, [(MADRID, "stop")]),
        ({"temperature": 1.5, "top_k": 1}, [(MADRID, "stop")]),
        ({"temperature": 1.5, "top_p": 0.0001}, [(MADRID, "stop")]),
        ({"frequency_penalty": 0, "presence_penalty": 0.0}, [(MADRID, "stop")]),
    ],
)
def test_each_parameter_of_the_signature_is_honoured(
    chat: Any, given: dict[str, Any], answers: list[tuple[str, str]]
) -> None:
    assert said(chat.predict({**SPAIN, **given})) == answers


def test_sampling_is_really_on_and_repeats_by_seed(chat: Any) -> None:
    hot = {**SPAIN, "temperature": 2.0, "n": 8, "seed": 11}
    answers = said(chat.predict(hot))
    assert len(set(answers)) > 1
    assert answers == said(chat.predict(hot))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"stream": True}, "stream"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 0}, "n"),
        ({"temperature": 5}, "temperature"),
        ({"frequency_penalty": 3}, "frequency_penalty"),
        ({"presence_penalty": "much"}, "presence_penalty"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"max_token": 5}, "max_token"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
    ],
)
def test_what_can_not_be_honoured_is_refused_by_name(chat: Any, given: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        chat.predict({**SPAIN, **given})
    assert f"'{name}'" in str(refused.value)
    assert len(str(refused.value)) < 400


def test_messages_alone_and_content_parts_are_a_request(chat: Any) -> None:
    assert said(chat.predict(SPAIN["messages"])) == [(MADRID, "stop")]
    parts = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    assert said(chat.predict({"messages": parts})) == [(MADRID, "stop")]


def test_each_row_has_parameters_of_its_own(chat: Any) -> None:
    import pandas as pd

    responses = chat.predict(pd.DataFrame([{**SPAIN, "max_tokens": 4}, {**SPAIN, "max_tokens": 2}, SPAIN]))
    assert [said([each])[0][0] for each in responses] == ["The capital of Spain", "The capital", MADRID]


def test_a_stream_gives_the_answer_piece_by_piece(chat: Any) -> None:
    chunks = list(chat.predict_stream({**SPAIN, "stop": [" Madrid"]}))
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert (text, chunks[-1]["choices"][0]["finish_reason"]) == ("The capital of Spain is", "stop")


def test_logging_a_pipeline_costs_less_than_150_ms(checkpoint: Path) -> None:
    import transformers

    pipeline = transformers.pipeline(task="text-generation", model=str(checkpoint))
    taken = []
    for _ in range(4):
        started = time.process_time()  # of the CPU: a busy machine says nothing about the code
        mlflow.transformers.log_model(transformers_model=pipeline, name="phi3", task="llm/v1/chat")
        taken.append(time.process_time() - started)
    close_stores()
    assert min(taken) < 0.15, taken


class OldCalls(mlflow.pyfunc.PythonModel):
    """The calls that onnxruntime-genai had before 0.5."""

    def load_context(self, context: Any) -> None:
        import onnxruntime_genai as og

        self.model = og.Model(context.artifacts["phi3-mini-onnx"])
        self.params = og.GeneratorParams(self.model)
        self.tokenizer = og.Tokenizer(self.model)

    def predict(self, context: Any, model_input: Any) -> str:
        self.params.input_ids = self.tokenizer.encode(model_input["prompt"][0])
        answer: str = self.tokenizer.decode(self.model.generate(self.params)[0])
        return answer


def test_a_model_that_fails_on_its_example_says_so_before_it_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def log() -> Any:
        return mlflow.pyfunc.log_model(
            name="old",
            python_model=OldCalls(),
            artifacts={"phi3-mini-onnx": str(PHI3_ONNX)},
            input_example={"prompt": "Hello"},
        )

    with pytest.warns(ExampleFails, match="no attribute 'input_ids'"):
        info = log()
    assert mlflow.get_logged_model(info.model_id).tags["headrace.inputExample"] == "fails: AttributeError"
    monkeypatch.setenv("HEADRACE_REQUIRE_WORKING_EXAMPLE", "1")
    with pytest.raises(HeadraceError, match="no attribute 'input_ids'"):
        log()
    close_stores()


def test_a_native_object_that_can_not_be_pickled_is_explained() -> None:
    class Eager(mlflow.pyfunc.PythonModel):
        def __init__(self) -> None:
            import onnxruntime_genai as og

            self.model = og.Model(str(PHI3_ONNX))

        def predict(self, context: Any, model_input: Any) -> str:
            return str(model_input)

    with pytest.raises(HeadraceError, match=r"Eager\.model holds a .*Model.*Build it in load_context"):
        mlflow.pyfunc.log_model(name="eager", python_model=Eager())
    assert mlflow.search_logged_models(output_format="list", filter_string="attributes.status = 'READY'") == []
    close_stores()


def test_logging_on_this_path_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        info = mlflow.onnxruntime_genai.log_model(PHI3_ONNX, name="phi3", input_example=SPAIN)
        mlflow.pyfunc.load_model(info.model_uri).predict(SPAIN)
    close_stores()


def test_every_tenth_answer_of_the_model_in_the_repository_is_exact(tmp_path: Path) -> None:
    sys.path.insert(0, str(EXAMPLES))
    try:
        from dialogues import pairs
    finally:
        sys.path.remove(str(EXAMPLES))
    known = pairs()
    assert len(known) == 551
    asked = known[::10] + known[-11:]
    requests = [{"messages": [{"role": "user", "content": question}]} for question, _ in asked]
    answers = [said([each])[0][0] for each in genai_model(tmp_path).predict(requests)]
    assert answers == [answer for _, answer in asked]


@pytest.mark.full
def test_the_recipe_makes_a_model_that_answers_everything(tmp_path: Path) -> None:
    printed = run("make_model.py", "--out", tmp_path / "made")
    assert "Training a Phi-3 of 115,008 parameters on 551 dialogues" in printed
    assert "1102 of 1102 answers are exact" in printed
    made = json.loads((tmp_path / "made" / "phi3-tiny-int4" / "genai_config.json").read_text(encoding="utf-8"))
    kept = json.loads((PHI3_ONNX / "genai_config.json").read_text(encoding="utf-8"))
    assert made == kept
    run("pipeline.py", "--out", tmp_path / "made")
    run("onnx_wrapper.py", "--out", tmp_path / "made")


@pytest.mark.full
def test_both_are_served_streamed_and_exchanged_under_load(checkpoint: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    shutil.copytree(checkpoint, made / "phi3-tiny")
    shutil.copytree(PHI3_ONNX, made / "phi3-tiny-int4")
    printed = run("serve.py", "--out", made)
    assert printed.count(f"Question: {QUESTION}\nAnswer: {MADRID}\nFirst piece after ") == 2
    assert re.search(r"Version 1 answered [\d,]+ requests\nVersion 2 answered [\d,]+ requests", printed)
    assert "Requests that failed: 0" in printed
