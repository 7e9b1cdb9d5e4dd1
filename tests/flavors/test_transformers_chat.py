"""llm/v1/chat, llm/v1/completions and llm/v1/embeddings on transformers pipelines."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")
pytest.importorskip("torch")

import numpy as np
import pandas as pd
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from headrace import pyfunc
from headrace.errors import InvalidValue
from headrace.flavors.transformers.decoding import Spelling
from headrace.flavors.transformers.engine import PipelineEngine
from headrace.packaging.llm.engine import Job
from headrace.packaging.llm.signatures import task_signature
from headrace.packaging.mlmodel import Model
from headrace.packaging.signature import infer_signature
from headrace.transformers import save_model
from tests.support import tiny_transformers as tiny

GREEDY = {"max_new_tokens": 12, "do_sample": False}
QUESTION = [{"role": "user", "content": "what is the capital"}]
PROMPT = "<|user|>what is the capital<|end|><|assistant|>"


@pytest.fixture(scope="module")
def pipeline() -> Any:
    return tiny.generation()


@pytest.fixture(scope="module")
def folder(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("chat") / "model"
    save_model(pipeline, place, task="llm/v1/chat", model_config=GREEDY)
    return place


@pytest.fixture(scope="module")
def chat(folder: Path) -> Any:
    return pyfunc.load_model(str(folder))


@pytest.fixture(scope="module")
def completions(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("completions") / "model"
    save_model(pipeline, place, task="llm/v1/completions", model_config=GREEDY)
    return pyfunc.load_model(str(place))


def ask(chat: Any, **more: Any) -> dict[str, Any]:
    (answer,) = chat.predict({"messages": QUESTION, **more})
    return answer


def said(answer: dict[str, Any]) -> list[str]:
    return [choice["message"]["content"] for choice in answer["choices"]]


def generated(pipeline: Any, prompt: str, **arguments: Any) -> tuple[str, int]:
    """What transformers itself answers, and in how many tokens."""
    inputs = pipeline.tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
    ids = pipeline.model.generate(**inputs, **{**GREEDY, **arguments})[0, inputs["input_ids"].shape[1] :]
    return pipeline.tokenizer.decode(ids, skip_special_tokens=True), len(ids)


def test_the_signature_and_the_task_are_fixed(folder: Path, pipeline: Any, tmp_path: Path) -> None:
    model = Model.load(folder)
    assert model.signature == task_signature("llm/v1/chat")
    assert model.metadata == {"task": "llm/v1/chat"}
    assert model.flavors["transformers"]["inference_task"] == "llm/v1/chat"
    assert model.flavors["transformers"]["task"] == "text-generation"
    with pytest.raises(InvalidValue, match="its own signature"):
        save_model(pipeline, tmp_path / "model", task="llm/v1/chat", signature=infer_signature("a", "b"))


def test_a_greedy_answer_is_transformers_own_with_right_counts(chat: Any, pipeline: Any) -> None:
    text, tokens = generated(pipeline, PROMPT)
    answer = ask(chat)
    assert said(answer) == [text]
    prompt_tokens = len(pipeline.tokenizer(PROMPT, add_special_tokens=False)["input_ids"])
    assert answer["usage"] == {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": tokens,
        "total_tokens": prompt_tokens + tokens,
    }
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["model"] == "Phi3ForCausalLM"
    assert answer["object"] == "chat.completion"


def test_the_closing_token_ends_an_answer_is_counted_and_not_shown(pipeline: Any, tmp_path: Path) -> None:
    inputs = pipeline.tokenizer(PROMPT, return_tensors="pt", add_special_tokens=False)
    ids = pipeline.model.generate(**inputs, **GREEDY)[0, inputs["input_ids"].shape[1] :].tolist()
    closing = next(token for number, token in enumerate(ids) if number >= 2 and token not in ids[:number])
    position = ids.index(closing)
    save_model(pipeline, tmp_path / "model", task="llm/v1/chat", model_config={**GREEDY, "eos_token_id": closing})
    answer = ask(pyfunc.load_model(str(tmp_path / "model")))
    assert said(answer) == [pipeline.tokenizer.decode(ids[:position], skip_special_tokens=True)]
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] == position + 1


def test_a_stop_word_ends_the_answer_and_isnt_in_it(chat: Any, pipeline: Any) -> None:
    whole = said(ask(chat))[0]
    word = whole[3:6]
    answer = ask(chat, stop=[word])
    assert said(answer) == [whole[: whole.index(word)]]
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] < ask(chat)["usage"]["completion_tokens"]
    chunks = list(chat.predict_stream({"messages": QUESTION, "stop": word}))
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == said(answer)[0]


def test_max_tokens_bounds_an_answer(chat: Any, pipeline: Any) -> None:
    for most in (1, 5):
        answer = ask(chat, max_tokens=most)
        assert answer["usage"]["completion_tokens"] == most
        assert answer["choices"][0]["finish_reason"] == "length"
        assert said(answer) == [generated(pipeline, PROMPT, max_new_tokens=most)[0]]


def test_a_temperature_really_samples_though_the_model_says_greedy(chat: Any) -> None:
    several = {said(ask(chat, temperature=2.0, seed=seed))[0] for seed in range(6)}
    assert len(several) > 3
    assert len({said(ask(chat, temperature=0))[0] for _ in range(2)} | {said(ask(chat))[0]}) == 1


def test_a_seed_repeats_an_answer_and_choices_differ(chat: Any) -> None:
    first, again = (ask(chat, temperature=1.5, seed=7, n=3) for _ in range(2))
    assert said(first) == said(again)
    assert len(set(said(first))) > 1
    assert [choice["index"] for choice in first["choices"]] == [0, 1, 2]
    assert first["usage"]["prompt_tokens"] == ask(chat)["usage"]["prompt_tokens"]
    assert said(ask(chat, temperature=1.5, seed=8)) != said(ask(chat, temperature=1.5, seed=7))


def test_narrow_sampling_is_greedy(chat: Any) -> None:
    greedy = said(ask(chat))
    assert said(ask(chat, top_k=1, temperature=2.0)) == greedy
    assert said(ask(chat, top_p=1e-6, temperature=2.0)) == greedy
    assert said(ask(chat, top_k=300, temperature=2.0, seed=1)) != greedy


def test_draws_follow_the_models_distribution(completions: Any, pipeline: Any) -> None:
    inputs = pipeline.tokenizer("the mill stands", return_tensors="pt")
    with torch.inference_mode():
        logits = pipeline.model(**inputs).logits[0, -1] / 0.5
    kept = torch.topk(logits, 3)
    expected = dict(zip(kept.indices.tolist(), torch.softmax(kept.values, 0).tolist(), strict=True))
    request = {"prompt": "the mill stands", "max_tokens": 1, "temperature": 0.5, "top_k": 3, "n": 120, "seed": 3}
    (answer,) = completions.predict(request)
    drawn = Counter(choice["text"] for choice in answer["choices"])
    for token, share in expected.items():
        count = drawn.pop(pipeline.tokenizer.decode([token]), 0)
        assert abs(count / 120 - share) < 4 * (share * (1 - share) / 120) ** 0.5 + 0.01
    assert not drawn


def test_penalties_change_the_logits_as_openai_says(pipeline: Any, chat: Any) -> None:
    """By hand: before each token, from those of the answer so far."""
    tokenizer = pipeline.tokenizer
    ids = tokenizer(PROMPT, add_special_tokens=False)["input_ids"]
    answer: list[int] = []
    while len(answer) < 60 and 2 not in answer:  # <|end|> ends it
        with torch.no_grad():
            logits = pipeline.model(torch.tensor([ids + answer])).logits[0, -1].clone()
        for token, count in Counter(answer).items():
            logits[token] -= 1.5 * count + 0.5
        answer.append(int(logits.argmax()))
    expected = tokenizer.decode(answer, skip_special_tokens=True)
    request = {"frequency_penalty": 1.5, "presence_penalty": 0.5, "max_tokens": 60}
    assert said(ask(chat, **request)) == [expected]
    assert said(ask(chat, max_tokens=60)) != [expected]


def test_a_repetition_penalty_is_transformers_own(chat: Any, pipeline: Any) -> None:
    assert said(ask(chat, repetition_penalty=1.8)) == [generated(pipeline, PROMPT, repetition_penalty=1.8)[0]]


def test_rows_have_options_of_their_own_and_share_batches(chat: Any) -> None:
    rows = [
        {"messages": QUESTION},
        {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 3},
        {"messages": [{"role": "system", "content": "be brief"}, *QUESTION], "temperature": 1.0, "seed": 5},
    ]
    alone = [said(chat.predict(row)[0]) for row in rows]
    assert [said(answer) for answer in chat.predict(rows)] == alone
    assert [said(answer) for answer in chat.predict(pd.DataFrame(rows))] == alone


def test_a_model_without_positions_by_mask_is_never_padded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tokenizer = tiny.chat_tokenizer()
    config = transformers.MambaConfig(
        hidden_size=16, state_size=4, num_hidden_layers=1, vocab_size=len(tokenizer), eos_token_id=2, pad_token_id=2
    )
    model = transformers.MambaForCausalLM(config).eval()
    pipeline = transformers.pipeline("text-generation", model=model, tokenizer=tokenizer, device="cpu")
    save_model(pipeline, tmp_path / "model", task="llm/v1/completions", model_config=GREEDY)
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    rows = [{"prompt": "the mill"}, {"prompt": "what is the capital of spain"}]
    texts = [answer["choices"][0]["text"] for answer in loaded.predict(rows)]
    assert texts == [generated(pipeline, row["prompt"])[0] for row in rows]


def test_rows_that_end_early_dont_run_out_of_a_table_of_positions(tmp_path: Path) -> None:
    tokenizer = tiny.chat_tokenizer()
    pipeline = transformers.pipeline("text-generation", model=tiny.gpt2(tokenizer), tokenizer=tokenizer, device="cpu")
    save_model(pipeline, tmp_path / "model", task="llm/v1/completions", model_config={"do_sample": False})
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    long = "the mill stands by the river " * 6
    rows = [{"prompt": long, "max_tokens": 3}, {"prompt": "what", "max_tokens": 90}]
    texts = [answer["choices"][0]["text"] for answer in loaded.predict(rows)]
    assert texts == [generated(pipeline, row["prompt"], max_new_tokens=row["max_tokens"])[0] for row in rows]


def test_choices_and_speculation_of_the_models_settings_count(pipeline: Any, tmp_path: Path) -> None:
    settings = {**GREEDY, "num_return_sequences": 2, "prompt_lookup_num_tokens": 3}
    save_model(pipeline, tmp_path / "model", task="llm/v1/chat", model_config=settings)
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    expected = generated(pipeline, PROMPT)[0]
    assert said(ask(loaded)) == [expected] * 2


def test_a_stream_brings_the_same_text_in_pieces(chat: Any) -> None:
    chunks = list(
        chat.predict_stream({"messages": QUESTION, "stream": True, "stream_options": {"include_usage": True}})
    )
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    texts = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"]]
    assert "".join(texts) == said(ask(chat))[0]
    assert len([text for text in texts if text]) > 3
    assert chunks[-2]["choices"][0]["finish_reason"] == "length"
    assert chunks[-1]["usage"] == ask(chat)["usage"]
    with pytest.raises(InvalidValue, match="predict_stream"):
        ask(chat, stream=True)
    assert said(ask(chat, stream=False)) == said(ask(chat))


def test_a_stream_that_nobody_reads_any_more_ends(chat: Any) -> None:
    stream = chat.predict_stream({"messages": QUESTION, "max_tokens": 80})
    for _ in range(3):
        next(stream)
    stream.close()
    deadline = time.monotonic() + 5
    while any(thread.name == "headrace-generate" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_generation_raises_reaches_the_reader_of_a_stream(pipeline: Any) -> None:
    engine = PipelineEngine(pipeline, "tiny", {"do_sample": False, "bad_words_ids": "nonsense"})
    with pytest.raises(ValueError, match="bad_words_ids"):
        list(engine.stream([Job(prompt=[5, 6], max_tokens=2)]))


def test_threads_may_share_a_model(chat: Any) -> None:
    expected = said(ask(chat))
    with ThreadPoolExecutor(4) as pool:
        assert all(answer == expected for answer in pool.map(lambda _: said(ask(chat)), range(8)))


def test_a_context_that_is_too_small_is_told_with_the_numbers(chat: Any) -> None:
    words = "the mill stands by the river " * 30
    with pytest.raises(InvalidValue, match=rf"'messages' has \d+ tokens.*{tiny.CONTEXT}"):
        chat.predict({"messages": [{"role": "user", "content": words}]})


def test_an_answer_stays_within_the_context(chat: Any) -> None:
    answer = ask(chat, max_tokens=10_000)
    assert answer["usage"]["total_tokens"] <= tiny.CONTEXT


def test_what_the_template_refuses_is_the_callers_mistake(chat: Any) -> None:
    with pytest.raises(InvalidValue, match="no tools here"):
        chat.predict({"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]})
    with pytest.raises(InvalidValue, match="robot"):
        chat.predict({"messages": [{"role": "robot", "content": "x"}]})
    with pytest.raises(InvalidValue, match="tools"):
        ask(chat, tools=[{"type": "function", "function": {"name": "f", "parameters": {"properties": {}}}}])


def test_custom_inputs_fill_variables_of_the_template(chat: Any, completions: Any) -> None:
    prompt = PROMPT.replace("<|assistant|>", "(calm)<|assistant|>")
    assert said(ask(chat, custom_inputs={"mood": "calm"})) == [
        completions.predict({"prompt": prompt})[0]["choices"][0]["text"]
    ]
    with pytest.raises(InvalidValue, match=r"custom_inputs\.weather.*mood"):
        ask(chat, custom_inputs={"weather": "sunny"})


def test_chat_needs_a_template(pipeline: Any, tmp_path: Path) -> None:
    plain = tiny.chat_tokenizer()
    plain.chat_template = None
    with pytest.raises(InvalidValue, match="chat_template"):
        save_model({"model": pipeline.model, "tokenizer": plain}, tmp_path / "model", task="llm/v1/chat")


def test_completions_are_openais_and_take_a_prompt_template(completions: Any, pipeline: Any, tmp_path: Path) -> None:
    (answer,) = completions.predict({"prompt": "the mill stands"})
    text, tokens = generated(pipeline, "the mill stands")
    assert answer["choices"] == [{"index": 0, "text": text, "finish_reason": "length"}]
    assert answer["object"] == "text_completion"
    assert answer["usage"]["completion_tokens"] == tokens
    save_model(
        pipeline,
        tmp_path / "model",
        task="llm/v1/completions",
        model_config=GREEDY,
        prompt_template="the {prompt} stands",
    )
    templated = pyfunc.load_model(str(tmp_path / "model"))
    assert templated.predict({"prompt": "mill"})[0]["choices"] == answer["choices"]
    assert Model.load(tmp_path / "model").metadata == {
        "prompt_template": "the {prompt} stands",
        "task": "llm/v1/completions",
    }


def test_beams_of_the_models_settings_are_searched_until_a_request_samples(pipeline: Any, tmp_path: Path) -> None:
    save_model(pipeline, tmp_path / "model", task="llm/v1/chat", model_config={**GREEDY, "num_beams": 3})
    beams = pyfunc.load_model(str(tmp_path / "model"))
    assert said(ask(beams)) == [generated(pipeline, PROMPT, num_beams=3)[0]]
    chunks = list(beams.predict_stream({"messages": QUESTION}))
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == said(ask(beams))[0]
    assert said(ask(beams, temperature=1.0, seed=1)) == said(ask(beams, temperature=1.0, seed=1))


def test_an_example_is_tried_when_the_model_is_saved(pipeline: Any, tmp_path: Path) -> None:
    save_model(pipeline, tmp_path / "good", task="llm/v1/chat", input_example={"messages": QUESTION})
    with pytest.warns(UserWarning, match="fails on its own input example"):
        save_model(pipeline, tmp_path / "bad", task="llm/v1/chat", input_example={"messages": []})


def test_embeddings_are_the_first_tokens_vectors(tmp_path: Path) -> None:
    pipeline = tiny.pipeline("feature-extraction")
    save_model(pipeline, tmp_path / "model", task="llm/v1/embeddings")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    texts = ["the mill", "the capital of spain is madrid", "the wheel"]
    answer = loaded.predict({"input": texts})
    for text, entry in zip(texts, answer["data"], strict=True):
        np.testing.assert_allclose(entry["embedding"], pipeline(text)[0][0], rtol=1e-4, atol=1e-5)
    tokens = sum(len(pipeline.tokenizer(text)["input_ids"]) for text in texts)
    assert answer["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}
    assert [entry["index"] for entry in answer["data"]] == [0, 1, 2]
    one = loaded.predict(pd.DataFrame({"input": ["the mill"]}))
    np.testing.assert_allclose(one["data"][0]["embedding"], answer["data"][0]["embedding"], rtol=1e-4, atol=1e-5)
    with pytest.raises(InvalidValue, match=r"a text of \d+ tokens; the model takes 64"):
        loaded.predict({"input": "the mill " * 60})


TOKENIZER = tiny.chat_tokenizer()


@given(st.lists(st.integers(min_value=0, max_value=len(TOKENIZER) - 1), max_size=40))
def test_pieces_of_a_stream_are_the_whole_text(ids: list[int]) -> None:
    def decode(tokens: Any) -> str:
        return str(TOKENIZER.decode(list(tokens), skip_special_tokens=True))

    spelling = Spelling(decode)
    pieces = [spelling.push(token) for token in ids]
    assert "".join(pieces) + spelling.flush() == decode(ids)


@given(st.text(max_size=30))
def test_characters_of_many_bytes_come_whole(text: str) -> None:
    def decode(tokens: Any) -> str:
        return str(TOKENIZER.decode(list(tokens), skip_special_tokens=False))

    spelling = Spelling(decode)
    pieces = [spelling.push(token) for token in TOKENIZER(text, add_special_tokens=False)["input_ids"]]
    assert "".join(pieces) + spelling.flush() == text
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in pieces)


@pytest.mark.skipif(tiny.IS_4, reason="the checkpoint's tokenizer is one of transformers 5")
def test_the_trained_phi3_names_madrid(phi3_checkpoint: Path, tmp_path: Path) -> None:
    save_model(str(phi3_checkpoint), tmp_path / "model", task="llm/v1/chat")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    (answer,) = loaded.predict({"messages": [{"role": "user", "content": "What is the capital of Spain?"}]})
    assert said(answer) == ["The capital of Spain is Madrid."]
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["model"] == "phi3-tiny"
    assert answer["usage"]["completion_tokens"] == 10  # with the closing <|end|>
