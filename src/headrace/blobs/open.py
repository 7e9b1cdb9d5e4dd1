"""From an artifact address to the store that holds it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from headrace import settings
from headrace.blobs.base import BlobStore
from headrace.blobs.paths import scheme
from headrace.errors import InvalidValue
from headrace.net.message import Transport

PROXY_PATH = "/api/2.0/mlflow-artifacts/artifacts"
PROXY_SCHEME = "mlflow-artifacts"


@dataclass(frozen=True, kw_only=True)
class ProxyAccess:
    """The way to a tracking server's artifacts. transport: with the caller's credentials; anonymous: without, for
    hosts that an address names but the caller hasn't said to trust."""

    tracking_url: str
    transport: Transport
    anonymous: Transport


def open_blobs(uri: str, proxy: ProxyAccess | None = None) -> BlobStore:
    """InvalidValue for a scheme that nobody here speaks, and for mlflow-artifacts: without a tracking server."""
    kind = scheme(uri)
    if kind in ("", "file"):
        from headrace.blobs.local import LocalBlobs

        return LocalBlobs(uri)
    if kind in (PROXY_SCHEME, "http", "https"):
        return _open_http(uri, kind, proxy)
    from headrace.blobs.object import SCHEMES, ObjectBlobs

    if kind in SCHEMES:
        return ObjectBlobs(uri)
    from headrace.blobs.fsspec import FsspecBlobs

    return FsspecBlobs(uri)


def _open_http(uri: str, kind: str, proxy: ProxyAccess | None) -> BlobStore:
    from headrace.blobs.http import HttpBlobs

    if proxy is None:
        raise InvalidValue(
            "artifact location",
            uri,
            "it is served by a tracking server; set the tracking URI to that server's http(s):// address.",
        )
    parts = urlsplit(uri)
    if kind == PROXY_SCHEME:
        tracking = urlsplit(proxy.tracking_url)
        host = parts.netloc or tracking.netloc
        prefix = "" if parts.netloc else tracking.path.rstrip("/")
        url = f"{tracking.scheme}://{host}{prefix}{PROXY_PATH}/{parts.path.lstrip('/')}"
    else:
        url = uri
    known = _trusted(url, proxy.tracking_url)
    return HttpBlobs(uri, url, proxy.transport if known else proxy.anonymous, anonymous=not known)


def _trusted(url: str, tracking_url: str) -> bool:
    """Whether the caller's credentials may go there: an experiment's location is whatever its creator wrote."""
    target, tracking = urlsplit(url), urlsplit(tracking_url)
    if (target.scheme, _authority(target.netloc)) == (tracking.scheme, _authority(tracking.netloc)):
        return True
    hosts = (settings.ARTIFACT_HOSTS.get() or "").replace(",", " ").split()
    return target.hostname in hosts or _authority(target.netloc) in hosts


def _authority(netloc: str) -> str:
    return netloc.rpartition("@")[2].lower()
