"""Which modules a model uses, found by looking at its objects: nothing is loaded again, nothing of the model runs.

Objects are walked breadth first: types, attributes, containers, closures; never into arrays and tensors. Code of the
user's own (in `__main__`, notebooks, local modules) is read as well: an `import` in a method counts, as do the globals
that a pickled function refers to. A local module is no requirement; what it imports is.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import importlib.util
import itertools
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from headrace.environments.installed import OURS, is_standard, origin_of

_MOST_OBJECTS = 20_000  # some 20 ms
_MOST_ITEMS = 200  # of one container: thousands of rows or names are alike
_PLAIN = frozenset({bool, int, float, complex, str, bytes, bytearray, range, *map(type, (None, ..., NotImplemented))})
_CONTAINERS = (list, tuple, set, frozenset, deque)
_IMPORT = dis.opmap["IMPORT_NAME"]


def modules_of(*objects: Any) -> set[str]:
    """Dotted names of modules that are neither standard nor the user's own. At most 20,000 objects are looked at."""
    walk = _Walk()
    walk.queue.extend(objects)
    walk.run()
    return {name for name in walk.found if name.partition(".")[0] not in OURS and not walk.is_own(name)}


class _Walk:
    def __init__(self) -> None:
        self.queue: deque[Any] = deque()
        self.found: set[str] = set()
        self._seen: dict[int, Any] = {}  # holds the objects, so that no id comes twice
        self._own: dict[str, bool] = {}

    def run(self) -> None:
        while self.queue and len(self._seen) < _MOST_OBJECTS:
            value = self.queue.popleft()
            if type(value) in _PLAIN or id(value) in self._seen:
                continue
            self._seen[id(value)] = value
            self._look_at(value)

    def _look_at(self, value: Any) -> None:
        # By type(value): isinstance would ask the object for its __class__, which may be code of the user's.
        kind = type(value)
        if issubclass(kind, type):
            self._type(value)
        elif kind is types.FunctionType:
            self._function(value)
        elif issubclass(kind, types.ModuleType):
            self._module(vars(value).get("__name__"))
        elif kind is types.MethodType:
            self.queue += (value.__func__, value.__self__)
        elif kind is types.BuiltinFunctionType:
            self._module(value.__module__)
            self.queue.append(value.__self__)
        elif kind is functools.partial:
            self.queue += (value.func, value.args, value.keywords)
        elif issubclass(kind, property):
            self.queue += (value.fget, value.fset, value.fdel)
        elif kind in (staticmethod, classmethod):
            self.queue.append(value.__func__)
        elif kind in (types.GenericAlias, types.UnionType):
            self.queue += (*value.__args__, getattr(value, "__origin__", None))
        else:
            self._instance(value, kind)

    def _instance(self, value: Any, kind: type) -> None:
        self.queue.append(kind)
        if hasattr(kind, "__array__") or hasattr(kind, "__dlpack__"):
            return
        if issubclass(kind, dict):
            self._push(*itertools.chain.from_iterable(itertools.islice(dict.items(value), _MOST_ITEMS)))
        for container in _CONTAINERS:
            if issubclass(kind, container):
                self._push(*itertools.islice(container.__iter__(value), _MOST_ITEMS))
        if kind.__module__ in ("typing", "types") or not is_standard(kind.__module__ or ""):
            self._push(*_attributes(value))

    def _push(self, *values: Any) -> None:
        self.queue.extend(value for value in values if type(value) not in _PLAIN)

    def _type(self, kind: type) -> None:
        for base in kind.__mro__:
            self._module(base.__module__)
            if base is not kind and self.is_own(base.__module__):
                self.queue.append(base)
        if kind.__module__ == "__main__" or (self.is_own(kind.__module__) and kind.__module__ not in sys.modules):
            self._push(*list(vars(kind).values()))
            self._annotations(vars(kind).get("__annotations__"))

    def _function(self, function: types.FunctionType) -> None:
        module = function.__module__ or ""
        self._module(module)
        for cell in function.__closure__ or ():
            try:
                self._push(cell.cell_contents)
            except ValueError:
                continue  # not filled yet
        if not self.is_own(module):
            return
        self._push(function.__defaults__, function.__kwdefaults__, *vars(function).values())
        with contextlib.suppress(NameError):  # annotations that are worked out when asked for
            self._annotations(function.__annotations__)
        for code in _codes(function.__code__):
            self._code(code, function.__globals__)

    def _annotations(self, annotations: Any) -> None:
        if isinstance(annotations, Mapping):
            self._push(*annotations.values())

    def _code(self, code: types.CodeType, scope: Mapping[str, Any]) -> None:
        """What code asks for: its imports, and those of its names that are globals."""
        for name, _ in _imports(code, str(scope.get("__package__") or "")):
            self._module(name)
        if not scope.keys().isdisjoint(code.co_names):
            for instruction in dis.get_instructions(code):
                if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME") and instruction.argval in scope:
                    self._push(scope[instruction.argval])

    def _module(self, name: str | None) -> None:
        if not isinstance(name, str) or name in self.found or is_standard(name):
            return
        self.found.add(name)
        if name == "__main__" or not self.is_own(name):
            return
        module = sys.modules.get(name)
        for code in _codes(_source_of(name)):
            top = code.co_name == "<module>"
            for imported, bound in _imports(code, _package_of(name)):
                # An import that is for type checkers alone binds nothing.
                if not top or module is None or not bound or any(each in vars(module) for each in bound):
                    self._module(imported)

    def is_own(self, name: str | None) -> bool:
        """Whether a module is the user's: in no distribution that others could install."""
        if not isinstance(name, str):
            return False
        if name not in self._own:
            top = name.partition(".")[0]
            if name != top and getattr(sys.modules.get(top), "__file__", None):
                return self.is_own(top)
            self._own[name] = top not in OURS and not is_standard(name) and origin_of(name) is None
        return self._own[name]


def _attributes(value: Any) -> Iterator[Any]:
    with contextlib.suppress(AttributeError, TypeError):
        yield from list(object.__getattribute__(value, "__dict__").values())
    for kind in type(value).__mro__:
        for member in list(vars(kind).values()):
            if isinstance(member, types.MemberDescriptorType):
                try:
                    yield member.__get__(value)
                except (AttributeError, TypeError):
                    continue  # empty


def _codes(code: types.CodeType | None) -> Iterator[types.CodeType]:
    """A piece of code and those inside it: nested functions, comprehensions, classes."""
    if code is not None:
        yield code
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from _codes(constant)


def _imports(code: types.CodeType, package: str) -> Iterator[tuple[str, list[str]]]:
    """Absolute names of imported modules, each with the names that the import binds."""
    if _IMPORT not in code.co_code[::2]:
        return
    name, members, bound = "", list[str](), list[str]()
    store_next = False
    constants: deque[Any] = deque(maxlen=2)
    for instruction in dis.get_instructions(code):
        operation = instruction.opname
        if operation in ("LOAD_CONST", "LOAD_SMALL_INT"):
            constants.append(instruction.argval)
        elif operation == "IMPORT_NAME":
            if name:
                yield from _named(name, members, bound)
            level = constants[0] if constants and isinstance(constants[0], int) else 0
            name, members, bound, store_next = _absolute(instruction.argval, level, package), [], [], True
        elif operation == "IMPORT_FROM":
            members.append(instruction.argval)
            store_next = True
        elif operation.startswith("STORE_") and store_next:
            bound.append(str(instruction.argval))
            store_next = False
    if name:
        yield from _named(name, members, bound)


def _named(name: str, members: Iterable[str], bound: list[str]) -> Iterator[tuple[str, list[str]]]:
    yield name, bound
    # `from google.cloud import storage`: a member may be a module, and the only part that says whose.
    yield from ((f"{name}.{member}", bound) for member in members if f"{name}.{member}" in sys.modules)


def _absolute(name: str, level: int, package: str) -> str:
    if not level:
        return name
    base = package.split(".")
    return ".".join([*base[: len(base) - level + 1], *([name] if name else [])])


def _package_of(name: str) -> str:
    module = sys.modules.get(name)
    package = getattr(module, "__package__", None)
    return package if isinstance(package, str) else name.rpartition(".")[0]


def _source_of(name: str) -> types.CodeType | None:
    """Compiled code of a local module, from its cache file where it is fresh; it isn't run."""
    try:
        spec = getattr(sys.modules.get(name), "__spec__", None) or importlib.util.find_spec(name)
        loader = getattr(spec, "loader", None)
        code = loader.get_code(name) if loader is not None and hasattr(loader, "get_code") else None
    except (ImportError, ValueError, AttributeError, SyntaxError, OSError):
        return None
    return code if isinstance(code, types.CodeType) else None
