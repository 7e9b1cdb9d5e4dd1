"""The transport that our clients use: pooled connections, who is calling, patience."""

from __future__ import annotations

from collections.abc import Callable

from headrace.net.auth import Authenticated, from_environment
from headrace.net.message import Transport
from headrace.net.pool import PoolTransport
from headrace.net.retry import Hurried, Retrying


def transport(authorization: Callable[[], str | None] = from_environment, *, hurry_s: float | None = None) -> Transport:
    """A new one, with connections of its own; the caller's to close. hurry_s: ask once, and wait no longer than that,
    for whoever has another way, or tries again by itself."""
    plain = Authenticated(PoolTransport(), authorization)
    return Retrying(plain) if hurry_s is None else Hurried(plain, hurry_s)
