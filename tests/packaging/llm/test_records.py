from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import InvalidValue
from headrace.packaging.llm import chat, messages, signatures
from headrace.packaging.llm.task import CHAT, COMPLETIONS, EMBEDDINGS

THEIRS = json.loads(Path(__file__).with_name("mlflow_types.json").read_text(encoding="utf-8"))


def record(name: str) -> Any:
    return getattr(chat, name, None) or getattr(messages, name)


@pytest.mark.parametrize("name", THEIRS["fields"])
def test_records_have_mlflows_fields_and_defaults_in_order(name: str) -> None:
    ours = {
        field.name: ("required" if field.default_factory is dataclasses.MISSING else "made")
        if field.default is dataclasses.MISSING
        else repr(field.default)
        for field in dataclasses.fields(record(name))
    }
    assert list(ours.items()) == list(THEIRS["fields"][name].items())


@pytest.mark.parametrize("name", THEIRS["schemas"])
def test_schemas_are_mlflows(name: str) -> None:
    assert getattr(signatures, name).to_dict() == THEIRS["schemas"][name]


@pytest.mark.parametrize("task", [CHAT, COMPLETIONS, EMBEDDINGS])
def test_task_signatures_have_every_column_of_mlflows_and_no_other_required_one(task: str) -> None:
    theirs = {
        CHAT: "CHAT_MODEL_INPUT_SCHEMA",
        COMPLETIONS: "COMPLETIONS_MODEL_INPUT_SCHEMA",
        EMBEDDINGS: "EMBEDDING_MODEL_INPUT_SCHEMA",
    }
    columns = signatures.task_signature(task).inputs.to_dict()
    beside = [column for column in columns if column not in THEIRS["schemas"][theirs[task]]]
    assert len(columns) - len(beside) == len(THEIRS["schemas"][theirs[task]])
    assert not any(column["required"] for column in beside)


def test_unknown_task_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"llm/v2/chat.*tasks are llm/v1/chat, llm/v1/completions"):
        signatures.task_signature("llm/v2/chat")


def test_an_answer_goes_to_a_dict_and_back() -> None:
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "phi3",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "custom_outputs": {"seen": [1, {"deep": None}]},
    }
    read = chat.ChatCompletionResponse.from_dict(answer)
    assert read.choices[0].message.tool_calls == [
        messages.ToolCall(id="1", function=messages.FunctionToolCallArguments("f", "{}"))
    ]
    assert read.to_dict() == answer


def test_fields_that_a_record_lacks_are_left_out() -> None:
    assert chat.TokenUsageStats.from_dict({"prompt_tokens": 1, "cached": 2}).to_dict() == {"prompt_tokens": 1}


def test_numbers_are_taken_as_what_their_field_holds() -> None:
    params = chat.ChatParams(temperature=1, max_tokens=16.0)  # type: ignore[arg-type]
    assert params.to_dict() == {"temperature": 1.0, "max_tokens": 16, "n": 1, "stream": False}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: messages.ChatMessage(role="user"), "`content` must be given where"),
        (lambda: messages.ChatMessage(role=1, content="x"), "`role` must be a string, got 1"),  # type: ignore[arg-type]
        (lambda: messages.ChatMessage("a", "said", refusal="no"), "`refusal` must be left out"),
        (lambda: messages.ChatMessage.from_dict({"content": "x"}), "`role` must be given in a ChatMessage"),
        (lambda: chat.ChatChoice(message="hi"), "`message` must be a ChatMessage or a mapping"),  # type: ignore[arg-type]
        (lambda: chat.ChatParams(n=1.5), "`n` must be an integer, got 1.5"),  # type: ignore[arg-type]
        (lambda: chat.ChatParams(stream=1), "`stream` must be true or false, got 1"),  # type: ignore[arg-type]
        (lambda: chat.ChatParams(stop=["a", 1]), r"`stop\[1\]` must be a string, got 1"),  # type: ignore[list-item]
        (lambda: messages.ParamType(type="date"), "`type` must be one of 'string', 'number'"),  # type: ignore[arg-type]
    ],
)
def test_what_does_not_fit_is_refused_by_field(make: Any, sentence: str) -> None:
    with pytest.raises(InvalidValue, match=sentence):
        make()
    with pytest.raises(ValueError):
        make()
