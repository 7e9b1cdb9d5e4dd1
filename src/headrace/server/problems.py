"""Errors as HTTP answers. Only texts of our own errors travel; what else went wrong gets an incident number, and the
log has the rest under that number."""

from __future__ import annotations

import logging

from headrace import clock
from headrace.asgi.refusal import Headers, Refusal
from headrace.errors import CallerError, HeadraceError, ServiceError, TimedOut, TooBusy, TooLarge, Unauthenticated
from headrace.wire.convert.errors import ERROR_HEADER, error_body

logger = logging.getLogger("headrace.server")

# After these the rest of the request's body may still be on its way: the connection can't be used again.
_CLOSES = (TooLarge, TimedOut)


class Challenge(Unauthenticated):
    """`challenge`: the WWW-Authenticate header that says how to authenticate."""

    def __init__(self, message: str, challenge: bytes) -> None:
        super().__init__(message)
        self.challenge = challenge


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
