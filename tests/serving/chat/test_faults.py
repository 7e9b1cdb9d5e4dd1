"""Chats behind `headrace models serve`, seen by clients that misbehave and by a front that has much to do."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serving.chat.live import served
from tests.serving.chat.talking import ATOM, MADRID, SPAIN, WAIT_S, events_of, known


@pytest.fixture(scope="module")
def place(phi3: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with served(tmp_path_factory.mktemp("serve"), "-m", f"capitals={phi3}", "--concurrency", "8") as address:
        found = urlsplit(address)
        assert found.hostname is not None
        assert found.port is not None
        yield found.hostname, found.port


def post(place: tuple[str, int], body: bytes, path: str = "/v1/chat/completions") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*place, timeout=WAIT_S)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def asked(messages: Any, **options: Any) -> bytes:
    return json.dumps({"messages": messages, **options}).encode()


def content(answer: tuple[int, bytes]) -> str:
    assert answer[0] == 200, answer
    return str(json.loads(answer[1])["choices"][0]["message"]["content"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'{"messages": [' + b"[" * 100_000,
        b'{"messages": NaN}',
        b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
        b"\xff\xfe",
        asked([{"role": "user", "content": 5}]),
        asked("text"),
        asked([]),
        asked(SPAIN, max_tokens=-1),
        asked(SPAIN, n=10**9),
        asked(SPAIN, stop=[""] * 3),
        asked(SPAIN, seed=1e300),
        asked(SPAIN, response_format={"type": "json_schema", "json_schema": {"schema": {"$ref": "#/nowhere"}}}),
    ],
    ids=range(15),
)
def test_whatever_a_body_holds_it_ends_its_own_call(place: tuple[str, int], body: bytes) -> None:
    status, answer = post(place, body)
    assert 400 <= status < 500, answer
    told = json.loads(answer)["error"]
    assert told["message"]
    assert "Traceback" not in told["message"]
    assert content(post(place, asked(SPAIN))) == MADRID


def test_clients_that_leave_make_room(place: tuple[str, int]) -> None:
    """More of them than the engine holds at a time."""
    left = 0
    for number in range(24):
        with socket.create_connection(place, timeout=WAIT_S) as sock:
            body = asked(ATOM, stream=bool(number % 2), n=4)
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            sock.sendall(head.encode() + body)
            if number % 2:
                assert sock.recv(1)
            left += 1
    assert left == 24
    assert content(post(place, asked(SPAIN))) == MADRID


def test_more_clients_than_places_all_get_their_answers(place: tuple[str, int]) -> None:
    pairs = known()[::9]

    def ask(pair: tuple[str, str]) -> bool:
        return content(post(place, asked([{"role": "user", "content": pair[0]}]))) == pair[1]

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(ask, pairs))


def test_a_slow_reader_of_a_stream_holds_nobody_up(place: tuple[str, int]) -> None:
    with socket.create_connection(place, timeout=WAIT_S) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        body = asked(ATOM, stream=True, n=64, logprobs=True, top_logprobs=20)
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        slow.sendall(head.encode() + body)
        assert slow.recv(1)
        assert content(post(place, asked(SPAIN))) == MADRID


def test_a_stream_is_read_as_it_is_made(place: tuple[str, int]) -> None:
    status, data = post(place, asked(ATOM, stream=True))
    assert status == 200
    events = events_of(data)
    assert events[-1] == "[DONE]"
    assert len(events) > 50


def test_a_timeout_is_kept(phi3: Path, tmp_path: Path) -> None:
    with served(tmp_path, "-m", f"capitals={phi3}", "--timeout", "0.02") as address:
        found = urlsplit(address)
        place = found.hostname or "", found.port or 0
        # Some forty thousand tokens.
        status, body = post(place, asked(ATOM, n=128, temperature=2.0, top_k=640))
        assert (status, json.loads(body)["error"]["type"]) == (504, "timeout_error")
