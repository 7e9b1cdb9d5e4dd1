"""The host that hands calls to vLLM, with a stand-in that speaks its protocol: the real one wants a GPU."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import InvalidValue, UserCodeError
from headrace.packaging.mlmodel import Model
from headrace.serving.call import Usage
from tests.serving.chat.talking import SPAIN, WAIT_S, Talk, events_of, opened

STAND_IN = f"{sys.executable} {Path(__file__).with_name('vllm_stand_in.py')}"


def folder_of(path: Path, *, config: str = "{}", **flavor: Any) -> Path:
    """As the transformers flavor saves a chat, as far as vLLM's host looks at it."""
    for name, text in {"model/config.json": config, "components/tokenizer/tokenizer.json": "{}"}.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    flavors = {
        "python_function": {"loader_module": "mlflow.transformers"},
        "transformers": {"model_binary": "model", "task": "text-generation", **flavor},
    }
    Model(flavors=flavors, metadata={"task": "llm/v1/chat"}).save(path / "MLmodel")
    return path


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_VLLM", STAND_IN)


@pytest.fixture
def talk(stand_in: None, tmp_path: Path) -> Iterator[Talk]:
    host = opened(folder_of(tmp_path / "model"), engine="vllm")
    yield Talk(host)
    host.close()


def test_calls_go_on_and_answers_come_back(talk: Talk) -> None:
    assert talk.host.facts.kinds == ["chat", "completions", "invocations"]
    reply = talk.heard.reply(talk.send({"messages": SPAIN, "model": "another"}))
    answer = json.loads(reply.body)
    said = json.loads(answer["choices"][0]["message"]["content"])
    assert said == {"path": "/v1/chat/completions", "files": ["config.json", "tokenizer.json"]}
    assert (answer["model"], reply.usage) == ("phi3", Usage(prompt=3, completion=4))
    (listed,) = talk.answer({"messages": SPAIN}, "invocations")
    assert listed["model"] == "phi3"
    plain = talk.answer({"prompt": "Spain"}, "completions")
    assert json.loads(plain["choices"][0]["message"]["content"])["path"] == "/v1/completions"


def test_streams_are_passed_on_as_they_come(talk: Talk) -> None:
    number = talk.send({"messages": SPAIN, "stream": True})
    assert talk.heard.reply(number).status == 200
    found = events_of(b"".join(talk.heard.parts[number]))
    assert found == ['{"piece": 0}', '{"piece": 1}', '{"piece": 2}', "[DONE]"]


def test_refusals_keep_their_status_and_parameter(talk: Talk) -> None:
    status, told = talk.refusal({"messages": SPAIN, "temperature": 3})
    assert (status, told["error"]["message"], told["error"]["param"]) == (400, "temperature is too high", "temperature")
    status, told = talk.refusal({"inputs": [1]}, "invocations")
    assert status == 400
    assert "'messages'" in told["message"]
    assert talk.refusal(b"{")[0] == 400


def test_whatever_text_json_brings_goes_on(talk: Talk) -> None:
    body = b'{"messages": [{"role": "user", "content": "\\ud800"}]}'
    assert json.loads(talk.heard.reply(talk.send(body)).body)["model"] == "phi3"


def test_an_answer_of_another_form_is_our_failure(talk: Talk) -> None:
    assert talk.refusal({"messages": SPAIN, "user": "odd"})[0] == 500


def test_cancelling_and_time_end_a_stream(talk: Talk) -> None:
    endless = {"messages": SPAIN, "stream": True, "user": "endless"}
    late = talk.send(endless, in_s=0.5)
    left = talk.send(endless)
    talk.heard.first_part(left)
    talk.host.cancel(left)
    assert talk.heard.reply(late).status == 504
    talk.heard.reply(left)


def test_when_vllm_ends_its_calls_fail_and_the_process_with_the_next(talk: Talk) -> None:
    assert talk.refusal({"messages": SPAIN, "user": "die"})[0] == 503
    deadline = time.monotonic() + WAIT_S
    with pytest.raises(RuntimeError, match="vLLM has ended with status 3"):
        while time.monotonic() < deadline:
            talk.send({"messages": SPAIN})
            time.sleep(0.01)


def test_a_vllm_that_can_not_start_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path / "model")
    monkeypatch.setenv("HEADRACE_VLLM", os.fspath(tmp_path / "nowhere"))
    with pytest.raises(UserCodeError, match=r"there is no command .*HEADRACE_VLLM"):
        opened(folder, engine="vllm")
    monkeypatch.setenv("HEADRACE_VLLM", STAND_IN)
    (folder / "model" / "config.json").unlink()
    with pytest.raises(UserCodeError, match="ended with status 1 before it was ready"):
        opened(folder, engine="vllm")


def test_other_models_are_refused(phi3: Path) -> None:
    with pytest.raises(InvalidValue, match="transformers flavor whose task is"):
        opened(phi3, engine="vllm")
