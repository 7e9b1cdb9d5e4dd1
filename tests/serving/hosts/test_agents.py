"""Python models that take a chat."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pandas as pd
import pytest

from headrace import pyfunc
from headrace.packaging.llm.signatures import CHAT_MODEL_INPUT_SCHEMA
from headrace.packaging.pyfunc.chats import ChatAgent, ChatModel, ResponsesAgent
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.signature import ModelSignature
from headrace.serving.call import EVENTS, Call, Kind
from headrace.serving.hosts.agents import AgentHost
from headrace.serving.hosts.open import open_host
from headrace.serving.hosts.openai_forms import Chunks, completion, usage_of
from headrace.serving.spec import ModelSpec
from headrace.types.llm import (
    ChatChoice,
    ChatChoiceDelta,
    ChatChunkChoice,
    ChatCompletionChunk,
    ChatCompletionResponse,
    ChatMessage,
    TokenUsageStats,
)
from tests.serving.hosts.taking import Answered, call

MESSAGES = [{"role": "user", "content": "hello big world"}]
WAIT_S = 60


def answer_of(text: str) -> ChatCompletionResponse:
    return ChatCompletionResponse(choices=[ChatChoice(message=ChatMessage(role="assistant", content=text))])


def is_trial(messages: list[ChatMessage]) -> bool:
    """The example that a model is tried with when it is saved."""
    return messages[-1].content == "Hello!"


class Shouts(ChatModel):
    def predict(self, context: Any, messages: list[ChatMessage], params: Any) -> Any:
        message = ChatMessage(role="assistant", content=str(messages[-1].content).upper()[: params.max_tokens])
        used = TokenUsageStats(prompt_tokens=3, completion_tokens=2, total_tokens=5)
        return ChatCompletionResponse(choices=[ChatChoice(message=message)], usage=used)

    def predict_stream(self, context: Any, messages: list[ChatMessage], params: Any) -> Iterator[Any]:
        for word in str(messages[-1].content).split():
            yield ChatCompletionChunk(choices=[ChatChunkChoice(delta=ChatChoiceDelta(content=word))])


class Turns(ChatAgent):
    def predict(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Any:
        said = {"role": "assistant", "content": messages[-1].content[::-1], "id": "1"}
        return {"messages": [{"role": "assistant", "content": "thinking", "id": "0"}, said], "finish_reason": "length"}


class Items(ResponsesAgent):
    def predict(self, request: Any) -> Any:
        call_item = self.create_function_call_item("f", "c1", "look_up", "{}")
        return {"output": [call_item, self.create_text_output_item(request.input[-1].content, "m")]}

    def predict_stream(self, request: Any) -> Iterator[Any]:
        for word in request.input[-1].content.split():
            yield self.create_text_delta(word, "m")
        item = self.create_text_output_item(request.input[-1].content, "m")
        yield {"type": "response.output_item.done", "item": item}


class Plain(pyfunc.PythonModel):
    def predict(self, model_input: pd.DataFrame) -> list[str]:
        return [messages[-1]["content"] for messages in model_input["messages"]]


def opened(model: Any, **options: Any) -> AgentHost:
    pyfunc.save_model("m", python_model=model, **options)
    host = open_host(ModelSpec(path="m", name="bot", allow_pickle=True))
    assert isinstance(host, AgentHost)
    return host


def asked(host: AgentHost, *calls: Call) -> Answered:
    emit = Answered()
    try:
        host.take([msgspec.structs.replace(each, id=number) for number, each in enumerate(calls)], emit)
        until(lambda: len(emit.replies) == len(calls))
    finally:
        host.close()
    return emit


def until(condition: Any) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def events(emit: Answered, number: int = 0) -> list[Any]:
    lines = b"".join(emit.parts[number]).decode().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


def text_of(chunks: list[Any]) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)


ASK = call({"model": "bot", "messages": MESSAGES, "temperature": 0.5}, "chat")
STREAM = call({"model": "bot", "messages": MESSAGES, "stream": True}, "chat")


def plain_signature() -> ModelSignature:
    return ModelSignature(CHAT_MODEL_INPUT_SCHEMA)


@pytest.mark.parametrize(
    ("model", "text", "reason", "options"),
    [
        (Shouts(), "HELLO BIG WORLD", "stop", {}),
        (Turns(), "dlrow gib olleh", "length", {}),
        (Items(), "hello big world", "stop", {}),
        (Plain(), "hello big world", "stop", {"signature": plain_signature()}),
    ],
)
def test_a_chat_is_answered_in_openais_shape(model: Any, text: str, reason: str, options: Any) -> None:
    host = opened(model, **options)
    assert host.facts.kinds == ["chat", "invocations"]
    [reply] = asked(host, ASK).replies.values()
    assert reply.status == 200, reply.body
    answer = json.loads(reply.body)
    assert (answer["object"], answer["model"]) == ("chat.completion", "bot")
    assert answer["id"].startswith("chatcmpl-")
    [choice] = answer["choices"]
    assert (choice["message"]["role"], choice["message"]["content"]) == ("assistant", text)
    assert choice["finish_reason"] == reason


def test_usage_and_params_come_through() -> None:
    [reply] = asked(opened(Shouts()), call({"messages": MESSAGES, "max_tokens": 3}, "chat")).replies.values()
    assert json.loads(reply.body)["choices"][0]["message"]["content"] == "HEL"
    assert reply.usage is not None
    assert (reply.usage.prompt, reply.usage.completion) == (3, 2)


@pytest.mark.parametrize(
    ("model", "text", "options"),
    [
        (Shouts(), "hellobigworld", {}),
        (Turns(), "dlrow gib olleh", {}),
        (Items(), "hellobigworld", {}),
        (Plain(), "hello big world", {"signature": plain_signature()}),
    ],
)
def test_a_chat_is_streamed_whether_the_model_can_or_not(model: Any, text: str, options: Any) -> None:
    emit = asked(opened(model, **options), STREAM)
    assert emit.heads[0] == (200, EVENTS)
    chunks = events(emit)
    assert text_of(chunks) == text
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    reasons = [chunk["choices"][0].get("finish_reason") for chunk in chunks]
    assert reasons[-1] is not None
    assert set(reasons[:-1]) <= {None}
    assert (emit.replies[0].status, emit.replies[0].body) == (200, b"")


def test_invocations_answer_what_predict_returns() -> None:
    emit = asked(
        opened(Turns()), call({"messages": MESSAGES}), call({"messages": MESSAGES, "stream": True}), call({"inputs": 1})
    )
    assert json.loads(emit.replies[0].body)["messages"][1]["content"] == "dlrow gib olleh"
    assert [event["finish_reason"] for event in events(emit, 1)] == ["length"]
    assert emit.replies[2].status == 400


def test_invocations_stream_a_models_own_pieces() -> None:
    emit = asked(opened(Items()), call({"input": MESSAGES, "stream": True}))
    assert [event["type"] for event in events(emit)] == ["response.output_text.delta"] * 3 + [
        "response.output_item.done"
    ]


def test_tool_calls_of_a_responses_agent() -> None:
    [reply] = asked(opened(Items()), ASK).replies.values()
    [tool] = json.loads(reply.body)["choices"][0]["message"]["tool_calls"]
    assert tool == {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", b'{"messages": []}', b'{"messages": "x"}', b'{"messages": [{"role": 7}]}']
)
@pytest.mark.parametrize("model", [Shouts, Turns])
def test_what_is_no_chat_is_refused(model: Any, body: bytes) -> None:
    [reply] = asked(opened(model()), call(body, "chat")).replies.values()
    assert reply.status == 400
    assert json.loads(reply.body)["error"].keys() == {"message", "type", "param", "code"}


class Fails(ChatModel):
    def predict(self, context: Any, messages: Any, params: Any) -> Any:
        if is_trial(messages):
            return answer_of("well")
        raise KeyError("secret")

    def predict_stream(self, context: Any, messages: Any, params: Any) -> Iterator[Any]:
        if messages[-1].content == "at once":
            raise ValueError("at once")
        yield ChatCompletionChunk(choices=[ChatChunkChoice(delta=ChatChoiceDelta(content="well"))])
        raise ValueError("in the middle")


def test_an_agent_that_raises() -> None:
    at_once = call({"messages": [{"role": "user", "content": "at once"}], "stream": True}, "chat")
    emit = asked(opened(Fails()), ASK, at_once, STREAM)
    for number, text in enumerate(("KeyError", "at once")):
        assert emit.replies[number].status == 400
        assert text in json.loads(emit.replies[number].body)["error"]["message"]
        assert number not in emit.heads
    sent = b"".join(emit.parts[2])
    assert emit.heads[2][0] == 200
    assert b"in the middle" in sent
    assert b"[DONE]" not in sent
    assert emit.replies[2].error == "BAD_REQUEST"


class Miscounts(pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any) -> Any:
        return {"output": [], "usage": {"input_tokens": 5, "output_tokens": None}}


def test_a_usage_that_can_not_be_counted_is_told() -> None:
    emit = asked(opened(Miscounts(), signature=plain_signature()), call({"messages": MESSAGES}, "invocations"))
    assert emit.replies[0].status == 400
    assert "Failed to predict data: TypeError" in json.loads(emit.replies[0].body)["message"]


class Meets(ChatModel):
    """Answers only when two calls are there at once."""

    def load_context(self, context: Any) -> None:
        self.barrier = threading.Barrier(2)

    def predict(self, context: Any, messages: Any, params: Any) -> Any:
        if not is_trial(messages):
            self.barrier.wait(WAIT_S)
        return answer_of("met")


def test_calls_run_side_by_side() -> None:
    assert [reply.status for reply in asked(opened(Meets()), ASK, ASK).replies.values()] == [200, 200]


class Endless(ChatModel):
    def predict(self, context: Any, messages: Any, params: Any) -> Any:
        return answer_of("never asked")

    def predict_stream(self, context: Any, messages: Any, params: Any) -> Iterator[Any]:
        while True:
            time.sleep(0.001)
            yield ChatCompletionChunk(choices=[ChatChunkChoice(delta=ChatChoiceDelta(content="on"))])


def test_a_stream_that_nobody_reads_ends() -> None:
    host, emit = opened(Endless()), Answered()
    try:
        host.take([STREAM], emit)
        until(lambda: emit.parts.get(0))
        host.cancel(0)
        until(lambda: 0 in emit.replies)
    finally:
        host.close()
    host.cancel(0)


def test_calls_past_their_deadline_dont_begin() -> None:
    [reply] = asked(opened(Shouts()), call({"messages": MESSAGES}, "chat", in_s=-1)).replies.values()
    assert reply.status == 504


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        ("text", "text"),
        (["text"], "text"),
        ({"content": "text"}, "text"),
        ({"a": 1}, '{"a": 1}'),
        (pd.DataFrame({"a": [1]}), '{"a": 1}'),
        (["one", "two"], '["one", "two"]'),
        ({"choices": [{"message": {"content": "given"}}], "id": None}, "given"),
        ({"messages": []}, None),
        ({"output": []}, ""),
    ],
)
def test_any_answer_becomes_a_completion(answer: Any, content: str | None) -> None:
    made = completion(answer, "bot")
    assert made["choices"][0]["message"].get("content") == content
    assert made["id"].startswith("chatcmpl-")


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ("a", "a"),
        ({"delta": {"role": "assistant", "content": "b", "id": "1"}}, "b"),
        ({"content": "c"}, "c"),
        ({"delta": "d"}, "d"),
        ({"type": "response.created"}, None),
        ({"type": "response.output_item.done", "item": {"type": "reasoning"}}, None),
        (
            {
                "type": "response.output_item.done",
                "item": {"type": "message", "content": [{"type": "output_text", "text": "e"}]},
            },
            "e",
        ),
    ],
)
def test_any_piece_becomes_a_chunk(piece: Any, text: str | None) -> None:
    made = Chunks("bot").of(piece)
    assert text_of(made) == (text or "")
    assert bool(made) is (text is not None)


def test_usage_is_counted_in_both_ways() -> None:
    usage = usage_of({"usage": {"input_tokens": 2, "output_tokens": 3}})
    assert usage is not None
    assert (usage.prompt, usage.completion) == (2, 3)
    assert usage_of({"usage": {}}) is None
    assert usage_of("text") is None
    answer = completion({"output": [], "usage": {"input_tokens": 2, "output_tokens": 3}}, "bot")
    assert answer["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


class Continues(pyfunc.PythonModel):
    """Says the words of a prompt backwards."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> str:
        return " ".join(reversed(model_input["prompt"][0].split()))

    def predict_stream(self, context: Any, model_input: Any, params: Any = None) -> Iterator[str]:
        for word in reversed(model_input["prompt"][0].split()):
            yield f"{word} "


def continued(body: Any, kind: Kind = "completions") -> Answered:
    signature = ModelSignature(Schema([ColSpec("string", "prompt")]), Schema([ColSpec("string")]))
    host = opened(Continues(), signature=signature)
    assert host.facts.kinds == ["completions", "invocations"]
    return asked(host, call(body, kind))


def reply_of(emit: Answered) -> tuple[int, Any]:
    return emit.replies[0].status, json.loads(emit.replies[0].body)


def test_a_prompt_is_continued() -> None:
    status, said = reply_of(continued({"prompt": "b c a", "max_tokens": 5, "model": "m"}))
    assert (status, said["object"], said["model"]) == (200, "text_completion", "bot")
    assert said["choices"] == [{"index": 0, "text": "a c b", "finish_reason": "stop"}]


def test_what_follows_a_prompt_is_streamed() -> None:
    chunks = events(continued({"prompt": ["b c a"], "stream": True}))
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == "a c b "
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, "stop"]
    assert len({chunk["id"] for chunk in chunks}) == 1


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"prompt": "b a"}, "a b"),
        ({"dataframe_split": {"columns": ["prompt"], "data": [["b a"]]}}, {"predictions": "a b"}),
    ],
)
def test_invocations_of_a_model_that_takes_prompts_are_as_of_others(body: Any, answer: Any) -> None:
    assert reply_of(continued(body, "invocations")) == (200, answer)


@pytest.mark.parametrize("prompt", [None, 5, [], ["a", "b"], [[1, 2]]])
def test_what_is_no_prompt_is_refused(prompt: Any) -> None:
    status, said = reply_of(continued({"prompt": prompt}))
    assert status == 400
    assert "prompt" in said["error"]["message"]
