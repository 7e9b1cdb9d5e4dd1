"""Requests, answers and events of a ResponsesAgent: OpenAI's Responses API, as `mlflow.types.responses` names it.
Needs pydantic. What kinds of item and event there are changes with the API: unknown ones pass through."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from headrace.packaging.pyfunc.agent_types import ChatContext


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: str


class Content(_Open):
    """Part of an output message: output_text, refusal."""

    @model_validator(mode="after")
    def _is_whole(self) -> Content:
        return _checked(self, {"output_text": ResponseOutputText, "refusal": ResponseOutputRefusal})


class Annotation(_Open):
    pass


class Tool(_Open):
    @model_validator(mode="after")
    def _is_whole(self) -> Tool:
        return _checked(self, {"function": FunctionTool})


class OutputItem(_Open):
    """message, function_call, function_call_output, reasoning and others."""

    @model_validator(mode="after")
    def _is_whole(self) -> OutputItem:
        return _checked(
            self,
            {
                "message": ResponseOutputMessage,
                "function_call": ResponseFunctionToolCall,
                "function_call_output": FunctionCallOutput,
                "reasoning": ResponseReasoningItem,
            },
        )


_T = TypeVar("_T", bound=_Open)


def _checked(value: _T, kinds: dict[str, type[BaseModel]]) -> _T:
    """A kind that is known has all that it needs."""
    kind = kinds.get(value.type)
    if kind is not None:
        kind.model_validate(value.model_dump())
    return value


class ResponseOutputText(BaseModel):
    text: str
    annotations: list[Annotation] = Field(default_factory=list)
    type: str = "output_text"


class ResponseOutputRefusal(BaseModel):
    refusal: str
    type: str = "refusal"


class ResponseOutputMessage(BaseModel):
    id: str
    content: list[Content]
    role: str = "assistant"
    type: str = "message"
    status: str | None = None


class ResponseFunctionToolCall(BaseModel):
    arguments: str
    call_id: str
    name: str
    type: str = "function_call"
    id: str | None = None
    status: str | None = None


class FunctionCallOutput(BaseModel):
    call_id: str
    output: str | list[dict[str, Any]]
    type: str = "function_call_output"
    status: str | None = None


class Summary(BaseModel):
    text: str
    type: str = "summary_text"


class ResponseReasoningItem(BaseModel):
    id: str
    summary: list[Summary]
    type: str = "reasoning"
    status: str | None = None


class FunctionTool(BaseModel):
    name: str
    parameters: dict[str, Any]
    strict: bool | None = None
    type: str = "function"
    description: str | None = None


class ToolChoiceFunction(BaseModel):
    name: str
    type: str = "function"


class ReasoningParams(BaseModel):
    effort: str | None = None
    generate_summary: str | None = None


class ResponseError(BaseModel):
    message: str
    code: str | None = None


class IncompleteDetails(BaseModel):
    reason: str | None = None


class InputTokensDetails(BaseModel):
    cached_tokens: int


class OutputTokensDetails(BaseModel):
    reasoning_tokens: int


class ResponseUsage(BaseModel):
    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int


class Message(BaseModel):
    """Of the input: content is text, or OpenAI's parts."""

    content: str | list[dict[str, Any]]
    role: str
    type: str = "message"
    status: str | None = None


class ResponsesAgentRequest(BaseModel):
    input: list[Message | OutputItem]
    tool_choice: str | ToolChoiceFunction | None = None
    truncation: str | None = None
    max_output_tokens: int | None = None
    metadata: dict[str, str] | None = None
    parallel_tool_calls: bool | None = None
    tools: list[Tool] | None = None
    reasoning: ReasoningParams | None = None
    store: bool | None = None
    stream: bool | None = None
    temperature: float | None = None
    text: Any | None = None
    top_p: float | None = None
    user: str | None = None
    background: bool | None = None
    custom_inputs: dict[str, Any] | None = None
    context: ChatContext | None = None


class Response(BaseModel):
    output: list[OutputItem]
    tool_choice: str | ToolChoiceFunction | None = None
    truncation: str | None = None
    id: str | None = None
    created_at: float | None = None
    error: ResponseError | None = None
    incomplete_details: IncompleteDetails | None = None
    instructions: str | None = None
    metadata: dict[str, str] | None = None
    model: str | None = None
    object: str = "response"
    parallel_tool_calls: bool | None = None
    temperature: float | None = None
    tools: list[Tool] | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    previous_response_id: str | None = None
    reasoning: ReasoningParams | None = None
    status: str | None = None
    text: Any | None = None
    usage: ResponseUsage | None = None
    user: str | None = None


class ResponsesAgentResponse(Response):
    custom_outputs: dict[str, Any] | None = None


class ResponseTextDeltaEvent(BaseModel):
    delta: str
    item_id: str
    content_index: int | None = None
    output_index: int | None = None
    type: str = "response.output_text.delta"


class ResponseOutputItemDoneEvent(BaseModel):
    item: OutputItem
    output_index: int | None = None
    type: str = "response.output_item.done"


class ResponseTextAnnotationDeltaEvent(BaseModel):
    annotation: Annotation
    annotation_index: int
    item_id: str
    content_index: int | None = None
    output_index: int | None = None
    type: str = "response.output_text.annotation.added"


class ResponseErrorEvent(BaseModel):
    message: str
    code: str | None = None
    param: str | None = None
    type: str = "error"


class ResponseCompletedEvent(BaseModel):
    response: Response
    type: str = "response.completed"


class ResponsesAgentStreamEvent(_Open):
    custom_outputs: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> ResponsesAgentStreamEvent:
        return _checked(
            self,
            {
                "response.output_item.done": ResponseOutputItemDoneEvent,
                "response.output_text.delta": ResponseTextDeltaEvent,
                "response.output_text.annotation.added": ResponseTextAnnotationDeltaEvent,
                "response.completed": ResponseCompletedEvent,
                "error": ResponseErrorEvent,
            },
        )
