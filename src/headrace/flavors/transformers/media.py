"""Sounds and images of a request: bytes, base64, a file's path, an array. Addresses are not followed: a model that is
served would fetch for strangers what only its machine can reach."""

from __future__ import annotations

import base64
import binascii
import io
import os
from collections.abc import Mapping
from typing import Any

from headrace.errors import InvalidValue
from headrace.lazy import optional_import


def audio(row: Any) -> Any:
    value = _value(row)
    if isinstance(value, str):
        return _from_text("audio", value)
    if isinstance(value, bytes | bytearray):
        return _decoded(bytes(value)) or bytes(value)
    if isinstance(value, dict) or hasattr(value, "shape"):
        return value
    raise InvalidValue("inputs", value, "bytes, base64, a file's path, an array, or a dict with 'raw'.")


def image(row: Any) -> Any:
    value = _value(row)
    if isinstance(value, str):
        value = _from_text("image", value)
    if isinstance(value, bytes | bytearray):
        pillow = optional_import("PIL.Image", extra="images", why="to read images")
        content = _decoded(bytes(value)) or bytes(value)
        try:
            return pillow.open(io.BytesIO(content)).convert("RGB")
        except OSError as error:
            raise InvalidValue(message=f"An input of {len(content)} bytes is no image: {error}") from error
    return value


def _value(row: Any) -> Any:
    """Of a row of one column."""
    if isinstance(row, Mapping) and len(row) == 1 and "raw" not in row:
        return next(iter(row.values()))
    return row


def _from_text(kind: str, text: str) -> Any:
    """A path stays one; base64 becomes what it stands for."""
    if text.startswith(("http://", "https://")):
        raise InvalidValue("inputs", text, f"addresses aren't followed; give the {kind}'s bytes, base64 or file.")
    content = _decoded(text.partition(",")[2].encode() if text.startswith("data:") else text.encode())
    if content is not None:
        return content
    if not os.path.isfile(text):  # noqa: PTH113 — a Path raises where the text is too long for a name
        raise InvalidValue("inputs", text, f"it is neither a file's path nor base64 of an {kind}.")
    return text


def _decoded(content: bytes) -> bytes | None:
    """What base64 stands for; None for anything else."""
    packed = content.translate(None, b"\r\n")
    if len(packed) < 16 or len(packed) % 4:
        return None
    try:
        return base64.b64decode(packed, validate=True)
    except binascii.Error:
        return None
