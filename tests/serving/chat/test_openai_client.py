"""The genuine `openai` client against `headrace models serve`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.chat.live import served
from tests.serving.chat.talking import ATOM, MADRID, SPAIN, known

openai = pytest.importorskip("openai")
pytest.importorskip("onnxruntime_genai")

pytest_plugins = ["tests.support.phi3"]


@pytest.fixture(scope="module")
def address(phi3: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("serve"), "-m", f"capitals={phi3}") as found:
        yield found


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=120) as made:
        yield made


def test_models_are_listed(client: Any) -> None:
    assert [model.id for model in client.models.list()] == ["capitals"]


def test_a_chat_answers(client: Any) -> None:
    answer = client.chat.completions.create(model="capitals", messages=SPAIN, temperature=0, n=2)
    assert answer.model == "capitals"
    assert [choice.message.content for choice in answer.choices] == [MADRID, MADRID]
    assert [choice.finish_reason for choice in answer.choices] == ["stop", "stop"]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (13, 20)


def test_options_arrive(client: Any) -> None:
    create = client.chat.completions.create
    assert create(model="capitals", messages=SPAIN, stop=["Madrid"]).choices[0].message.content == MADRID[:-7]
    short = create(model="capitals", messages=SPAIN, max_completion_tokens=2).choices[0]
    assert (short.message.content, short.finish_reason) == ("The capital", "length")
    hot = {"model": "capitals", "messages": ATOM, "temperature": 2.0, "seed": 3, "max_tokens": 20}
    assert create(**hot).choices[0].message.content == create(**hot).choices[0].message.content
    told = create(model="capitals", messages=SPAIN, logprobs=True, top_logprobs=2).choices[0].logprobs.content
    assert "".join(each.token for each in told) == MADRID
    assert all(each.top_logprobs[0].token == each.token for each in told)


def test_an_answer_fits_a_schema(client: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Madrid", "Paris"]}},
        "required": ["city"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        model="capitals",
        messages=SPAIN,
        response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": schema}},
    )
    assert json.loads(answer.choices[0].message.content)["city"] in ("Madrid", "Paris")


def test_a_chat_streams(client: Any) -> None:
    chunks = list(
        client.chat.completions.create(
            model="capitals", messages=ATOM, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == dict(known())["Tell me a joke about atom"]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]][-1] == "stop"
    assert chunks[-1].usage.completion_tokens > 50


def test_a_stream_may_be_left(client: Any) -> None:
    for _ in range(5):
        with client.chat.completions.create(model="capitals", messages=ATOM, stream=True) as stream:
            next(iter(stream))
    assert client.chat.completions.create(model="capitals", messages=SPAIN).choices[0].message.content == MADRID


def test_completions_answer_and_stream(client: Any) -> None:
    prompt = f"<|user|>{SPAIN[0]['content']}<|end|><|assistant|>"
    answer = client.completions.create(model="capitals", prompt=[prompt, prompt], max_tokens=30, logprobs=1)
    assert [choice.text for choice in answer.choices] == [MADRID, MADRID]
    assert "".join(answer.choices[0].logprobs.tokens) == MADRID
    chunks = client.completions.create(model="capitals", prompt=prompt, max_tokens=30, stream=True)
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == MADRID


@pytest.mark.parametrize(
    ("options", "param", "code"),
    [
        ({"temperature": 5}, "temperature", "invalid_parameter_value"),
        ({"messages": [{"role": "user", "content": "Spain " * 600}]}, "messages", "context_length_exceeded"),
        ({"messages": [{"role": "wizard", "content": "a"}]}, "messages[0].role", "invalid_parameter_value"),
        ({"logit_bias": {"5": 1}}, "logit_bias", "invalid_parameter_value"),
    ],
)
def test_a_bad_request_is_told_as_one(client: Any, options: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**{"model": "capitals", "messages": SPAIN, **options})
    assert (refused.value.param, refused.value.code, refused.value.type) == (param, code, "invalid_request_error")


def test_what_the_model_is_not_is_told(client: Any) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        client.embeddings.create(model="capitals", input="a")
    assert 400 <= refused.value.status_code < 500


def test_many_clients_at_once(address: str) -> None:
    pairs = known()[::9]

    async def talk() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=120) as client:

            async def ask(number: int, question: str) -> str:
                messages = [{"role": "user", "content": question}]
                if number % 2:
                    answer = await client.chat.completions.create(model="capitals", messages=messages)
                    return str(answer.choices[0].message.content)
                stream = await client.chat.completions.create(model="capitals", messages=messages, stream=True)
                return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

            return await asyncio.gather(*(ask(number, question) for number, (question, _) in enumerate(pairs)))

    assert asyncio.run(talk()) == [answer for _, answer in pairs]


@pytest.mark.full
def test_embeddings_answer(phi3_checkpoint: Path, tmp_path: Path) -> None:
    from transformers import AutoModel, AutoTokenizer, pipeline

    import headrace as mlflow

    encoder = pipeline(
        "feature-extraction",
        model=AutoModel.from_pretrained(phi3_checkpoint),
        tokenizer=AutoTokenizer.from_pretrained(phi3_checkpoint),
    )
    mlflow.transformers.save_model(encoder, tmp_path / "model", task="llm/v1/embeddings")
    with (
        served(tmp_path / "serve", "-m", f"vectors={tmp_path / 'model'}") as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=120) as client,
    ):
        packed = client.embeddings.create(model="vectors", input=["Spain", "What is the capital of Spain?"])
        plain = client.embeddings.create(model="vectors", input="Spain", encoding_format="float")
        assert packed.model == "vectors"
        assert [each.index for each in packed.data] == [0, 1]
        assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-5)
        assert packed.usage.prompt_tokens > plain.usage.prompt_tokens
        with pytest.raises(openai.BadRequestError) as refused:
            client.embeddings.create(model="vectors", input="Spain", dimensions=3)
        assert refused.value.param == "dimensions"
