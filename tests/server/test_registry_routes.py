from __future__ import annotations

import base64
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from headrace.entities import Role
from headrace.server import Options, create_app
from headrace.server.app import App
from headrace.server.credentials import hash_password
from headrace.stores.memory import MemoryStore
from headrace.stores.sql import SqlStore
from tests.server.calls import Reply, request, running

API = "/api/2.0/mlflow"
OWN = "/api/1.0/headrace"
PASSWORD = "correct horse"


def post(app: App, path: str, fields: object, headers: dict[str, str] | None = None) -> Any:
    reply = request(app, "POST", path, fields, headers)
    assert reply.status == 200, reply.text
    return reply.json


def get(app: App, target: str) -> Any:
    reply = request(app, "GET", target)
    assert reply.status == 200, reply.text
    return reply.json


def refused(reply: Reply, status: int, code: str) -> str:
    assert (reply.status, reply.json["error_code"]) == (status, code), reply.text
    message: str = reply.json["message"]
    return message


def basic(username: str, password: str = PASSWORD) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


@pytest.fixture
def model(app: App) -> str:
    """A model with versions 1 and 2."""
    post(app, f"{API}/registered-models/create", {"name": "m"})
    for source in ("s3://bucket/x", "s3://bucket/y"):
        post(app, f"{API}/model-versions/create", {"name": "m", "source": source})
    return "m"


def history(app: App, **query: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{key}={quote(value)}" for key, value in {"name": "m", **query}.items())
    found: list[dict[str, Any]] = get(app, f"{OWN}/registered-models/history?{asked}").get("events", [])
    return found


# who and why


@pytest.mark.parametrize(
    ("headers", "who"),
    [
        ({}, "unverified:anonymous"),
        ({"X-Headrace-User": "ada"}, "unverified:ada"),
        ({"X-Headrace-User": quote("Åda Löv")}, "unverified:Åda Löv"),
        (basic("bob"), "unverified:bob"),
        ({"X-Headrace-User": "ada", **basic("bob")}, "unverified:ada"),
        ({"X-Headrace-User": "%0Aada%00"}, "unverified:ada"),
        ({"X-Headrace-User": "%20"}, "unverified:anonymous"),
        ({"X-Headrace-User": "x" * 5000}, "unverified:" + "x" * 100),
        ({"authorization": "Basic %%%"}, "unverified:anonymous"),
        ({"authorization": "Bearer token"}, "unverified:anonymous"),
    ],
)
def test_a_claimed_name_is_journalled_as_unverified(app: App, model: str, headers: dict[str, str], who: str) -> None:
    body = {"name": model, "alias": "best", "version": "1", "comment": "it is the best"}
    post(app, f"{API}/registered-models/alias", body, headers)
    (event,) = history(app, kinds="alias_set")
    assert (event["who"], event["comment"], event["key"], event["after"]) == (who, "it is the best", "best", "1")


@cache
def known_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def users(store: SqlStore) -> App:
    roles: tuple[Role, ...] = ("reader", "editor", "admin")
    for role in roles:
        store.create_user(role, role, known_hash())
    return create_app(store, Options(auth="basic"))


def test_an_authenticated_name_is_journalled_whatever_is_claimed(users: App, store: SqlStore) -> None:
    headers = {**basic("editor"), "X-Headrace-User": "somebody-else"}
    post(users, f"{API}/registered-models/create", {"name": "m"}, headers)
    made = post(users, f"{API}/model-versions/create", {"name": "m", "source": "s3://bucket/x"}, headers)
    assert made["model_version"]["user_id"] == "editor"
    assert {event.who for event in store.search_history("m")} == {"editor"}


@pytest.mark.parametrize(
    ("method", "path", "body", "least"),
    [
        ("POST", f"{API}/registered-models/create", {"name": "n"}, "editor"),
        ("DELETE", f"{API}/registered-models/delete", {"name": "m"}, "editor"),
        ("POST", f"{API}/registered-models/alias", {"name": "m", "alias": "a", "version": "1"}, "editor"),
        ("POST", f"{API}/model-versions/create", {"name": "m", "source": "s3://bucket/x"}, "editor"),
        ("PUT", f"{OWN}/registered-models/policy", {"name": "m", "policy": {}}, "admin"),
        ("POST", f"{OWN}/registered-models/import-history", {"name": "m", "events": []}, "admin"),
    ],
)
def test_who_may_change_what(users: App, store: SqlStore, method: str, path: str, body: object, least: str) -> None:
    store.create_registered_model("m")
    if "import" not in path:
        store.create_model_version("m", "s3://bucket/x")
    may = {"reader": (), "editor": ("editor",), "admin": ("editor", "admin")}
    for role in ("reader", "editor", "admin"):
        reply = request(users, method, path, body, basic(role))
        assert (reply.status == 403) == (least not in may[role]), reply.text
        if reply.status != 403:
            assert reply.status == 200, reply.text
            return


@pytest.mark.parametrize("path", ["history?name=m", "policy?name=m", "verify-history?name=m"])
def test_reading_is_for_readers_and_not_for_strangers(users: App, store: SqlStore, path: str) -> None:
    store.create_registered_model("m")
    assert request(users, "GET", f"{OWN}/registered-models/{path}", headers=basic("reader")).status == 200
    assert request(users, "GET", f"{OWN}/registered-models/{path}").status == 401


# history


def test_what_an_alias_and_a_stage_were_at_a_time(app: App, model: str) -> None:
    for version in ("1", "2"):
        post(app, f"{API}/registered-models/alias", {"name": model, "alias": "best", "version": version})
    post(app, f"{API}/model-versions/transition-stage", {"name": model, "version": "2", "stage": "Production"})
    second, first = history(app, kinds="alias_set", key="best")
    assert ("before" in first, first["after"], second["before"], second["after"]) == (False, "1", "1", "2")
    at = f"{OWN}/registered-models/alias-at?name=m&alias=best&at_ms="
    assert get(app, f"{at}{second['timestamp'] + 1000}")["event"] == second
    assert get(app, f"{at}{first['timestamp'] - 1000}") == {}
    stage = f"{OWN}/registered-models/stage-at?name=m&stage=Production&at_ms="
    assert [event["version"] for event in get(app, f"{stage}{second['timestamp'] + 1000}")["events"]] == ["2"]
    assert get(app, f"{stage}0") == {}


def test_history_comes_in_pages_and_outlives_the_model(app: App, model: str) -> None:
    request(app, "DELETE", f"{API}/registered-models/delete", {"name": model, "comment": "not needed"})
    page = get(app, f"{OWN}/registered-models/history?name=m&max_results=2")
    assert [event["kind"] for event in page["events"]] == ["model_deleted", "version_created"]
    assert page["events"][0]["comment"] == "not needed"
    token = quote(page["next_page_token"])
    rest = get(app, f"{OWN}/registered-models/history?name=m&max_results=2&page_token={token}")
    assert [event["kind"] for event in rest["events"]] == ["version_created", "model_created"]
    assert "next_page_token" not in rest


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("history?name=nobody", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("history", 400, "INVALID_PARAMETER_VALUE"),
        ("history?name=m&kinds=nonsense", 400, "INVALID_PARAMETER_VALUE"),
        ("history?name=m&max_results=0", 400, "INVALID_PARAMETER_VALUE"),
        ("history?name=m&page_token=x", 400, "INVALID_PARAMETER_VALUE"),
        ("alias-at?name=m&alias=a", 400, "INVALID_PARAMETER_VALUE"),
        ("alias-at?name=m&alias=a&at_ms=noon", 400, "INVALID_PARAMETER_VALUE"),
        ("stage-at?name=m&stage=Best&at_ms=5", 400, "INVALID_PARAMETER_VALUE"),
        ("verify-history?name=nobody", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("policy?name=nobody", 404, "RESOURCE_DOES_NOT_EXIST"),
    ],
)
def test_bad_questions_are_refused(app: App, model: str, target: str, status: int, code: str) -> None:
    refused(request(app, "GET", f"{OWN}/registered-models/{target}"), status, code)


def test_a_journal_that_nobody_changed_verifies(app: App, model: str) -> None:
    assert get(app, f"{OWN}/registered-models/verify-history?name=m") == {}


def test_a_journal_moves_to_another_server(app: App, model: str, tmp_path: Path) -> None:
    post(app, f"{API}/registered-models/alias", {"name": model, "alias": "best", "version": "1", "comment": "why"})
    events = list(reversed(history(app)))
    other = create_app(MemoryStore(str(tmp_path / "other")))
    post(other, f"{API}/registered-models/create", {"name": model})
    post(other, f"{OWN}/registered-models/import-history", {"name": model, "events": events, "comment": "moved"})
    moved = history(other, kinds="alias_set")
    assert [(event["timestamp"], event["who"], event["comment"]) for event in moved] == [
        (events[-1]["timestamp"], "unverified:anonymous", "why")
    ]
    again = request(other, "POST", f"{OWN}/registered-models/import-history", {"name": model, "events": events})
    refused(again, 400, "INVALID_PARAMETER_VALUE")


# policies, revisions, files


def test_a_policy_is_set_asked_for_and_obeyed(app: App, model: str) -> None:
    checks = [{"check": "tag", "key": "evaluated", "value": "passed"}]
    policy = {"gates": [{"alias": "best", "checks": checks}]}
    assert get(app, f"{OWN}/registered-models/policy?name=m") == {"policy": {}}
    put = request(app, "PUT", f"{OWN}/registered-models/policy", {"name": model, "policy": policy, "comment": "safer"})
    assert (put.status, put.json) == (200, {})
    assert get(app, f"{OWN}/registered-models/policy?name=m") == {"policy": policy}
    assert history(app, kinds="policy_set")[0]["comment"] == "safer"
    move = {"name": model, "alias": "best", "version": "1"}
    reply = request(app, "POST", f"{API}/registered-models/alias", move)
    assert 400 <= reply.status < 500
    assert "evaluated" in reply.json["message"]
    tag = {"name": model, "version": "1", "key": "evaluated", "value": "passed"}
    post(app, f"{API}/model-versions/set-tag", tag)
    assert post(app, f"{API}/registered-models/alias", move) == {}


def test_what_a_version_would_pass_is_told_before_anything_moves(app: App, model: str) -> None:
    checks = [
        {"check": "tag", "key": "evaluated", "value": "passed"},
        {"check": "metric", "metric": "auc", "minimum": 1},
    ]
    policy = {"gates": [{"alias": "best", "checks": checks}]}
    target = f"{OWN}/model-versions/check?name=m&version=1"
    assert "targets" not in get(app, target)
    request(app, "PUT", f"{OWN}/registered-models/policy", {"name": model, "policy": policy})
    post(app, f"{API}/model-versions/set-tag", {"name": model, "version": "1", "key": "evaluated", "value": "passed"})
    answer = get(app, target)
    (found,) = answer["targets"]
    assert found["alias"] == "best"
    assert [(each["check"], each["passed"]) for each in found["checks"]] == [("tag", True), ("metric", False)]
    assert found["checks"][1]["needed"] == "at least 1"
    assert "signer" not in answer
    assert "manifest" in answer["unproven"]
    assert get(app, f"{target}&alias=another")["targets"] == [{"alias": "another"}]
    assert "aliases" not in get(app, f"{API}/registered-models/get?name=m")["registered_model"]
    refused(request(app, "GET", f"{OWN}/model-versions/check?name=m&version=7"), 404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    "policy",
    [
        {"gates": [{"alias": "a", "checks": [{"check": "magic"}]}]},
        {"gates": [{"alias": "a", "checks": [{"check": "metric"}]}]},
        {"gates": [{"checks": []}]},
        {"unsigned": "maybe"},
        {"gates": "none"},
    ],
)
def test_bad_policies_are_refused(app: App, model: str, policy: object) -> None:
    reply = request(app, "PUT", f"{OWN}/registered-models/policy", {"name": model, "policy": policy})
    refused(reply, 400, "INVALID_PARAMETER_VALUE")


def test_a_change_since_what_was_read_is_a_conflict(app: App, model: str) -> None:
    revision = get(app, f"{API}/registered-models/get?name=m")["registered_model"]["revision"]
    move = {"name": model, "alias": "best", "version": "1", "if_revision": revision}
    post(app, f"{API}/registered-models/alias", move)
    refused(request(app, "POST", f"{API}/registered-models/alias", move), 409, "RESOURCE_CONFLICT")
    stage = {"name": model, "version": "1", "stage": "Staging", "if_revision": revision}
    refused(request(app, "POST", f"{API}/model-versions/transition-stage", stage), 409, "RESOURCE_CONFLICT")


def test_a_version_whose_files_nobody_here_reads_has_no_manifest(app: App, model: str) -> None:
    assert get(app, f"{OWN}/model-versions/manifest?name=m&version=1") == {}
    assert get(app, f"{OWN}/model-versions/signatures?name=m&version=1") == {}
    empty = {"name": model, "version": "1", "manifest": {}}
    refused(request(app, "POST", f"{OWN}/model-versions/manifest", empty), 400, "INVALID_PARAMETER_VALUE")


def test_a_caller_can_not_say_where_files_lie(app: App, model: str) -> None:
    body = {"name": model, "source": "s3://bucket/x", "storage_location": "/etc"}
    refused(request(app, "POST", f"{API}/model-versions/create", body), 400, "INVALID_PARAMETER_VALUE")


def test_lineage_and_back(app: App, model: str) -> None:
    run = post(app, f"{API}/runs/create", {"experiment_id": "0", "run_name": "trained"})["run"]["info"]["run_id"]
    post(app, f"{API}/runs/log-parameter", {"run_id": run, "key": "lr", "value": "0.1"})
    post(app, f"{API}/runs/log-metric", {"run_id": run, "key": "auc", "value": 0.5, "timestamp": 1})
    post(app, f"{API}/runs/set-tag", {"run_id": run, "key": "mlflow.source.git.commit", "value": "abc123"})
    post(app, f"{API}/model-versions/create", {"name": model, "source": "s3://bucket/z", "run_id": run})
    found = get(app, f"{OWN}/model-versions/lineage?name=m&version=3")
    assert (found["run_id"], found["run_name"], found["params"], found["metrics"]) == (
        run,
        "trained",
        {"lr": "0.1"},
        {"auc": 0.5},
    )
    assert (found["git"], found["location"]) == ({"commit": "abc123"}, "s3://bucket/z")
    for asked in (f"run_id={run}", "git_commit=abc123"):
        back = get(app, f"{OWN}/lineage/versions?{asked}")["model_versions"]
        assert [(each["name"], each["version"]) for each in back] == [("m", "3")]
    assert get(app, f"{OWN}/lineage/versions?dataset_digest=none") == {}
    refused(request(app, "GET", f"{OWN}/lineage/versions"), 400, "INVALID_PARAMETER_VALUE")


# stores


def test_a_store_without_a_registry_says_so() -> None:
    class NoRegistry:
        def close(self) -> None: ...

    app = create_app(NoRegistry())  # type: ignore[arg-type] # a tracking store of somebody else's, as it were
    refused(request(app, "GET", f"{API}/registered-models/get?name=m"), 501, "NOT_IMPLEMENTED")


def test_models_may_lie_in_another_database(tmp_path: Path) -> None:
    options = ["--backend-store-uri", "sqlite:///runs.db", "--registry-store-uri", "sqlite:///models.db"]
    with running(tmp_path, *options) as server:
        run = server.request("POST", f"{API}/runs/create", {"experiment_id": "0"}).json["run"]["info"]
        assert server.request("POST", f"{API}/registered-models/create", {"name": "m"}).status == 200
        body = {"name": "m", "source": f"runs:/{run['run_id']}/model", "run_id": run["run_id"]}
        made = server.request("POST", f"{API}/model-versions/create", body)
        assert (made.status, made.json["model_version"]["run_id"]) == (200, run["run_id"])
    held = {
        name: sqlite3.connect(tmp_path / f"{name}.db").execute("SELECT count(*) FROM model_version").fetchone()[0]
        for name in ("runs", "models")
    }
    assert held == {"runs": 0, "models": 1}


def test_files_of_versions_by_name(tmp_path: Path) -> None:
    with running(tmp_path, "--backend-store-uri", "memory:") as server:
        run = server.request("POST", f"{API}/runs/create", {"experiment_id": "0"}).json["run"]["info"]
        folder = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
        at = f"/api/2.0/mlflow-artifacts/artifacts/{folder}/model/a%20b.txt"
        assert server.request("PUT", at, "content").status == 200
        server.request("POST", f"{API}/registered-models/create", {"name": "m x"})
        body = {"name": "m x", "source": f"{run['artifact_uri']}/model", "run_id": run["run_id"]}
        assert server.request("POST", f"{API}/model-versions/create", body).status == 200
        get_artifact = "/model-versions/get-artifact?name=m%20x&version=1"
        found = server.request("GET", f"{get_artifact}&path=a%20b.txt")
        assert (found.status, found.text) == (200, '"content"')
        assert 'filename="a b.txt"' in found.headers["content-disposition"]
        for query, status in (
            ("", 400),
            ("&path=../../x", 400),
            ("&path=none.txt", 404),
        ):
            assert server.request("GET", get_artifact + query).status == status
        assert server.request("GET", "/model-versions/get-artifact?name=m%20x&version=7&path=a").status == 404
        assert server.request("GET", "/model-versions/get-artifact?name=m%20x&path=a").status == 400
