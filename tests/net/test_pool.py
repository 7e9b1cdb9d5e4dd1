from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.errors import InvalidValue, StoreUnavailable, TimedOut
from headrace.net.message import Request
from headrace.net.pool import PoolTransport
from tests.net.faults import answer, drop, free_port, raw, reset, serving, stall


@pytest.fixture
def pool() -> PoolTransport:
    return PoolTransport()


def get(url: str, **options: object) -> Request:
    return Request(method="GET", url=url, **options)  # type: ignore[arg-type]


def test_answer_comes_back_with_status_lower_case_headers_and_body(pool: PoolTransport) -> None:
    with serving(answer(418, b"tea", X_Kind="Green")) as server:
        response = pool.send(get(f"{server.url}/pot?size=1"))
    assert (response.status, response.body, response.headers["x-kind"]) == (418, b"tea", "Green")
    assert server.seen[0].target == "/pot?size=1"
    assert server.seen[0].headers["user-agent"].startswith("headrace-python-client/")


def test_connection_is_used_again(pool: PoolTransport) -> None:
    with serving(answer()) as server:
        for _ in range(5):
            pool.send(get(server.url))
    assert {seen.connection for seen in server.seen} == {1}


def test_threads_share_the_pool_and_get_their_own_answers(pool: PoolTransport) -> None:
    with serving(answer(body=b"x")) as server, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda i: pool.send(get(f"{server.url}/{i}")).body, range(64)))
    assert answers == [b"x"] * 64
    assert sorted(int(seen.target[1:]) for seen in server.seen) == list(range(64))


def test_nobody_listens_is_said_with_the_address(pool: PoolTransport) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(StoreUnavailable) as caught:
        pool.send(get(f"{url}/api?secret=1"))
    assert caught.value.message == f"The server at {url} does not answer: Connection refused; is it running?"


def test_unknown_host_is_said(pool: PoolTransport) -> None:
    with pytest.raises(StoreUnavailable, match=r"the name 'no-such-host\.invalid' is not known"):
        pool.send(get("http://no-such-host.invalid/"))


def test_password_in_an_address_is_never_shown(pool: PoolTransport) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        pool.send(get(f"http://anna:geheim@127.0.0.1:{free_port()}/"))
    assert "geheim" not in str(caught.value)
    assert "anna" not in str(caught.value)


@pytest.mark.parametrize("fault", [drop, reset, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")])
def test_broken_connection_is_unavailable(pool: PoolTransport, fault: object) -> None:
    with serving(fault) as server, pytest.raises(StoreUnavailable, match="broke before the answer was whole"):  # type: ignore[arg-type]
        pool.send(get(server.url))


def test_nonsense_instead_of_http_is_unavailable(pool: PoolTransport) -> None:
    with serving(raw(b"\x16\x03\x01 this is no HTTP\r\n\r\n")) as server, pytest.raises(StoreUnavailable):
        pool.send(get(server.url))


def test_silent_server_is_timed_out_and_the_limit_is_named(pool: PoolTransport) -> None:
    release = threading.Event()
    with serving(stall(release)) as server, pytest.raises(TimedOut, match=r"no answer to /slow within 0\.2 s"):
        pool.send(get(f"{server.url}/slow", timeout_s=0.2))
    release.set()


def test_redirect_is_followed_without_the_authorization(pool: PoolTransport) -> None:
    with serving(answer(body=b"there")) as other, serving(answer(302, b"", Location=f"{other.url}/x")) as server:
        response = pool.send(get(server.url, headers={"Authorization": "Bearer secret"}))
    assert response.body == b"there"
    assert "authorization" in server.seen[0].headers
    assert "authorization" not in other.seen[0].headers


def test_endless_redirects_end(pool: PoolTransport) -> None:
    with (
        serving(answer(302, b"", Location="/again")) as server,
        pytest.raises(StoreUnavailable, match="redirects more"),
    ):
        pool.send(get(server.url))


def test_streamed_body_comes_in_pieces_and_frees_the_connection(pool: PoolTransport) -> None:
    with serving(answer(body=b"a" * 300_000)) as server:
        with pool.send(get(server.url, stream=True)) as response:
            assert response.body == b""
            assert b"".join(response.chunks(1000)) == b"a" * 300_000
        pool.send(get(server.url))
    assert {seen.connection for seen in server.seen} == {1}


def test_stream_that_is_left_early_doesnt_spoil_the_next_answer(pool: PoolTransport) -> None:
    with serving(answer(body=b"a" * 3_000_000), answer(body=b"next")) as server:
        with pool.send(get(server.url, stream=True)) as response:
            next(iter(response.chunks(10)))
        assert pool.send(get(server.url)).body == b"next"


def test_stream_that_breaks_is_unavailable(pool: PoolTransport) -> None:
    with (
        serving(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")) as server,
        pool.send(get(server.url, stream=True)) as response,
        pytest.raises(StoreUnavailable),
    ):
        list(response.chunks())


def test_error_answer_is_read_even_if_a_stream_was_asked_for(pool: PoolTransport) -> None:
    with serving(answer(404, b"gone")) as server:
        assert pool.send(get(server.url, stream=True)).body == b"gone"


def test_file_is_sent_as_body(pool: PoolTransport, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"z" * 100_000)
    with serving(answer()) as server, path.open("rb") as file:
        headers = {"Content-Length": "100000"}
        pool.send(Request(method="PUT", url=server.url, body=file, headers=headers))
    assert server.seen[0].body == path.read_bytes()


def _child(pool: PoolTransport, url: str, queue: object) -> None:
    queue.put(pool.send(get(url)).body)  # type: ignore[attr-defined]


def test_forked_child_opens_connections_of_its_own(pool: PoolTransport) -> None:
    context = multiprocessing.get_context("fork")
    with serving(answer(body=b"mine")) as server:
        pool.send(get(server.url))
        queue = context.Queue()
        child = context.Process(target=_child, args=(pool, server.url, queue))
        child.start()
        assert queue.get(timeout=30) == b"mine"
        child.join(30)
        assert pool.send(get(server.url)).body == b"mine"
    assert [seen.connection for seen in server.seen] == [1, 2, 1]


def test_proxy_of_the_environment_is_used_unless_the_host_is_excepted(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer(body=b"proxied")) as proxy, serving(answer(body=b"direct")) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert PoolTransport().send(get("http://tracking.example/x")).body == b"proxied"
        assert proxy.seen[0].target == "http://tracking.example/x"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert PoolTransport().send(get(server.url)).body == b"direct"


def test_missing_certificate_file_is_named(pool: PoolTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", "/nowhere/ca.pem")
    with pytest.raises(InvalidValue, match=r"/nowhere/ca\.pem.*no such file"):
        pool.send(get("https://127.0.0.1:1/"))


def test_insecure_and_a_bundle_contradict_each_other(pool: PoolTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_TRACKING_INSECURE_TLS", "true")
    monkeypatch.setenv("HEADRACE_TRACKING_SERVER_CERT_PATH", "/etc/ssl")
    with pytest.raises(InvalidValue, match="keep only one"):
        pool.send(get("https://127.0.0.1:1/"))
