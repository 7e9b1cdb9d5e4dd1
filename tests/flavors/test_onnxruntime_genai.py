from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import headrace as mlflow
from headrace.errors import HeadraceError, InvalidValue
from headrace.flavors import genai_engine
from headrace.packaging.llm.signatures import task_signature
from headrace.packaging.llm.task import CHAT, COMPLETIONS
from headrace.packaging.mlmodel import Model
from headrace.testing.flavors import FlavorCase, FlavorSuite

ROOT = Path(__file__).resolve().parents[2]
PHI3 = ROOT / "examples" / "phi3" / "phi3-tiny-int4"
GENUINE = ROOT / ".venv-mlflow" / "bin" / "python"
SPAIN = {"messages": [{"role": "user", "content": "What is the capital of Spain?"}]}
ATOM = {"messages": [{"role": "user", "content": "Tell me a joke about atom"}]}
WELLINGTON = {"messages": [{"role": "user", "content": "I am in New Zealand. What is the capital here?"}]}

pytest.importorskip("onnxruntime_genai")


@pytest.fixture(scope="module")
def chat() -> Any:
    return genai_engine.load(PHI3, "llm/v1/chat")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("genai") / "saved"
    mlflow.onnxruntime_genai.save_model(PHI3, path, task="llm/v1/chat", model_config={"max_tokens": 200})
    return path


def said(response: dict[str, Any]) -> list[tuple[str, str]]:
    return [(choice["message"]["content"], choice["finish_reason"]) for choice in response["choices"]]


class ChatCase(FlavorCase):
    """Answers carry ids and times; what they say is compared."""

    def check(self, answer: Any) -> None:
        assert self.expected == (answer if isinstance(answer, str) else answer[0]["choices"][0]["message"]["content"])


def by_hand(loaded: Any, request: dict[str, Any]) -> str:
    """With onnxruntime-genai alone."""
    import onnxruntime_genai as og

    prompt = loaded.tokenizer.apply_chat_template(json.dumps(request["messages"]), add_generation_prompt=True)
    ids = loaded.tokenizer.encode(prompt)
    parameters = og.GeneratorParams(loaded.model)
    parameters.set_search_options(max_length=200)
    generator = og.Generator(loaded.model, parameters)
    generator.append_tokens(ids)
    while not generator.is_done():
        generator.generate_next_token()
    return str(loaded.tokenizer.decode(generator.get_sequence(0)[len(ids) :]))


class TestFlavor(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        loader = (
            "__init__ answers chat clock completions engine errors "
            "genai_batch genai_choice genai_engine genai_rows options request rows stop task"
        )
        return ChatCase(
            flavor=mlflow.onnxruntime_genai.FLAVOR,
            model=PHI3,
            data=SPAIN,
            expected="The capital of Spain is Madrid.",
            predict=by_hand,
            keys=frozenset("data task model_type onnxruntime_genai_version".split()),
            files=frozenset(f"model/{PHI3.name}/{path.name}" for path in PHI3.iterdir())
            | frozenset(f"code/headrace_genai/{name}.py" for name in loader.split()),
            needs=frozenset({"onnxruntime-genai", "numpy"}),
            default_signature=task_signature(CHAT),
        )

    def test_a_given_signature_is_kept_and_false_means_none(
        self, case: FlavorCase, saved: Path, tmp_path: Path
    ) -> None:
        """The task's own is what there is, whatever is said."""
        case.save(tmp_path / "given", signature=task_signature(CHAT))
        case.save(tmp_path / "none", signature=False, input_example=case.data)
        for name in ("given", "none"):
            assert Model.load(tmp_path / name).signature == task_signature(CHAT)


def test_an_answer_has_openais_shape_and_counts_that_add_up(chat: Any) -> None:
    (answer,) = chat.predict(SPAIN)
    assert set(answer) == {"id", "object", "created", "model", "choices", "usage"}
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "phi3-tiny-int4"
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "The capital of Spain is Madrid."},
            "finish_reason": "stop",
        }
    ]
    # 9 tokens of text and the closing <|end|>, which transformers and MLflow count too.
    assert answer["usage"] == {"prompt_tokens": 13, "completion_tokens": 10, "total_tokens": 23}


def test_rows_have_options_of_their_own_and_are_answered_together(chat: Any) -> None:
    rows = [SPAIN, {**SPAIN, "max_tokens": 4.0}, {**SPAIN, "stop": ["Madrid"]}, WELLINGTON]
    assert [said(answer) for answer in chat.predict(rows)] == [
        [("The capital of Spain is Madrid.", "stop")],
        [("The capital of Spain", "length")],
        [("The capital of Spain is ", "stop")],
        [("The capital of New Zealand is Wellington.", "stop")],
    ]


def test_a_batch_answers_like_one_at_a_time(chat: Any) -> None:
    rows = [SPAIN, ATOM, WELLINGTON, {**ATOM, "max_tokens": 30}, {**ATOM, "stop": "bar", "max_tokens": 90}] * 5
    together = chat.predict(rows)
    for row, answer in zip(rows, together, strict=True):
        (alone,) = chat.predict(row)
        assert (answer["choices"], answer["usage"]) == (alone["choices"], alone["usage"])


def test_a_row_that_padding_cuts_short_goes_on_alone(chat: Any) -> None:
    # The joke has 101 tokens; beside a prompt that is longer than 512 - 101, it doesn't end within the batch.
    question = {"role": "user", "content": "What is the capital of Spain? " * 60}
    long = {"messages": [question], "max_tokens": 5}
    assert chat.predict(long)[0]["usage"]["prompt_tokens"] > 512 - 101
    assert said(chat.predict([long, ATOM])[1]) == said(chat.predict(ATOM)[0])


def test_a_prompt_beyond_the_context_is_refused(chat: Any) -> None:
    with pytest.raises(InvalidValue, match=r"'messages' has \d+ tokens; prompt and answer together may have 512"):
        chat.predict({"messages": [{"role": "user", "content": "Spain? " * 400}]})


def test_a_seed_repeats_an_answer_and_choices_differ_by_seed(chat: Any) -> None:
    hot = {**SPAIN, "temperature": 2.0, "seed": 5}
    many = said(chat.predict({**hot, "n": 8})[0])
    assert many == said(chat.predict({**hot, "n": 8})[0])
    assert said(chat.predict(hot)[0]) == many[:1]
    assert len(set(many)) > 1
    other = said(chat.predict({**hot, "n": 8, "seed": 500})[0])
    assert other != many


@pytest.mark.parametrize("cold", [{}, {"temperature": 0}, {"temperature": 2.0, "top_k": 1}, {"top_p": 1e-6}])
def test_without_chance_the_answer_is_the_likeliest(chat: Any, cold: dict[str, Any]) -> None:
    assert said(chat.predict({**SPAIN, **cold})[0]) == [("The capital of Spain is Madrid.", "stop")]


def test_a_prompt_counts_once_however_many_choices(chat: Any) -> None:
    usage = chat.predict({**SPAIN, "n": 3, "temperature": 0})[0]["usage"]
    assert usage == {"prompt_tokens": 13, "completion_tokens": 30, "total_tokens": 43}


def test_penalties_change_what_repeats(chat: Any) -> None:
    warm = {**ATOM, "temperature": 1.5, "seed": 1}
    plain = said(chat.predict(warm)[0])
    for name in ("frequency_penalty", "presence_penalty"):
        assert said(chat.predict({**warm, name: 2.0})[0]) != plain
        assert said(chat.predict({**warm, name: 0.0})[0]) == plain


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"stream": True}, "'stream'.*call predict_stream"),
        ({"custom_inputs": {"a": 1}}, "'custom_inputs'.*leave it out"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "'tools'.*no place for tools"),
        ({"messages": [{"role": "tool", "content": "12 degrees"}]}, "'tool'.*chat template leaves such messages out"),
    ],
)
def test_what_this_model_can_not_do_is_refused_by_name(chat: Any, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidValue, match=sentence):
        chat.predict({**SPAIN, **given})


def test_a_stream_says_what_predict_says(chat: Any) -> None:
    chunks = list(chat.predict_stream({**ATOM, "stream": True, "stream_options": {"include_usage": True}}))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    deltas = [chunk["choices"][0] for chunk in chunks[:-1]]
    assert deltas[0]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(choice["delta"].get("content", "") for choice in deltas)
    (whole,) = chat.predict(ATOM)
    assert [(text, deltas[-1]["finish_reason"])] == said(whole)
    assert len(deltas) > 50
    assert (chunks[-1]["choices"], chunks[-1]["usage"]) == ([], whole["usage"])


def test_a_stop_word_over_several_tokens_never_shows_in_a_stream(chat: Any) -> None:
    shown = ""
    for chunk in chat.predict_stream({**SPAIN, "stop": ["Spain is Mad"]}):
        shown += chunk["choices"][0]["delta"].get("content", "")
        assert "The capital of ".startswith(shown)
    assert (shown, chunk["choices"][0]["finish_reason"]) == ("The capital of ", "stop")


def test_threads_share_a_model(chat: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda row: said(chat.predict(row)[0]), [SPAIN, WELLINGTON] * 16))
    assert answers == [said(chat.predict(row)[0]) for row in [SPAIN, WELLINGTON]] * 16


def test_completions_continue_their_prompt() -> None:
    completions = genai_engine.load(PHI3, COMPLETIONS, {"max_tokens": 50})
    prompt = "<|user|>What is the capital of Spain?<|end|><|assistant|>"
    (answer,) = completions.predict({"prompt": [prompt, prompt], "n": 2, "temperature": 0})
    assert answer["object"] == "text_completion"
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    assert {choice["text"] for choice in answer["choices"]} == {"The capital of Spain is Madrid."}
    assert answer["usage"] == {"prompt_tokens": 20, "completion_tokens": 40, "total_tokens": 60}
    streamed = [chunk["choices"][0] for chunk in completions.predict_stream({"prompt": prompt, "stop": [" Madrid"]})]
    assert "".join(choice["text"] for choice in streamed) == "The capital of Spain is"
    assert [choice["finish_reason"] for choice in streamed[-2:]] == [None, "stop"]


def test_one_line_logs_and_loads() -> None:
    info = mlflow.onnxruntime_genai.log_model(PHI3, name="phi3", task="llm/v1/chat", input_example=SPAIN)
    model = mlflow.pyfunc.load_model(info.model_uri)
    assert said(model.predict(SPAIN)[0]) == [("The capital of Spain is Madrid.", "stop")]
    assert info.metadata["task"] == "llm/v1/chat"
    loaded = mlflow.onnxruntime_genai.load_model(info.model_uri)
    assert list(loaded.tokenizer.encode("<|end|>")) == [7]


def test_forms_that_a_signature_can_not_say_reach_the_model(saved: Path) -> None:
    model = mlflow.pyfunc.load_model(str(saved))
    parts = [{"role": "user", "content": [{"type": "text", "text": "What is the capital of Spain?"}]}]
    assert said(model.predict(parts)[0]) == [("The capital of Spain is Madrid.", "stop")]
    assert said(model.predict({**SPAIN, "max_tokens": 4.0, "seed": 1})[0]) == [("The capital of Spain", "length")]
    assert said(model.predict(SPAIN, params={"max_tokens": 2})[0]) == [("The capital", "length")]
    with pytest.raises(InvalidValue, match="did you mean 'max_tokens'"):
        model.predict({**SPAIN, "max_token": 4})
    shown = [chunk["choices"][0]["delta"].get("content", "") for chunk in model.predict_stream(SPAIN)]
    assert "".join(shown) == "The capital of Spain is Madrid."


def test_the_models_own_options_hold_where_a_request_is_silent(saved: Path) -> None:
    model = mlflow.pyfunc.load_model(str(saved), model_config={"max_tokens": 3})
    assert said(model.predict(SPAIN)[0]) == [("The capital of", "length")]
    assert said(model.predict({**SPAIN, "max_tokens": 4})[0]) == [("The capital of Spain", "length")]


def test_nothing_in_the_folder_names_this_machine_or_a_requirement_twice(saved: Path) -> None:
    requirements = (saved / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = [line.partition("==")[0].lower().replace("_", "-") for line in requirements]
    assert len(names) == len(set(names))
    assert "onnxruntime-genai" in names
    for path in saved.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert str(ROOT).encode() not in content
            assert str(saved.parent).encode() not in content


def test_the_models_own_code_is_never_run_here(saved: Path, tmp_path: Path) -> None:
    # A stranger's folder: no manifest, and a loader that would raise.
    strange = tmp_path / "strange"
    shutil.copytree(saved, strange)
    for path in (strange / "code").rglob("*.py"):
        path.write_text("raise SystemExit('ran')", encoding="utf-8")
    for path in strange.glob("*manifest*"):
        path.unlink()
    model = mlflow.pyfunc.load_model(str(strange), suppress_warnings=True)
    assert said(model.predict(SPAIN)[0]) == [("The capital of Spain is Madrid.", "stop")]


GENUINE_CODE = """
import json, sys, warnings
import mlflow
model = mlflow.pyfunc.load_model(sys.argv[1])
request = json.loads(sys.argv[2])
answers = [model.predict(request)[0], model.predict({**request, "max_tokens": 4})[0]]
chunks = list(model.predict_stream(request))
own = [name for name in sys.modules if name.partition(".")[0] == "headrace"]
inputs = model.metadata.get_input_schema().input_names()
print(json.dumps({"answers": answers, "chunks": chunks, "headrace": own, "inputs": inputs}))
"""


@pytest.mark.skipif(not GENUINE.exists(), reason="no environment with genuine MLflow")
def test_genuine_mlflow_loads_it_without_headrace(saved: Path) -> None:
    done = subprocess.run(
        [GENUINE, "-c", GENUINE_CODE, saved, json.dumps(SPAIN)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["headrace"] == []
    assert [said(answer) for answer in found["answers"]] == [
        [("The capital of Spain is Madrid.", "stop")],
        [("The capital of Spain", "length")],
    ]
    assert found["answers"][0]["usage"]["total_tokens"] == 23
    assert "seed" in found["inputs"]
    shown = [chunk["choices"][0]["delta"].get("content", "") for chunk in found["chunks"]]
    assert "".join(shown) == "The capital of Spain is Madrid."


def test_the_copied_loader_needs_the_standard_library_and_onnxruntime_genai_alone(saved: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules)\n"
        "import headrace_genai.chat, headrace_genai.completions\n"
        "tops = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(tops - set(sys.stdlib_module_names) - {'headrace_genai'}))"
    )
    command = [sys.executable, "-I", "-c", code, saved / "code"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_what_is_no_such_folder_is_refused(tmp_path: Path) -> None:
    save = mlflow.onnxruntime_genai.save_model
    with pytest.raises(InvalidValue, match=r"a folder with genai_config\.json is needed"):
        save(tmp_path, tmp_path / "out")
    broken = tmp_path / "broken"
    shutil.copytree(PHI3, broken)
    (broken / "model.onnx").unlink()
    with pytest.raises(InvalidValue, match=r"names 'model\.onnx', which isn't there"):
        save(broken, tmp_path / "out")
    mute = tmp_path / "mute"
    shutil.copytree(PHI3, mute)
    (mute / "chat_template.jinja").unlink()
    with pytest.raises(InvalidValue, match="no chat template; 'llm/v1/completions' needs none"):
        save(mute, tmp_path / "out", task="llm/v1/chat")
    with pytest.raises(InvalidValue, match="'llm/v1/embeddings'"):
        save(PHI3, tmp_path / "out", task="llm/v1/embeddings")
    with pytest.raises(InvalidValue, match=r"'max_token'.*known are"):
        save(PHI3, tmp_path / "out", model_config={"max_token": 5})
    assert not (tmp_path / "out").exists()
    mlflow.onnxruntime_genai.save_model(mute, tmp_path / "out")
    model = mlflow.pyfunc.load_model(str(tmp_path / "out"))
    assert model.metadata.flavors["onnxruntime_genai"]["task"] == COMPLETIONS


def test_a_task_model_takes_no_other_signature(tmp_path: Path) -> None:
    signature = mlflow.models.infer_signature("a", "b")
    with pytest.raises(HeadraceError, match="own signature"):
        mlflow.onnxruntime_genai.save_model(PHI3, tmp_path / "out", signature=signature)


def like_sentencepiece(folder: Path) -> None:
    """The tiny Phi-3's tokenizer in the form that Llama's and the real Phi-3's have: ▁ for a space, bytes by name."""
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}

    def renamed(token: str) -> str:
        raw = bytes(letters[letter] for letter in token)
        return f"<0x{raw[0]:02X}>" if len(raw) == 1 and not 32 <= raw[0] < 127 else raw.decode().replace(" ", "▁")

    special = {token["content"] for token in tokenizer["added_tokens"]}
    model = tokenizer["model"]
    model["vocab"] = {token if token in special else renamed(token): number for token, number in model["vocab"].items()}
    model["merges"] = [[renamed(part) for part in pair] for pair in model["merges"]]
    model |= {"byte_fallback": True, "fuse_unk": True, "unk_token": "<unk>"}
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    spaces = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    tokenizer |= {
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [spaces, {"type": "ByteFallback"}, {"type": "Fuse"}, strip]},
    }
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    settings = folder / "tokenizer_config.json"
    config = json.loads(settings.read_text(encoding="utf-8"))
    config |= {"tokenizer_class": "LlamaTokenizer", "add_bos_token": False, "legacy": False}
    settings.write_text(json.dumps(config), encoding="utf-8")


def test_a_space_before_the_first_word_shows_only_after_a_word(tmp_path: Path) -> None:
    folder = tmp_path / "sentencepiece"
    shutil.copytree(PHI3, folder)
    like_sentencepiece(folder)
    completions = genai_engine.load(folder, COMPLETIONS, {"max_tokens": 30})
    begun = "<|user|>What is the capital of Spain?<|end|><|assistant|>The capital of Spain is"
    texts = {begun: " Madrid.", f"{begun}<|endoftext|>": "Madrid."}
    answers = completions.predict([{"prompt": prompt} for prompt in texts])
    assert [answer["choices"][0]["text"] for answer in answers] == list(texts.values())
