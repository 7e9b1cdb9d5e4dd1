from __future__ import annotations

import http.server
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.client.open import close_stores
from tests.cli.conftest import Headrace
from tests.cli.served import serving


def states(ended_json: list[dict[str, str]]) -> dict[str, str]:
    return {finding["what"]: finding["state"] for finding in ended_json}


def test_a_folder_without_a_store_is_fine_and_stays_so(headrace: Headrace) -> None:
    found = headrace("doctor", "--json").json()
    assert "broken" not in states(found).values()
    assert {"headrace", "python", "sqlite", "packages", "tracking URI", "disk"} <= states(found).keys()
    assert not Path(".headrace").exists()


def test_a_sound_store_is_checked(headrace: Headrace) -> None:
    mlflow.search_experiments()
    found = states(headrace("doctor", "--json").json())
    assert {found[what] for what in ("store", "schema", "durability", "integrity", "disk")} == {"ok"}


def test_a_damaged_store_is_found(headrace: Headrace) -> None:
    with mlflow.start_run():
        for step in range(300):
            mlflow.log_metric("loss", step, step=step)
            mlflow.set_tag(f"tag{step}", "x" * 200)
    close_stores()
    path = Path(".headrace/headrace.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page_bytes, root = connection.execute(
            "SELECT (SELECT page_size FROM pragma_page_size), rootpage FROM sqlite_master WHERE name = 'run'"
        ).fetchone()
    content = bytearray(path.read_bytes())
    content[(root - 1) * page_bytes : root * page_bytes] = b"\xff" * page_bytes
    path.write_bytes(content)
    ended = headrace("doctor", status=1)
    assert "✗  integrity" in ended.out or "✗  store" in ended.out
    assert "→" in ended.out


def test_settings_are_shown_without_their_secrets(headrace: Headrace) -> None:
    env = {
        "HEADRACE_TRACKING_TOKEN": "hrt_abc_topsecret",
        "MLFLOW_TRACKING_PASSWORD": "topsecret",
        "MLFLOW_REGISTRY_URI": "postgresql://me:topsecret@host/db",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "12",
    }
    shown = headrace("doctor", env=env, status=1).out  # there is no such registry
    assert "topsecret" not in shown
    assert "HEADRACE_TRACKING_TOKEN=***" in shown
    assert "postgresql://me:***@host/db" in shown
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT=12" in shown
    assert (
        "12"
        not in headrace("doctor", "--mask-envs", env={"MLFLOW_HTTP_REQUEST_TIMEOUT": "1212"}).out.partition("1212")[1]
    )


def test_a_misspelt_or_wrong_setting_is_named(headrace: Headrace) -> None:
    ended = headrace("doctor", env={"HEADRACE_TRAKING_URI": "x", "HEADRACE_AUTH": "none"})
    assert "Did you mean HEADRACE_TRACKING_URI?" in ended.out
    assert "HEADRACE_AUTH is not" not in ended.out
    wrong = headrace("doctor", status=1, env={"MLFLOW_HTTP_REQUEST_TIMEOUT": "soon"})
    assert "'soon'" in wrong.out


def test_a_server_that_answers(headrace: Headrace) -> None:
    with serving() as server:
        found = headrace("doctor", "--json", "--tracking-uri", server.url).json()
    assert {states(found)[what] for what in ("server", "clock", "access")} == {"ok"}
    [said] = [finding["detail"] for finding in found if finding["what"] == "server"]
    assert said.startswith(f"Headrace {mlflow.__version__}, API of MLflow 3.")


def test_a_server_that_does_not_answer(headrace: Headrace) -> None:
    ended = headrace("doctor", "--tracking-uri", "http://127.0.0.1:9", status=1)
    assert "✗  store" in ended.out
    assert "is it running?" in ended.out


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A web server of another age that is no tracking server."""

    def do_GET(self) -> None:
        self.send_response_only(200 if self.path == "/version" else 404)
        self.send_header("Date", "Tue, 14 Nov 2023 22:13:20 GMT")
        self.end_headers()
        self.wfile.write(b"3.1.0")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, name="elsewhere")
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_clock_that_is_off_and_a_server_of_something_else(headrace: Headrace, elsewhere: str) -> None:
    found = headrace("doctor", "--json", "--tracking-uri", elsewhere, status=1).json()
    [clock] = [finding for finding in found if finding["what"] == "clock"]
    assert clock["state"] == "warn"
    assert "behind" in clock["detail"]
    assert "NTP" in clock["way_out"]
    broken = [finding["detail"] for finding in found if finding["state"] == "broken"]
    assert any("Headrace or MLflow server" in detail for detail in broken)
