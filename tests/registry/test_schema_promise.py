"""What the schema check lets pass, enforcement takes: data that fit the one model's signature fit the other's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import assume, event, given
from hypothesis import strategies as st

from headrace.errors import HeadraceError
from headrace.packaging.enforce.input import enforce_input
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.signature import ModelSignature
from headrace.packaging.types import Array, DataType, Map, Object, Property
from headrace.registry.schema_check import breaks

# One value of each, of the class that holds the type: the widest that fits no narrower one.
VALUES: dict[DataType, Any] = {
    DataType.boolean: np.bool_(True),
    DataType.integer: np.int32(-(2**31)),
    DataType.long: np.int64(2**53 + 1),
    DataType.float: np.float32(1.5),
    DataType.double: np.float64(0.1),
    DataType.string: "text",
    DataType.binary: b"bytes",
    DataType.datetime: np.datetime64("2026-05-03T12:00:00", "ns"),
}
scalars = st.sampled_from(sorted(VALUES, key=lambda each: each.name))


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(st.sampled_from("pq"), st.tuples(inner, st.booleans()), min_size=1, max_size=2)
    made = properties.map(lambda each: Object([Property(name, kind, must) for name, (kind, must) in each.items()]))
    return st.one_of(inner.map(Array), inner.map(Map), made)


types = st.one_of(scalars, scalars, nested(scalars), nested(nested(scalars)))
columns = st.dictionaries(st.sampled_from("abc"), st.tuples(types, st.booleans()), min_size=1, max_size=3)
schemas = columns.map(lambda each: Schema([ColSpec(kind, name, must) for name, (kind, must) in each.items()]))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Schema, Schema]:
    """A schema and another one, which is often the same but for a column or two."""
    held = draw(schemas)
    if draw(st.booleans()):
        return held, draw(schemas)
    kept = [spec if draw(st.booleans()) else ColSpec(draw(types), spec.name, draw(st.booleans())) for spec in held]
    return held, Schema(kept)


def value_of(kind: Any, draw: st.DrawFn) -> Any:
    match kind:
        case DataType():
            return VALUES[kind]
        case Array():
            return [value_of(kind.dtype, draw) for _ in range(draw(st.integers(1, 2)))]
        case Map():
            return {"k": value_of(kind.value_type, draw)}
        case Object():
            return {
                each.name: value_of(each.dtype, draw)
                for each in kind.properties
                if each.required or draw(st.booleans())
            }
    raise AssertionError(kind)


@given(pair=pairs(), data=st.data())
def test_columns(pair: tuple[Schema, Schema], data: st.DataObject) -> None:
    held, wanted = pair
    draw: Any = data.draw
    given_columns = [spec for spec in held if spec.required or draw(st.booleans())]
    assume(given_columns)
    frame = pd.DataFrame(
        {spec.name: pd.Series([value_of(spec.type, draw)] * 2, dtype=_dtype(spec.type)) for spec in given_columns}
    )
    try:
        enforce_input(frame, held)
    except HeadraceError:
        assume(False)  # no example of the held schema, after all
    broken = breaks(ModelSignature(held), ModelSignature(wanted))
    event("breaks" if broken else "passes")
    if not broken:
        enforce_input(frame, wanted)


dtypes = st.sampled_from([np.dtype("float32"), np.dtype("float64"), np.dtype("int64")])
shapes = st.lists(st.sampled_from([-1, 1, 2, 3]), min_size=1, max_size=3)


@given(first=st.tuples(dtypes, shapes), second=st.tuples(dtypes, shapes), data=st.data())
def test_tensors(first: Any, second: Any, data: st.DataObject) -> None:
    second = second if data.draw(st.booleans()) else (first[0], [data.draw(st.sampled_from([-1, n])) for n in first[1]])
    held, wanted = (Schema([TensorSpec(dtype, shape)]) for dtype, shape in (first, second))
    array = np.zeros([data.draw(st.integers(1, 4)) if n == -1 else n for n in first[1]], first[0])
    enforce_input(array, held)
    broken = breaks(ModelSignature(held), ModelSignature(wanted))
    event("breaks" if broken else "passes")
    if not broken:
        enforce_input(array, wanted)


def _dtype(kind: Any) -> Any:
    if isinstance(kind, DataType) and kind not in (DataType.string, DataType.binary):
        return kind.to_numpy()
    return object
