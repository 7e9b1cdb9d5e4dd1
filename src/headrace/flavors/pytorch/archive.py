"""Does an exported program (.pt2) run code when it is loaded?

`torch.export.load` reads tensors, a graph of named operators, and text that it evaluates: sizes as expressions, guards
as Python. An archive is plain if its tensors are raw or what PyTorch's restricted unpickler takes, its operators are
PyTorch's own, and its expressions are arithmetic. Whatever else is found needs trust, like a pickle does.
"""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headrace.errors import Corrupt
from headrace.lazy import optional_import

_TEXT = frozenset(
    {"archive_format", "archive_version", "byteorder", "version", ".data/version", ".data/serialization_id"}
)
_JSON = re.compile(r"models/[^/]+\.json|data/(weights|constants)/[^/]+_config\.json")
_RAW = re.compile(r"data/(weights|constants)/(weight|tensor)_\d+")
_SAMPLE = re.compile(r"data/sample_inputs/[^/]+\.pt")
_TARGET = re.compile(
    r"torch\.ops\.(?!higher_order)\w+\.\w+\.\w+|_operator\.[a-z_]+|math\.[a-z0-9]+|torch\.sym_[a-z]+"
    r"|torch\._sym_(sqrt|cos|cosh|sin|sinh|tan|tanh|asin|acos|atan|log2)"
)
_NOT_OPERATORS = frozenset({"_operator.attrgetter", "_operator.itemgetter", "_operator.methodcaller", "_operator.call"})
_PLAIN_WORD = re.compile(r"[\w.:\-]*")
_FUNCTIONS = frozenset(
    "Abs Add And CeilDiv CeilToInt CleanDiv Eq Float FloatPow FloatTrueDiv FloorDiv FloorToInt Ge Gt IntTrueDiv "
    "Integer LShift Le Lt Max Min Mod ModularIndexing Mul Ne Not Or Pow PowByNatural PythonMod RShift Rational "
    "RoundDecimal RoundToInt Symbol ToFloat TruncToFloat TruncToInt Where".split()
)
_ARITHMETIC = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp),
    *(ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.Load),
)
_GUARD_METHODS = frozenset({"size", "stride", "storage_offset"})
_TREE_TYPES = frozenset({"builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"})
_FREE_TEXT = frozenset({"metadata", "as_string", "as_strings", "torch_version"})
_DIALECTS = frozenset({"", "ATEN", "TRAINING"})


def what_runs(path: Path) -> list[str]:
    """The parts of an archive that could run code, with why; none for one that is plain."""
    reader_type = optional_import("torch", why="the model is one of PyTorch's")._C.PyTorchFileReader
    try:
        # PyTorch's own reader: what is judged is what is loaded, also in an archive that means two things.
        reader = reader_type(str(path))
        names = list(reader.get_all_records())
    except RuntimeError as error:
        raise Corrupt(f"{path} isn't a whole PyTorch archive: {str(error).splitlines()[0]}") from error
    if len(set(names)) != len(names):
        return ["two records of one name"]
    return [f"{name}: {why}" for name in names for why in _odd_record(name, reader)]


def _odd_record(name: str, reader: Any) -> Iterator[str]:
    if name in _TEXT:
        return
    if _JSON.fullmatch(name):
        try:
            content = json.loads(reader.get_record(name))
        except (ValueError, RecursionError) as error:
            yield f"it isn't JSON: {error}"
            return
        pickled = _pickled(content) if "/" in name and name.startswith("data/") else []
        folder = name.rpartition("/")[0]
        for each in pickled:
            if not reader.has_record(f"{folder}/{each}") or not _is_tensors(reader.get_record(f"{folder}/{each}")):
                yield f"{each} is a pickle"
        yield from _odd_values(content, "")
    elif _SAMPLE.fullmatch(name):
        if not _is_tensors(reader.get_record(name)):
            yield "a pickle of more than tensors"
    elif not _RAW.fullmatch(name):
        yield "a part that graphs and tensors don't need"


def _pickled(config: Any) -> list[str]:
    entries = config.get("config", {}) if isinstance(config, dict) else {}
    return [
        str(each.get("path_name"))
        for each in (entries.values() if isinstance(entries, dict) else ())
        if isinstance(each, dict) and each.get("use_pickle") is not False
    ]


def _is_tensors(content: bytes) -> bool:
    torch = optional_import("torch")
    try:
        torch.load(io.BytesIO(content), weights_only=True)
    except Exception:  # noqa: BLE001 — whatever a restricted unpickler makes of a stranger's bytes
        return False
    return True


def _odd_values(value: Any, key: str) -> Iterator[str]:
    """key: of the mapping that holds the value, or the list that it is in."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "as_custom_obj" and each is not None:
                yield "a custom object"
            elif not re.fullmatch(r"[\w.]*", str(name)):
                yield f"an odd name {str(name)[:60]!r}"
            elif name not in _FREE_TEXT:
                yield from _odd_values(each, str(name))
    elif isinstance(value, list):
        for each in value:
            yield from _odd_values(each, key)
    elif isinstance(value, str) and not _is_plain(key, value):
        yield f"{key or 'text'} {value[:60]!r}"


def _is_plain(key: str, text: str) -> bool:
    if key in ("target", "as_operator"):
        return _TARGET.fullmatch(text) is not None and text not in _NOT_OPERATORS
    if key == "expr_str":
        return _is_expression(text, guard=False)
    if key == "guards_code":
        return _is_expression(text, guard=True)
    if key in ("in_spec", "out_spec"):
        return _is_tree(text)
    if key in ("verifiers", "dialect"):
        return text in _DIALECTS
    return _PLAIN_WORD.fullmatch(text) is not None


def _is_expression(text: str, *, guard: bool) -> bool:
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return _is_harmless(tree, guard)


def _is_harmless(node: ast.AST, guard: bool) -> bool:
    if isinstance(node, ast.Call):
        return _is_size(node) if isinstance(node.func, ast.Attribute) else _is_function(node, guard)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bool | int | float)
    if isinstance(node, ast.Name):
        return re.fullmatch(r"[su]\d+|zu?f?\d+|oo|int_oo|inf|pi", node.id) is not None
    if isinstance(node, ast.Subscript):  # L['x'].size()[0]
        index = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return guard and type(index) is int and (_is_input(node) or _is_harmless(node.value, guard))
    return isinstance(node, _ARITHMETIC) and all(_is_harmless(each, guard) for each in ast.iter_child_nodes(node))


def _is_function(call: ast.Call, guard: bool) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name == "Symbol":
        return _is_symbol(call)
    return name in _FUNCTIONS and not call.keywords and all(_is_harmless(each, guard) for each in call.args)


def _is_size(call: ast.Call) -> bool:
    """L['x'].size()"""
    method = call.func
    assert isinstance(method, ast.Attribute)
    return method.attr in _GUARD_METHODS and not call.args and not call.keywords and _is_input(method.value)


def _is_symbol(call: ast.Call) -> bool:
    """Symbol('s77', positive=True, integer=True)"""
    name = call.args[0] if len(call.args) == 1 else None
    is_name = isinstance(name, ast.Constant) and isinstance(name.value, str) and re.fullmatch(r"\w+", name.value)
    return bool(is_name) and all(isinstance(each.value, ast.Constant) for each in call.keywords)


def _is_input(node: ast.AST) -> bool:
    """L['x'][0]"""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        key = node.slice.value
        is_key = type(key) is int or (isinstance(key, str) and re.fullmatch(r"\w+", key) is not None)
        return is_key and (_is_input(node.value) or (isinstance(node.value, ast.Name) and node.value.id == "L"))
    return False


def _is_tree(text: str) -> bool:
    """How arguments are nested, as PyTorch writes it: JSON of types that are its own."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return _is_plain_tree(tree)


def _is_plain_tree(tree: Any) -> bool:
    if isinstance(tree, dict):
        kind, context = tree.get("type"), tree.get("context")
        return (
            (kind is None or kind in _TREE_TYPES)
            and (context is None or re.fullmatch(r'[\w\s\[\]",]*', str(context)) is not None)
            and all(_is_plain_tree(each) for each in tree.values())
        )
    if isinstance(tree, list):
        return all(_is_plain_tree(each) for each in tree)
    return not isinstance(tree, str) or re.fullmatch(r'[\w.\s\[\]",]*', tree) is not None
