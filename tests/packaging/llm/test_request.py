from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import InvalidValue
from headrace.packaging.llm.messages import ChatMessage
from headrace.packaging.llm.options import GenerationOptions, options_of_config, parse_options
from headrace.packaging.llm.request import parse_chat, parse_completion, parse_embedding
from headrace.packaging.llm.rows import rows_of

MESSAGES = [{"role": "user", "content": "Hello"}]


def test_options_are_read_by_name() -> None:
    fields = {
        "max_tokens": 16.0,
        "temperature": 1,
        "top_p": np.float32(0.5),
        "top_k": np.int64(7),
        "seed": -1,
        "stop": "a",
        "n": 2,
        "frequency_penalty": -2,
        "presence_penalty": 2.0,
    }
    assert parse_options(fields) == GenerationOptions(
        max_tokens=16,
        temperature=1.0,
        top_p=0.5,
        top_k=7,
        seed=-1,
        stop=("a",),
        n=2,
        frequency_penalty=-2.0,
        presence_penalty=2.0,
        sample=True,
    )
    assert parse_options(dict.fromkeys(fields)) == GenerationOptions()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("max_tokens", 0, "an integer ≥ 1"),
        ("max_tokens", 1.5, "an integer ≥ 1"),
        ("max_tokens", "16", "an integer ≥ 1"),
        ("max_tokens", True, "an integer ≥ 1"),
        ("max_tokens", math.inf, "an integer ≥ 1"),
        ("temperature", -0.1, "a number from 0 to 2"),
        ("temperature", math.nan, "a number from 0 to 2"),
        ("temperature", [1], "a number from 0 to 2"),
        ("top_p", 0, "a number above 0 and up to 1"),
        ("top_p", 1.1, "a number above 0 and up to 1"),
        ("top_k", 0, "an integer ≥ 1"),
        ("n", 0, "an integer from 1 to 128"),
        ("n", 129, "an integer from 1 to 128"),
        ("seed", 2**63, "an integer from"),
        ("stop", "", "none of them empty"),
        ("stop", ["a", 1], "a list of strings"),
        ("stop", list("abcdefghijklmnopq"), "at most 16 strings"),
        ("frequency_penalty", 2.5, "a number from -2 to 2"),
        ("presence_penalty", "high", "a number from -2 to 2"),
        ("stream", "yes", "true or false"),
        ("stream_options", {"usage": True}, "include_usage"),
        ("custom_inputs", [1], "a mapping"),
        ("tools", [{"type": "function"}], "name"),
        ("logprobs", 3, "true or false"),
        ("top_logprobs", 21, "an integer from 0 to 20"),
        ("top_logprobs", 2, "it needs 'logprobs': true"),
        ("response_format", "json", "json_schema"),
        ("response_format.type", {"type": "xml"}, "json_object"),
        ("response_format.json_schema", {"type": "json_schema", "json_schema": {"name": "a"}}, "a JSON schema"),
        ("logit_bias", {"5": 1}, "can't honour it"),
    ],
)
def test_a_refusal_names_parameter_value_and_what_is_allowed(name: str, value: Any, allowed: str) -> None:
    with pytest.raises(InvalidValue, match=rf"(?s)'{re.escape(name)}[\]\[\d]*'.*{allowed}") as refused:
        parse_chat({"messages": MESSAGES, name.partition(".")[0]: value})
    assert refused.value.http == 400


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Missing value for required parameter 'messages'"),
        ({"messages": []}, "at least one message"),
        ({"messages": "Hello"}, "a list of messages is needed"),
        ({"messages": [5]}, r"'messages\[0\]'.*a message with 'role' and 'content'"),
        ({"messages": [{"content": "Hello"}]}, r"Missing value for required parameter 'messages\[0\].role'"),
        ({"messages": [*MESSAGES, {"role": "user"}]}, r"Missing value for required parameter 'messages\[1\].content'"),
        ({"messages": [{"role": "bot", "content": "x"}]}, "'bot'.*known roles are system, developer, user"),
        ({"messages": [{"role": "user", "content": 5}]}, "a string or a list of content parts"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "'image_url'.*reads text only"),
        ({"messages": MESSAGES, "max_token": 5}, "Unknown parameter 'max_token'.*did you mean 'max_tokens'"),
        ({"messages": MESSAGES, "prompt": "x"}, "Unknown parameter 'prompt'"),
        ({"messages": MESSAGES, "max_tokens": 5, "max_completion_tokens": 6}, "another name of 'max_tokens'"),
    ],
)
def test_what_is_no_chat_is_refused_with_the_reason(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidValue, match=sentence):
        parse_chat(fields)


def test_labels_and_what_asks_for_nothing_are_accepted() -> None:
    labels = {"model": "phi3", "user": "me", "metadata": {"a": "b"}, "store": False, "logprobs": False, "n": None}
    assert parse_chat({"messages": MESSAGES, **labels}).options == GenerationOptions()


def test_content_parts_and_records_become_plain_messages() -> None:
    parts = [{"type": "text", "text": "What is"}, {"type": "text", "text": "this?"}]
    asked = parse_chat({"messages": [ChatMessage("system", "Be brief."), {"role": "user", "content": parts}]})
    assert asked.messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is\nthis?"},
    ]


def test_a_call_of_tools_may_stand_in_for_content() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asked = parse_chat({"messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]})
    assert asked.messages == [{"role": "assistant", "content": "", "tool_calls": [call]}]


def test_completions_and_embeddings_take_one_text_or_many() -> None:
    assert parse_completion({"prompt": "a"}).prompts == ["a"]
    assert parse_completion({"prompt": ["a", "b"], "max_completion_tokens": 5}).options.max_tokens == 5
    assert parse_embedding({"input": ["a", "b"], "encoding_format": "base64"}).base64
    for fields in ({"input": [1, 2]}, {"input": []}, {"input": "a", "encoding_format": "hex"}, {"input": "a", "n": 2}):
        with pytest.raises(InvalidValue):
            parse_embedding(fields)


@given(st.dictionaries(st.sampled_from(["temperature", "top_p", "top_k", "n"]), st.sampled_from([0, 0.5, 1, 2])))
def test_sampling_is_on_exactly_when_an_option_of_it_asks(fields: dict[str, Any]) -> None:
    try:
        options = parse_options(fields)
    except InvalidValue:
        return
    if fields.get("temperature") == 0:
        assert options.sample is False
    elif {"temperature", "top_p", "top_k"} & set(fields) or fields.get("n", 1) > 1:
        assert options.sample is True
    else:
        assert options.sample is None


def test_what_a_request_says_wins_over_the_models_own() -> None:
    own = options_of_config({"max_new_tokens": 300, "do_sample": False, "temperature": 0.2, "return_full_text": False})
    assert own == GenerationOptions(max_tokens=300, temperature=0.2, sample=False)
    asked = parse_options({"top_p": 0.5, "max_tokens": 5}).over(own)
    assert asked == GenerationOptions(max_tokens=5, temperature=0.2, top_p=0.5, sample=True)
    assert parse_options({}).over(own) == own


def test_rows_come_out_of_every_form_that_pyfunc_hands_over() -> None:
    import pandas as pd
    import polars as pl

    rows = [{"messages": MESSAGES, "max_tokens": 5}, {"messages": MESSAGES}]
    assert rows_of(pd.DataFrame(rows), "messages") == rows
    polars_row = rows_of(pl.DataFrame(rows), "messages")[0]
    assert polars_row == rows[0]
    assert rows_of(rows, "messages") == rows
    assert rows_of(np.array(rows, dtype=object), "messages") == rows
    assert rows_of({"messages": np.array(MESSAGES, dtype=object)}, "messages") == [{"messages": MESSAGES}]
    assert rows_of(MESSAGES, "messages") == [{"messages": MESSAGES}]
    assert rows_of("Hello", "messages") == [{"messages": MESSAGES}]
    assert rows_of(["a", "b"], "prompt") == [{"prompt": "a"}, {"prompt": "b"}]
    assert rows_of(pd.DataFrame({"prompt": ["a", "b"], "seed": [1, None]}), "prompt")[1] == {"prompt": "b"}
    for nonsense in (5, None, [5]):
        with pytest.raises(InvalidValue):
            rows_of(nonsense, "prompt")
