"""A request's way through the front, over real sockets."""

from __future__ import annotations

import http.client
import json
import logging
import socket
from collections.abc import Iterator

import msgspec
import pytest

from headrace.serving.app.options import Options
from headrace.serving.observe import Observation
from tests.serving.app.front import DEADLINE_S, FACTS, Front, front


@pytest.fixture(scope="module")
def wine() -> Iterator[Front]:
    with front("wine") as found:
        yield found


def test_bodies_go_through_as_they_are(wine: Front) -> None:
    answered = wine.ask("POST", "/invocations", b"a,b\n1,2\n", {"Content-Type": "text/csv", "Accept": "x/y"})
    assert answered.status == 200
    assert answered.json == {"pool": "1", "kind": "invocations", "type": "text/csv", "accept": "x/y", "bytes": 8}
    assert answered.headers["x-headrace-revision"] == "1"
    assert answered.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/invocations", "invocations"),
        ("/models/wine/invocations", "invocations"),
        ("/v1/chat/completions", "chat"),
        ("/models/wine/v1/chat/completions", "chat"),
        ("/v1/completions", "completions"),
        ("/v1/embeddings", "embeddings"),
        ("/v2/models/wine/infer", "infer"),
        ("/v2/models/wine/versions/1/infer", "infer"),
    ],
)
def test_paths_are_dialects(wine: Front, path: str, kind: str) -> None:
    assert wine.ask("POST", path, {}).json["kind"] == kind


def test_tensors_as_bytes_are_told_by_their_header(wine: Front) -> None:
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "12"}
    told = wine.ask("POST", "/v2/models/wine/infer", b"x" * 20, headers).json
    assert told["type"] == "application/octet-stream; header-length=12"


@pytest.mark.parametrize(
    ("do", "status", "code", "header"),
    [
        ("busy", 429, "REQUEST_LIMIT_EXCEEDED", ("retry-after", "3")),
        ("late", 504, "DEADLINE_EXCEEDED", None),
        ("gone", 503, "TEMPORARILY_UNAVAILABLE", ("retry-after", "1")),
    ],
)
def test_trouble_in_mlflows_shape(wine: Front, do: str, status: int, code: str, header: tuple[str, str] | None) -> None:
    answered = wine.ask("POST", "/invocations", {"do": do})
    assert (answered.status, answered.json["error_code"]) == (status, code)
    if header is not None:
        assert answered.headers[header[0]] == header[1]


def test_trouble_in_the_shapes_of_other_dialects(wine: Front) -> None:
    chat = wine.ask("POST", "/v1/chat/completions", {"do": "busy"})
    assert (chat.status, chat.json["error"]["code"]) == (429, "rate_limit_exceeded")
    infer = wine.ask("POST", "/v2/models/wine/infer", {"do": "gone"})
    assert (infer.status, infer.json) == (503, {"error": "Gone."})


def test_a_fault_of_ours_tells_a_number_and_no_more(wine: Front, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="headrace.serving"):
        answered = wine.ask("POST", "/invocations", {"do": "raise"})
    assert answered.status == 500
    assert b"secret" not in answered.body
    assert b"Traceback" not in answered.body
    (record,) = caplog.records
    assert record.getMessage().split()[1] in answered.json["message"]


def test_compressed_bodies_are_refused(wine: Front) -> None:
    answered = wine.ask("POST", "/invocations", b"\x1f\x8b", {"Content-Encoding": "gzip"})
    assert answered.status == 400
    assert "Content-Encoding" in answered.json["message"]


def test_what_is_refused_before_it_has_a_model_is_counted(wine: Front, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        wine.ask("POST", "/invocations", b"\x1f\x8b", {"Content-Encoding": "gzip"})
    assert (
        'headrace_requests_total{model="",revision="",kind="invocations",status="400"'
        in wine.get("/metrics").body.decode()
    )
    assert not caplog.records


def test_a_model_that_answers_otherwise_says_where() -> None:
    with front("wine", facts=msgspec.structs.replace(FACTS, kinds=["invocations", "infer"])) as found:
        answered = found.ask("POST", "/v1/chat/completions", {})
        assert answered.status == 404
        message = answered.json["error"]["message"]
        assert "/invocations" in message
        assert "/v2/models/wine/infer" in message


# Bodies that are too large, too slow, or never whole


@pytest.fixture(scope="module")
def strict() -> Iterator[Front]:
    with front("wine", options=Options(max_body_bytes=1000, body_timeout_s=0.2, timeout_s=1.0)) as found:
        yield found


def test_a_declared_length_over_the_limit(strict: Front) -> None:
    answered = strict.ask("POST", "/invocations", b"x" * 1001)
    assert answered.status == 413
    assert "1001" in answered.json["message"]
    assert "1000" in answered.json["message"]
    assert answered.headers["connection"] == "close"


def test_a_chunked_body_over_the_limit(strict: Front) -> None:
    with strict.socket() as line:
        line.sendall(b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        line.sendall(b"258\r\n" + b"x" * 600 + b"\r\n258\r\n" + b"x" * 600 + b"\r\n")
        assert status_of(line) == 413


def test_a_body_that_stops_coming(strict: Front) -> None:
    with strict.socket() as line:
        line.sendall(b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        assert status_of(line) == 408


def test_a_body_that_trickles(strict: Front) -> None:
    with strict.socket() as line:
        line.sendall(b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        line.settimeout(0.05)
        answer = b""
        for _ in range(900):
            try:
                line.sendall(b"{")
                answer = line.recv(1000)
                break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_is_cut_harms_nobody(strict: Front) -> None:
    with strict.socket() as line:
        line.sendall(b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    assert strict.ask("POST", "/invocations", {}).status == 200


@pytest.mark.parametrize("head", [b"\x00\x01\x02\r\n\r\n", b"POST /invocations HTTP/9.9\r\n\r\n", b"GET\r\n\r\n"])
def test_what_is_no_http_gets_400(strict: Front, head: bytes) -> None:
    with strict.socket() as line:
        line.sendall(head)
        assert status_of(line) == 400


# Clients that go away


def test_a_client_that_goes_cancels_its_call(wine: Front) -> None:
    pool = wine.pool
    pool.waiting.clear()
    pool.cancelled.clear()
    with wine.socket() as line:
        line.sendall(posted("/invocations", {"do": "wait"}))
        assert pool.waiting.wait(DEADLINE_S)
    assert pool.cancelled.wait(DEADLINE_S)


def test_a_client_that_goes_in_a_stream_cancels_it(wine: Front) -> None:
    wine.pool.cancelled.clear()
    with wine.socket() as line:
        line.sendall(posted("/v1/chat/completions", {"do": "stream"}))
        assert status_of(line) == 200
    assert wine.pool.cancelled.wait(DEADLINE_S)


# Streams


def test_parts_leave_as_they_come(wine: Front) -> None:
    connection = http.client.HTTPConnection(wine.host, timeout=DEADLINE_S)
    connection.request("POST", "/v1/chat/completions", json.dumps({"do": "stream"}))
    response = connection.getresponse()
    assert response.getheader("content-type") == "text/event-stream; charset=utf-8"
    assert response.getheader("cache-control") == "no-cache"
    assert response.getheader("x-accel-buffering") == "no"
    for number in range(3):  # each is read before the next one is made
        part = b"data: %d\n\n" % number
        wine.soon(lambda part=part: wine.pool.parts.put_nowait(part))
        assert response.read(len(part)) == part
    wine.soon(lambda: wine.pool.parts.put_nowait(None))
    assert response.read() == b""
    connection.close()


def test_a_stream_that_breaks_says_so_in_an_event(wine: Front) -> None:
    wine.soon(lambda: wine.pool.parts.put_nowait(b"data: 1\n\n"))
    wine.soon(lambda: wine.pool.parts.put_nowait(None))
    answered = wine.ask("POST", "/v1/chat/completions", {"do": "break"})
    first, second = answered.body.strip().split(b"\n\n")
    assert first == b"data: 1"
    assert json.loads(second.removeprefix(b"data: "))["error"]["code"] == "temporarily_unavailable"


def test_connections_are_used_again(wine: Front) -> None:
    connection = http.client.HTTPConnection(wine.host, timeout=DEADLINE_S)
    connection.connect()
    ours = connection.sock
    for body in ({}, {"do": "busy"}, {"do": "parts"}, {}):
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        connection.getresponse().read()
        assert connection.sock is ours
    connection.close()


# Several models and versions


def test_the_body_names_one_of_several_models() -> None:
    with front("wine", "phi") as found:
        for path in ("/v1/chat/completions", "/v1/completions", "/v1/embeddings"):
            answered = found.ask("POST", path, {"model": "phi"})
            assert answered.status == 200
        assert found.ask("POST", "/v1/chat/completions", {"model": "x"}).json["error"]["code"] == "model_not_found"
        assert found.ask("POST", "/models/phi/v1/chat/completions", {"model": "x"}).status == 200
        assert found.ask("POST", "/v1/chat/completions", b"[").status == 200  # the first's process judges it
        assert found.ask("POST", "/models/nobody/invocations", {}).status == 404
        text = found.get("/metrics").body.decode()
        assert 'headrace_requests_total{model="phi",revision="1",kind="chat",status="200",shadow="false"} 2' in text


def test_a_body_without_a_name_means_the_first_model_that_speaks_its_dialect() -> None:
    facts = {"wine": msgspec.structs.replace(FACTS, kinds=["invocations"]), "phi": FACTS, "rho": FACTS}
    heard: list[Observation] = []
    with front("wine", "phi", "rho", facts=facts, observers=[heard.append]) as found:
        assert found.ask("POST", "/v1/chat/completions", {}).status == 200
        assert found.ask("POST", "/invocations", {}).status == 200
        assert found.ask("POST", "/v1/chat/completions", {"model": "wine"}).status == 404
    assert [each.deployment for each in heard] == ["phi", "wine", "wine"]


def test_versions_are_asked_by_their_label() -> None:
    with front("wine", others=("2",)) as found:
        ask = "/v2/models/wine/versions/{}/infer"
        assert [found.ask("POST", ask.format(label), {}).json["pool"] for label in ("1", "2")] == ["1", "2"]
        missing = found.ask("POST", ask.format("3"), {})
        assert missing.status == 404
        assert "1, 2" in missing.json["error"]
        assert found.get("/v2/models/wine").json["versions"] == ["1", "2"]


# Who watches


def test_observers_hear_of_each_request() -> None:
    heard: list[Observation] = []
    with front("wine", observers=[heard.append]) as found:
        found.ask("POST", "/invocations", {"rows": 1}, {"traceparent": "00-1-2-01"})
        found.ask("POST", "/invocations", {"do": "busy"})
        found.ask("POST", "/v1/chat/completions", {"do": "parts"})
    whole, busy, streamed = heard
    assert (whole.deployment, whole.revision, whole.trace) == ("wine", "1", "00-1-2-01")
    assert (whole.call.body, whole.reply.rows, whole.queue_s) == (b'{"rows": 1}', 3, 0.002)
    assert whole.at_ms > 0
    assert whole.first_part_s is None
    assert (busy.reply.status, busy.reply.error) == (429, "REQUEST_LIMIT_EXCEEDED")
    assert streamed.first_part_s is not None
    assert streamed.first_part_s <= streamed.duration_s
    assert streamed.reply.usage is not None


def test_an_observer_that_fails_takes_no_answer_away(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Observation) -> None:
        raise RuntimeError("disk full")

    heard: list[Observation] = []
    with front("wine", observers=[broken, heard.append]) as found, caplog.at_level(logging.ERROR):
        assert found.ask("POST", "/invocations", {}).status == 200
        assert found.ask("POST", "/invocations", {}).status == 200
    assert len(heard) == 2
    assert "disk full" in caplog.text


def posted(path: str, body: dict[str, str]) -> bytes:
    text = json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text


def status_of(line: socket.socket) -> int:
    answer = b""
    while b"\r\n" not in answer:
        part = line.recv(4096)
        assert part, f"the connection closed after {answer!r}"
        answer += part
    return int(answer.split()[1])
