from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import headrace as mlflow
from headrace.client.rest_store import RestStore, open_rest_store
from headrace.client.rest_store.address import resolve, run_page, web_address
from headrace.entities import Metric, Param, Projection, RunTag
from headrace.errors import (
    AlreadyExists,
    InvalidState,
    InvalidValue,
    NotFound,
    NotSupported,
    ServiceError,
    StoreUnavailable,
    Unauthenticated,
)
from tests.net.faults import FaultServer, answer, drop, serving

NOT_HERE = answer(404, b"<!doctype html><title>404 Not Found</title>")
RUN_INFO = {"run_id": "a" * 32, "run_uuid": "a" * 32, "experiment_id": "1", "status": "RUNNING", "start_time": 5}


def said(body: Any, status: int = 200) -> Any:
    return answer(status, json.dumps(body).encode(), Content_Type="application/json")


def problem(code: str, status: int) -> Any:
    return said({"error_code": code, "message": "told"}, status)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    monkeypatch.setenv("HOME", str(tmp_path))


def sent(server: FaultServer, number: int = -1) -> Any:
    return json.loads(server.seen[number].body)


def store_of(server: FaultServer) -> RestStore:
    return open_rest_store(server.url)


def test_batch_goes_out_as_mlflow_servers_read_it() -> None:
    with serving(said({})) as server:
        store_of(server).log_batch(
            "a" * 32,
            [Metric("m", float("nan"), 1, 2), Metric("n", float("inf"), 1)],
            [Param("p", "v")],
            [RunTag("t", "w")],
        )
    seen = server.seen[0]
    assert (seen.method, seen.target) == ("POST", "/api/2.0/mlflow/runs/log-batch")
    assert seen.headers["content-type"] == "application/json"
    body = sent(server)
    assert body["run_id"] == "a" * 32
    assert [metric["value"] for metric in body["metrics"]] == ["NaN", "Infinity"]
    assert body["params"] == [{"key": "p", "value": "v"}]
    assert body["tags"] == [{"key": "t", "value": "w"}]


def test_path_of_the_address_stays_in_front() -> None:
    with serving(said({"run": {"info": RUN_INFO, "data": {}}})) as server:
        run = open_rest_store(f"{server.url}/prefix/").get_run("a" * 32)
    assert server.seen[0].target.startswith("/prefix/api/2.0/mlflow/runs/get?run_id=aaa")
    assert (run.info.run_id, run.info.start_time, run.data.metrics) == ("a" * 32, 5, {})


def test_lost_answer_of_create_is_repeated_with_the_same_run_id() -> None:
    with serving(drop, said({"run": {"info": RUN_INFO}})) as server:
        store_of(server).create_run("1")
    assert sent(server, 0)["run_id"] == sent(server, 1)["run_id"]
    assert len(sent(server, 0)["run_id"]) == 32


def test_errors_of_the_server_come_back_as_they_were() -> None:
    with serving(problem("RESOURCE_DOES_NOT_EXIST", 404)) as server, pytest.raises(NotFound, match="told"):
        store_of(server).get_run("x")


def test_unknown_status_is_refused_here_since_servers_ignore_it() -> None:
    with serving(said({})) as server, pytest.raises(InvalidValue, match="DONE"):
        store_of(server).update_run("a" * 32, "DONE")
    assert server.seen == []


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"[1, 2]", b'"text"', b"\x00\xff"])
def test_page_of_something_else_is_recognised(body: bytes) -> None:
    with serving(answer(200, body)) as server, pytest.raises(ServiceError, match="is this the address of a Headrace"):
        store_of(server).get_run("x")


def test_answer_without_what_was_asked_is_a_service_error() -> None:
    with serving(said({"something": "else"})) as server, pytest.raises(ServiceError, match="no RunAnswer"):
        store_of(server).get_run("x")


@pytest.mark.parametrize("body", [b"", b"OK", b"{}"])
def test_void_answers_may_be_empty(body: bytes) -> None:
    with serving(answer(200, body)) as server:
        store_of(server).set_tag("a" * 32, RunTag("k", "v"))


def test_server_that_stays_busy_is_unavailable_after_the_last_try() -> None:
    with serving(answer(503, b"come back")) as server, pytest.raises(StoreUnavailable, match="come back"):
        store_of(server).get_run("x")
    assert len(server.seen) == 2


def test_experiment_is_ensured_in_one_call_where_the_server_can() -> None:
    with serving(said({"experiment": {"experiment_id": "7", "name": "n"}})) as server:
        assert store_of(server).ensure_experiment("n").experiment_id == "7"
    assert [seen.target for seen in server.seen] == ["/api/1.0/headrace/experiments/ensure"]


def test_experiment_is_found_or_made_on_other_servers() -> None:
    missing, made = problem("RESOURCE_DOES_NOT_EXIST", 404), said({"experiment_id": "8"})
    found = said({"experiment": {"experiment_id": "8", "name": "n", "lifecycle_stage": "active"}})
    with serving(NOT_HERE, missing, made, found, found) as server:
        store = store_of(server)
        assert store.ensure_experiment("n").experiment_id == "8"
        assert store.ensure_experiment("n").experiment_id == "8"
    assert [seen.target.rpartition("/")[2].partition("?")[0] for seen in server.seen] == [
        "ensure",
        "get-by-name",
        "create",
        "get",
        "get-by-name",  # the server isn't asked again for what it doesn't have
    ]


def test_loser_of_a_create_race_takes_the_winners_experiment() -> None:
    missing, taken = problem("RESOURCE_DOES_NOT_EXIST", 404), problem("RESOURCE_ALREADY_EXISTS", 400)
    found = said({"experiment": {"experiment_id": "9", "name": "n", "lifecycle_stage": "active"}})
    with serving(NOT_HERE, missing, taken, found) as server:
        assert store_of(server).ensure_experiment("n").experiment_id == "9"


def test_deleted_experiment_is_not_ensured_on_other_servers() -> None:
    deleted = said({"experiment": {"experiment_id": "9", "name": "n", "lifecycle_stage": "deleted"}})
    with serving(NOT_HERE, deleted) as server, pytest.raises(InvalidState, match="restore"):
        store_of(server).ensure_experiment("n")


def test_taken_name_is_told() -> None:
    with serving(problem("RESOURCE_ALREADY_EXISTS", 400)) as server, pytest.raises(AlreadyExists):
        store_of(server).create_experiment("n")


def test_projection_is_done_here_on_other_servers() -> None:
    data = {
        "metrics": [{"key": "a", "value": 1.0, "timestamp": 1}, {"key": "b", "value": 2.0, "timestamp": 1}],
        "params": [{"key": "p", "value": "1"}, {"key": "q", "value": "2"}],
        "tags": [{"key": "t", "value": "1"}],
    }
    with serving(NOT_HERE, said({"runs": [{"info": RUN_INFO, "data": data}], "next_page_token": "more"})) as server:
        page = store_of(server).search_runs(["1"], projection=Projection(metrics=["b"], params=[], tags=None))
    (run,) = page
    assert (run.data.metrics, run.data.params, run.data.tags) == ({"b": 2.0}, {}, {"t": "1"})
    assert page.token == "more"


def test_runs_are_counted_page_by_page_on_other_servers() -> None:
    pages = [said({"runs": [{"info": RUN_INFO}] * 3, "next_page_token": "2"}), said({"runs": [{"info": RUN_INFO}]})]
    with serving(NOT_HERE, *pages) as server:
        assert store_of(server).count_runs(["1"]) == 4
    assert sent(server)["page_token"] == "2"


def test_what_only_headrace_has_is_not_supported_elsewhere() -> None:
    with serving(NOT_HERE) as server:
        store = store_of(server)
        for call in (
            lambda: store.chart(["a"], ["m"]),
            store.changes,
            lambda: store.aggregate_runs(["1"], ["params.a"]),
            lambda: store.run_keys(["1"], "metrics"),
        ):
            with pytest.raises(NotSupported, match="isn't Headrace's"):
                call()


def test_credentials_of_the_address_are_sent_and_never_shown() -> None:
    with serving(said({"run": {"info": RUN_INFO}}), answer(401, b"no")) as server:
        store = open_rest_store(server.url.replace("http://", "http://anna:p%40ss@"))
        store.get_run("x")
        with pytest.raises(Unauthenticated) as caught:
            store.get_run("x")
    kind, _, rest = server.seen[0].headers["authorization"].partition(" ")
    assert (kind, base64.b64decode(rest)) == ("Basic", b"anna:p@ss")
    assert "p@ss" not in caught.value.message


def test_databricks_is_found_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidValue, match="DATABRICKS_HOST and DATABRICKS_TOKEN"):
        resolve("databricks")
    with serving(said({"run": {"info": RUN_INFO}})) as server:
        monkeypatch.setenv("DATABRICKS_HOST", server.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "dapi1")
        mlflow.set_tracking_uri("databricks")
        mlflow.get_run("a" * 32)
        mlflow.MlflowClient().create_run("1")
    assert server.seen[0].headers["authorization"] == "Bearer dapi1"
    assert server.seen[0].target.startswith("/api/2.0/mlflow/runs/get")
    assert "run_id" not in sent(server, 1)


def test_services_of_others_are_not_asked_for_what_only_headrace_has(monkeypatch: pytest.MonkeyPatch) -> None:
    found = said({"experiment": {"experiment_id": "8", "name": "n", "lifecycle_stage": "active"}})
    with serving(found) as server:
        monkeypatch.setenv("DATABRICKS_HOST", server.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "dapi1")
        mlflow.set_tracking_uri("databricks")
        assert mlflow.set_experiment("n").experiment_id == "8"
    assert [seen.target.partition("?")[0] for seen in server.seen] == ["/api/2.0/mlflow/experiments/get-by-name"]


def test_databricks_profile_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / ".databrickscfg").write_text("[work]\nhost = https://work.example\ntoken = dapi2\n")
    address = resolve("databricks://work")
    assert (address.base, address.authorization()) == ("https://work.example", "Bearer dapi2")
    with pytest.raises(InvalidValue, match="profile"):
        resolve("databricks://other")


def test_azure_ml_is_https_with_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "azureml://westeurope.api.azureml.ms/mlflow/v1.0/subscriptions/s/resourceGroups/g?"
    monkeypatch.setenv("AZUREML_RUN_TOKEN", "tok")
    address = resolve(uri)
    assert address.base == "https://westeurope.api.azureml.ms/mlflow/v1.0/subscriptions/s/resourceGroups/g"
    assert address.authorization() == "Bearer tok"
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "general")
    assert address.authorization() == "Bearer general"


@pytest.mark.parametrize("uri", ["http://", "http:///x", "https://host:port/", "http://[::1"])
def test_broken_addresses_are_refused(uri: str) -> None:
    with pytest.raises(InvalidValue, match="tracking URI"):
        web_address(uri)


def test_page_of_a_run_is_known_for_servers_only() -> None:
    assert run_page("http://u:p@host:1/x/", "3", "abc") == "http://host:1/x/#/experiments/3/runs/abc"
    assert run_page("file:///x", "3", "abc") is None
    assert run_page("sqlite:///x.db", "3", "abc") is None
    assert run_page("databricks", "3", "abc") is None


def test_end_of_a_run_on_a_server_says_where_to_look(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_LOGGING", "direct")  # this server gives one answer to everything
    info = {**RUN_INFO, "run_name": "swift-otter-1"}
    with serving(said({"run": {"info": info}, "run_info": info})) as server:
        mlflow.set_tracking_uri(server.url)
        with mlflow.start_run():
            pass
        assert capsys.readouterr().out == f"Run swift-otter-1 is at {server.url}/#/experiments/1/runs/{'a' * 32}\n"
        monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        with mlflow.start_run():
            pass
        assert capsys.readouterr().out == ""


@pytest.fixture
def slow() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_time_limit_of_the_environment_holds(monkeypatch: pytest.MonkeyPatch, slow: threading.Event) -> None:
    from tests.net.faults import stall

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "0.2")
    with serving(stall(slow)) as server, pytest.raises(ServiceError, match=r"within 0\.2 s"):
        store_of(server).get_run("x")
    assert len(server.seen) == 2
