"""msgpack: the same objects as in JSON, where bytes may stand for themselves."""

from __future__ import annotations

from typing import Any

import msgspec

from headrace.errors import UserCodeError
from headrace.packaging.payload.answer import jsonable, plain_value
from headrace.packaging.payload.errors import BadPayload


def unpack(body: bytes) -> Any:
    try:
        return msgspec.msgpack.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadPayload(f"The body isn't msgpack: {error}.") from None


def pack(predictions: Any, *, unwrapped: bool = False) -> bytes:
    answer = jsonable(predictions)
    try:
        return msgspec.msgpack.encode(answer if unwrapped else {"predictions": answer}, enc_hook=plain_value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UserCodeError(f"The model's answer can't become msgpack: {error}.", "BAD_REQUEST") from error
