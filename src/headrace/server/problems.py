"""Errors as HTTP answers. Only texts of our own errors travel; what else went wrong gets an incident number, and the
log has the rest under that number."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from headrace import clock
from headrace.errors import CallerError, HeadraceError, ServiceError, TimedOut, TooBusy, TooLarge, Unauthenticated
from headrace.wire.convert.errors import ERROR_HEADER, error_body

logger = logging.getLogger("headrace.server")

Headers = list[tuple[bytes, bytes]]

# After these the rest of the request's body may still be on its way: the connection can't be used again.
_CLOSES = (TooLarge, TimedOut)


class Challenge(Unauthenticated):
    """`challenge`: the WWW-Authenticate header that says how to authenticate."""

    def __init__(self, message: str, challenge: bytes) -> None:
        super().__init__(message)
        self.challenge = challenge


class Refusal(Exception):
    """A request that isn't let in, before any route: answered in plain text, as MLflow's servers do."""

    def __init__(self, status: int, text: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


def answer_of(error: Exception, endpoint: str) -> tuple[int, Headers, bytes]:
    """Status, headers and body for an error that came out of a route."""
    if isinstance(error, Refusal):
        return error.status, [(b"content-type", b"text/plain; charset=utf-8"), *error.headers], error.text.encode()
    if not isinstance(error, HeadraceError) or (
        error.http >= 500 and not isinstance(error, CallerError | ServiceError)
    ):
        incident = clock.hex_id()[:12]
        logger.error("incident %s at %s", incident, endpoint, exc_info=error)
        error = HeadraceError(f"The server failed; its log tells why, under incident {incident}.")
    elif error.http >= 500:
        logger.warning("%s at %s: %s", error.error_code, endpoint, error.message, exc_info=error.__cause__)
    headers = [(b"content-type", b"application/json"), (ERROR_HEADER.lower().encode(), type(error).__name__.encode())]
    if isinstance(error, Challenge):
        headers.append((b"www-authenticate", error.challenge))
    if isinstance(error, TooBusy):
        headers.append((b"retry-after", b"1"))
    if isinstance(error, _CLOSES):
        headers.append((b"connection", b"close"))
    return error.http, headers, error_body(error)


def not_found(path: str) -> Refusal:
    return Refusal(404, f"Not found: nothing answers at {path}. /openapi.json lists what does.\n")


def method_not_allowed(method: str, path: str, allowed: Sequence[str]) -> Refusal:
    names = ", ".join(sorted(set(allowed)))
    return Refusal(405, f"Method not allowed: {path} answers {names}, not {method}.\n", [(b"allow", names.encode())])
