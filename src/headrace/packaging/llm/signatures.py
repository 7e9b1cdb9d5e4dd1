"""Signatures of the tasks: MLflow's schemas by MLflow's names, and what we offer beside them.

The task signatures have every column of MLflow's plus those that our tasks also honour (`seed`; for completions the
sampling options that MLflow's chats have).
"""

from __future__ import annotations

from headrace.errors import InvalidValue
from headrace.packaging.llm.task import CHAT, COMPLETIONS, EMBEDDINGS
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.signature import ModelSignature
from headrace.packaging.types import AnyType, Array, DataType, Map, Object, Property

TASKS = (CHAT, COMPLETIONS, EMBEDDINGS)

_LONG, _DOUBLE, _STRING, _BOOLEAN = DataType.long, DataType.double, DataType.string, DataType.boolean


def _optional(name: str, kind: object) -> Property:
    return Property(name, kind, False)  # type: ignore[arg-type]


_TOOL_CALLS = Array(
    Object(
        [
            Property("id", _STRING),
            Property("type", _STRING),
            Property("function", Object([Property("name", _STRING), Property("arguments", _STRING)])),
        ]
    )
)
_MESSAGE = Object(
    [
        Property("role", _STRING),
        _optional("content", _STRING),
        _optional("name", _STRING),
        _optional("refusal", _STRING),
        _optional("tool_calls", _TOOL_CALLS),
        _optional("tool_call_id", _STRING),
    ]
)
_TOOL_PARAMETER = Object(
    [
        Property("type", _STRING),
        _optional("description", _STRING),
        _optional("enum", Array(_STRING)),
        _optional("items", Object([Property("type", _STRING)])),
    ]
)
_TOOL_PARAMETERS = Object(
    [
        Property("properties", Map(_TOOL_PARAMETER)),
        _optional("type", _STRING),
        _optional("required", Array(_STRING)),
        _optional("additionalProperties", _BOOLEAN),
    ]
)
_TOOL_FUNCTION = Object(
    [
        Property("name", _STRING),
        _optional("description", _STRING),
        Property("parameters", _TOOL_PARAMETERS),
        _optional("strict", _BOOLEAN),
    ]
)
_TOOLS = Array(Object([Property("type", _STRING), _optional("function", _TOOL_FUNCTION)]))
_USAGE = Object([Property(name, _LONG) for name in ("prompt_tokens", "completion_tokens", "total_tokens")])


def _options(**columns: object) -> list[ColSpec]:
    return [ColSpec(kind, name, False) for name, kind in columns.items()]  # type: ignore[arg-type]


_BASIC_OPTIONS = _options(temperature=_DOUBLE, max_tokens=_LONG, stop=Array(_STRING), n=_LONG, stream=_BOOLEAN)
_SAMPLING_OPTIONS = _options(top_p=_DOUBLE, top_k=_LONG, frequency_penalty=_DOUBLE, presence_penalty=_DOUBLE)
_SEED = _options(seed=_LONG)
_ANSWER_HEAD = [
    ColSpec(_STRING, "id"),
    ColSpec(_STRING, "object"),
    ColSpec(_LONG, "created"),
    ColSpec(_STRING, "model"),
]


def _choices(name: str, kind: object) -> ColSpec:
    said = Property(name, kind)  # type: ignore[arg-type]
    return ColSpec(Array(Object([Property("index", _LONG), said, Property("finish_reason", _STRING)])), "choices")


CHAT_MODEL_INPUT_SCHEMA = Schema(
    [
        ColSpec(Array(_MESSAGE), "messages"),
        *_BASIC_OPTIONS,
        *_SAMPLING_OPTIONS,
        *_options(tools=_TOOLS, custom_inputs=Map(AnyType())),
    ]
)
CHAT_MODEL_OUTPUT_SCHEMA = Schema(
    [
        *_ANSWER_HEAD,
        _choices("message", _MESSAGE),
        ColSpec(_USAGE, "usage", False),
        *_options(custom_outputs=Map(AnyType())),
    ]
)
CHAT_MODEL_INPUT_EXAMPLE = {
    "messages": [{"role": "user", "content": "Hello!"}],
    "temperature": 1.0,
    "max_tokens": 10,
    "stop": ["\n"],
    "n": 1,
    "stream": False,
}
COMPLETIONS_MODEL_INPUT_SCHEMA = Schema([ColSpec(_STRING, "prompt"), *_BASIC_OPTIONS])
COMPLETIONS_MODEL_OUTPUT_SCHEMA = Schema([*_ANSWER_HEAD, _choices("text", _STRING), ColSpec(_USAGE, "usage")])
EMBEDDING_MODEL_INPUT_SCHEMA = Schema([ColSpec(_STRING, "input")])
EMBEDDING_MODEL_OUTPUT_SCHEMA = Schema(
    [
        ColSpec(_STRING, "object"),
        ColSpec(
            Array(
                Object([Property("index", _LONG), Property("object", _STRING), Property("embedding", Array(_DOUBLE))])
            ),
            "data",
        ),
        ColSpec(Object([Property("prompt_tokens", _LONG), Property("total_tokens", _LONG)]), "usage"),
    ]
)


def task_signature(task: str) -> ModelSignature:
    """InvalidValue for a task that isn't one of `TASKS`."""
    if task == CHAT:
        return ModelSignature(Schema([*CHAT_MODEL_INPUT_SCHEMA.inputs, *_SEED]), CHAT_MODEL_OUTPUT_SCHEMA)
    if task == COMPLETIONS:
        inputs = Schema([*COMPLETIONS_MODEL_INPUT_SCHEMA.inputs, *_SAMPLING_OPTIONS, *_SEED])
        return ModelSignature(inputs, COMPLETIONS_MODEL_OUTPUT_SCHEMA)
    if task == EMBEDDINGS:
        return ModelSignature(EMBEDDING_MODEL_INPUT_SCHEMA, EMBEDDING_MODEL_OUTPUT_SCHEMA)
    raise InvalidValue("task", task, f"tasks are {', '.join(TASKS)}")
