"""What a served chat model answers, in each of its dialects."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from headrace.serving.call import EVENTS, Usage
from tests.serving.chat.talking import ATOM, MADRID, SPAIN, Talk, events_of, known, opened, said, saved, streamed

SCHEMA = {
    "type": "object",
    "properties": {"capital": {"enum": ["Madrid", "Paris"]}, "sure": {"type": "boolean"}},
    "required": ["capital", "sure"],
    "additionalProperties": False,
}


def ask(messages: Any, **options: Any) -> dict[str, Any]:
    return {"messages": messages, **options}


def schema(schema: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def test_facts_say_what_the_model_answers(talk: Talk) -> None:
    facts = talk.host.facts
    assert facts.kinds == ["chat", "completions", "invocations"]
    assert (facts.feeding, facts.task, facts.streams, facts.concurrency) == ("engine", "llm/v1/chat", True, 64)


def test_an_answer_is_an_object_that_names_the_model_as_it_is_served(talk: Talk) -> None:
    answer = talk.answer(ask(SPAIN, model="whatever", user="me", metadata={"a": "b"}, store=False))
    assert (answer["object"], answer["model"]) == ("chat.completion", "phi3")
    assert answer["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": MADRID}, "finish_reason": "stop"}
    ]
    assert answer["usage"] == {"prompt_tokens": 13, "completion_tokens": 10, "total_tokens": 23}


def test_the_front_hears_of_tokens_and_times(talk: Talk) -> None:
    reply = talk.heard.reply(talk.send(ask(SPAIN, n=2, temperature=0)))
    assert (reply.usage, reply.rows) == (Usage(prompt=13, completion=20), 1)
    assert reply.predict_s > 0


def test_invocations_answer_with_what_predict_returns(talk: Talk) -> None:
    assert [said(each) for each in talk.answer(ask(SPAIN), "invocations")] == [[(MADRID, "stop")]]
    split = {"dataframe_split": {"columns": ["messages"], "data": [[SPAIN], [ATOM]]}, "params": {"max_tokens": 2}}
    both = talk.answer(split, "invocations")
    assert [said(each)[0] for each in both] == [("The capital", "length"), ("Nev", "length")]
    assert streamed(talk.events(ask(SPAIN), "invocations")) == MADRID
    status, told = talk.refusal({"inputs": 5}, "invocations")
    assert status == 400
    assert set(told) == {"error_code", "message"}
    assert talk.refusal(b"a,b", "invocations", content_type="image/png")[0] == 415


def test_a_stream_opens_tells_and_closes_each_choice(talk: Talk) -> None:
    chunks = talk.events(ask(SPAIN, stream_options={"include_usage": True}, n=2, temperature=0))
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert {chunk["model"] for chunk in chunks} == {"phi3"}
    assert chunks[-1]["usage"] == {"prompt_tokens": 13, "completion_tokens": 20, "total_tokens": 33}
    assert chunks[-1]["choices"] == []
    for index in (0, 1):
        own = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == index]
        assert own[0]["delta"] == {"role": "assistant", "content": ""}
        assert "".join(choice["delta"].get("content", "") for choice in own) == MADRID
        assert [choice["finish_reason"] for choice in own[-2:]] == [None, "stop"]


def test_the_head_of_a_stream_leaves_with_its_first_part(talk: Talk) -> None:
    number = talk.send(ask(ATOM, stream=True))
    first = events_of(talk.heard.first_part(number))
    assert talk.heard.heads[number] == (200, EVENTS)
    assert json.loads(first[0])["choices"][0]["delta"]["role"] == "assistant"
    reply = talk.heard.reply(number)
    assert (reply.status, reply.body) == (200, b"")
    assert len(events_of(b"".join(talk.heard.parts[number]))) > 50


@pytest.mark.parametrize(
    ("stop", "shown"),
    [
        ("Madrid", "The capital of Spain is "),
        (["is Mad", "zzz"], "The capital of Spain "),
        ("d.", "The capital of Spain is Madri"),
    ],
)
def test_a_stop_word_never_shows(talk: Talk, stop: Any, shown: str) -> None:
    assert said(talk.answer(ask(SPAIN, stop=stop))) == [(shown, "stop")]
    assert streamed(talk.events(ask(SPAIN, stop=stop))) == shown


def test_lengths_are_bounded_by_either_name(talk: Talk) -> None:
    assert said(talk.answer(ask(SPAIN, max_tokens=4))) == [("The capital of Spain", "length")]
    assert said(talk.answer(ask(SPAIN, max_completion_tokens=4))) == [("The capital of Spain", "length")]


def test_a_seed_repeats_an_answer_beside_any_others(talk: Talk) -> None:
    hot = ask(ATOM, temperature=2.0, seed=7, max_tokens=30, n=4)
    alone = said(talk.answer(hot))
    others = [talk.send(ask(SPAIN, temperature=1.5, max_tokens=200)) for _ in range(6)]
    assert said(talk.answer(hot)) == alone
    assert said(talk.answer({**hot, "n": 1})) == alone[:1]
    assert len(set(alone)) > 1
    assert all(talk.heard.reply(number).status == 200 for number in others)


@pytest.mark.parametrize("cold", [{"temperature": 0}, {"temperature": 2.0, "top_k": 1}, {"top_p": 1e-6}])
def test_without_chance_the_answer_is_the_likeliest(talk: Talk, cold: dict[str, Any]) -> None:
    assert said(talk.answer(ask(SPAIN, **cold))) == [(MADRID, "stop")]


def test_penalties_change_what_repeats(talk: Talk) -> None:
    warm = ask(ATOM, temperature=1.5, seed=1)
    plain = said(talk.answer(warm))
    for name in ("frequency_penalty", "presence_penalty", "repetition_penalty"):
        assert said(talk.answer({**warm, name: 2.0})) != plain


def test_chances_of_tokens_are_those_of_the_model(talk: Talk) -> None:
    (choice,) = talk.answer(ask(SPAIN, logprobs=True, top_logprobs=3))["choices"]
    told = choice["logprobs"]["content"]
    assert "".join(each["token"] for each in told) == MADRID
    for each in told:
        assert each["logprob"] <= 0
        assert bytes(each["bytes"]).decode() == each["token"]
        top = [other["logprob"] for other in each["top_logprobs"]]
        assert top == sorted(top, reverse=True)
        assert sum(map(math.exp, top)) <= 1 + 1e-9
        # Greedy: what was said was the likeliest.
        assert each["top_logprobs"][0]["token"] == each["token"]
    parts = [
        each
        for chunk in talk.events(ask(SPAIN, logprobs=True))
        for choice in chunk["choices"]
        for each in choice.get("logprobs", {}).get("content", [])
    ]
    assert [part["token"] for part in parts] == [each["token"] for each in told]
    assert [part["top_logprobs"] for part in parts] == [[]] * len(told)


def test_completions_take_prompts_as_they_are(talk: Talk) -> None:
    prompt = f"<|user|>{SPAIN[0]['content']}<|end|><|assistant|>"
    answer = talk.answer({"prompt": [prompt, prompt], "max_tokens": 30, "logprobs": 1}, "completions")
    assert (answer["object"], answer["model"]) == ("text_completion", "phi3")
    for choice in answer["choices"]:
        assert (choice["text"], choice["finish_reason"]) == (MADRID, "stop")
        told = choice["logprobs"]
        assert "".join(told["tokens"]) == MADRID
        for token, offset, logprob, top in zip(
            told["tokens"], told["text_offset"], told["token_logprobs"], told["top_logprobs"], strict=True
        ):
            assert MADRID[offset:].startswith(token)
            assert top[token] == logprob
    chunks = talk.events({"prompt": prompt, "max_tokens": 30}, "completions")
    assert "".join(choice["text"] for chunk in chunks for choice in chunk["choices"]) == MADRID


def test_an_answer_fits_the_schema_that_is_asked_for(talk: Talk) -> None:
    (choice,) = talk.answer(ask(SPAIN, response_format=schema(SCHEMA)))["choices"]
    found = json.loads(choice["message"]["content"])
    assert set(found) == {"capital", "sure"}
    assert found["capital"] in ("Madrid", "Paris")
    assert json.loads(streamed(talk.events(ask(SPAIN, response_format=schema(SCHEMA))))) == found
    (free,) = talk.answer(ask(SPAIN, response_format={"type": "json_object"}))["choices"]
    assert free["finish_reason"] == "length" or isinstance(json.loads(free["message"]["content"]), dict)
    plain = talk.answer(ask(SPAIN, response_format={"type": "text"}))
    assert said(plain) == [(MADRID, "stop")]


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (ask([{"role": "wizard", "content": "a"}]), "messages[0].role", "invalid_parameter_value"),
        (ask([{"role": "user", "content": "Spain? " * 400}]), "messages", "context_length_exceeded"),
        (ask(SPAIN, temperature=9), "temperature", "invalid_parameter_value"),
        (ask(SPAIN, response_format=schema({"type": "bogus"})), "response_format", "invalid_parameter_value"),
        (ask(SPAIN, tools=[{"type": "function", "function": {"name": "f"}}]), "tools", "invalid_parameter_value"),
        (ask(SPAIN, logit_bias={"5": 1}), "logit_bias", "invalid_parameter_value"),
        ({"model": "phi3"}, "messages", "invalid_parameter_value"),
        (b"{", None, "bad_request"),
        (b"[]", None, "bad_request"),
    ],
)
def test_a_refusal_has_openais_shape_and_names_the_parameter(talk: Talk, body: Any, param: Any, code: str) -> None:
    status, told = talk.refusal(body)
    assert status == 400
    assert set(told) == {"error"}
    error = told["error"]
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert "Traceback" not in error["message"]
    # A stream that can't begin is refused with a status, too.
    if isinstance(body, dict):
        number = talk.send({**body, "stream": True})
        assert talk.heard.reply(number).status == 400
        assert number not in talk.heard.heads


def test_many_calls_at_once_get_their_own_answers(talk: Talk) -> None:
    pairs = known()[::9]
    numbers = [talk.send(ask([{"role": "user", "content": question}])) for question, _ in pairs]
    found = [json.loads(talk.heard.reply(number).body) for number in numbers]
    assert [said(each) for each in found] == [[(answer, "stop")] for _, answer in pairs]


def test_threads_may_send(talk: Talk) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: said(talk.answer(ask(SPAIN))), range(64)))
    assert found == [[(MADRID, "stop")]] * 64


def test_a_cancelled_call_says_nothing_more_and_others_go_on(talk: Talk) -> None:
    number = talk.send(ask(ATOM, stream=True))
    beside = talk.send(ask(ATOM))
    talk.heard.first_part(number)
    talk.host.cancel(number)
    talk.host.cancel(10**6)
    whole = json.loads(talk.heard.reply(beside).body)
    assert said(whole)[0][1] == "stop"


def test_a_call_whose_time_is_over_ends_with_a_504(talk: Talk) -> None:
    reply = talk.heard.reply(talk.send(ask(ATOM), in_s=-1))
    assert reply.status == 504
    assert json.loads(reply.body)["error"]["type"] == "timeout_error"


def test_characters_of_several_tokens_come_whole(phi3: Path) -> None:
    host = opened(phi3)
    talk = Talk(host)
    # Hot enough for bytes that are no characters, too.
    for seed in range(5):
        request = ask(ATOM, temperature=2.0, top_k=640, seed=seed, max_tokens=60)
        assert streamed(talk.events(request)) == said(talk.answer(request))[0][0]
    host.close()


def test_a_model_of_completions_answers_those_alone(tmp_path: Path) -> None:
    host = opened(saved(tmp_path / "model", "llm/v1/completions", model_config={"max_tokens": 3}))
    talk = Talk(host)
    assert host.facts.kinds == ["completions", "invocations"]
    prompt = f"<|user|>{SPAIN[0]['content']}<|end|><|assistant|>"
    assert talk.answer({"prompt": prompt}, "completions")["choices"][0]["text"] == "The capital of"
    (listed,) = talk.answer({"prompt": prompt}, "invocations")
    assert listed["choices"][0]["text"] == "The capital of"
    host.close()
