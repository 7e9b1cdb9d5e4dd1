"""From the bytes of a request to what `predict` takes, by MLflow's rules.

A JSON body holds exactly one of dataframe_split, dataframe_records, instances and inputs, and params beside it if any.
A body with messages, prompt or input at its top is a request to a language model: the whole of it is the data, and
the answer isn't wrapped.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import msgspec

from headrace.errors import shown
from headrace.lazy import optional_import
from headrace.packaging.mlmodel import Model
from headrace.packaging.payload import arrays
from headrace.packaging.payload.columnar import of_arrow
from headrace.packaging.payload.columns import cast_or_refuse
from headrace.packaging.payload.errors import BadPayload, UnknownContentType
from headrace.packaging.payload.packed import unpack
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.types import DataType

SPLIT, RECORDS, INSTANCES, INPUTS, PARAMS = "dataframe_split", "dataframe_records", "instances", "inputs", "params"
FORMS = (SPLIT, RECORDS, INSTANCES, INPUTS)
LLM_KEYS = ("messages", "prompt", "input")
JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
ARROW, MSGPACK = "application/vnd.apache.arrow.stream", "application/msgpack"
CONTENT_TYPES = {"json": JSON, "csv": CSV, "parquet": PARQUET, "arrow": ARROW, "msgpack": MSGPACK}
MSGPACKS = (MSGPACK, "application/x-msgpack", "application/vnd.msgpack")  # by any of its names
_ALIASES = {**CONTENT_TYPES, **dict.fromkeys(MSGPACKS, MSGPACK)}


@dataclass(frozen=True, kw_only=True)
class Request:
    """unwrapped: the answer goes out as it is, without `{"predictions": …}` round it."""

    data: Any
    params: dict[str, Any] | None = None
    unwrapped: bool = False


def decode(content_type: str, body: bytes | str, model: Model) -> Request:
    """content_type: a key of CONTENT_TYPES or its MIME type, with a charset or without."""
    kind = media_type(content_type)
    schema = model.signature.inputs if model.signature else None
    if kind == JSON:
        return of_json(parsed(body), model)
    content = body.encode() if isinstance(body, str) else body
    if kind == MSGPACK:
        return of_json(unpack(content), model)
    if kind == ARROW:
        return Request(data=of_arrow(content, schema))
    frame = of_csv(content, schema) if kind == CSV else of_parquet(content)
    return Request(data=cast_or_refuse(frame, schema))


def media_type(content_type: str) -> str:
    name, *parameters = (part.strip() for part in content_type.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() != "charset":
            raise UnknownContentType(f"Content type {content_type!r}: the only parameter allowed is charset=utf-8.")
        if value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise UnknownContentType(f"Content type {content_type!r}: only UTF-8 is read.")
    kind = _ALIASES.get(name.lower(), name.lower())
    if kind not in CONTENT_TYPES.values():
        raise UnknownContentType(
            f"Content type {content_type!r} isn't known; there are {', '.join(CONTENT_TYPES.values())}."
        )
    return kind


def parsed(body: bytes | str) -> Any:
    """Of JSON. Raises BadPayload."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # it reads less than Python does: no NaN, no half of a surrogate pair
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPayload(f"The body isn't JSON: {error}.") from None


def of_json(body: Any, model: Model) -> Request:
    """body: parsed."""
    if not isinstance(body, dict):
        raise BadPayload(f"The body must be an object with one of {_forms()}; it is {shown(body)}.")
    signature = model.signature
    if any(key in body for key in LLM_KEYS):
        known = {spec.name for spec in signature.params} if signature and signature.params else set()
        return Request(
            data={key: value for key, value in body.items() if key not in known},
            params={key: value for key, value in body.items() if key in known},
            unwrapped=True,
        )
    params = body.get(PARAMS)
    if params is not None and not (isinstance(params, dict) and all(isinstance(name, str) for name in params)):
        raise BadPayload(f"params must be an object of name and value; it is {shown(params)}.")
    if model.is_signature_from_type_hint:
        if INPUTS not in body:
            raise BadPayload(f"This model's input has a type hint, so it takes the key 'inputs' only{_has(body)}.")
        return Request(data=body[INPUTS], params=params)
    given = [form for form in FORMS if form in body]
    if len(given) != 1:
        raise BadPayload(f"The body must have exactly one of {_forms()}{_has(body)}.")
    schema = signature.inputs if signature else None
    return Request(data=_data(given[0], body[given[0]], schema), params=params)


def _data(form: str, value: Any, schema: Schema | None) -> Any:
    if form == INSTANCES:
        return arrays.instances(value, schema)
    if form == INPUTS:
        return arrays.inputs(value, schema)
    return cast_or_refuse(frame_of(form, value), schema)


def _forms() -> str:
    return ", ".join(map(repr, FORMS))


def _has(body: dict[str, Any]) -> str:
    return f"; it has {', '.join(map(repr, body)) or 'none'}"


def frame_of(form: str, value: Any) -> Any:
    """A DataFrame of dataframe_split or dataframe_records, not cast yet."""
    pandas = optional_import("pandas", extra="pandas", why=f"for {form}")
    if form == RECORDS:
        if not isinstance(value, list):
            raise BadPayload(f"dataframe_records must be a list of objects; it is {shown(value)}.")
        odd = next((row for row, record in enumerate(value) if not isinstance(record, dict)), None)
        if odd is not None:
            raise BadPayload(f"dataframe_records: row {odd} is {shown(value[odd])}, which isn't an object.")
        return pandas.DataFrame(value)
    if not isinstance(value, dict) or "data" not in value or set(value) - {"data", "columns", "index"}:
        keys = f"the keys {', '.join(map(repr, value))}" if isinstance(value, dict) else shown(value)
        raise BadPayload(f"dataframe_split must have 'data', and may have 'columns' and 'index'; it has {keys}.")
    for key in ("columns", "index"):
        labels = value.get(key)
        if labels is not None and (
            not isinstance(labels, list) or any(isinstance(one, (list, dict)) for one in labels)
        ):
            raise BadPayload(f"dataframe_split: {key!r} must be a list of names or numbers; it is {shown(labels)}.")
    try:
        return pandas.DataFrame(value["data"], columns=value.get("columns"), index=value.get("index"))
    except (ValueError, TypeError) as error:
        raise BadPayload(f"dataframe_split can't become a frame: {error}.") from None


def of_csv(content: bytes, schema: Schema | None) -> Any:
    pandas = optional_import("pandas", extra="pandas", why="to read CSV")
    try:
        return pandas.read_csv(io.BytesIO(content), dtype=text_columns(schema), low_memory=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise BadPayload(f"The body can't be read as CSV: {error}.") from None


def text_columns(schema: Schema | None) -> dict[Any, type]:
    """Columns that mustn't be taken for numbers: "007" is three characters."""
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return {}
    kinds = (DataType.string, DataType.binary, DataType.datetime)
    return {spec.name: str for spec in schema if isinstance(spec, ColSpec) and spec.type in kinds}


def of_parquet(content: bytes) -> Any:
    pandas = optional_import("pandas", extra="pandas", why="to read Parquet")
    try:
        return pandas.read_parquet(io.BytesIO(content))
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001 — damaged files and notes in them fail in many ways
        raise BadPayload(f"The body can't be read as Parquet: {error}.") from None
