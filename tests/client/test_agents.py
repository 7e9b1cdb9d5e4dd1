from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import headrace as mlflow
from headrace.errors import InvalidValue, UserCodeError
from headrace.models import infer_signature
from headrace.packaging.save import ExampleFails
from headrace.types.agent import ChatAgentChunk, ChatAgentMessage, ChatAgentResponse, ChatContext
from headrace.types.llm import (
    ChatChoice,
    ChatChoiceDelta,
    ChatChunkChoice,
    ChatCompletionChunk,
    ChatCompletionResponse,
    ChatMessage,
    ChatParams,
)
from headrace.types.responses import ResponsesAgentRequest, ResponsesAgentResponse, ResponsesAgentStreamEvent

ASK = {"messages": [{"role": "user", "content": "abc"}]}


class Reverses(mlflow.pyfunc.ChatModel):
    def predict(self, context: Any, messages: list[ChatMessage], params: ChatParams) -> ChatCompletionResponse:
        text = str(messages[-1].content)[::-1][: params.max_tokens]
        choice = ChatChoice(index=0, message=ChatMessage(role="assistant", content=text), finish_reason="stop")
        return ChatCompletionResponse(choices=[choice], model="reverses")

    def predict_stream(self, context: Any, messages: list[ChatMessage], params: ChatParams) -> Iterator[Any]:
        for letter in str(messages[-1].content)[::-1]:
            yield ChatCompletionChunk(choices=[ChatChunkChoice(delta=ChatChoiceDelta(content=letter))])


class WithoutContext(mlflow.pyfunc.ChatModel):
    def predict(self, messages: list[ChatMessage], params: ChatParams) -> Any:  # type: ignore[override]
        return Reverses().predict(None, messages, params)


def said(answer: dict[str, Any]) -> str:
    return str(answer["choices"][0]["message"]["content"])


@pytest.mark.parametrize("kind", [Reverses, WithoutContext])
def test_chat_model_speaks_chat_completions(kind: Any) -> None:
    mlflow.pyfunc.save_model("m", python_model=kind())
    loaded = mlflow.pyfunc.load_model("m")
    assert said(loaded.predict(ASK)) == "cba"
    assert said(loaded.predict({**ASK, "max_tokens": 2})) == "cb"
    assert said(loaded.predict(pd.DataFrame([ASK]))) == "cba"
    assert loaded.metadata.metadata == {"task": "agent/v1/chat"}
    assert loaded.metadata.signature.inputs.required_input_names() == ["messages"]
    assert loaded.loader_module == "mlflow.pyfunc.loaders.chat_model"


def test_chat_model_streams() -> None:
    mlflow.pyfunc.save_model("m", python_model=Reverses())
    pieces = list(mlflow.pyfunc.load_model("m").predict_stream(ASK))
    assert "".join(piece["choices"][0]["delta"]["content"] for piece in pieces) == "cba"


def test_each_row_of_a_frame_is_answered() -> None:
    mlflow.pyfunc.save_model("m", python_model=Reverses())
    rows = pd.DataFrame([ASK, {"messages": [{"role": "user", "content": "xy"}]}])
    assert [said(answer) for answer in mlflow.pyfunc.load_model("m").predict(rows)] == ["cba", "yx"]


def test_signature_of_a_protocol_is_not_the_users_to_give() -> None:
    with pytest.raises(InvalidValue, match="has the one of its protocol; leave it out"):
        mlflow.pyfunc.save_model("m", python_model=Reverses(), signature=infer_signature(["a"], ["b"]))


class Wrong(mlflow.pyfunc.ChatModel):
    def predict(self, context: Any, messages: list[ChatMessage], params: ChatParams) -> Any:
        return "text"


def test_answer_of_another_kind_is_told_when_the_model_is_saved() -> None:
    with pytest.warns(ExampleFails, match="must return a ChatCompletionResponse, not a str"):
        mlflow.pyfunc.save_model("m", python_model=Wrong())
    with pytest.raises(UserCodeError, match="Wrong must return a ChatCompletionResponse"):
        mlflow.pyfunc.load_model("m").predict(ASK)


class Agent(mlflow.pyfunc.ChatAgent):
    def predict(
        self,
        messages: list[ChatAgentMessage],
        context: ChatContext | None = None,
        custom_inputs: dict[str, Any] | None = None,
    ) -> ChatAgentResponse:
        text = f"{messages[-1].content} {context.user_id if context else None} {custom_inputs}"
        return ChatAgentResponse(messages=[ChatAgentMessage(role="assistant", content=text, id="1")])

    def predict_stream(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Iterator[Any]:
        for letter in messages[-1].content:
            yield ChatAgentChunk(delta=ChatAgentMessage(role="assistant", content=letter, id="1"))


def test_chat_agent_gets_messages_context_and_custom_inputs() -> None:
    mlflow.pyfunc.save_model("m", python_model=Agent())
    loaded = mlflow.pyfunc.load_model("m")
    request = {**ASK, "context": {"user_id": "u"}, "custom_inputs": {"k": 1}}
    assert loaded.predict(request)["messages"][0]["content"] == "abc u {'k': 1}"
    assert [piece["delta"]["content"] for piece in loaded.predict_stream(ASK)] == ["a", "b", "c"]
    assert loaded.metadata.metadata == {"task": "agent/v2/chat"}


def test_request_that_is_none_says_why() -> None:
    mlflow.pyfunc.save_model("m", python_model=Agent())
    with pytest.raises(InvalidValue, match=r"isn't a ChatAgentRequest[\s\S]*content or tool_calls"):
        mlflow.pyfunc.load_model("m").predict({"messages": [{"role": "user"}]})


class Responds(mlflow.pyfunc.ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        items = [event.item for event in self.predict_stream(request) if event.type == "response.output_item.done"]
        return ResponsesAgentResponse(output=items, custom_outputs=request.custom_inputs)

    def predict_stream(self, request: ResponsesAgentRequest) -> Iterator[Any]:
        text = str(request.input[-1].content)
        for letter in text:
            yield ResponsesAgentStreamEvent(**self.create_text_delta(letter, "1"))
        item = self.create_text_output_item(text, "1")
        yield ResponsesAgentStreamEvent(type="response.output_item.done", item=item)


def test_responses_agent_speaks_responses() -> None:
    mlflow.pyfunc.save_model("m", python_model=Responds())
    loaded = mlflow.pyfunc.load_model("m")
    request = {"input": [{"role": "user", "content": "hey"}], "custom_inputs": {"k": 1}}
    answer = loaded.predict(request)
    assert answer["output"][0]["content"][0]["text"] == "hey"
    assert answer["custom_outputs"] == {"k": 1}
    assert [event["type"] for event in loaded.predict_stream(request)] == [
        *["response.output_text.delta"] * 3, "response.output_item.done",
    ]  # fmt: skip
    assert loaded.metadata.metadata == {"task": "agent/v1/responses"}
    assert "pydantic" in Path("m/requirements.txt").read_text()


def test_item_that_lacks_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="content"):
        ResponsesAgentResponse(output=[{"type": "message", "id": "1", "role": "assistant"}])
    assert ResponsesAgentResponse(output=[{"type": "of_tomorrow", "x": 1}]).output[0].type == "of_tomorrow"
