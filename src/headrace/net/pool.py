"""HTTP by urllib3: connections are kept and shared by threads, never by forked processes."""

from __future__ import annotations

import os
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidChunkLength,
    LocationParseError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from headrace import settings
from headrace.errors import HeadraceError, InvalidValue, StoreUnavailable
from headrace.net.message import Request, Response
from headrace.net.problems import cut_off, distrusted, redacted, silent, unreachable

_CONNECT_TIMEOUT_S = 30.0  # a host that takes longer to accept is down; reads have the whole time-out
_MAX_REDIRECTS = 5
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class PoolTransport:
    """The transport that others wrap. TLS settings and proxies are read when the first request goes to a host."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._managers: dict[str | None, urllib3.PoolManager] = {}
        self._pid = os.getpid()
        self._inherited: list[dict[str | None, urllib3.PoolManager]] = []

    def send(self, request: Request) -> Response:
        timeout_s = request.timeout_s if request.timeout_s is not None else settings.HTTP_TIMEOUT_S.get()
        try:
            raw = self._manager(request.url).request(
                request.method,
                request.url,
                body=request.body,
                headers={"User-Agent": user_agent(), **request.headers},
                timeout=urllib3.Timeout(connect=min(timeout_s, _CONNECT_TIMEOUT_S), read=timeout_s),
                retries=urllib3.Retry(
                    total=None, connect=0, read=0, status=0, other=0, redirect=_MAX_REDIRECTS, raise_on_redirect=True
                ),
                preload_content=False,
                decode_content=True,
            )
            headers = {name.lower(): value for name, value in raw.headers.items()}
            if request.stream and 200 <= raw.status < 300:
                return Response(raw.status, headers, stream=_Stream(request.url, raw, timeout_s))
            body = raw.data
            raw.release_conn()
            return Response(raw.status, headers, body)
        except HTTPError as error:
            raise translated(request.url, error, timeout_s) from error

    def close(self) -> None:
        with self._lock:
            managers, self._managers = self._managers, {}
        for manager in managers.values():
            manager.clear()

    def _manager(self, url: str) -> urllib3.PoolManager:
        proxy = _proxy_for(url)
        with self._lock:
            if self._pid != os.getpid():
                # A forked child must not speak on its parent's sockets, nor close them by garbage collection.
                self._inherited.append(self._managers)
                self._managers, self._pid = {}, os.getpid()
            manager = self._managers.get(proxy)
            if manager is None:
                options: dict[str, Any] = {"maxsize": settings.HTTP_POOL_SIZE.get(), "block": False, **_tls()}
                manager = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
                self._managers[proxy] = manager
            return manager


class _Stream:
    def __init__(self, url: str, raw: urllib3.BaseHTTPResponse, timeout_s: float) -> None:
        self._url, self._raw, self._timeout_s = url, raw, timeout_s

    def chunks(self, size_bytes: int) -> Iterator[bytes]:
        try:
            yield from self._raw.stream(size_bytes)
        except HTTPError as error:
            raise translated(self._url, error, self._timeout_s) from error
        finally:
            self.close()

    def close(self) -> None:
        # Unread bytes would be taken for the next answer: such a connection is closed, not given back.
        if not self._raw.closed:
            self._raw.close()
        self._raw.release_conn()


@cache
def user_agent() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"headrace-python-client/{version('headrace')}"
    except PackageNotFoundError:
        return "headrace-python-client"


def _tls() -> Mapping[str, Any]:
    options: dict[str, Any] = {}
    bundle, certificate = settings.CA_BUNDLE.get(), settings.CLIENT_CERT.get()
    if settings.INSECURE_TLS.get():
        if bundle:
            raise InvalidValue(
                settings.INSECURE_TLS.names[0],
                True,
                f"{settings.CA_BUNDLE.names[0]} is set too; keep only one of them.",
            )
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        options["cert_reqs"] = "CERT_NONE"
    if bundle:
        _must_exist(settings.CA_BUNDLE.names[0], bundle)
        options["ca_cert_dir" if Path(bundle).is_dir() else "ca_certs"] = bundle
    if certificate:
        _must_exist(settings.CLIENT_CERT.names[0], certificate)
        options["cert_file"] = certificate
    return options


def _must_exist(name: str, path: str) -> None:
    if not Path(path).exists():
        raise InvalidValue(name, path, "no such file.")


def _proxy_for(url: str) -> str | None:
    if not any(name in os.environ for name in _PROXY_VARIABLES):
        return None  # urllib.request is 15 ms to import: only where there may be a proxy
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def translated(url: str, error: HTTPError, timeout_s: float, trust: str = settings.CA_BUNDLE.names[0]) -> HeadraceError:
    """trust: the variable that names certificates to trust."""
    if isinstance(error, MaxRetryError):
        if not isinstance(error.reason, HTTPError):
            return StoreUnavailable(f"{redacted(url)} redirects more than {_MAX_REDIRECTS} times.")
        if "redirect" in str(error.reason):
            return StoreUnavailable(f"{redacted(url)} redirects more than {_MAX_REDIRECTS} times.")
        error = error.reason
    match error:
        case LocationParseError():
            return InvalidValue("url", redacted(url), "it isn't an http(s) address.")
        case NameResolutionError():
            return unreachable(url, f"the name {urlsplit(url).hostname!r} is not known")
        case NewConnectionError():
            return unreachable(url, _last_words(error))
        case ConnectTimeoutError():  # NewConnectionError is one of its subclasses
            return unreachable(url, f"no connection within {min(timeout_s, _CONNECT_TIMEOUT_S):g} s")
        case ReadTimeoutError():
            return silent(url, timeout_s)
        case ProxyError():
            return unreachable(url, f"the proxy fails ({_last_words(error.original_error)})")
        case SSLError():
            if isinstance(error.args[0] if error.args else None, ssl.SSLCertVerificationError):
                return distrusted(url, _last_words(error), trust)
            return unreachable(url, f"TLS fails ({_last_words(error)})")
        case InvalidChunkLength() | ProtocolError():
            return cut_off(url, _last_words(error))
    return cut_off(url, _last_words(error))


def _last_words(error: BaseException) -> str:
    """The innermost reason, without urllib3's object names and errno's numbers."""
    inner: object = error
    while isinstance(inner, BaseException) and inner.args and isinstance(inner.args[-1], BaseException):
        inner = inner.args[-1]
    text = inner.strerror if isinstance(inner, OSError) and inner.strerror else str(inner)
    text = re.sub(r"^\[?Errno -?\d+\] ?", "", text.rpartition(": ")[2]).strip("'\"()")
    return text or type(inner).__name__
