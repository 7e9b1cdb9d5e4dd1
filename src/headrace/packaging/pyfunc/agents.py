"""PythonModels that speak a chat's protocol, as saved and loaded models: what is fixed for each, and its wrapper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from headrace.errors import InvalidValue, UserCodeError
from headrace.lazy import optional_import
from headrace.packaging import hints
from headrace.packaging.draft import Draft
from headrace.packaging.llm.chat import ChatCompletionChunk, ChatCompletionResponse, ChatParams
from headrace.packaging.llm.messages import ChatMessage
from headrace.packaging.llm.rows import rows_of
from headrace.packaging.llm.signatures import CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA
from headrace.packaging.pyfunc.chats import ChatAgent, ChatModel, ResponsesAgent
from headrace.packaging.pyfunc.model import FunctionModel, PythonModel, PythonModelContext, streams, takes
from headrace.packaging.pyfunc.wrapper import PythonModelWrapper
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.signature import ModelSignature
from headrace.packaging.types import Object

_KINDS = {ChatModel: "chat_model", ChatAgent: "chat_agent", ResponsesAgent: "responses_agent"}
_TASKS = {"chat_model": "agent/v1/chat", "chat_agent": "agent/v2/chat", "responses_agent": "agent/v1/responses"}
PLAIN_LOADER = "mlflow.pyfunc.model"


def kind_of(model: object) -> str | None:
    return next((kind for base, kind in _KINDS.items() if isinstance(model, base)), None)


def loader_module_of(model: PythonModel) -> str:
    kind = kind_of(model)
    return f"mlflow.pyfunc.loaders.{kind}" if kind else PLAIN_LOADER


def as_python_model(model: Any) -> Any:
    """What set_model gave: functions are models, too."""
    return FunctionModel(model) if callable(model) and not isinstance(model, PythonModel) else model


def example_for(model: Any) -> dict[str, Any] | None:
    """What a model of this protocol is tried with, where its user gave no example."""
    kind = kind_of(model)
    if kind is None:
        return None
    return {"input" if kind == "responses_agent" else "messages": [{"role": "user", "content": "Hello!"}]}


def prepare_agent(model: PythonModel, draft: Draft) -> None:
    """The signature and task that the protocol fixes."""
    kind = kind_of(model)
    if kind is None:
        return
    if draft.signature is not None:
        raise InvalidValue("signature", "given", f"a {type(model).__name__} has the one of its protocol; leave it out.")
    draft.signature = _signature(kind)
    draft.model.metadata = {**(draft.model.metadata or {}), "task": _TASKS[kind]}
    if kind != "chat_model":
        draft.require("pydantic")


def wrapper_for(model: PythonModel, context: PythonModelContext) -> Any:
    kind = kind_of(model)
    if kind is None:
        return PythonModelWrapper(model, context)
    return {"chat_model": _ChatModel, "chat_agent": _ChatAgent, "responses_agent": _Responses}[kind](model, context)


def _signature(kind: str) -> ModelSignature:
    if kind == "chat_model":
        return ModelSignature(CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA)
    optional_import("pydantic", why="agents are described by its classes")
    if kind == "chat_agent":
        from headrace.packaging.pyfunc import agent_types

        return ModelSignature(_columns(agent_types.ChatAgentRequest), _columns(agent_types.ChatAgentResponse))
    from headrace.packaging.pyfunc import responses

    answer, _ = hints.type_of_hint(responses.ResponsesAgentResponse)
    return ModelSignature(_columns(responses.ResponsesAgentRequest), Schema([ColSpec(answer)]))


def _columns(record: type) -> Schema:
    """The fields of a pydantic class, a column each."""
    described, _ = hints.type_of_hint(record)
    assert isinstance(described, Object)
    return Schema([ColSpec(each.dtype, each.name, each.required) for each in described.properties])


class _Wrapper:
    """One request a row. Requests are checked by the protocol's own classes, which know more than a schema."""

    checks_own_input = True
    _text_field = "messages"

    def __init__(self, python_model: Any, context: PythonModelContext) -> None:
        self.python_model, self.context = python_model, context
        if streams(python_model):
            self.predict_stream = self._stream

    def get_raw_model(self) -> Any:
        return self.python_model

    def predict(self, model_input: Any) -> Any:
        answers = [self._answer(request) for request in rows_of(model_input, self._text_field)]
        return answers[0] if len(answers) == 1 else answers

    def _stream(self, model_input: Any) -> Iterator[Any]:
        requests = rows_of(model_input, self._text_field)
        if len(requests) != 1:
            raise InvalidValue("model_input", f"{len(requests)} requests", "a stream answers exactly one.")
        return self._pieces(requests[0])

    def _answer(self, request: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _pieces(self, request: dict[str, Any]) -> Iterator[Any]:
        raise NotImplementedError


class _ChatModel(_Wrapper):
    def _answer(self, request: dict[str, Any]) -> Any:
        return self._as_dict(self._called(self.python_model.predict, request), ChatCompletionResponse)

    def _pieces(self, request: dict[str, Any]) -> Iterator[Any]:
        for piece in self._called(self.python_model.predict_stream, request):
            yield self._as_dict(piece, ChatCompletionChunk)

    def _called(self, method: Callable[..., Any], request: dict[str, Any]) -> Any:
        messages = [ChatMessage.from_dict(message) for message in request.get("messages", ())]
        params = ChatParams.from_dict({key: value for key, value in request.items() if key != "messages"})
        return method(self.context, messages, params) if takes(method, "context") else method(messages, params)

    def _as_dict(self, answer: Any, kind: type) -> Any:
        if not isinstance(answer, kind):
            raise UserCodeError(
                f"{type(self.python_model).__name__} must return a {kind.__name__}, not a {type(answer).__name__}.",
                "BAD_REQUEST",
            )
        return answer.to_dict()  # type: ignore[attr-defined]


class _Pydantic(_Wrapper):
    def _valid(self, kind: Any, value: Any) -> Any:
        """An answer as a dict, if it is one of the kind."""
        if isinstance(value, kind):
            return value.model_dump(exclude_none=True)
        try:
            kind.model_validate(value)
        except ValueError as error:
            raise UserCodeError(
                f"{type(self.python_model).__name__} must return a {kind.__name__}, or a dict that is one: {error}",
                "BAD_REQUEST",
            ) from error
        return value

    def _request(self, kind: Any, value: dict[str, Any]) -> Any:
        try:
            return kind.model_validate(value)
        except ValueError as error:
            raise InvalidValue(message=f"The request isn't a {kind.__name__}: {error}") from error


class _ChatAgent(_Pydantic):
    def _answer(self, request: dict[str, Any]) -> Any:
        from headrace.packaging.pyfunc.agent_types import ChatAgentResponse

        return self._valid(ChatAgentResponse, self.python_model.predict(*self._arguments(request)))

    def _pieces(self, request: dict[str, Any]) -> Iterator[Any]:
        from headrace.packaging.pyfunc.agent_types import ChatAgentChunk

        for piece in self.python_model.predict_stream(*self._arguments(request)):
            yield self._valid(ChatAgentChunk, piece)

    def _arguments(self, request: dict[str, Any]) -> tuple[Any, ...]:
        from headrace.packaging.pyfunc.agent_types import ChatAgentRequest

        asked = self._request(ChatAgentRequest, request)
        return asked.messages, asked.context, asked.custom_inputs


class _Responses(_Pydantic):
    _text_field = "input"

    def _answer(self, request: dict[str, Any]) -> Any:
        from headrace.packaging.pyfunc.responses import ResponsesAgentRequest, ResponsesAgentResponse

        asked = self._request(ResponsesAgentRequest, request)
        return self._valid(ResponsesAgentResponse, self.python_model.predict(asked))

    def _pieces(self, request: dict[str, Any]) -> Iterator[Any]:
        from headrace.packaging.pyfunc.responses import ResponsesAgentRequest, ResponsesAgentStreamEvent

        asked = self._request(ResponsesAgentRequest, request)
        for piece in self.python_model.predict_stream(asked):
            yield self._valid(ResponsesAgentStreamEvent, piece)
