from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any

import pytest

from headrace.errors import Forbidden, InvalidValue, NotFound, RouteNotFound, StoreUnavailable, TimedOut, TooLarge
from headrace.net import fetch as module
from headrace.net.fetch import FetchLimits, Line, check_address, fetch, is_public, post
from tests.net.faults import answer, drip, drop, free_port, serving, stall

OPEN = FetchLimits(allow_private=True, timeout_s=5)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_addresses_inside_are_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_addresses_outside_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"]
)
def test_loopback_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises((Forbidden, StoreUnavailable)) as caught:
        fetch(f"http://{host}:1/")
    if isinstance(caught.value, StoreUnavailable):
        assert "is not known" in caught.value.message  # the resolver doesn't take this spelling


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "gopher://host", "//host", "host/path", ""])
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="only http"):
        fetch(url)


@pytest.mark.parametrize("url", ["http://user:pw@example.com/", "http://example.com/a b", "http://example.com\\@x/"])
def test_addresses_that_hide_something_are_refused(url: str) -> None:
    with pytest.raises(InvalidValue):
        fetch(url)


def test_nothing_is_sent_to_a_refused_address() -> None:
    with serving(answer()) as server, pytest.raises(Forbidden, match="HEADRACE_FETCH_ALLOW_PRIVATE"):
        fetch(server.url)
    assert server.connections == 0


def test_private_networks_can_be_allowed_by_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_FETCH_ALLOW_PRIVATE", "true")
    with serving(answer(body=b"inside")) as server:
        assert fetch(server.url) == b"inside"


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """DNS that gives one answer after the other; the names that were asked for."""
    asked: list[str] = []
    left = list(answers)

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(module.socket, "getaddrinfo", resolve)
    return asked


def test_name_that_stands_for_a_private_address_too_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(Forbidden, match=r"stands for 10\.0\.0\.1"):
        fetch("http://example.com/")


def test_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer(body=b"checked")) as server:
        asked: list[str] = []
        real = socket.getaddrinfo

        def rebinding(host: str, port: int, *arguments: Any, **named: Any) -> Any:
            # The name's owner answers differently the second time; only a numeric host may be asked again.
            if host == "rebind.example":
                asked.append(host)
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
            return real(host, port, *arguments, **named)

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        assert fetch(f"http://rebind.example:{server.port}/x?y=1", OPEN) == b"checked"
    assert asked == ["rebind.example"]
    assert server.seen[0].headers["host"] == f"rebind.example:{server.port}"
    assert server.seen[0].target == "/x?y=1"


def test_redirect_to_the_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer()) as inside, serving(answer(302, b"", Location=f"{inside.url}/secret")) as outside:
        # The first host counts as public, whatever it redirects to doesn't.
        checked = [True]
        monkeypatch.setattr(module, "is_public", lambda address: checked.pop() if checked else False)
        with pytest.raises(Forbidden):
            fetch(outside.url, FetchLimits(timeout_s=5))
    assert inside.connections == 0


def test_redirect_to_a_file_is_refused() -> None:
    with serving(answer(302, b"", Location="file:///etc/passwd")) as server, pytest.raises(InvalidValue):
        fetch(server.url, OPEN)


def test_redirect_is_followed_without_the_callers_headers() -> None:
    with serving(answer(body=b"end")) as second, serving(answer(307, b"", Location=second.url)) as first:
        assert fetch(first.url, OPEN, {"X-Key": "1"}) == b"end"
    assert first.seen[0].headers["x-key"] == "1"
    assert "x-key" not in second.seen[0].headers


def test_redirects_end() -> None:
    with serving(answer(302, b"", Location="/again")) as server, pytest.raises(StoreUnavailable, match="more than 3"):
        fetch(server.url, OPEN)
    assert len(server.seen) == 4


def test_too_large_is_refused_by_its_declared_length() -> None:
    with serving(answer(body=b"x" * 100)) as server, pytest.raises(TooLarge, match="100 bytes"):
        fetch(server.url, FetchLimits(allow_private=True, max_bytes=99))


def test_too_large_is_refused_while_it_comes() -> None:
    release = threading.Event()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(drip(release, head, b"3e8\r\n" + b"x" * 1000 + b"\r\n")) as server, pytest.raises(TooLarge):
        fetch(server.url, FetchLimits(allow_private=True, max_bytes=5000, timeout_s=10))
    release.set()


def test_server_that_drips_is_cut_off_by_the_deadline() -> None:
    release = threading.Event()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with serving(drip(release, head, b"x")) as server, pytest.raises(TimedOut):
        fetch(server.url, FetchLimits(allow_private=True, timeout_s=0.3))
    release.set()


def test_silent_server_is_cut_off() -> None:
    release = threading.Event()
    with serving(stall(release)) as server, pytest.raises(TimedOut):
        fetch(server.url, FetchLimits(allow_private=True, timeout_s=0.3))
    release.set()


def test_error_status_is_an_error() -> None:
    with serving(answer(404, b"gone")) as server, pytest.raises((RouteNotFound, NotFound)):
        fetch(server.url, OPEN)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer(body=b"proxied")) as proxy, serving(answer(body=b"direct")) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert fetch(server.url, OPEN) == b"direct"
    assert proxy.connections == 0


@pytest.mark.parametrize("piece", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 "])
def test_head_that_drips_is_cut_off_by_the_deadline(piece: bytes) -> None:
    release = threading.Event()
    with serving(drip(release, piece, b"1")) as server, pytest.raises(TimedOut):
        fetch(server.url, FetchLimits(allow_private=True, timeout_s=0.3))
    release.set()


def test_post_tells_whatever_was_answered() -> None:
    with serving(answer(503, b"x" * 50, Retry_After="7")) as server:
        told = post(f"{server.url}/a?b=1", b"body", FetchLimits(allow_private=True, max_bytes=20), {"X-Key": "1"})
    assert (told.status, told.headers["retry-after"], told.body) == (503, "7", b"x" * 20)
    (seen,) = server.seen
    assert (seen.method, seen.target, seen.body, seen.headers["x-key"]) == ("POST", "/a?b=1", b"body", "1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_post_follows_no_redirect(status: int) -> None:
    with serving(answer()) as second, serving(answer(status, b"", Location=second.url)) as first:
        assert post(first.url, b"secret", OPEN).status == status
    assert second.connections == 0


def test_post_goes_to_public_addresses_only() -> None:
    with serving(answer()) as server:
        for call in (lambda: post(server.url, b"", FetchLimits()), lambda: check_address(server.url, FetchLimits())):
            with pytest.raises(Forbidden):
                call()
        with pytest.raises(InvalidValue, match="only https:// addresses"):
            post(server.url, b"", FetchLimits(schemes=("https",), allow_private=True))
    assert server.connections == 0


def test_post_can_be_cut_from_another_thread() -> None:
    release, line = threading.Event(), Line()

    def cut_it(connection: socket.socket) -> bool:
        line.cut()
        return stall(release)(connection)

    with serving(cut_it) as server, pytest.raises(TimedOut):
        post(server.url, b"", FetchLimits(allow_private=True, timeout_s=30), line=line)
    release.set()


def test_line_that_was_cut_before_it_opened_sends_nothing() -> None:
    line = Line()
    line.cut()
    with serving(answer()) as server, pytest.raises((TimedOut, StoreUnavailable)):
        post(server.url, b"", OPEN, line=line)
    assert server.seen == []


def test_tls_handshake_that_nobody_answers_is_cut_off() -> None:
    limits = FetchLimits(allow_private=True, timeout_s=0.3, connect_timeout_s=60)
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(TimedOut):
        post(f"https://127.0.0.1:{listener.getsockname()[1]}/", b"", limits)


def test_next_address_is_asked_where_the_first_takes_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *arguments: Any, **named: Any) -> Any:
        if host != "two.example":
            return real(host, port, *arguments, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("127.0.0.9", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with serving(answer(body=b"second")) as server:
        assert fetch(f"http://two.example:{server.port}/", OPEN) == b"second"
        assert post(f"http://two.example:{server.port}/", b"told", OPEN).body == b"second"
        assert server.seen[1].body == b"told"
    with pytest.raises(StoreUnavailable, match="does not answer"):
        fetch(f"http://two.example:{free_port()}/", OPEN)


def test_next_address_is_not_asked_once_something_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *arguments: Any, **named: Any) -> Any:
        if host != "two.example":
            return real(host, port, *arguments, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("127.0.0.1", "127.0.0.9")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with serving(drop) as server:
        with pytest.raises(StoreUnavailable, match="broke"):
            post(f"http://two.example:{server.port}/", b"told", OPEN)
        assert len(server.seen) == 1
