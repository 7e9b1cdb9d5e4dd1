from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from headrace.errors import HeadraceError, StoreUnavailable
from headrace.server import Options, create_app
from headrace.server.app import App
from headrace.stores.memory import MemoryStore
from tests.server.calls import Reply, request

API = "/api/2.0/mlflow"


class Failing(MemoryStore):
    """Fails as a store would that has a bug, or no database behind it."""

    error: Exception = ZeroDivisionError("secret detail at /etc/passwd")

    def get_run(self, run_id: str) -> Any:
        raise self.error

    def count_runs(self, *_: Any, **__: Any) -> Any:
        raise self.error


def failing(error: Exception | None = None) -> App:
    store = Failing("artifacts")
    if error is not None:
        store.error = error
    return create_app(store, Options())


def incident(caplog: pytest.LogCaptureFixture, reply: Reply) -> str:
    message: str = reply.json["message"]
    number = message.rpartition(" ")[2].rstrip(".")
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)
    return number


def test_a_bug_is_answered_with_an_incident_that_the_log_explains(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        reply = request(failing(), "GET", f"{API}/runs/get?run_id=a")
    assert reply.status == 500
    assert reply.json["error_code"] == "INTERNAL_ERROR"
    assert incident(caplog, reply)
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text


def test_an_error_of_ours_without_a_code_of_its_own_hides_its_text_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        reply = request(failing(HeadraceError("secret detail")), "GET", f"{API}/runs/get?run_id=a")
    assert reply.status == 500
    assert "secret" not in reply.text


def test_an_unreachable_store_is_503() -> None:
    reply = request(failing(StoreUnavailable("The database doesn't answer.")), "GET", f"{API}/runs/get?run_id=a")
    assert (reply.status, reply.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    assert reply.json["message"] == "The database doesn't answer."


def test_the_plain_page_of_a_broken_store_is_no_traceback(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.server.routes.pages.page", lambda _: None)
    reply = request(failing(), "GET", "/")
    assert reply.status == 500
    assert incident(caplog, reply)
    assert "secret" not in reply.text


def test_error_bodies_have_mlflows_four_keys(app: App) -> None:
    reply = request(app, "GET", f"{API}/runs/get?run_id=none")
    assert reply.json == {
        "error_code": "RESOURCE_DOES_NOT_EXIST",
        "message": reply.json["message"],
        "sqlstate": "KAM00",
        "error_class": "RESOURCE_NOT_FOUND",
    }
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-headrace-error"] == "NotFound"


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/2.0/mlflow/runs/nothing", "/api/2.0/mlflow/runs/get/", "/../etc/passwd"]
)
def test_unknown_paths_are_404(app: App, path: str) -> None:
    reply = request(app, "GET", path)
    assert reply.status == 404
    assert reply.headers["content-type"].startswith("text/plain")
    assert "traceback" not in reply.text.lower()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/2.0/mlflow/runs/search", "POST"),
        ("DELETE", "/api/2.0/mlflow/runs/get", "GET, HEAD"),
        ("PUT", "/api/2.0/mlflow/logged-models/m-1", "DELETE, GET, HEAD, PATCH"),
        ("OPTIONS", "/health", "GET, HEAD"),
    ],
)
def test_wrong_methods_are_405_and_say_which_are_right(app: App, method: str, path: str, allowed: str) -> None:
    reply = request(app, method, path)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)


def test_head_answers_where_get_does(app: App) -> None:
    assert request(app, "HEAD", "/health").status == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", ""]
)
def test_bodies_of_another_type_are_refused(app: App, kind: str) -> None:
    reply = request(app, "POST", f"{API}/experiments/create", {"name": "n"}, {"content-type": kind})
    assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "application/json" in reply.json["message"]


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_bodies_may_have_parameters(app: App, kind: str) -> None:
    assert request(app, "POST", f"{API}/runs/search", {}, {"content-type": kind}).status == 200


def test_a_write_without_body_lacks_its_first_parameter(app: App) -> None:
    reply = request(app, "POST", f"{API}/experiments/create")
    assert reply.json["message"].startswith("Missing value for required parameter 'name'")


def test_a_body_over_the_limit_is_refused_before_it_is_read(app_with: Callable[..., App]) -> None:
    app = app_with(max_body_bytes=1000)
    reply = request(app, "POST", f"{API}/experiments/create", {"name": "n" * 2000})
    assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "1000" in reply.json["message"]
    assert reply.headers["connection"] == "close"


def test_a_body_that_grows_over_the_limit_is_refused(app_with: Callable[..., App]) -> None:
    app = app_with(max_body_bytes=1000)
    reply = request(
        app,
        "POST",
        f"{API}/experiments/create",
        headers={"transfer-encoding": "chunked", "content-type": "application/json"},
        body=b"x" * 2000,
    )
    assert reply.status == 400


@pytest.mark.parametrize("length", ["-1", "ten", "1e3"])
def test_a_length_that_is_no_number_is_refused(app: App, length: str) -> None:
    assert request(app, "POST", f"{API}/runs/search", {}, {"content-length": length}).status == 400


def test_a_bare_nan_is_a_clear_400(app: App) -> None:
    body = b'{"run_id": "r", "key": "k", "value": NaN, "timestamp": 1}'
    reply = request(app, "POST", f"{API}/runs/log-metric", body=body)
    assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert '"NaN"' in reply.json["message"]


def test_artifact_only_servers_say_so(app_with: Callable[..., App]) -> None:
    app = app_with(artifacts_only=True)
    reply = request(app, "GET", f"{API}/experiments/get?experiment_id=0")
    assert reply.status == 503
    assert "--artifacts-only" in reply.text
    assert request(app, "GET", "/health").status == 200


def test_servers_without_artifacts_say_so(app_with: Callable[..., App]) -> None:
    app = app_with(serves_artifacts=False)
    reply = request(app, "GET", "/api/2.0/mlflow-artifacts/artifacts?path=a")
    assert reply.status == 503
    assert "--no-serve-artifacts" in reply.text
