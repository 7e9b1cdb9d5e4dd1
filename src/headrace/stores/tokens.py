"""Page tokens: opaque text that holds where a page ended and which search it belongs to."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import msgspec

from headrace.errors import InvalidValue

_FORM = 1
_FIELD = "page_token"


def search_digest(*parts: Any) -> str:
    """16 hex digits of whatever makes a search what it is (filter, order, experiments, view …)."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def encode(digest: str, place: Any) -> str:
    """place: plain JSON values; floats and int64 survive exactly, NaN and infinities don't."""
    return base64.urlsafe_b64encode(msgspec.json.encode([_FORM, digest, place])).decode().rstrip("=")


def decode(token: str, digest: str) -> Any:
    """The place. InvalidValue for garbage and for a token of another search."""
    try:
        packed = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        content = msgspec.json.decode(packed)
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError):
        raise InvalidValue(_FIELD, token, "it is none that a search returned.") from None
    if not isinstance(content, list) or len(content) != 3 or content[0] != _FORM:
        raise InvalidValue(_FIELD, token, "it is none that a search returned.")
    if content[1] != digest:
        raise InvalidValue(
            _FIELD, token, "it belongs to another search; ask with the filter, order and experiments it came from."
        )
    return content[2]


def refused(token: str) -> InvalidValue:
    """For a place that a store can't have written."""
    return InvalidValue(_FIELD, token, "it is none that a search returned.")
