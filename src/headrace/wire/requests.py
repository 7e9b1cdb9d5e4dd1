"""What arrived over HTTP -> a request message. Well-formed bodies are decoded in one step into the message's types.

Raises InvalidValue and MissingValue only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

import msgspec

from headrace.errors import InvalidValue, MissingValue, shown
from headrace.wire.tolerant import shape

T = TypeVar("T", bound=msgspec.Struct)

MAX_QUERY_FIELDS = 10_000

_NO_FIELDS: Mapping[str, str] = {}


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def from_body(kind: type[T], body: bytes, path: Mapping[str, str] = _NO_FIELDS) -> T:
    """path: fields that the address held; they win over those of the body."""
    if not path:
        try:
            message: T = _decoder(kind).decode(body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            pass
        else:
            return message
    return _from_text(kind, body, path)


def from_query(kind: type[T], query: bytes, path: Mapping[str, str] = _NO_FIELDS) -> T:
    """A field that isn't repeated takes the first of several values."""
    known = shape(kind)
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        raise InvalidValue(message=f"The query holds more than {MAX_QUERY_FIELDS} fields.") from None
    arrived: dict[str, list[str]] = {}
    for name, value in pairs:
        arrived.setdefault(name, []).append(value)
    repeated = {spelling for field in known.fields if field.repeated for spelling in (field.name, field.camel)}
    fields = {name: values if name in repeated else values[0] for name, values in arrived.items()}
    message: T = known.build({**fields, **path})
    return message


def _from_text(kind: type[T], body: bytes, path: Mapping[str, str]) -> T:
    problem = ""
    fields: object = {}
    try:
        fields = _parsed(body) if body.strip() else {}
        if isinstance(fields, str):  # JSON in JSON
            fields = _parsed(fields)
    except (ValueError, RecursionError) as error:
        problem = f"the body is not valid JSON ({error})"
    else:
        if not isinstance(fields, dict):
            problem = f"the body must be a JSON object, not {shown(fields)}"
    try:
        message: T = shape(kind).build({**fields, **path} if isinstance(fields, dict) else dict(path))
    except MissingValue as missing:
        if problem:
            # An unreadable body counts as an empty one; the reason helps more than the first missing name.
            missing.message = f"{missing.message} Note that {problem}."
            missing.args = (missing.message,)
        raise
    if problem:
        raise InvalidValue(message=f"Invalid request: {problem}.")
    return message


def _parsed(text: str | bytes) -> object:
    return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)


def _refuse_constant(token: str) -> NoReturn:
    raise InvalidValue(
        message=f'The request body holds the bare token {token}, which is not valid JSON; send it as text: "{token}".'
    )


def _finite(token: str) -> float:
    number = float(token)
    if number in (float("inf"), float("-inf")):
        raise InvalidValue(message=f"The number {token} in the request body is out of the range of 64-bit floats.")
    return number
