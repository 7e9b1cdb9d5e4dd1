"""Errors as answers, each in the shape that the clients of its dialect read. Only texts of our own errors travel; what
else went wrong gets an incident number, and the process's stderr has the rest under that number."""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from headrace import clock
from headrace.errors import (
    CallerError,
    ContextExceeded,
    HeadraceError,
    NotFound,
    ServiceError,
    TooLarge,
    Unauthenticated,
    UserCodeError,
)
from headrace.serving.call import Kind, Reply

logger = logging.getLogger("headrace.serving")

_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 504: "timeout_error"}


def problem(kind: Kind, error: HeadraceError, *, status: int | None = None) -> Reply:
    """status: another than the error's own, as 415 for a content type."""
    status = status or (413 if isinstance(error, TooLarge) else error.http)
    field = _as_utf8(getattr(error, "field", None))
    return Reply(
        status=status,
        body=msgspec.json.encode(_shaped(kind, error, status, field)),
        error=error.error_code,
        field=field,
    )


def told(error: Exception, place: str) -> HeadraceError:
    """What a client may be told of any error."""
    if isinstance(error, CallerError | ServiceError | UserCodeError) or (
        isinstance(error, HeadraceError) and error.http < 500
    ):
        return error
    incident = clock.hex_id()[:12]
    logger.error("incident %s at %s", incident, place, exc_info=error)
    return HeadraceError(f"The server failed; its standard error tells why, under incident {incident}.")


def _as_utf8(text: str | None) -> str | None:
    """JSON may bring halves of surrogate pairs, which errors repeat and no answer can hold: they are escaped."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()


def _shaped(kind: Kind, error: HeadraceError, status: int, field: str | None) -> dict[str, Any]:
    message = _as_utf8(error.message)
    if kind == "invocations":
        return {"error_code": error.error_code, "message": message}
    if kind == "infer":
        return {"error": message}
    usual = "invalid_request_error" if status < 500 else "server_error"
    return {
        "error": {
            "message": message,
            "type": _OPENAI_TYPES.get(status, usual),
            "param": field,
            "code": _openai_code(error),
        }
    }


def _openai_code(error: HeadraceError) -> str:
    """The codes that OpenAI's own service gives where it has one, else ours."""
    if isinstance(error, NotFound) and error.noun == "model":
        return "model_not_found"
    if isinstance(error, Unauthenticated):
        return "invalid_api_key"
    if isinstance(error, ContextExceeded):
        return "context_length_exceeded"
    if error.error_code == "REQUEST_LIMIT_EXCEEDED":
        return "rate_limit_exceeded"
    return error.error_code.lower()
