"""Who may talk to this server at all: the Host header (against DNS rebinding) and the Origin header (against pages of
other sites that write with the user's browser). Verdicts on hosts are kept, since a server sees few of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from headrace.asgi.refusal import Headers, Refusal

# Probes come with any Host.
EXEMPT_PATHS = ("/health", "/version", "/ping", "/v2/health/live", "/v2/health/ready")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_KEPT_VERDICTS = 1024


class Rules(Protocol):
    """allowed_hosts: patterns of the Host header beside loopback and private addresses. cors_allowed_origins: of pages
    that may call. static_prefix: of every path. x_frame_options: "NONE" leaves the header out. security: False lets
    everybody in."""

    @property
    def allowed_hosts(self) -> Sequence[str]: ...

    @property
    def cors_allowed_origins(self) -> Sequence[str]: ...

    @property
    def static_prefix(self) -> str: ...

    @property
    def x_frame_options(self) -> str: ...

    @property
    def security(self) -> bool: ...


class Gate:
    def __init__(self, options: Rules) -> None:
        self._enabled = options.security
        self._hosts = tuple(pattern.lower() for pattern in options.allowed_hosts)
        self._origins = tuple(pattern.lower().rstrip("/") for pattern in options.cors_allowed_origins)
        self._exempt = frozenset(options.static_prefix + path for path in EXEMPT_PATHS)
        self._verdicts: dict[bytes, bool] = {}
        self._headers: Headers = [(b"x-content-type-options", b"nosniff")]
        if options.x_frame_options != "NONE":
            self._headers.append((b"x-frame-options", options.x_frame_options.encode()))

    def check(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> Headers:
        """The headers that the answer must carry; raises Refusal."""
        if not self._enabled:
            return self._headers
        if path in self._exempt:
            return self._may_read(headers.get(b"origin", b"")) or self._headers
        host = headers.get(b"host", b"")
        if not self._verdict(host):
            raise Refusal(
                403,
                f"Invalid Host header {_shown(host)}: this server answers to loopback and private addresses only "
                "(this protects it from DNS rebinding). If the name is yours, start the server with "
                f"--allowed-hosts {_name_of(host) or 'NAME'}\n",
            )
        origin = headers.get(b"origin")
        if origin is None:
            return self._headers
        return self._check_origin(method, host, origin)

    def _check_origin(self, method: str, host: bytes, origin: bytes) -> Headers:
        text = origin.decode("latin-1").lower()
        if urlsplit(text).netloc == host.decode("latin-1").lower() and text != "null":
            return self._headers
        allowed = self._may_read(origin)
        if allowed is not None:
            return allowed
        if method not in _SAFE_METHODS:
            raise Refusal(
                403,
                f"Cross-origin request blocked: a page of {_shown(origin)} may not change anything here. If that page "
                f"is yours, start the server with --cors-allowed-origins {_shown(origin).strip(chr(39))}\n",
            )
        return self._headers

    def _may_read(self, origin: bytes) -> Headers | None:
        """The headers for pages of an origin that is allowed, None for others."""
        text = origin.decode("latin-1").lower()
        if text and any(fnmatchcase(text, pattern) for pattern in self._origins):
            return [*self._headers, (b"access-control-allow-origin", origin), (b"vary", b"Origin")]
        return None

    def preflight(self, headers: Mapping[bytes, bytes], path: str) -> Headers:
        """Headers that answer a browser's question whether a page may call; raises Refusal."""
        given = self.check("OPTIONS", path, headers)
        if not any(name == b"access-control-allow-origin" for name, _ in given):
            raise Refusal(403, "Cross-origin request blocked: see the option --cors-allowed-origins.\n")
        return [
            *given,
            (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
            (b"access-control-allow-headers", headers.get(b"access-control-request-headers", b"content-type")),
            (b"access-control-max-age", b"600"),
        ]

    def _verdict(self, host: bytes) -> bool:
        known = self._verdicts.get(host)
        if known is None:
            if len(self._verdicts) >= _KEPT_VERDICTS:
                self._verdicts.clear()
            known = self._verdicts[host] = self._allows(host.decode("latin-1").lower())
        return known

    def _allows(self, host: str) -> bool:
        if not host:
            return True  # HTTP/1.0 only: no browser sends a request without it
        name = _name_of(host.encode("latin-1"))
        if any(fnmatchcase(host, pattern) or fnmatchcase(name, pattern) for pattern in self._hosts):
            return True
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            address = ip_address(name.strip("[]"))
        except ValueError:
            return False
        return address.is_private or address.is_loopback or address.is_link_local


def _name_of(host: bytes) -> str:
    """Without the port; an IPv6 address keeps its brackets."""
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0]


def _shown(value: bytes) -> str:
    return repr(value[:200].decode("latin-1"))
