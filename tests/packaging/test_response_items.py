"""Expected values are what MLflow 3.17.2 answers, but where a comment says otherwise."""

from __future__ import annotations

from typing import Any

import pytest

import headrace as mlflow
from headrace.types.responses import (
    ResponsesAgentRequest,
    create_annotation_added,
    create_function_call_item,
    create_function_call_output_item,
    create_reasoning_item,
    create_text_output_item,
    output_to_responses_items_stream,
    responses_to_cc,
    to_chat_completions_input,
)

CALL = {"id": "c1", "type": "function", "function": {"name": "fn", "arguments": "{}"}}
MESSAGES: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({"role": "user", "content": "hi", "id": "z", "status": None}, [{"role": "user", "content": "hi"}]),
    ({"type": "message", "role": "user", "content": "x"}, [{"role": "user", "content": "x"}]),
    (
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text} for text in "ab"]},
        [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
    ),
    (create_text_output_item("ans", "id1"), [{"role": "assistant", "content": "ans"}]),
    (
        create_reasoning_item("r1", "think"),
        [{"role": "assistant", "content": '[{"type": "summary_text", "text": "think"}]'}],
    ),
    (
        create_function_call_item("f1", "c1", "fn", "{}"),
        [{"role": "assistant", "content": "tool call", "tool_calls": [CALL]}],
    ),
    (
        create_function_call_output_item("c1", "out"),
        [{"role": "tool", "content": "out", "tool_call_id": "c1"}],
    ),
    (
        {"type": "mcp_approval_request", "id": "c1", "name": "fn", "server_label": "s", "arguments": "{}"},
        [{"role": "assistant", "content": "mcp approval request", "tool_calls": [CALL]}],
    ),
    (
        {"type": "mcp_approval_response", "approval_request_id": "q", "approve": True},
        [{"role": "tool", "content": "True", "tool_call_id": "q"}],
    ),
    ({"type": "web_search", "id": "r"}, []),
    # MLflow raises KeyError on the next two.
    ({"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "u"}]}, []),
    (
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        [{"role": "assistant", "content": "no"}],
    ),
]


@pytest.mark.parametrize(("item", "messages"), MESSAGES, ids=[str(place) for place in range(len(MESSAGES))])
def test_items_become_messages_of_a_chat(item: dict[str, Any], messages: list[dict[str, Any]]) -> None:
    assert responses_to_cc(item) == messages


def test_input_of_a_request_becomes_messages() -> None:
    given = [{"role": "user", "content": "hi"}, create_function_call_output_item("c1", "out")]
    request = ResponsesAgentRequest(input=given)
    expected = [{"role": "user", "content": "hi"}, {"role": "tool", "content": "out", "tool_call_id": "c1"}]
    assert to_chat_completions_input(given) == to_chat_completions_input(request.input) == expected
    assert mlflow.pyfunc.ResponsesAgent.prep_msgs_for_cc_llm(given) == expected


def test_annotations_are_events() -> None:
    assert create_annotation_added("i", {"a": 1}, 1) == {
        "type": "response.output_text.annotation.added", "item_id": "i", "annotation_index": 1, "annotation": {"a": 1},
    }  # fmt: skip


def chunk(id: str, **delta: Any) -> dict[str, Any]:
    return {"id": id, "choices": [{"index": 0, "delta": delta}]}


def events(*chunks: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    items: list[dict[str, Any]] = []
    return [event.model_dump(exclude_none=True) for event in output_to_responses_items_stream(chunks, items)], items


def done(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.done", "item": item}


def text(delta: str, id: str) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "item_id": id, "delta": delta}


def test_streamed_text_is_told_in_pieces_and_as_a_whole() -> None:
    said, items = events(
        chunk("x", role="assistant", content="Hel"), chunk("x", content="lo"), chunk("x"), {"id": "x", "choices": []}
    )
    whole = create_text_output_item("Hello", "x")
    assert said == [text("Hel", "x"), text("lo", "x"), done(whole)]
    assert items == [whole]
    assert events() == ([], [])


def test_streamed_calls_are_put_together() -> None:
    first = {"index": 0, "id": "c1", "type": "function", "function": {"name": "fn", "arguments": '{"a"'}}
    said, items = events(
        chunk("y", content="look "),
        chunk("y", tool_calls=[first]),
        chunk("y", tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]),
        chunk("y", tool_calls=[{"index": 1, "id": "c2", "function": {"name": "g", "arguments": "{}"}}]),
    )
    whole = [
        create_text_output_item("look ", "y"),
        create_function_call_item("y", "c1", "fn", '{"a":1}'),
        create_function_call_item("y", "c2", "g", "{}"),
    ]
    assert said == [text("look ", "y"), *map(done, whole)]
    assert items == whole


def test_thoughts_of_a_stream_are_items_of_their_own() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    said, _ = events(chunk("z", content=[thought]), chunk("z", content="ok"))
    assert said == [done({**thought, "id": "z"}), text("ok", "z"), done(create_text_output_item("ok", "z"))]
