"""Reads the instructions of a pickle without obeying them, and notes which names it would import.

It keeps a stack and a memo as an unpickler does, but of constants only: enough to know names that are put together from
strings, wherever those come from, and where the raw arrays in a joblib file end. Protocols 0 to 5. Memory is bounded by
the budget's operations; strings are kept up to `MAX_TEXT_BYTES` each and `MAX_TEXTS_BYTES` in all, others are skipped,
and a name that is made of one of those counts as computed.
"""

from __future__ import annotations

import _compat_pickle
import codecs
import math
import pickletools
import re
from collections.abc import Callable
from typing import Any

from headrace.packaging.pickles.streams import Budget, Spent, Stream

MAX_TEXT_BYTES = 1000  # of a name of a module or class
MAX_TEXTS_BYTES = 64 << 20
MAX_LINE_BYTES = 1 << 20  # of a number or string in protocol 0
MAX_KEPT = 32  # items of a dict or tuple that are kept
MAX_NAMES = 1000
MAX_NESTED = 8  # pickles in arrays of objects in pickles
UNKNOWN_NAME = "a name that is computed"
ARRAY_WRAPPERS = ("joblib.numpy_pickle.NumpyArrayWrapper", "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper")

_ITEM = re.compile(r"[<>|=]?([A-Za-z])(\d*)")
_OPCODES = {op.code.encode("latin-1")[0]: op for op in pickletools.opcodes}
_LENGTHS = {-2: (1, False), -3: (4, True), -4: (4, False), -5: (8, False)}  # pickletools' TAKEN_FROM_ARGUMENT…
_TEXTS = frozenset(
    ["UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING", "SHORT_BINSTRING"]
)


class Malformed(Exception):
    """An unpickler would stop here."""


class Other:
    """A value that doesn't matter."""


class Name:
    def __init__(self, name: str) -> None:
        self.name = name


class Made:
    """What calling a name gave. state: what BUILD put into it."""

    def __init__(self, by: str, arguments: Any) -> None:
        self.by, self.arguments = by, arguments
        self.state: Any = None


OTHER = Other()
MARK = Other()


class Machine:
    """names: what the pickle would import, in order. calls: whether it would call anything."""

    def __init__(self, stream: Stream, budget: Budget, nested: int = 0) -> None:
        self.names: dict[str, None] = {}
        self.calls = False
        self.operations = 0
        self.protocol = 0
        self._stream, self._budget, self._nested = stream, budget, nested
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._texts_bytes = 0

    def run(self) -> None:
        """To the STOP of one pickle. Malformed, or Spent, with `names` as far as it came."""
        self._stack.clear()
        self._memo.clear()
        while True:
            self._budget.operations -= 1
            if self._budget.operations < 0:
                raise Spent("it has too many instructions")
            code = self._stream.read(1)
            if not code:
                raise Malformed("it ends before its last instruction")
            op = _OPCODES.get(code[0])
            if op is None:
                raise Malformed(f"{code!r} is no instruction of a pickle")
            argument = self._argument(op)
            if op.name == "STOP":
                self._pop()
                return
            self._obey(op, argument)
            self.operations += 1

    def _obey(self, op: pickletools.OpcodeInfo, argument: Any) -> None:
        special = _SPECIAL.get(op.name)
        if special:
            special(self, argument)
            return
        before = op.stack_before
        if pickletools.markobject in before:
            self._pop_to_mark()
            before = before[: before.index(pickletools.markobject)]
        for _ in before:
            self._pop()
        value = argument if op.name in _TEXTS or isinstance(argument, int) else OTHER
        self._stack.extend([value] * len(op.stack_after))

    def _argument(self, op: pickletools.OpcodeInfo) -> Any:
        kind = op.arg
        if kind is None:
            return None
        if kind.n == -1:
            if kind.name == "stringnl_noescape_pair":
                return (_text(self._line()), _text(self._line()))
            return _of_line(op.name, self._line())
        if kind.n >= 0:
            raw = self._exactly(kind.n)
            return int.from_bytes(raw, "little", signed=kind.name == "int4") if "int" in kind.name else OTHER
        size_bytes, signed = _LENGTHS[kind.n]
        length = int.from_bytes(self._exactly(size_bytes), "little", signed=signed)
        if length < 0:
            raise Malformed("a length is negative")
        if op.name in _TEXTS and length <= MAX_TEXT_BYTES and self._texts_bytes <= MAX_TEXTS_BYTES:
            self._texts_bytes += length
            raw = self._exactly(length)
            return raw.decode("latin-1") if "STRING" in op.name else _text(raw)
        if op.name == "LONG1" and length <= 8:
            return int.from_bytes(self._exactly(length), "little", signed=True)
        if self._stream.skip(length) < length:
            raise Malformed("it ends within a value")
        return OTHER

    def _exactly(self, size: int) -> bytes:
        raw = self._stream.read(size)
        if len(raw) < size:
            raise Malformed("it ends within an instruction")
        return raw

    def _line(self) -> bytes:
        found = bytearray()
        while byte := self._stream.read(1):
            if byte == b"\n":
                return bytes(found)
            found += byte
            if len(found) > MAX_LINE_BYTES:
                break
        raise Malformed("a line doesn't end")

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is MARK:
            raise Malformed("it takes a value that isn't there")
        return self._stack.pop()

    def _pop_to_mark(self) -> list[Any]:
        for place in range(len(self._stack) - 1, -1, -1):
            if self._stack[place] is MARK:
                items = self._stack[place + 1 :]
                del self._stack[place:]
                return items
        raise Malformed("it goes back to a mark that isn't there")

    # What single instructions do

    def _proto(self, version: int) -> None:
        if version > 5:
            raise Malformed(f"its protocol is {version}; Python knows 0 to 5")
        self.protocol = version

    def _mark(self, _: object) -> None:
        self._stack.append(MARK)

    def _duplicate(self, _: object) -> None:
        value = self._pop()
        self._stack += [value, value]

    def _drop(self, _: object) -> None:
        if not self._stack:
            raise Malformed("it drops a value that isn't there")
        self._stack.pop()  # a mark, too

    def _drop_to_mark(self, _: object) -> None:
        self._pop_to_mark()

    def _put(self, place: Any) -> None:
        value = self._pop()
        self._stack.append(value)
        self._memo[len(self._memo) if place is None else place] = value

    def _get(self, place: Any) -> None:
        if place not in self._memo:
            raise Malformed("it gets a value that was never put")
        self._stack.append(self._memo[place])

    def _global(self, pair: tuple[Any, Any]) -> None:
        self._stack.append(self._import(*pair))

    def _stack_global(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        self._stack.append(self._import(module, name))

    def _extension(self, number: Any) -> None:
        self._note(f"number {number} of copyreg's extensions")
        self._stack.append(OTHER)

    def _import(self, module: Any, name: Any) -> Name:
        if not isinstance(module, str) or not isinstance(name, str):
            self._note(UNKNOWN_NAME)
            return Name(UNKNOWN_NAME)
        if self.protocol < 3:  # as Python 3 does for pickles of Python 2
            module, name = _compat_pickle.NAME_MAPPING.get((module, name), (module, name))
            module = _compat_pickle.IMPORT_MAPPING.get(module, module)
        self._note(f"{module}.{name}")
        return Name(f"{module}.{name}")

    def _note(self, name: str) -> None:
        if len(self.names) < MAX_NAMES:
            self.names[name] = None

    def _call(self, function: Any, arguments: Any) -> None:
        self.calls = True
        by = function.name if isinstance(function, Name) else ""
        if by == "copyreg._reconstructor" and isinstance(arguments, tuple) and isinstance(arguments[0], Name):
            by = arguments[0].name  # how protocols 0 and 1 make an object
        self._stack.append(Made(by, arguments))

    def _reduce(self, _: object) -> None:
        arguments, function = self._pop(), self._pop()
        self._call(function, arguments)

    def _new_with_keywords(self, _: object) -> None:
        self._pop()
        self._reduce(None)

    def _object(self, _: object) -> None:
        items = self._pop_to_mark()
        if not items:
            raise Malformed("it makes an object of no class")
        self._call(items[0], tuple(items[1 : MAX_KEPT + 1]))

    def _instance(self, pair: tuple[Any, Any]) -> None:
        arguments = tuple(self._pop_to_mark()[:MAX_KEPT])
        self._call(self._import(*pair), arguments)

    def _tuple(self, _: object) -> None:
        items = self._pop_to_mark()
        self._stack.append(tuple(items) if len(items) <= MAX_KEPT else OTHER)

    def _tuple_of(self, size: int) -> None:
        self._stack.append(tuple(reversed([self._pop() for _ in range(size)])))

    def _dict(self, _: object) -> None:
        items = self._pop_to_mark()
        self._stack.append({})
        self._set(items)

    def _set_item(self, _: object) -> None:
        value, key = self._pop(), self._pop()
        self._set([key, value])

    def _set_items(self, _: object) -> None:
        self._set(self._pop_to_mark())

    def _set(self, items: list[Any]) -> None:
        target = self._pop()
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=False):
                if isinstance(key, str) and len(target) < MAX_KEPT:
                    target[key] = value
        self._stack.append(target)

    def _build(self, _: object) -> None:
        self.calls = True
        state, made = self._pop(), self._pop()
        if isinstance(made, Made):
            if made.by in ARRAY_WRAPPERS:
                self._pass_array(state)
            made.state = state
        self._stack.append(made)

    # joblib writes the items of an array, raw, after the object that describes it

    def _pass_array(self, wrapper: Any) -> None:
        if not isinstance(wrapper, dict):
            raise Malformed("an array of joblib isn't described")
        shape, dtype = wrapper.get("shape"), wrapper.get("dtype")
        if _holds_objects(dtype):
            if self._nested >= MAX_NESTED:
                raise Malformed("pickles are nested too deeply")
            inner = Machine(self._stream, self._budget, self._nested + 1)
            try:
                inner.run()
            finally:
                self.names |= inner.names
            return
        size = _item_bytes(dtype)
        if size is None or not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise Malformed("an array of joblib has an unknown type or shape")
        if isinstance(wrapper.get("numpy_array_alignment_bytes"), int):
            self._exactly(self._exactly(1)[0])
        wanted = math.prod(shape) * size
        if self._stream.skip(wanted) < wanted:
            raise Malformed("it ends within an array")


_SPECIAL: dict[str, Callable[[Machine, Any], None]] = {
    "PROTO": Machine._proto,
    "FRAME": lambda machine, argument: None,  # noqa: ARG005
    "MARK": Machine._mark,
    "DUP": Machine._duplicate,
    "POP": Machine._drop,
    "POP_MARK": Machine._drop_to_mark,
    **dict.fromkeys(["PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"], Machine._put),
    **dict.fromkeys(["GET", "BINGET", "LONG_BINGET"], Machine._get),
    "GLOBAL": Machine._global,
    "STACK_GLOBAL": Machine._stack_global,
    **dict.fromkeys(["EXT1", "EXT2", "EXT4"], Machine._extension),
    **dict.fromkeys(["REDUCE", "NEWOBJ"], Machine._reduce),
    "NEWOBJ_EX": Machine._new_with_keywords,
    "OBJ": Machine._object,
    "INST": Machine._instance,
    "BUILD": Machine._build,
    "TUPLE": Machine._tuple,
    "EMPTY_TUPLE": lambda machine, _: machine._tuple_of(0),
    "TUPLE1": lambda machine, _: machine._tuple_of(1),
    "TUPLE2": lambda machine, _: machine._tuple_of(2),
    "TUPLE3": lambda machine, _: machine._tuple_of(3),
    "EMPTY_DICT": lambda machine, _: machine._stack.append({}),
    "DICT": Machine._dict,
    "SETITEM": Machine._set_item,
    "SETITEMS": Machine._set_items,
}


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _of_line(op: str, line: bytes) -> Any:
    """The argument of an instruction of protocol 0."""
    try:
        if op == "UNICODE":
            return line.decode("raw-unicode-escape")
        if op == "STRING":
            if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
                raise Malformed("a string has no quotes")
            return codecs.escape_decode(line[1:-1])[0].decode("latin-1")
        if op in ("INT", "LONG", "PUT", "GET"):
            text = line.decode("ascii").strip()
            return int(text.removesuffix("L")) if len(text) < 100 else OTHER
    except ValueError as error:
        raise Malformed(f"{line[:20]!r} is no value") from error
    return OTHER


def _holds_objects(dtype: Any) -> bool:
    if not isinstance(dtype, Made):
        return False
    state = dtype.state
    flags = state[7] if isinstance(state, tuple) and len(state) > 7 else 0
    return _letter(dtype)[0] == "O" or (isinstance(flags, int) and bool(flags & 1))


def _item_bytes(dtype: Any) -> int | None:
    if not isinstance(dtype, Made) or dtype.by != "numpy.dtype":
        return None
    letter, size = _letter(dtype)
    return None if size is None else size * (4 if letter == "U" else 1)


def _letter(dtype: Made) -> tuple[str, int | None]:
    described = dtype.arguments[0] if isinstance(dtype.arguments, tuple) and dtype.arguments else None
    match = _ITEM.fullmatch(described) if isinstance(described, str) else None
    if match is None:
        return "", None
    return match[1], int(match[2]) if match[2] else 1
