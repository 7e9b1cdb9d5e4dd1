"""The transport that our clients use: pooled connections, who is calling, patience."""

from __future__ import annotations

from collections.abc import Callable

from headrace.net.auth import Authenticated, from_environment
from headrace.net.message import Transport
from headrace.net.pool import PoolTransport
from headrace.net.retry import Retrying


def transport(authorization: Callable[[], str | None] = from_environment) -> Transport:
    """A new one, with connections of its own; the caller's to close."""
    return Retrying(Authenticated(PoolTransport(), authorization))
