"""Deployments on a real local Ray answer what `headrace models serve` answers."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import ray
from sklearn.ensemble import RandomForestClassifier

import headrace as mlflow
from headrace.deployments.local import LocalDeploymentClient
from headrace.deployments.ray_serve import DeployFailed, RayDeploymentClient
from headrace.errors import AlreadyExists, NotFound
from tests.support.phi3 import PHI3_ONNX

pytestmark = pytest.mark.filterwarnings("ignore")

FRAME = pd.DataFrame({"age": [20.0, 31, 42, 53], "height": [1.5, 1.6, 1.7, 1.8]})
SPAIN = {"messages": [{"role": "user", "content": "What is the capital of Spain?"}], "temperature": 0}
JSON = "application/json"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    pytest.importorskip("onnxruntime_genai")
    folder = tmp_path_factory.mktemp("models")
    forest = RandomForestClassifier(10, random_state=0).fit(FRAME, ["low", "low", "high", "high"])
    mlflow.sklearn.save_model(forest, folder / "forest", input_example=FRAME)
    mlflow.onnxruntime_genai.save_model(PHI3_ONNX, folder / "phi3")
    return {"forest": str(folder / "forest"), "phi3": str(folder / "phi3")}


@pytest.fixture(scope="module")
def client() -> Iterator[RayDeploymentClient]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 << 20, namespace="serve")
    yield RayDeploymentClient()
    from ray import serve  # warns when it is imported, and a test's own filter lets it

    serve.shutdown()
    ray.shutdown()


@pytest.fixture(scope="module")
def served(client: RayDeploymentClient, models: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Of each model the addresses on Ray and on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    here = LocalDeploymentClient()
    found = {}
    for name, folder in models.items():
        there = client.create_deployment(name, folder, config={"cpus": "0.5", "port": port})
        found[name] = (there["url"], here.create_deployment(name, folder)["url"])
    return found


@pytest.fixture(scope="module", autouse=True)
def no_servers_left() -> Iterator[None]:
    yield
    here = LocalDeploymentClient()
    for each in here.list_deployments():
        here.delete_deployment(each["name"])


def answer(url: str, path: str, body: bytes | None = None, content_type: str = JSON) -> tuple[int, bytes]:
    request = urllib.request.Request(url + path, body, {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


FORMS: dict[str, tuple[str, bytes, str]] = {
    "split": ("/invocations", json.dumps({"dataframe_split": FRAME.to_dict("split")}).encode(), JSON),
    "records": ("/invocations", json.dumps({"dataframe_records": FRAME.to_dict("records")}).encode(), JSON),
    "inputs": ("/invocations", json.dumps({"inputs": FRAME.to_dict("list")}).encode(), JSON),
    "csv": ("/invocations", FRAME.to_csv(index=False).encode(), "text/csv"),
    "infer": (
        "/v2/models/forest/infer",
        json.dumps(
            {
                "inputs": [
                    {"name": name, "shape": [4], "datatype": "FP64", "data": FRAME[name].tolist()} for name in FRAME
                ]
            }
        ).encode(),
        JSON,
    ),
    "wrong": ("/invocations", b'{"dataframe_records": [{"age": 1}]}', JSON),
    "broken": ("/invocations", b'{"inputs":', JSON),
    "another type": ("/invocations", b"x", "application/x-tar"),
    "nothing there": ("/nowhere", b"", JSON),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_gets_the_same_answer(served: dict[str, tuple[str, str]], form: tuple[str, bytes, str]) -> None:
    there, here = (answer(url, *form) for url in served["forest"])
    assert there == here


def test_requests_that_come_together_get_their_own_answers(served: dict[str, tuple[str, str]]) -> None:
    there, here = served["forest"]
    rows = [{"age": float(age), "height": 1.5 + age / 200} for age in range(64)]
    bodies = [json.dumps({"dataframe_records": [row]}).encode() for row in rows]
    with ThreadPoolExecutor(16) as threads:
        together = list(threads.map(lambda body: answer(there, "/invocations", body), bodies))
    status, content = answer(here, "/invocations", json.dumps({"dataframe_records": rows}).encode())
    assert status == 200
    assert [json.loads(body)["predictions"][0] for _, body in together] == json.loads(content)["predictions"]


def said(content: bytes) -> Any:
    return json.loads(content)["choices"][0]["message"]["content"]


def test_chats_are_answered_in_openais_dialect(served: dict[str, tuple[str, str]]) -> None:
    body = json.dumps({**SPAIN, "model": "phi3"}).encode()
    there, here = (answer(url, "/v1/chat/completions", body) for url in served["phi3"])
    assert there[0] == 200
    assert said(there[1]) == said(here[1]) == "The capital of Spain is Madrid."


def test_streams_come_in_parts(client: RayDeploymentClient, served: dict[str, tuple[str, str]]) -> None:
    parts = list(client.predict_stream("phi3", SPAIN))
    texts = [part["choices"][0]["delta"].get("content") for part in parts if part["choices"]]
    assert "".join(filter(None, texts)) == "The capital of Spain is Madrid."
    assert len(texts) > 5


def test_client_finds_asks_updates_and_deletes(
    client: RayDeploymentClient, served: dict[str, tuple[str, str]], models: dict[str, str]
) -> None:
    assert [each["name"] for each in client.list_deployments()] == ["forest", "phi3"]
    found = client.get_deployment("forest")
    assert (found["status"], found["model_uri"]) == ("running", models["forest"])
    assert client.predict("forest", FRAME[:1]) == {"predictions": ["low"]}
    with pytest.raises(AlreadyExists):
        client.create_deployment("forest", models["forest"])

    forest = RandomForestClassifier(10, random_state=0).fit(FRAME, ["small"] * 2 + ["tall"] * 2)
    mlflow.sklearn.save_model(forest, Path("other"), input_example=FRAME)
    assert client.update_deployment("forest", "other")["config"] == found["config"]
    assert client.predict("forest", FRAME[:1]) == {"predictions": ["small"]}
    with pytest.raises(DeployFailed, match="No artifact"):
        client.update_deployment("forest", str(Path("gone").absolute()))
    assert client.predict("forest", FRAME[:1]) == {"predictions": ["small"]}

    client.delete_deployment("forest")
    client.delete_deployment("forest")
    with pytest.raises(NotFound, match="On Ray there are: phi3"):
        client.get_deployment("forest")


def test_model_that_can_not_be_loaded_says_why_and_leaves_nothing(
    client: RayDeploymentClient, served: dict[str, tuple[str, str]]
) -> None:
    port = served["phi3"][0].rpartition(":")[2].partition("/")[0]
    with pytest.raises(DeployFailed, match="No artifact with path 'gone' exists"):
        client.create_deployment("bad", str(Path("gone").absolute()), config={"cpus": "0.5", "port": port})
    assert "bad" not in [each["name"] for each in client.list_deployments()]
