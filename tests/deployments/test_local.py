"""Servers of this machine, real ones: the tiny Phi-3, which is there in a fraction of a second."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.deployments.local import LocalDeploymentClient
from headrace.deployments.local_process import NotServed
from headrace.deployments.local_records import is_alive
from headrace.errors import AlreadyExists, HeadraceError, InvalidState, InvalidValue, NotFound
from tests.support.phi3 import PHI3_ONNX

pytest.importorskip("onnxruntime_genai")

SPAIN = {"messages": [{"role": "user", "content": "What is the capital of Spain?"}]}
DEADLINE_S = 60


@pytest.fixture(scope="module")
def phi3(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("models") / "phi3"
    mlflow.onnxruntime_genai.save_model(PHI3_ONNX, folder)
    return str(folder)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalDeploymentClient]:
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    made = LocalDeploymentClient()
    yield made
    for each in made.list_deployments():
        made.delete_deployment(each["name"])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_life_of_a_deployment(client: LocalDeploymentClient, phi3: str) -> None:
    made = client.create_deployment("chat", phi3)
    assert (made["status"], made["model_uri"]) == ("running", phi3)
    assert made["url"] in client.log_of("chat").read_text()
    [answer] = client.predict("chat", SPAIN)
    assert answer["choices"][0]["message"]["content"] == "The capital of Spain is Madrid."
    parts = list(client.predict_stream("chat", SPAIN))
    assert "".join(part["choices"][0]["delta"].get("content") or "" for part in parts if part["choices"]) == (
        "The capital of Spain is Madrid."
    )
    with pytest.raises(AlreadyExists):
        client.create_deployment("chat", phi3)

    updated = client.update_deployment("chat", config={"options": "--max-batch 8"})
    assert updated["status"] == "running"
    assert updated["url"] != made["url"]
    assert not is_alive(made["pid"], None)
    assert client.predict(inputs=SPAIN)  # the only one

    os.kill(updated["pid"], signal.SIGKILL)
    wait_until(lambda: client.get_deployment("chat")["status"] == "ended")
    with pytest.raises(InvalidState, match="has ended"):
        client.predict("chat", SPAIN)

    client.delete_deployment("chat")
    client.delete_deployment("chat")
    assert client.list_deployments() == []
    assert not list(Path(os.environ["HEADRACE_HOME"], "deployments").glob("*.log"))


def test_chosen_port_stays_and_a_failed_update_changes_nothing(
    client: LocalDeploymentClient, phi3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_SERVE_API_KEYS", "secret-of-the-lab,another-secret")
    first = client.create_deployment("chat", phi3)
    port = first["url"].rpartition(":")[2]
    client.delete_deployment("chat")
    made = client.create_deployment("chat", phi3, config={"port": port})
    assert made["url"] == first["url"]
    with pytest.raises(NotServed, match="No artifact"):
        client.update_deployment("chat", "./gone")
    after = client.get_deployment("chat")
    assert (after["status"], after["url"], after["model_uri"]) == ("running", made["url"], phi3)
    assert client.predict("chat", SPAIN)
    monkeypatch.setenv("HEADRACE_SERVE_API_KEYS", "quite-another")
    with pytest.raises(HeadraceError, match="401"):
        client.predict("chat", SPAIN)


def test_model_that_can_not_be_served_says_why_and_leaves_nothing(client: LocalDeploymentClient) -> None:
    with pytest.raises(NotServed, match="No artifact with path 'gone' exists"):
        client.create_deployment("chat", "./gone")
    assert client.list_deployments() == []


def test_names_and_absent_deployments(client: LocalDeploymentClient) -> None:
    with pytest.raises(InvalidValue, match="name"):
        client.get_deployment("../chat")
    with pytest.raises(NotFound, match="there are: none"):
        client.update_deployment("chat", "./m")
    with pytest.raises(InvalidValue, match="0 deployments run here"):
        client.predict(inputs=SPAIN)
    with pytest.raises(InvalidValue, match="flavor"):
        client.create_deployment("chat", "./m", flavor="sklearn")
    with pytest.raises(InvalidValue, match="words as on a command line"):
        client.create_deployment("chat", "./m", config={"options": "--name 'chat"})


def test_process_of_another_time_is_not_the_deployment() -> None:
    assert is_alive(os.getpid(), None)
    assert not is_alive(os.getpid(), 1)
    assert not is_alive(0, None)
