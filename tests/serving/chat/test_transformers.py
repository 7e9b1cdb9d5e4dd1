"""Served chats and encoders of Transformers: what calls share changes no answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.chat.talking import ATOM, MADRID, SPAIN, Talk, known, opened, said, streamed

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("onnx")

pytest_plugins = ["tests.support.phi3"]


def pipeline_of(checkpoint: Path, task: str, kind: str) -> Any:
    import transformers

    made = getattr(transformers, kind).from_pretrained(checkpoint)
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    return transformers.pipeline(task, model=made, tokenizer=tokenizer)


@pytest.fixture(scope="module")
def talk(phi3_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    import headrace as mlflow

    folder = tmp_path_factory.mktemp("transformers") / "model"
    chat = pipeline_of(phi3_checkpoint, "text-generation", "AutoModelForCausalLM")
    mlflow.transformers.save_model(chat, folder, task="llm/v1/chat", model_config={"max_new_tokens": 120})
    host = opened(folder)
    yield Talk(host)
    host.close()


def test_calls_share_batches_and_get_their_own_answers(talk: Talk) -> None:
    pairs = known()[::40]
    messages = [[{"role": "user", "content": question}] for question, _ in pairs]
    alone = [said(talk.answer({"messages": each})) for each in messages[:4]]
    numbers = [
        talk.send({"messages": each, "temperature": 0 if number % 2 else None}) for number, each in enumerate(messages)
    ]
    replies = [talk.heard.reply(number) for number in numbers]
    found = [said(json.loads(reply.body)) for reply in replies]
    assert found[:4] == alone
    assert [text for ((text, _),) in found] == [answer for _, answer in pairs]
    assert max(reply.batch for reply in replies) > 1


def test_a_chat_streams_and_is_bounded(talk: Talk) -> None:
    chunks = talk.events({"messages": ATOM, "stream_options": {"include_usage": True}})
    assert streamed(chunks) == dict(known())["Tell me a joke about atom"]
    assert chunks[-1]["usage"]["completion_tokens"] > 50
    assert said(talk.answer({"messages": SPAIN, "max_tokens": 4})) == [("The capital of Spain", "length")]
    assert said(talk.answer({"messages": SPAIN, "stop": ["Madrid"]})) == [(MADRID[:-7], "stop")]
    hot = {"messages": ATOM, "temperature": 1.8, "seed": 4, "max_tokens": 20}
    assert said(talk.answer(hot)) == said(talk.answer(hot))


def test_what_the_engine_has_not_is_refused(talk: Talk) -> None:
    for name, value in {"logprobs": True, "response_format": {"type": "json_object"}}.items():
        status, told = talk.refusal({"messages": SPAIN, name: value})
        assert (status, told["error"]["param"]) == (400, name)
    assert talk.refusal({"messages": [{"role": "user", "content": "a " * 600}]})[1]["error"]["code"] == (
        "context_length_exceeded"
    )


def test_a_cancelled_call_leaves_the_batch(talk: Talk) -> None:
    number = talk.send({"messages": ATOM, "stream": True})
    talk.heard.first_part(number)
    talk.host.cancel(number)
    assert said(talk.answer({"messages": SPAIN})) == [(MADRID, "stop")]
    assert number not in talk.heard.replies


def test_texts_are_embedded_together(phi3_checkpoint: Path, tmp_path: Path) -> None:
    import headrace as mlflow

    encoder = pipeline_of(phi3_checkpoint, "feature-extraction", "AutoModel")
    mlflow.transformers.save_model(encoder, tmp_path / "model", task="llm/v1/embeddings")
    host = opened(tmp_path / "model")
    talk = Talk(host)
    assert host.facts.kinds == ["embeddings", "invocations"]
    texts = [question for question, _ in known()[::60]]
    alone = [talk.answer({"input": text}, "embeddings")["data"][0]["embedding"] for text in texts]
    numbers = [talk.send({"input": text}, "embeddings") for text in texts]
    for number, expected in zip(numbers, alone, strict=True):
        answer = json.loads(talk.heard.reply(number).body)
        assert answer["data"][0]["embedding"] == pytest.approx(expected, abs=1e-5)
        assert answer["model"] == "phi3"
    status, told = talk.refusal({"input": "a " * 600}, "embeddings")
    assert status == 400
    assert "tokens" in told["error"]["message"]
    assert len(talk.answer({"input": texts[:2]}, "invocations")["data"]) == 2
    host.close()
