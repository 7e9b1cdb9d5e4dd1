"""What a client is told of a `predict` that raised."""

from __future__ import annotations

import logging

import msgspec

from headrace import clock
from headrace.errors import HeadraceError, UserCodeError
from headrace.packaging.enforce import SchemaMismatch
from headrace.packaging.payload.errors import field_in
from headrace.serving.call import Kind, Reply
from headrace.serving.problems import problem

_MAX_CHARS = 500

logger = logging.getLogger("headrace.serving")


def refused(kind: Kind, error: HeadraceError, *, status: int | None = None) -> Reply:
    """With the column or tensor to blame as its field, without the row, so that errors can be counted by it."""
    reply = problem(kind, error, status=status)
    named = field_in(error.place) if isinstance(error, SchemaMismatch) else None
    return msgspec.structs.replace(reply, field=named) if named else reply


def failure(error: BaseException) -> HeadraceError:
    """Our own errors as they are, that of a signature above all; others by class and text, and with the number under
    which standard error has the rest."""
    if isinstance(error, HeadraceError) and error.http < 500:
        return error
    incident = clock.hex_id()[:12]
    logger.error("incident %s: predict raised", incident, exc_info=error)
    text = " ".join(str(error).split())[:_MAX_CHARS]
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return UserCodeError(f"Failed to predict data: {said} (incident {incident})", "BAD_REQUEST")
