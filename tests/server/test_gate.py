from __future__ import annotations

from collections.abc import Callable

import pytest

from headrace.server.app import App
from tests.server.calls import Reply, request

SEARCH = "/api/2.0/mlflow/runs/search"


def write(app: App, **headers: str) -> Reply:
    return request(app, "POST", SEARCH, {}, headers)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:5000",
        "LOCALHOST:1",
        "127.0.0.1",
        "127.0.0.1:5000",
        "[::1]",
        "[::1]:5000",
        "10.1.2.3:80",
        "192.168.0.7",
        "172.16.9.9:5000",
        "172.31.0.1",
        "[fd00::1]:5000",
    ],
)
def test_loopback_and_private_hosts_are_answered(app: App, host: str) -> None:
    assert write(app, host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:5000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "8.8.8.8",
        "172.32.0.1",
        "[2001:4860::8888]",
        "127.0.0.1@evil.example",
        "notlocalhost",
        "\xff",
    ],
)
def test_other_hosts_are_refused_and_the_option_named(app: App, host: str) -> None:
    reply = write(app, host=host)
    assert reply.status == 403
    assert "--allowed-hosts" in reply.text
    assert reply.headers["content-type"].startswith("text/plain")


def test_unknown_paths_are_behind_the_gate_too(app: App) -> None:
    assert request(app, "GET", "/nothing", headers={"host": "evil.example"}).status == 403


@pytest.mark.parametrize("path", ["/health", "/version"])
def test_probes_come_with_any_host(app: App, path: str) -> None:
    assert request(app, "GET", path, headers={"host": "pod-17.cluster"}).status == 200


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        (("ml.example",), "ml.example", 200),
        (("ml.example",), "ML.example:443", 200),
        (("ml.example:8080",), "ml.example:8080", 200),
        (("ml.example:8080",), "ml.example:9090", 403),
        (("*.example",), "a.b.example:1", 200),
        (("*.example",), "example", 403),
        (("*",), "anything.at.all", 200),
    ],
)
def test_allowed_hosts_are_patterns(
    app_with: Callable[..., App], allowed: tuple[str, ...], host: str, status: int
) -> None:
    assert write(app_with(allowed_hosts=allowed), host=host).status == status


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://localhost.evil.example", "null", "http://localhost:3000"]
)
def test_pages_of_other_origins_can_not_write(app: App, origin: str) -> None:
    reply = write(app, origin=origin)
    assert reply.status == 403
    assert "--cors-allowed-origins" in reply.text
    for method, path in (
        ("DELETE", "/api/2.0/mlflow/logged-models/m-1"),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/a"),
    ):
        assert request(app, method, path, headers={"origin": origin}).status == 403


def test_a_page_of_this_server_writes(app: App) -> None:
    assert write(app, origin="http://127.0.0.1:5000").status == 200
    assert write(app, host="localhost:80", origin="http://localhost:80").status == 200


def test_pages_of_other_origins_get_no_leave_to_read(app: App) -> None:
    reply = request(
        app, "GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", headers={"origin": "http://evil.example"}
    )
    assert "access-control-allow-origin" not in reply.headers


def test_allowed_origins_read_and_write(app_with: Callable[..., App]) -> None:
    app = app_with(cors_allowed_origins=("https://ui.example", "https://*.team.example"))
    for origin in ("https://ui.example", "https://a.team.example"):
        reply = write(app, origin=origin)
        assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, origin)
        assert reply.headers["vary"] == "Origin"
    assert write(app, origin="http://ui.example").status == 403


def test_errors_are_readable_for_allowed_origins_too(app_with: Callable[..., App]) -> None:
    app = app_with(cors_allowed_origins=("https://ui.example",))
    reply = request(app, "GET", "/api/2.0/mlflow/runs/get?run_id=none", headers={"origin": "https://ui.example"})
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (404, "https://ui.example")


def test_browsers_that_ask_first_are_answered(app_with: Callable[..., App]) -> None:
    app = app_with(cors_allowed_origins=("https://ui.example",))
    asking = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,authorization"}
    reply = request(app, "OPTIONS", SEARCH, headers={"origin": "https://ui.example", **asking})
    assert reply.status == 200
    assert reply.headers["access-control-allow-headers"] == "content-type,authorization"
    assert "PATCH" in reply.headers["access-control-allow-methods"]
    assert request(app, "OPTIONS", SEARCH, headers={"origin": "https://evil.example", **asking}).status == 403


def test_answers_carry_the_protecting_headers(app: App, app_with: Callable[..., App]) -> None:
    for path in ("/health", "/api/2.0/mlflow/runs/get?run_id=none", "/nothing", "/"):
        headers = request(app, "GET", path).headers
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "SAMEORIGIN")
    assert request(app_with(x_frame_options="DENY"), "GET", "/health").headers["x-frame-options"] == "DENY"
    assert "x-frame-options" not in request(app_with(x_frame_options="NONE"), "GET", "/health").headers


def test_the_checks_can_be_switched_off(app_with: Callable[..., App]) -> None:
    assert write(app_with(security=False), host="evil.example", origin="http://evil.example").status == 200
