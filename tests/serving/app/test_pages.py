"""What the front says without asking a model: health, lists, documents, the pages to try one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files

import msgspec
import pytest
from openapi_spec_validator import validate

from headrace.serving.app.options import Options
from headrace.serving.app.static import FILES
from tests.serving.app.front import FACTS, Front, front

SIGNATURE = {
    "inputs": [
        {"type": "double", "name": "alcohol", "required": True},
        {"type": "long", "name": "year", "required": False},
    ],
    "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}],
    "params": [{"name": "threshold", "type": "double", "default": 0.5, "shape": None}],
}
EXAMPLE = {"dataframe_split": {"columns": ["alcohol", "year"], "data": [[12.5, 2019]]}}


@pytest.fixture(scope="module")
def wine() -> Iterator[Front]:
    facts = msgspec.structs.replace(FACTS, signature=SIGNATURE, example=json.dumps(EXAMPLE))
    with front("wine", facts=facts) as found:
        yield found


@pytest.mark.parametrize("path", ["/ping", "/health"])
def test_health_is_mlflows(wine: Front, path: str) -> None:
    answered = wine.get(path)
    assert (answered.status, answered.body, answered.headers["content-type"]) == (200, b"\n", "application/json")


def test_version_is_mlflows(wine: Front) -> None:
    assert wine.get("/version").body == b"3.17.2"


def test_health_tells_of_a_model_without_processes() -> None:
    with front("wine") as found:
        found.pool.alive = False
        answered = found.get("/ping")
        assert answered.status == 503
        assert "wine" in answered.json["message"]
        assert found.get("/v2/health/ready").status == 503
        assert found.get("/v2/models/wine/ready").status == 503
        assert found.get("/v2/health/live").status == 200


def test_lists_of_models(wine: Front) -> None:
    (model,) = wine.get("/v1/models").json["data"]
    assert (model["id"], model["object"]) == ("wine", "model")
    assert wine.get("/v1/models/wine").json["id"] == "wine"
    assert wine.get("/v1/models/x").status == 404
    assert wine.get("/v2").json["name"] == "headrace"
    shown = wine.get("/v2/models/wine").json
    assert [(one["name"], one["datatype"]) for one in shown["inputs"]] == [("alcohol", "FP64"), ("year", "INT64")]
    assert wine.get("/v2/models/wine/ready").json == {"name": "wine", "ready": True}


@pytest.mark.parametrize("path", ["/nowhere", "/v1/nowhere", "/v2/nowhere", "/models/x/invocations", "/v2/models/x"])
def test_unknown_paths_say_what_there_is(wine: Front, path: str) -> None:
    answered = wine.ask("POST", path, {})
    assert answered.status == 404
    assert b"/invocations" in answered.body


def test_wrong_methods_say_which_is_right(wine: Front) -> None:
    answered = wine.get("/invocations")
    assert (answered.status, answered.headers["allow"]) == (405, "POST")
    assert wine.ask("POST", "/ping", {}).headers["allow"] == "GET, HEAD"


def test_head_answers_without_a_body(wine: Front) -> None:
    answered = wine.ask("HEAD", "/version")
    assert (answered.status, answered.body, answered.headers["content-length"]) == (200, b"", "6")


# Who may come


def test_other_hosts_are_turned_away(wine: Front) -> None:
    assert wine.get("/v1/models", Host="evil.example").status == 403
    for path in ("/ping", "/health", "/version", "/v2/health/live", "/v2/health/ready"):
        assert wine.get(path, Host="evil.example").status == 200, path


def test_pages_of_other_sites_ask_only_where_they_may() -> None:
    with front("wine", options=Options(cors_allowed_origins=("https://app.example",))) as found:
        mine = found.ask("POST", "/invocations", {}, {"Origin": "https://app.example"})
        assert (mine.status, mine.headers["access-control-allow-origin"]) == (200, "https://app.example")
        assert found.ask("POST", "/invocations", {}, {"Origin": "https://evil.example"}).status == 403
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        assert found.ask("OPTIONS", "/invocations", None, asked).headers["access-control-allow-origin"]
        for path in ("/ping", "/health", "/version", "/v2/health/live", "/v2/health/ready", "/metrics"):
            probed = found.get(path, origin="https://app.example")
            assert probed.headers["access-control-allow-origin"] == "https://app.example", path
            probed = found.get(path, origin="https://evil.example")
            assert (probed.status, "access-control-allow-origin" in probed.headers) == (200, False), path
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET", "Host": "pod.cluster"}
        assert found.ask("OPTIONS", "/health", None, asked).headers["access-control-allow-origin"]


def test_keys_open_the_models_and_nothing_hides_health() -> None:
    with front("wine", keys=["a-secret-key", "another-key"]) as found:
        for path in ("/ping", "/health", "/version", "/v2", "/v2/health/live", "/", "/docs"):
            assert found.get(path).status == 200, path
        for path in ("/metrics", "/openapi.json", "/v1/models", "/v2/models/wine", "/page/models.json"):
            assert found.get(path).status == 401, path
        refused = found.ask("POST", "/v1/chat/completions", {})
        assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.json["error"]["code"] == "invalid_api_key"
        for headers in ({"Authorization": "Bearer another-key"}, {"x-api-key": "a-secret-key"}):
            assert found.ask("POST", "/invocations", {}, headers).status == 200
        for headers in ({"Authorization": "Bearer another-ke"}, {"x-api-key": ""}, {"Authorization": "Basic eDp5"}):
            assert found.ask("POST", "/invocations", {}, headers).status == 401
        # Who has a key comes by any name, as within a cluster.
        headers = {"x-api-key": "a-secret-key", "Host": "wine.default.svc"}
        assert found.ask("POST", "/invocations", {}, headers).status == 200
        assert "securitySchemes" in found.get("/openapi.json", x_api_key="a-secret-key").json["components"]


def test_metrics_may_be_public() -> None:
    with front("wine", keys=["a-secret-key"], options=Options(public_metrics=True)) as found:
        assert found.get("/metrics").status == 200


# Documents


def test_openapi_is_valid_and_describes_the_model(wine: Front) -> None:
    document = wine.get("/openapi.json").json
    validate(document)
    post = document["paths"]["/invocations"]["post"]
    body = post["requestBody"]["content"]["application/json"]
    assert body["example"] == EXAMPLE
    answer = post["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["properties"]["predictions"] == {"type": "array", "items": {"type": "integer"}}
    assert {"/v1/chat/completions", "/v1/embeddings", "/v2/models/wine/infer", "/ping"} <= document["paths"].keys()


def test_openapi_of_several_models() -> None:
    facts = msgspec.structs.replace(FACTS, kinds=["invocations"])
    with front("wine", "rank", facts=facts) as found:
        document = found.get("/openapi.json").json
        validate(document)
        assert {"/invocations", "/models/wine/invocations", "/models/rank/invocations"} <= document["paths"].keys()
        assert "/v1/chat/completions" not in document["paths"]


def test_metrics_tell_of_requests_and_processes(wine: Front) -> None:
    wine.ask("POST", "/invocations", {"rows": 1})
    wine.ask("POST", "/invocations", {"do": "field", "field": "year"})
    lines = wine.get("/metrics").body.decode().splitlines()
    of = '{model="wine",revision="1"'
    assert f'headrace_request_errors_total{of},field="year"}} 1' in lines
    assert f"headrace_queue_length{of}}} 1" in lines
    assert f"headrace_worker_restarts_total{of}}} 4" in lines
    assert f'headrace_model_info{of},model_id="m-1",flavors="sklearn",task=""}} 1' in lines
    assert f'headrace_batch_requests_bucket{of},kind="invocations",le="2"}} 0.5' in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)


def test_fields_that_clients_invent_are_bounded() -> None:
    with front("wine") as found:
        found.ask("POST", "/invocations", {"do": "field", "field": "f" * 201})
        for number in range(130):
            found.ask("POST", "/invocations", {"do": "field", "field": f"f{number}"})
        text = found.get("/metrics").body.decode()
    series = re.findall(r"headrace_request_errors_total\{.*field=\"(.*?)\"\} (\d+)", text)
    assert len(series) == 101
    assert ("(others)", "31") in series
    assert max(len(field) for field, _ in series) < 10


# The pages


@pytest.mark.parametrize("path", FILES)
def test_pages_load_nothing_from_elsewhere(wine: Front, path: str) -> None:
    answered = wine.get(path)
    assert answered.status == 200
    policy = answered.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = answered.body.decode()
    assert not re.search(r"(src|href|from)\s*=?\s*[\"'](https?:)?//", text)
    if path in ("/", "/docs"):
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", text)
        for address in re.findall(r"(?:src|href)=\"(.*?)\"", text):
            assert wine.get("/" + address.lstrip(".")).status == 200, address


def test_scripts_write_no_html() -> None:
    for name in FILES.values():
        if name.endswith(".js"):
            text = files("headrace.serving.app").joinpath("page", name).read_text(encoding="utf-8")
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), name


def test_the_page_gets_what_it_shows(wine: Front) -> None:
    (model,) = wine.get("/page/models.json").json["models"]
    assert model["signature"] == SIGNATURE
    assert json.loads(model["example"]) == EXAMPLE
    assert model["streams"] is True
