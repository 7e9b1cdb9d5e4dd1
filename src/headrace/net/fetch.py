"""The one way to follow an address that a user gave.

Only http(s). The name is resolved here and every address it stands for must be public (unless private networks are
allowed); the connection then goes to exactly that address, so a second answer of DNS can't lead elsewhere. Each hop of
a redirect is checked the same way; what is posted follows none, since it was meant for the host that was named. No
proxies, no cookies, no credentials. Size and time are bounded, also for a server that sends a byte now and then.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from headrace import clock, settings
from headrace.errors import Forbidden, HeadraceError, InvalidValue, StoreUnavailable, TooLarge
from headrace.net.message import CHUNK_BYTES, Response
from headrace.net.pool import translated, user_agent
from headrace.net.problems import raise_for_status, redacted, silent, unreachable

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_MOST_TRIED = 8  # addresses of one name
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, kw_only=True)
class FetchLimits:
    """timeout_s bounds the whole fetch. allow_private None: as the setting private_by says."""

    max_bytes: int = 1 << 30
    max_redirects: int = 3
    timeout_s: float = 300.0
    connect_timeout_s: float = 10.0
    schemes: tuple[str, ...] = ("http", "https")
    allow_private: bool | None = None
    private_by: settings.Setting[bool] = settings.FETCH_ALLOW_PRIVATE


def fetch(url: str, limits: FetchLimits = FetchLimits(), headers: Mapping[str, str] | None = None) -> bytes:
    """The whole body. Forbidden if the address isn't public, TooLarge, TimedOut, or what the status says."""
    return b"".join(fetch_chunks(url, limits, headers))


def fetch_chunks(
    url: str, limits: FetchLimits = FetchLimits(), headers: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    deadline = clock.monotonic_s() + limits.timeout_s
    here = url
    for _ in range(limits.max_redirects + 1):
        parts = _checked(here, limits)
        addresses = _public_addresses(parts, limits)
        with _Connection(parts, addresses, limits, deadline) as connection:
            answer = connection.send("GET", dict(headers or {}))
            if answer.status in _REDIRECTS and answer.headers.get("location"):
                here = urljoin(here, answer.headers["location"])
                headers = {}  # they were meant for the first host
                continue
            raise_for_status(here, answer)
            yield from connection.body(limits.max_bytes)
            return
    raise StoreUnavailable(f"{redacted(url)} redirects more than {limits.max_redirects} times.")


def post(
    url: str, body: bytes, limits: FetchLimits, headers: Mapping[str, str] | None = None, line: Line | None = None
) -> Response:
    """Whatever was answered, a redirect too; of its body what came within the limits. Errors as `fetch`, but for the
    status. line: lets another thread cut the request short; that is TimedOut."""
    deadline = clock.monotonic_s() + limits.timeout_s
    parts = _checked(url, limits)
    with _Connection(parts, _public_addresses(parts, limits), limits, deadline, line) as connection:
        answer = connection.send("POST", dict(headers or {}), body)
        return Response(answer.status, answer.headers, connection.beginning(limits.max_bytes))


def check_address(url: str, limits: FetchLimits) -> None:
    """Raises what `fetch` would before it connects."""
    _public_addresses(_checked(url, limits), limits)


def is_public(address: Address) -> bool:
    """False for loopback, private, link-local, shared, multicast and reserved addresses, however they are wrapped."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if wrapped is None and address.teredo is not None:
            wrapped = address.teredo[1]
        if wrapped is None and address in _NAT64:
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if wrapped is not None:
            return is_public(wrapped)
    return address.is_global and not address.is_multicast


def _checked(url: str, limits: FetchLimits) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidValue("url", _shown(url), "it isn't an address.") from None
    allowed = [scheme for scheme in _PORTS if scheme in limits.schemes]
    if parts.scheme not in allowed or not host:
        shown = " and ".join(f"{scheme}://" for scheme in allowed)
        raise InvalidValue("url", redacted(url), f"only {shown} addresses are followed.")
    if parts.username is not None or parts.password is not None:
        raise InvalidValue("url", redacted(url), "an address with user or password is not followed.")
    if "\\" in url or any(character.isspace() for character in url):
        raise InvalidValue("url", redacted(url), "spaces and backslashes are not allowed.")
    return parts


def _shown(url: str) -> str:
    try:
        return redacted(url)
    except ValueError:
        return url


def _public_addresses(parts: SplitResult, limits: FetchLimits) -> list[str]:
    """In the order in which they should be tried."""
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or _PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise unreachable(parts.geturl(), f"the name {host!r} is not known") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    allowed = limits.private_by.get() if limits.allow_private is None else limits.allow_private
    if not allowed:
        # One private address among public ones is refused too: which of them answers is the name owner's choice.
        for text in addresses:
            if not is_public(ipaddress.ip_address(text)):
                raise Forbidden(
                    f"{host!r} stands for {text}, which isn't a public address; Headrace follows such addresses only "
                    f"where {limits.private_by.names[0]}=true."
                )
    return list(dict.fromkeys(addresses))


class Line:
    """The socket of a request, so that it can be cut while another thread waits for it, in a TLS handshake too."""

    def __init__(self) -> None:
        self.was_cut = False
        self._lock = threading.Lock()
        self._twin: socket.socket | None = None

    def opened(self, sock: socket.socket) -> None:
        with self._lock:
            if self._twin is not None:
                self._twin.close()
            self._twin = sock.dup()
        if self.was_cut:
            self.cut()

    def cut(self) -> None:
        self.was_cut = True
        with self._lock, suppress(OSError):
            if self._twin is not None:
                self._twin.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            if self._twin is not None:
                self._twin.close()
            self._twin = None


class _Http(HTTPConnection):
    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self._line.opened(sock)
        return sock


class _Https(HTTPSConnection):
    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self._line.opened(sock)
        return sock


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


class _Connection:
    """One host, at the first of its addresses that takes the connection: the Host header, TLS name and certificate are
    those of the name. Cut at the deadline."""

    def __init__(
        self,
        parts: SplitResult,
        addresses: Sequence[str],
        limits: FetchLimits,
        deadline: float,
        line: Line | None = None,
    ) -> None:
        self._parts, self._limits, self._deadline = parts, limits, deadline
        self._line = line or Line()
        self._pools = [self._pool(address) for address in addresses[:_MOST_TRIED]]
        self._raw: urllib3.BaseHTTPResponse | None = None
        self._timer = threading.Timer(max(deadline - clock.monotonic_s(), 0), self._line.cut)
        self._timer.daemon = True

    def __enter__(self) -> _Connection:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._raw is not None:
            self._raw.close()
        for pool in self._pools:
            pool.close()
        self._line.close()

    def send(self, method: str, headers: dict[str, str], body: bytes | None = None) -> Response:
        """Status and headers, and the beginning of an error's body for GET."""
        for pool in self._pools[:-1]:
            try:
                self._raw = self._asked(pool, method, headers, body)
                break
            except (NewConnectionError, ConnectTimeoutError):
                self._left_s()  # nothing was sent: the next address may be asked
            except HTTPError as error:
                raise self._failed(error) from error
        else:
            try:
                self._raw = self._asked(self._pools[-1], method, headers, body)
            except HTTPError as error:
                raise self._failed(error) from error
        self._left_s()  # a head that was cut short looks like a whole one
        names = {name.lower(): value for name, value in self._raw.headers.items()}
        if self._raw.status >= 400 and method == "GET":
            return Response(self._raw.status, names, self._excerpt())
        return Response(self._raw.status, names)

    def _pool(self, address: str) -> urllib3.HTTPConnectionPool:
        parts = self._parts
        port = parts.port or _PORTS[parts.scheme]
        if parts.scheme == "https":
            return _HttpsPool(
                address, port, server_hostname=parts.hostname, assert_hostname=parts.hostname, line=self._line
            )
        return _HttpPool(address, port, line=self._line)

    def _asked(
        self, pool: urllib3.HTTPConnectionPool, method: str, headers: dict[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        parts, left_s = self._parts, self._left_s()
        return pool.request(
            method,
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            body=body,
            headers={"User-Agent": user_agent(), "Accept-Encoding": "identity", **headers, "Host": parts.netloc},
            redirect=False,
            retries=False,
            timeout=urllib3.Timeout(connect=min(self._limits.connect_timeout_s, left_s), read=left_s),
            preload_content=False,
            decode_content=False,
        )

    def body(self, max_bytes: int) -> Iterator[bytes]:
        assert self._raw is not None
        url = self._parts.geturl()
        declared = self._raw.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > max_bytes:
            raise TooLarge(redacted(url), int(declared), max_bytes)
        seen = 0
        try:
            # read1 hands over what has come, so that a server that drips is caught by the deadline.
            while chunk := self._raw.read1(CHUNK_BYTES):
                seen += len(chunk)
                if seen > max_bytes:
                    raise TooLarge(redacted(url), seen, max_bytes)
                yield chunk
                self._left_s()
        except HTTPError as error:
            raise self._failed(error) from error
        self._left_s()  # the end of a connection that was cut is not the end of its body

    def beginning(self, max_bytes: int) -> bytes:
        """What comes of the body, at most so much: the status has said what counts."""
        assert self._raw is not None
        found = b""
        with suppress(HTTPError):
            while len(found) < max_bytes and (chunk := self._raw.read1(max_bytes - len(found))):
                found += chunk
        return found[:max_bytes]

    def _left_s(self) -> float:
        left_s = self._deadline - clock.monotonic_s()
        if left_s <= 0 or self._line.was_cut:
            raise silent(self._parts.geturl(), self._limits.timeout_s)
        return left_s

    def _failed(self, error: HTTPError) -> HeadraceError:
        if self._line.was_cut:
            return silent(self._parts.geturl(), self._limits.timeout_s)
        # OpenSSL's own variable: those of the tracking server are for that one.
        return translated(self._parts.geturl(), error, self._limits.timeout_s, trust="SSL_CERT_FILE")

    def _excerpt(self) -> bytes:
        assert self._raw is not None
        try:
            return self._raw.read(4096) or b""
        except HTTPError:
            return b""
