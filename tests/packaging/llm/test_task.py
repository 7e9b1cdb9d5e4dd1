from __future__ import annotations

import base64
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import InvalidValue
from headrace.packaging.llm.engine import Generated, Job, Piece, collect
from headrace.packaging.llm.options import GenerationOptions
from headrace.packaging.llm.task import ChatTask, CompletionTask, EmbeddingTask


class Echo:
    """An engine whose tokens are letters: it says the last message, then closes. Its template knows users only."""

    model_name = "echo"
    supported = frozenset({"temperature", "seed"})
    context_length = 60

    def __init__(self) -> None:
        self.seen: list[Job] = []
        self.steps = 0

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        custom_inputs: Mapping[str, Any],
    ) -> str:
        return "".join(f"{message['content']}|" for message in messages if message["role"] == "user")

    def encode(self, text: str, *, rendered: bool) -> Sequence[int]:
        return [ord(letter) for letter in text]

    def generate(self, jobs: Sequence[Job]) -> list[Generated]:
        return collect(self.stream(jobs), jobs)

    def stream(self, jobs: Sequence[Job]) -> Generator[Piece, None, None]:
        self.seen.extend(jobs)
        said = ["".join(map(chr, job.prompt)).rstrip("|").rpartition("|")[2] for job in jobs]
        for step in range(max(job.max_tokens for job in jobs)):
            for number, (job, text) in enumerate(zip(jobs, said, strict=True)):
                if job.done or step > len(text) or step >= job.max_tokens:
                    continue
                self.steps += 1
                if step == len(text):
                    yield Piece(job=number, text="", finish="stop")
                else:
                    yield Piece(job=number, text=text[step], finish="length" if step + 1 == job.max_tokens else None)


def ask(text: str, **options: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **options}


def said(response: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(choice["message"]["content"], choice["finish_reason"]) for choice in response["choices"]]


def test_usage_counts_the_closing_token_and_adds_up() -> None:
    (answer,) = ChatTask(Echo()).predict(ask("hello"))
    assert said(answer) == [("hello", "stop")]
    assert answer["usage"] == {"prompt_tokens": 6, "completion_tokens": 6, "total_tokens": 12}


def test_a_stop_word_ends_the_work_too() -> None:
    engine = Echo()
    assert said(ChatTask(engine).predict(ask("one two three four", stop=["two"]))[0]) == [("one ", "stop")]
    assert engine.steps == len("one two")


def test_what_may_have_become_a_stop_word_is_said_in_the_end() -> None:
    assert said(ChatTask(Echo()).predict(ask("to the en", stop=["end"]))[0]) == [("to the en", "stop")]
    assert said(ChatTask(Echo()).predict(ask("to the end", stop=["end"], max_tokens=9))[0]) == [("to the en", "length")]


def test_choices_have_seeds_of_their_own() -> None:
    engine = Echo()
    ChatTask(engine).predict([ask("a", n=3, seed=5), ask("b")])
    assert [job.seed for job in engine.seen] == [5, 6, 7, None]
    assert [job.options.sample for job in engine.seen] == [True, True, True, None]


def test_the_bound_is_the_requests_or_the_models_and_never_beyond_the_context() -> None:
    engine = Echo()
    own = GenerationOptions(max_tokens=20)
    ChatTask(engine, own).predict([ask("a"), ask("a", max_tokens=7), ask("a", max_tokens=1000)])
    ChatTask(engine).predict(ask("a"))
    assert [job.max_tokens for job in engine.seen] == [20, 7, 58, 58]
    with pytest.raises(InvalidValue, match="'messages' has 61 tokens; prompt and answer together may have 60"):
        ChatTask(engine).predict(ask("a" * 60))


def test_options_that_ask_for_nothing_need_no_support() -> None:
    task = ChatTask(Echo())
    neutral = {"top_p": 1, "frequency_penalty": 0, "presence_penalty": 0.0}
    assert said(task.predict(ask("a", **neutral))[0]) == [("a", "stop")]
    with pytest.raises(InvalidValue, match=r"'top_k'.*It takes: max_tokens, n, seed, stop, stream, temperature"):
        task.predict(ask("a", top_k=5))


def test_a_message_that_the_template_drops_is_refused() -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    with pytest.raises(InvalidValue, match=r"'system' for parameter 'messages\[0\]\.role'.*leaves such messages out"):
        ChatTask(Echo()).predict(messages)


def test_the_row_that_is_wrong_is_named() -> None:
    with pytest.raises(InvalidValue, match=r"Row 1: .*'messages\[0\]\.content'"):
        ChatTask(Echo()).predict([ask("a"), {"messages": [{"role": "user"}]}])
    with pytest.raises(InvalidValue, match="A stream answers one request; 2 were given"):
        list(ChatTask(Echo()).predict_stream([ask("a"), ask("b")]))


@given(st.text("ab |", max_size=12), st.lists(st.text("ab", min_size=1, max_size=3), max_size=2), st.integers(1, 15))
def test_a_stream_says_what_predict_says(text: str, stops: list[str], max_tokens: int) -> None:
    request = ask(f"x{text}", stop=stops, max_tokens=max_tokens, n=2, temperature=0)
    (whole,) = ChatTask(Echo()).predict(request)
    shown = ["", ""]
    reasons: list[str | None] = [None, None]
    usage = None
    for chunk in ChatTask(Echo()).predict_stream({**request, "stream_options": {"include_usage": True}}):
        for choice in chunk["choices"]:
            assert reasons[choice["index"]] is None
            shown[choice["index"]] += choice["delta"].get("content", "")
            reasons[choice["index"]] = choice["finish_reason"]
        usage = chunk.get("usage")
    assert list(zip(shown, reasons, strict=True)) == said(whole)
    assert usage == whole["usage"]


def test_completions_answer_each_prompt_of_a_request() -> None:
    (answer,) = CompletionTask(Echo()).predict({"prompt": ["one", "two"], "n": 2, "temperature": 0, "max_tokens": 2})
    assert [(choice["index"], choice["text"]) for choice in answer["choices"]] == [
        (0, "on"),
        (1, "on"),
        (2, "tw"),
        (3, "tw"),
    ]
    assert answer["usage"] == {"prompt_tokens": 6, "completion_tokens": 8, "total_tokens": 14}


class Lengths:
    model_name = "lengths"

    def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], list[int]]:
        return [[float(len(text)), 0.5] for text in texts], list(map(len, texts))


def test_embeddings_of_all_rows_are_one_answer() -> None:
    answer = EmbeddingTask(Lengths()).predict([{"input": ["a", "bb"]}, {"input": "ccc"}])
    assert answer == {
        "object": "list",
        "data": [{"index": index, "object": "embedding", "embedding": [float(index + 1), 0.5]} for index in range(3)],
        "model": "lengths",
        "usage": {"prompt_tokens": 6, "total_tokens": 6},
    }


def test_embeddings_come_as_base64_where_asked() -> None:
    answer = EmbeddingTask(Lengths()).predict({"input": "abc", "encoding_format": "base64", "dimensions": 2})
    raw = base64.b64decode(answer["data"][0]["embedding"])
    assert np.frombuffer(raw, dtype="<f4").tolist() == [3.0, 0.5]
    with pytest.raises(InvalidValue, match=r"'dimensions'.*vectors have 2"):
        EmbeddingTask(Lengths()).predict({"input": "abc", "dimensions": 3})
