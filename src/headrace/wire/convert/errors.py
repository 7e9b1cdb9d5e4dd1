"""Errors on the wire: {"error_code", "message", "sqlstate", "error_class"} with the HTTP status of the code.

Several classes share a code. The header X-Headrace-Error names the class, so that our client raises the same one;
the body stays as MLflow's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headrace.errors import (
    HTTP_STATUS,
    AlreadyExists,
    CallerError,
    Conflict,
    Corrupt,
    Forbidden,
    HeadraceError,
    IntegrityViolation,
    InvalidValue,
    NotFound,
    NotSupported,
    RouteNotFound,
    ServiceError,
    StoreUnavailable,
    TimedOut,
    TooBusy,
    Unauthenticated,
    shown,
)

ERROR_HEADER = "X-Headrace-Error"

_ERROR_CLASSES = {
    "RESOURCE_DOES_NOT_EXIST": "RESOURCE_NOT_FOUND",
    "NOT_FOUND": "RESOURCE_NOT_FOUND",
    "ENDPOINT_NOT_FOUND": "RESOURCE_NOT_FOUND",
    "RESOURCE_ALREADY_EXISTS": "RESOURCE_ALREADY_EXISTS",
    "INVALID_PARAMETER_VALUE": "INVALID_PARAMETER_VALUE",
    "BAD_REQUEST": "INVALID_PARAMETER_VALUE",
    "PERMISSION_DENIED": "PERMISSION_DENIED",
    "CUSTOMER_UNAUTHORIZED": "PERMISSION_DENIED",
    "INTERNAL_ERROR": "CLIENT_INTERNAL_ERROR",
    "INVALID_STATE": "CLIENT_INTERNAL_ERROR",
    "TEMPORARILY_UNAVAILABLE": "CLIENT_INTERNAL_ERROR",
}
_BY_CODE: dict[str, type[HeadraceError]] = {
    "INVALID_PARAMETER_VALUE": InvalidValue,
    "BAD_REQUEST": IntegrityViolation,
    "RESOURCE_DOES_NOT_EXIST": NotFound,
    "NOT_FOUND": NotFound,
    "RESOURCE_ALREADY_EXISTS": AlreadyExists,
    "ALREADY_EXISTS": AlreadyExists,
    "RESOURCE_CONFLICT": Conflict,
    "ABORTED": Conflict,
    "UNAUTHENTICATED": Unauthenticated,
    "CUSTOMER_UNAUTHORIZED": Unauthenticated,
    "PERMISSION_DENIED": Forbidden,
    "ENDPOINT_NOT_FOUND": RouteNotFound,
    "NOT_IMPLEMENTED": NotSupported,
    "TEMPORARILY_UNAVAILABLE": StoreUnavailable,
    "DEADLINE_EXCEEDED": TimedOut,
    "REQUEST_LIMIT_EXCEEDED": TooBusy,
    "RESOURCE_EXHAUSTED": TooBusy,
    "DATA_LOSS": Corrupt,
}
_BY_STATUS: dict[int, type[HeadraceError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: RouteNotFound,
    405: RouteNotFound,
    429: TooBusy,
    501: NotSupported,
    502: StoreUnavailable,
    503: StoreUnavailable,
    504: TimedOut,
}


def error_body(error: HeadraceError) -> bytes:
    body: dict[str, Any] = {"error_code": error.error_code, "message": error.message}
    error_class = _ERROR_CLASSES.get(error.error_code)
    if error_class:
        body |= {"sqlstate": "XXM00" if error.http >= 500 else "KAM00", "error_class": error_class}
    return json.dumps(body | error.json_kwargs).encode()


def error_from_answer(status: int, body: bytes, error_header: str | None = None) -> HeadraceError:
    """The error that an answer with this status (not 2xx) tells of; what isn't JSON is mapped by the status."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("error_code"), str):
        code, message = answer["error_code"], str(answer.get("message") or "")
        kind = _classes().get(error_header or "") or _BY_CODE.get(code) or HeadraceError
        return _rebuilt(kind, code, message or f"The server answered {code} without a message.")
    kind = _BY_STATUS.get(status) or (CallerError if 400 <= status < 500 else ServiceError)
    text = body.decode(errors="replace").strip() or "nothing"
    return _rebuilt(kind, kind.code, f"The server answered with status {status}: {shown(text)}")


def error_of(code: str, message: str) -> HeadraceError:
    """The error of that code."""
    return _rebuilt(_BY_CODE.get(code, HeadraceError), code, message)


def _classes() -> dict[str, type[HeadraceError]]:
    def below(kind: type[HeadraceError]) -> Iterator[type[HeadraceError]]:
        yield kind
        for sub in kind.__subclasses__():
            yield from below(sub)

    return {kind.__name__: kind for kind in below(HeadraceError) if kind.__module__ == HeadraceError.__module__}


def _rebuilt(kind: type[HeadraceError], code: str, message: str) -> HeadraceError:
    # Subclasses take fields and make their own sentence; here the sentence is there already.
    error = kind.__new__(kind)
    HeadraceError.__init__(error, message, code if code in HTTP_STATUS else None)
    error.error_code = code
    return error
