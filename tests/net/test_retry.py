from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from headrace import clock
from headrace.errors import StoreUnavailable, TimedOut
from headrace.net.message import Request
from headrace.net.pool import PoolTransport
from headrace.net.retry import Retrying, RetryPolicy, retry_after_s
from tests.net.faults import answer, drop, free_port, reset, serving, stall

POLICY = RetryPolicy(max_retries=3, backoff_factor_s=2.0, jitter_s=0.0)


class Waits(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def transport(waits: Waits) -> Retrying:
    return Retrying(PoolTransport(), lambda: POLICY, waits)


def post(url: str, **options: object) -> Request:
    return Request(method="POST", url=url, body=b"{}", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_trouble_is_asked_again(transport: Retrying, waits: Waits, status: int) -> None:
    with serving(answer(status), answer(status), answer(200, b"done")) as server:
        assert transport.send(post(server.url)).body == b"done"
    assert [seen.body for seen in server.seen] == [b"{}"] * 3
    assert waits == [2.0, 4.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 501])
def test_final_answers_are_not_asked_again(transport: Retrying, waits: Waits, status: int) -> None:
    with serving(answer(status)) as server:
        assert transport.send(post(server.url)).status == status
    assert len(server.seen) == 1
    assert waits == []


def test_dropped_connections_are_asked_again(transport: Retrying) -> None:
    with serving(drop, reset, answer(200, b"done")) as server:
        assert transport.send(post(server.url)).body == b"done"


def test_trouble_that_stays_is_given_back_after_the_last_try(transport: Retrying, waits: Waits) -> None:
    with serving(answer(503, b"busy")) as server:
        response = transport.send(post(server.url))
    assert (response.status, response.body) == (503, b"busy")
    assert waits == [2.0, 4.0, 8.0]


def test_server_that_is_down_raises_after_the_last_try(
    transport: Retrying, waits: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(StoreUnavailable, match="is it running"):
        transport.send(post(f"http://127.0.0.1:{free_port()}"))
    assert len(waits) == 3
    assert "Trying again in 2.0 s (1 of 3)" in caplog.text


def test_silence_is_asked_again(transport: Retrying) -> None:
    release = threading.Event()
    with serving(stall(release), answer(200, b"done")) as server:
        assert transport.send(post(server.url, timeout_s=0.2)).body == b"done"
    release.set()


def test_retry_after_is_obeyed(transport: Retrying, waits: Waits) -> None:
    with serving(answer(429, Retry_After="7"), answer()) as server:
        transport.send(post(server.url))
    assert waits == [7.0]


def test_retry_after_beyond_reason_ends_the_patience(transport: Retrying, waits: Waits) -> None:
    with serving(answer(503, Retry_After="86400")) as server:
        assert transport.send(post(server.url)).status == 503
    assert waits == []


def test_retry_after_can_be_switched_off(waits: Waits) -> None:
    policy = RetryPolicy(max_retries=3, backoff_factor_s=2.0, jitter_s=0.0, respect_retry_after=False)
    with serving(answer(429, Retry_After="7"), answer()) as server:
        Retrying(PoolTransport(), lambda: policy, waits).send(post(server.url))
    assert waits == [2.0]


@pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("12", 12.0), ("", None), ("soon", None), ("-1", None)])
def test_retry_after_in_seconds(text: str, seconds: float | None) -> None:
    assert retry_after_s(text) == seconds


def test_retry_after_as_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: 1_700_000_000_000)
    assert retry_after_s(formatdate(1_700_000_030, usegmt=True)) == 30.0
    assert retry_after_s(formatdate(1_600_000_000, usegmt=True)) == 0.0


def test_backoff_doubles_up_to_two_minutes_and_jitter_stays_in_its_bounds() -> None:
    policy = RetryPolicy(max_retries=20, backoff_factor_s=2.0, jitter_s=1.0)
    waits = [policy.wait_s(retry, None) or 0.0 for retry in range(1, 12)]
    for retry, wait in enumerate(waits):
        floor = min(2.0 * 2**retry, 120.0)
        assert floor <= wait <= floor + 1.0


def test_policy_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0.5")
    monkeypatch.setenv("HEADRACE_HTTP_REQUEST_MAX_RETRIES", "2")
    monkeypatch.setenv("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", "false")
    assert RetryPolicy.of_settings() == RetryPolicy(
        max_retries=2, backoff_factor_s=0.5, jitter_s=1.0, respect_retry_after=False
    )


def test_file_is_sent_again_from_where_it_stood(transport: Retrying) -> None:
    file = io.BytesIO(b"head+body")
    file.seek(5)
    with serving(answer(503), answer()) as server:
        transport.send(Request(method="PUT", url=server.url, body=file, headers={"Content-Length": "4"}))
    assert [seen.body for seen in server.seen] == [b"body", b"body"]


def test_what_cannot_be_sent_twice_is_sent_once(transport: Retrying) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"once"

    with serving(answer(503)) as server:
        headers = {"Content-Length": "4"}
        assert transport.send(Request(method="PUT", url=server.url, body=pieces(), headers=headers)).status == 503
        assert transport.send(post(server.url, repeatable=False)).status == 503
    assert len(server.seen) == 2


def test_unrepeatable_request_to_a_silent_server_raises_at_once(transport: Retrying, waits: Waits) -> None:
    release = threading.Event()
    with serving(stall(release)) as server, pytest.raises(TimedOut):
        transport.send(post(server.url, repeatable=False, timeout_s=0.2))
    release.set()
    assert waits == []
