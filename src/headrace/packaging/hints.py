"""Type hints of a model's `predict`: the signature they state, and data checked and converted by them.

Only `list[...]` on the model's input counts: a model is fed several inputs at once, and the schema is that of one.
Elements may be int, float, bool, str, bytes, datetime, pydantic models, lists and dicts (with str keys) of these,
Optional, Union and Any; pydantic checks strictly, so "1" is no int. `TypeFromExample` as the hint means: whatever the
input example is. Frames of pandas and arrays as hints state nothing.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import inspect
import json
import re
import sys
import types
import typing
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from headrace.errors import InvalidValue, shown
from headrace.packaging.infer import anything
from headrace.packaging.infer.values import is_null
from headrace.packaging.schema import ColSpec, Schema
from headrace.packaging.signature import ModelSignature
from headrace.packaging.types import AnyType, Array, ColumnType, DataType, Map, Object, Property

TypeFromExample = TypeVar("TypeFromExample")

_SCALARS: dict[Any, DataType] = {
    int: DataType.long,
    str: DataType.string,
    bool: DataType.boolean,
    float: DataType.double,
    bytes: DataType.binary,
    dt.datetime: DataType.datetime,
}
_UNIONS = (typing.Union, types.UnionType)
_ALLOWED = "list[…] of int, float, bool, str, bytes, datetime, a pydantic model, list, dict, Optional, Union or Any."
_SHOWN_ELEMENTS = 5
# Hints that can't be evaluated where they stand, because a name of theirs is gone.
_TEXT_HINTS = (
    (re.compile(r"(\w+\.)?list\[str\]", re.IGNORECASE), list[str]),
    (re.compile(r"(\w+\.)?list\[(\w+\.)?dict\[str,str\]\]", re.IGNORECASE), list[dict[str, str]]),
)


class UnsupportedHint(InvalidValue):
    """A hint that states no schema. fatal: it is meant to state one, and is spelled wrongly."""

    def __init__(self, hint: Any, allowed: str, *, fatal: bool = False) -> None:
        self.fatal = fatal
        super().__init__("type hint", _spelled(hint), allowed)


class HintMismatch(InvalidValue):
    """Data that the hint doesn't allow. Several elements are told at once."""

    def __init__(self, hint: Any, problems: list[str]) -> None:
        more = f" … and {len(problems) - _SHOWN_ELEMENTS} more" if len(problems) > _SHOWN_ELEMENTS else ""
        listed = "; ".join(problems[:_SHOWN_ELEMENTS])
        super().__init__(
            "model_input", message=f"The input doesn't match the type hint {_spelled(hint)}: {listed}{more}."
        )
        self.problems = problems


def input_hint(function: Callable[..., Any]) -> Any | None:
    """The `list[...]` (or TypeFromExample) that the function's input is hinted with; None without one that can be used.

    function: `predict` of a model, bound or not, or a function of one input.
    """
    hint = _hints(function)[0]
    if hint is TypeFromExample:
        return hint
    try:
        return None if hint is None or schema_of_list(hint) is None else hint
    except UnsupportedHint:
        return None


def signature_from_hints(function: Callable[..., Any]) -> ModelSignature | None:
    """The signature that the hints state. None without a hint, or with one that states nothing (a DataFrame, a dict).

    Raises UnsupportedHint for a list hint that is spelled wrongly, as bare `list` or `list[dict]`.
    """
    hint, output = _hints(function)
    if hint is None or hint is TypeFromExample:
        return None
    try:
        inputs = schema_of_list(hint)
    except UnsupportedHint as error:
        if error.fatal:
            raise
        return None
    return ModelSignature(inputs, _output_schema(output), from_type_hint=True)


def _output_schema(hint: Any) -> Schema:
    try:
        return schema_of_list(hint) if _is_list(hint) else _schema_of(hint)
    except UnsupportedHint:
        return anything()


def schema_of_list(hint: Any) -> Schema:
    if not _is_list(hint):
        raise UnsupportedHint(hint, f"a model is fed several inputs at once: use list[{_spelled(hint)}].")
    return _schema_of(_element(hint))


def _schema_of(hint: Any) -> Schema:
    kind, required = type_of_hint(hint)
    if not required:
        raise UnsupportedHint(hint, "the input itself can't be Optional; a field of a pydantic model can.", fatal=True)
    return Schema([ColSpec(kind)])


def _is_list(hint: Any) -> bool:
    return hint is list or hint is typing.List or typing.get_origin(hint) is list  # noqa: UP006 — what users wrote


def _element(hint: Any) -> Any:
    inner = typing.get_args(hint)
    if len(inner) != 1 or isinstance(inner[0], TypeVar):
        raise UnsupportedHint(hint, "a list needs the type of its elements, as in list[str].", fatal=True)
    return inner[0]


def type_of_hint(hint: Any) -> tuple[ColumnType, bool]:
    """The type, and whether a value is required."""
    if hint is Any:
        return AnyType(), True
    if isinstance(hint, type) and hint in _SCALARS:
        return _SCALARS[hint], True
    if _is_pydantic(hint):
        return _type_of_pydantic(hint), True
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if _is_list(hint):
        return Array(type_of_hint(_element(hint))[0]), True
    if origin is dict or hint in (dict, typing.Dict):  # noqa: UP006 — what users wrote
        if len(inner) != 2 or inner[0] is not str:
            raise UnsupportedHint(hint, "a dict needs str keys and a type of its values: dict[str, int].", fatal=True)
        return Map(type_of_hint(inner[1])[0]), True
    if origin in _UNIONS:
        others = [one for one in inner if one is not type(None)]
        kind = type_of_hint(others[0])[0] if len(others) == 1 else AnyType()
        return kind, len(others) == len(inner)
    raise UnsupportedHint(hint, _ALLOWED, fatal=hint in (typing.Optional, typing.Union))


def _type_of_pydantic(model: Any) -> Object:
    properties = []
    for name, field in model.model_fields.items():
        kind, required = type_of_hint(field.annotation)
        if not required and field.is_required():
            raise UnsupportedHint(model, f"the field {name!r} is Optional and needs a default: = None.", fatal=True)
        properties.append(Property(name, kind, required))
    return Object(properties)


def _is_pydantic(hint: Any) -> bool:
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(hint, type) and issubclass(hint, pydantic.BaseModel)


def _spelled(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not typing.get_origin(hint) else str(hint)


def _hints(function: Any) -> tuple[Any, Any]:
    """Of the input and of the result; None where there is none or it can't be evaluated."""
    if not inspect.isroutine(function) and not isinstance(function, (type, functools.partial)):
        function = getattr(function, "__call__", function)  # noqa: B004 — the method, which has the hints
    try:
        names = [name for name in inspect.signature(function).parameters if name not in ("self", "params")]
    except (TypeError, ValueError):  # of an extension type, which shows none
        return None, None
    if not names:
        return None, None
    name = names[1] if len(names) > 1 and (names[0] == "context" or len(names) == 2) else names[0]
    annotations = getattr(function, "__annotations__", {})
    try:
        found = typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 — evaluating a user's text may raise anything
        found = {key: _from_text(value) for key, value in annotations.items()}
    return found.get(name), found.get("return")


def _from_text(hint: Any) -> Any:
    if not isinstance(hint, str):
        return hint
    return next((meant for pattern, meant in _TEXT_HINTS if pattern.fullmatch(hint.replace(" ", ""))), None)


def convert(data: Any, hint: Any, *, example: Any = None, from_json: bool = False) -> Any:
    """The data as the hint wants them: a frame becomes a list, dicts become pydantic objects. Raises HintMismatch.

    example: what TypeFromExample stands for. from_json: text may stand for bytes (base64) and for times (ISO 8601).
    """
    if hint is TypeFromExample:
        return data if example is None else to_example(data, example)
    problems: list[str] = []
    made = _checked(_listed(data, hint), hint, from_json, "", problems)
    if problems:
        raise HintMismatch(hint, problems)
    return made


def _is_frame(data: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _listed(data: Any, hint: Any) -> Any:
    if not _is_frame(data):
        return data
    element = _element(hint)
    rows_are_dicts = _is_pydantic(element) or element is dict or typing.get_origin(element) is dict
    if rows_are_dicts and list(data.columns) != [0]:
        return _plain(data.to_dict(orient="records"))
    if element is float:
        return data.iloc[:, 0].tolist()  # NaN is a float, too
    text = [place for place, dtype in enumerate(data.dtypes) if dtype.kind == "O"] if element is str else []
    return _plain(data.iloc[:, text[0] if text else 0].tolist())


def _plain(data: Any) -> Any:
    """Arrays as lists, missing values as None: what frames make of lists and dicts undone."""
    if isinstance(data, np.ndarray):
        data = data.tolist()
    if isinstance(data, list):
        return [_plain(one) for one in data]
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return None if is_null(data) else data


def _checked(data: Any, hint: Any, from_json: bool, place: str, problems: list[str]) -> Any:
    if hint is Any:
        return data
    if _is_pydantic(hint):
        return _as_pydantic(data, hint, from_json, place, problems)
    if isinstance(hint, type) and hint in _SCALARS:
        if from_json:
            data = _parsed(data, hint)
        if not isinstance(data, hint):
            problems.append(_problem(place, _spelled(hint), data))
        return data
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        if not isinstance(data, list):
            problems.append(_problem(place, "a list", data))
            return data
        return [_checked(one, inner[0], from_json, f"{place}[{row}]", problems) for row, one in enumerate(data)]
    if origin is dict:
        if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
            problems.append(_problem(place, "a dict with str keys", data))
            return data
        return {key: _checked(one, inner[1], from_json, f"{place}[{key!r}]", problems) for key, one in data.items()}
    others = [one for one in inner if one is not type(None)]
    if data is None and len(others) < len(inner):
        return data
    return _checked(data, others[0], from_json, place, problems) if len(others) == 1 else data


def _problem(place: str, expected: str, found: Any) -> str:
    return f"{place or 'it'} should be {expected} and is {shown(found)} of class {type(found).__name__}"


def _as_pydantic(data: Any, hint: Any, from_json: bool, place: str, problems: list[str]) -> Any:
    pydantic = sys.modules["pydantic"]
    given = isinstance(data, pydantic.BaseModel)
    values = data.model_dump() if given else data
    if not isinstance(values, dict):
        problems.append(_problem(place, f"a dict or {hint.__name__}", data))
        return data
    try:
        made = (
            hint.model_validate_json(json.dumps(values), strict=True)
            if from_json
            else hint.model_validate(values, strict=True)
        )
    except pydantic.ValidationError as error:
        problems += [f"{place}{''.join(f'[{key!r}]' for key in one['loc'])}: {one['msg']}" for one in error.errors()]
        return data
    return data if given else made


def _parsed(data: Any, hint: Any) -> Any:
    if isinstance(data, str) and hint is bytes:
        return base64.decodebytes(data.encode())
    if isinstance(data, str) and hint is dt.datetime:
        try:
            return dt.datetime.fromisoformat(data)
        except ValueError:
            return data
    return data


def to_example(data: Any, example: Any) -> Any:
    """A frame brought to the form of the example: frame, series, list of scalars, list of dicts, dict or scalar."""
    if not _is_frame(data) or _is_frame(example):
        return data
    pandas = sys.modules["pandas"]
    if isinstance(example, pandas.Series):
        return data.iloc[:, 0].rename(example.name)
    if isinstance(example, list):
        if data.shape[1] == 1 and not any(isinstance(one, (dict, list)) for one in example):
            return data.iloc[:, 0].tolist()
        return data.to_dict(orient="records")
    if isinstance(example, dict):
        return data.to_dict(orient="records")[0] if len(data) == 1 else data
    return data.iloc[0, 0] if _is_scalar(example) else data


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, bytes, bool, int, float, dt.date)) or getattr(value, "shape", None) == ()


def is_example_for_hint(example: Any) -> bool:
    """May it stand for TypeFromExample? Only what holds several inputs may."""
    pandas = sys.modules.get("pandas")
    return isinstance(example, list) or (pandas is not None and isinstance(example, (pandas.DataFrame, pandas.Series)))
