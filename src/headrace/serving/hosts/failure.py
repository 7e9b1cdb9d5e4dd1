"""What a client is told of a `predict` that raised."""

from __future__ import annotations

import logging

from headrace import clock
from headrace.errors import HeadraceError, UserCodeError

_MAX_CHARS = 500

logger = logging.getLogger("headrace.serving")


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
