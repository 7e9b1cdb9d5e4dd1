"""The one way to follow an address that a user gave.

Only http(s). The name is resolved here and every address it stands for must be public (unless private networks are
allowed); the connection then goes to exactly that address, so a second answer of DNS can't lead elsewhere. Each hop of
a redirect is checked the same way. No proxies, no cookies, no credentials. Size and time are bounded.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from headrace import clock, settings
from headrace.errors import Forbidden, InvalidValue, StoreUnavailable, TooLarge
from headrace.net.message import CHUNK_BYTES, Response
from headrace.net.pool import translated, user_agent
from headrace.net.problems import raise_for_status, redacted, silent, unreachable

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, kw_only=True)
class FetchLimits:
    """timeout_s bounds the whole fetch. allow_private None: as HEADRACE_FETCH_ALLOW_PRIVATE says."""

    max_bytes: int = 1 << 30
    max_redirects: int = 3
    timeout_s: float = 300.0
    connect_timeout_s: float = 10.0
    allow_private: bool | None = None


def fetch(url: str, limits: FetchLimits = FetchLimits(), headers: Mapping[str, str] | None = None) -> bytes:
    """The whole body. Forbidden if the address isn't public, TooLarge, TimedOut, or what the status says."""
    return b"".join(fetch_chunks(url, limits, headers))


def fetch_chunks(
    url: str, limits: FetchLimits = FetchLimits(), headers: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    deadline = clock.monotonic_s() + limits.timeout_s
    here = url
    for _ in range(limits.max_redirects + 1):
        parts = _checked(here)
        address = _public_address(parts, limits)
        with _Connection(parts, address, limits) as connection:
            answer = connection.get(dict(headers or {}), deadline)
            if answer.status in _REDIRECTS and answer.headers.get("location"):
                here = urljoin(here, answer.headers["location"])
                headers = {}  # they were meant for the first host
                continue
            raise_for_status(here, answer)
            yield from connection.body(limits.max_bytes, deadline)
            return
    raise StoreUnavailable(f"{redacted(url)} redirects more than {limits.max_redirects} times.")


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


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidValue("url", _shown(url), "it isn't an address.") from None
    if parts.scheme not in _PORTS or not host:
        raise InvalidValue("url", redacted(url), "only http:// and https:// addresses are followed.")
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


def _public_address(parts: SplitResult, limits: FetchLimits) -> str:
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or _PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise unreachable(parts.geturl(), f"the name {host!r} is not known") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    allowed = settings.FETCH_ALLOW_PRIVATE.get() if limits.allow_private is None else limits.allow_private
    if not allowed:
        # One private address among public ones is refused too: which of them answers is the name owner's choice.
        for text in addresses:
            if not is_public(ipaddress.ip_address(text)):
                raise Forbidden(
                    f"{host!r} stands for {text}, which isn't a public address; Headrace follows such addresses only "
                    f"where {settings.FETCH_ALLOW_PRIVATE.names[0]}=true."
                )
    return addresses[0]


class _Connection:
    """One host at one address: the Host header, TLS name and certificate are those of the name."""

    def __init__(self, parts: SplitResult, address: str, limits: FetchLimits) -> None:
        self._parts, self._limits = parts, limits
        port = parts.port or _PORTS[parts.scheme]
        if parts.scheme == "https":
            self._pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
                address, port, server_hostname=parts.hostname, assert_hostname=parts.hostname
            )
        else:
            self._pool = urllib3.HTTPConnectionPool(address, port)
        self._raw: urllib3.BaseHTTPResponse | None = None

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        if self._raw is not None:
            self._raw.close()
        self._pool.close()

    def get(self, headers: dict[str, str], deadline: float) -> Response:
        parts, limits = self._parts, self._limits
        url, left_s = parts.geturl(), self._left_s(deadline)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            self._raw = self._pool.request(
                "GET",
                target,
                headers={"User-Agent": user_agent(), "Accept-Encoding": "identity", **headers, "Host": parts.netloc},
                redirect=False,
                retries=False,
                timeout=urllib3.Timeout(connect=min(limits.connect_timeout_s, left_s), read=left_s),
                preload_content=False,
                decode_content=False,
            )
        except HTTPError as error:
            raise translated(url, error, left_s) from error
        names = {name.lower(): value for name, value in self._raw.headers.items()}
        if self._raw.status >= 400:
            return Response(self._raw.status, names, self._excerpt())
        return Response(self._raw.status, names)

    def body(self, max_bytes: int, deadline: float) -> Iterator[bytes]:
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
                self._left_s(deadline)
        except HTTPError as error:
            raise translated(url, error, self._limits.timeout_s) from error

    def _left_s(self, deadline: float) -> float:
        left_s = deadline - clock.monotonic_s()
        if left_s <= 0:
            raise silent(self._parts.geturl(), self._limits.timeout_s)
        return left_s

    def _excerpt(self) -> bytes:
        assert self._raw is not None
        try:
            return self._raw.read(4096) or b""
        except HTTPError:
            return b""
