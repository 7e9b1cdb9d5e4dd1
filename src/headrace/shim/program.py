"""Runs a program as the interpreter itself would: as `__main__`, with its own arguments, path and tracebacks."""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from headrace.shim.finder import install

USAGE = "usage: python -m headrace.shim (SCRIPT | -m MODULE | -c CODE) [ARGUMENT …]"
_INTERRUPTED = 130  # what shells report for SIGINT


def main(arguments: Sequence[str]) -> int:
    """The exit status, unless the program ends itself by SystemExit."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    first, rest = arguments[0], list(arguments[1:])
    if first in ("-m", "-c") and not rest:
        print(f"{first} needs a value\n{USAGE}", file=sys.stderr)  # noqa: T201 — a program's usage
        return 2
    install()
    try:
        if first == "-m":
            _run_module(rest[0], rest[1:])
        elif first == "-c":
            _run_code(rest[0], rest[1:])
        elif first.startswith("-"):
            print(f"unknown option {first}\n{USAGE}", file=sys.stderr)  # noqa: T201 — a program's usage
            return 2
        else:
            _run_script(first, rest)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 — in the interpreter's place: whatever ends the program is shown
        return _shown(error)
    return 0


def _run_script(path: str, arguments: list[str]) -> None:
    if not Path(path).is_file():
        print(f"{USAGE}\nno such script: {path}", file=sys.stderr)  # noqa: T201 — a program's usage
        raise SystemExit(2)
    sys.argv[:] = [path, *arguments]
    _first_on_path(os.path.dirname(os.path.realpath(path)))  # noqa: PTH120 — as the interpreter spells it
    with io.open_code(os.path.abspath(path)) as file:  # noqa: PTH100 — as the interpreter spells it
        code = compile(file.read(), path, "exec", dont_inherit=True)
    _execute(code, __file__=path, __loader__=SourceFileLoader("__main__", path), __spec__=None, __cached__=None)


def _run_code(text: str, arguments: list[str]) -> None:
    sys.argv[:] = ["-c", *arguments]
    _first_on_path("")
    _execute(compile(text, "<string>", "exec", dont_inherit=True), __spec__=None, __loader__=None)


def _run_module(name: str, arguments: list[str]) -> None:
    sys.argv[:] = ["-m", *arguments]
    spec, code = _module_code(name)
    sys.argv[0] = spec.origin or "-m"
    _execute(
        code,
        __file__=spec.origin,
        __loader__=spec.loader,
        __spec__=spec,
        __package__=spec.parent,
        __cached__=spec.cached,
    )


def _module_code(name: str) -> tuple[ModuleSpec, CodeType]:
    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = find_spec(f"{name}.__main__")
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.__main__".startswith(error.name):
            raise  # the package is there, what it imports is not
        spec = None
    get_code: Any = getattr(spec and spec.loader, "get_code", None)
    code = get_code(spec.name) if spec is not None and get_code is not None else None
    if spec is None or code is None:
        print(f"no module to run: {name}", file=sys.stderr)  # noqa: T201 — as the interpreter does
        raise SystemExit(1)
    return spec, code


def _first_on_path(folder: str) -> None:
    # `python -m` has put the working folder first; a script's own folder takes its place.
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _execute(code: CodeType, **names: Any) -> None:
    main_module = ModuleType("__main__")
    # Stays in sys.modules to the end: exit handlers and unpickling look names up in it.
    sys.modules["__main__"] = main_module
    vars(main_module).update({"__package__": None, "__builtins__": builtins, **names})
    exec(code, vars(main_module))  # noqa: S102 — running the caller's program is the job


def _shown(error: BaseException) -> int:
    """Prints the traceback from the program's first frame on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    error.__traceback__ = trace
    _remember(error, trace)
    sys.excepthook(type(error), error, trace)
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _remember(error: BaseException, trace: TracebackType | None) -> None:
    """As the interpreter does for what nobody caught; exit handlers and post-mortem debuggers read it."""
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = error
