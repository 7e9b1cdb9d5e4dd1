"""JSON or msgpack of plain columns, or of one tensor, parsed straight to the schema's types: most requests there are.

`QuickForms` takes a body only where it makes of it what `of_json` and enforcement make, and else says None: for nulls
among integers or text, numbers as text, times, bytes, nested values, missing columns, whatever needs an error.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta

from headrace.lazy import optional_import
from headrace.packaging.mlmodel import Model
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.types import DataType

_ORDERS_KEPT = 32  # orders of columns that clients send; each has a parser of its own
_MOST_COLUMNS = 2_000
_HIGHEST_RANK = 8
_EXACT = 2**53  # below, an integer is the same number however it came to be a float32
# A null in text or integers is left out, since what it makes of the column depends on the other rows.
_CELLS: dict[DataType, Any] = {
    DataType.double: float | None,
    DataType.float: Annotated[float, Meta(gt=-_EXACT, lt=_EXACT)] | None,
    DataType.long: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)],
    DataType.integer: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)],
    DataType.boolean: bool,
    DataType.string: str,
}
_ITEMS: dict[str, Any] = {
    "float64": float,
    "float32": _CELLS[DataType.float].__args__[0],
    "int64": _CELLS[DataType.long],
    "int32": _CELLS[DataType.integer],
}
_ABSENT = msgspec.Raw()


class _Body(msgspec.Struct):
    dataframe_split: msgspec.Raw = _ABSENT
    dataframe_records: msgspec.Raw = _ABSENT
    instances: msgspec.Raw = _ABSENT
    inputs: msgspec.Raw = _ABSENT
    params: dict[str, Any] | None = None
    messages: msgspec.Raw = _ABSENT
    prompt: msgspec.Raw = _ABSENT
    input: msgspec.Raw = _ABSENT


class _Split(msgspec.Struct, forbid_unknown_fields=True):
    """Without `index`: rows with labels of their own are rare."""

    data: msgspec.Raw
    columns: tuple[str, ...]


class Rows(NamedTuple):
    """Cells of a schema's columns, in its order and of its types. Rows of several requests can be joined."""

    names: tuple[str, ...]
    kinds: tuple[DataType, ...]
    cells: list[tuple[Any, ...]]


_Reader = Callable[[msgspec.Raw], list[tuple[Any, ...]]]


class QuickForms:
    """Of one model. codec: msgspec.json or msgspec.msgpack. False where the model's schema isn't plain. Threads may
    share it."""

    def __init__(self, model: Model, codec: Any = msgspec.json) -> None:
        self._codec = codec
        schema = model.signature.inputs if model.signature and not model.is_signature_from_type_hint else None
        specs = _plain_columns(schema)
        self._names = tuple(spec.name for spec in specs)
        self._kinds = tuple(spec.type for spec in specs if isinstance(spec.type, DataType))
        self._records = _records_reader(codec, self._names, self._kinds) if specs else None
        self._tensor = _plain_tensor(schema)
        self._items = codec.Decoder(_nested(self._tensor)) if self._tensor else None
        self._split_readers: dict[tuple[str, ...], _Reader | None] = {}
        self._body = codec.Decoder(_Body)
        self._split = codec.Decoder(_Split)

    def __bool__(self) -> bool:
        return bool(self._names) or self._items is not None

    def read(self, body: bytes) -> tuple[Any, dict[str, Any] | None] | None:
        """Rows, or an array (by name, if the tensor has one), and the params. None: not for this way."""
        try:
            found = self._body.decode(body)
            if found.messages or found.prompt or found.input:
                return None
            forms = (found.dataframe_split, found.dataframe_records, found.instances, found.inputs)
            if sum(map(bool, forms)) != 1:
                return None
            if found.dataframe_split:
                data = self._of_split(found.dataframe_split)
            elif found.dataframe_records or (found.instances and self._names):
                data = self._of_cells(self._records, found.dataframe_records or found.instances)
            else:
                data = self._of_array(found.instances or found.inputs)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return None if data is None else (data, found.params)

    def _of_split(self, raw: msgspec.Raw) -> Rows | None:
        if not self._names:
            return None
        split = self._split.decode(raw)
        if split.columns not in self._split_readers:
            if len(self._split_readers) >= _ORDERS_KEPT:
                self._split_readers.clear()
            self._split_readers[split.columns] = _split_reader(self._codec, split.columns, self._names, self._kinds)
        return self._of_cells(self._split_readers[split.columns], split.data)

    def _of_cells(self, reader: _Reader | None, raw: msgspec.Raw) -> Rows | None:
        cells = reader(raw) if reader else None
        return Rows(self._names, self._kinds, cells) if cells else None

    def _of_array(self, raw: msgspec.Raw) -> Any:
        if self._items is None or self._tensor is None:
            return None
        made = np.array(self._items.decode(raw), dtype=self._tensor.type)
        if not made.size:
            return None
        return made if self._tensor.name is None else {self._tensor.name: made}


def _plain_columns(schema: Schema | None) -> Sequence[ColSpec]:
    if schema is None or schema.is_tensor_spec() or len(schema) > _MOST_COLUMNS:
        return ()
    specs = schema.inputs
    plain = all(isinstance(spec.name, str) and spec.type in _CELLS for spec in specs)
    return specs if plain and len({spec.name for spec in specs}) == len(specs) else ()


def _plain_tensor(schema: Schema | None) -> TensorSpec | None:
    if schema is None or not schema.is_tensor_spec() or len(schema) != 1:
        return None
    spec: TensorSpec = schema.inputs[0]
    return spec if spec.type.name in _ITEMS and 1 <= len(spec.shape) <= _HIGHEST_RANK else None


def _nested(spec: TensorSpec) -> Any:
    kind = _ITEMS[spec.type.name]
    for _ in spec.shape:
        kind = list[kind]  # type: ignore[valid-type]
    return kind


def _split_reader(
    codec: Any, sent: tuple[str, ...], names: tuple[str, ...], kinds: tuple[DataType, ...]
) -> _Reader | None:
    """For rows whose columns come in this order, strangers among them."""
    if len(set(sent)) != len(sent) or not set(names) <= set(sent):
        return None
    wanted = dict(zip(names, kinds, strict=True))
    cells = tuple(_CELLS[wanted[name]] if name in wanted else Any for name in sent)
    decode: _Reader = codec.Decoder(list[tuple[cells]]).decode  # type: ignore[valid-type]
    if sent == names:
        return decode
    places = [sent.index(name) for name in names]
    return lambda raw: [tuple([row[place] for place in places]) for row in decode(raw)]


def _records_reader(codec: Any, names: tuple[str, ...], kinds: tuple[DataType, ...]) -> _Reader | None:
    fields = [f"field{place}" for place in range(len(names))]
    typed = [(field, _CELLS[kind]) for field, kind in zip(fields, kinds, strict=True)]
    try:
        record = msgspec.defstruct("Record", typed, rename=dict(zip(fields, names, strict=True)), gc=False)
    except ValueError:  # a name that can't stand in JSON without escapes
        return None
    decode = codec.Decoder(list[record]).decode  # type: ignore[valid-type]
    return lambda raw: [msgspec.structs.astuple(row) for row in decode(raw)]


def frame_of_rows(names: tuple[str, ...], kinds: tuple[DataType, ...], cells: Sequence[tuple[Any, ...]]) -> Any:
    """The frame that enforcement would have made of them."""
    pandas = optional_import("pandas", extra="pandas", why="input in columns")
    if len(set(kinds)) == 1 and kinds[0] is not DataType.string:
        # Columns lie one behind the other, as in the frames that pandas makes of rows.
        block = _flat(cells, len(names), kinds[0].to_numpy()).T.copy()
        return pandas.DataFrame(block.T, columns=index_of(names), copy=False)
    columns = {}
    for name, kind, values in zip(names, kinds, zip(*cells, strict=True), strict=True):
        columns[name] = list(values) if kind is DataType.string else np.array(values, dtype=kind.to_numpy())
    return pandas.DataFrame(columns, copy=False)


def frame_of_columns(names: Sequence[str], columns: Sequence[np.ndarray[Any, Any]]) -> Any:
    """columns: of numbers and flags, of one length."""
    pandas = optional_import("pandas", extra="pandas", why="input in columns")
    if len({column.dtype for column in columns}) == 1:
        return pandas.DataFrame(np.array(columns).T, columns=index_of(tuple(names)), copy=False)
    return pandas.DataFrame(dict(zip(names, columns, strict=True)))


def _flat(cells: Sequence[tuple[Any, ...]], width: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    count = len(cells) * width
    try:
        return np.fromiter(itertools.chain.from_iterable(cells), dtype, count).reshape(-1, width)
    except TypeError:  # nulls, which only the way below makes NaN
        return np.array(cells, dtype=dtype)


@functools.lru_cache(maxsize=64)
def index_of(names: tuple[str, ...]) -> Any:
    """Kept, with what pandas works out about it."""
    return optional_import("pandas").Index(names)
