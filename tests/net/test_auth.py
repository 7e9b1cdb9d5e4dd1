from __future__ import annotations

import base64
from pathlib import Path

import pytest

from headrace.errors import InvalidValue
from headrace.net import auth
from headrace.net.auth import Authenticated, from_environment
from headrace.net.message import Request
from headrace.net.pool import PoolTransport
from tests.net.faults import answer, serving


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


def decoded(value: str | None) -> str:
    assert value is not None
    kind, _, rest = value.partition(" ")
    return f"{kind} {base64.b64decode(rest).decode()}" if kind == "Basic" else value


def test_nothing_known_sends_nothing() -> None:
    assert from_environment() is None


def test_token_is_sent_as_bearer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc\n")
    assert from_environment() == "Bearer abc"


def test_basic_wins_over_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "anna")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "pä:ss")
    assert decoded(from_environment()) == "Basic anna:pä:ss"


def test_our_spelling_wins_over_mlflows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "theirs")
    monkeypatch.setenv("HEADRACE_TRACKING_TOKEN", "ours")
    assert from_environment() == "Bearer ours"


def test_user_without_password_is_no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "anna")
    assert from_environment() is None


def test_credentials_file_of_mlflow_is_read_and_the_environment_wins(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".mlflow").mkdir()
    (home / ".mlflow" / "credentials").write_text(
        "[mlflow]\nmlflow_tracking_username = fred\nmlflow_tracking_password = 100%\n"
    )
    assert decoded(from_environment()) == "Basic fred:100%"
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "anna")
    assert decoded(from_environment()) == "Basic anna:100%"


def test_broken_credentials_file_is_named(home: Path) -> None:
    (home / ".mlflow").mkdir()
    (home / ".mlflow" / "credentials").write_text("no ini at all")
    with pytest.raises(InvalidValue, match="credentials"):
        from_environment()


def test_token_that_would_break_the_header_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret\r\nX-Evil: 1")
    with pytest.raises(InvalidValue) as caught:
        from_environment()
    assert "secret" not in caught.value.message


def test_header_is_put_on_and_asked_for_at_each_request() -> None:
    tokens = iter(["one", "two"])
    with serving(answer()) as server:
        transport = Authenticated(PoolTransport(), lambda: auth.bearer(next(tokens)))
        for _ in range(2):
            transport.send(Request(method="GET", url=server.url))
    assert [seen.headers["authorization"] for seen in server.seen] == ["Bearer one", "Bearer two"]


def test_header_of_the_request_itself_wins() -> None:
    with serving(answer()) as server:
        transport = Authenticated(PoolTransport(), lambda: "Bearer general")
        transport.send(Request(method="GET", url=server.url, headers={"Authorization": "Bearer special"}))
    assert server.seen[0].headers["authorization"] == "Bearer special"
