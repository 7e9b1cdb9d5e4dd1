"""A model's own Python modules: copied into its folder, and importable when it is loaded."""

from __future__ import annotations

import ast
import importlib
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from headrace.errors import InvalidValue

FOLDER = "code"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".git", ".headrace*", ".venv")


def copy(paths: Iterable[str | Path], folder: Path) -> str:
    """Copies files and folders, each under its own name, below `folder`/code; returns that folder's name."""
    if isinstance(paths, str | Path):
        raise InvalidValue("code_paths", str(paths), "it is a list of files and folders.")
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for given in paths:
        path = Path(given).absolute()
        place = target / path.name
        if path.is_dir():
            # The model itself may be written somewhere in there: a script says code_paths=["."].
            shutil.copytree(path, place, ignore=_all_but(folder.resolve()), dirs_exist_ok=True)
        elif path.is_file():
            shutil.copyfile(path, place)
        else:
            raise InvalidValue("code_paths", str(given), "there is no such file or folder.")
    return FOLDER


def _all_but(folder: Path) -> Callable[[Any, list[str]], set[str]]:
    def left_out(here: Any, names: list[str]) -> set[str]:
        found = set(_LEFT_OUT(here, names))
        return found | {name for name in names if Path(here, name).resolve() == folder}

    return left_out


def add_to_path(folder: Path) -> None:
    """Modules of `folder` are importable, before others. One of the same name that was imported from elsewhere is
    forgotten, so that the model gets its own."""
    entry = str(folder)
    if entry in sys.path:
        return
    sys.path.insert(0, entry)
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name.partition(".")[0] in _tops(folder)]:
        origin = getattr(sys.modules[name], "__file__", None)
        if origin and not Path(origin).is_relative_to(folder) and name.partition(".")[0] != "headrace":
            del sys.modules[name]


def _tops(folder: Path) -> set[str]:
    return {
        path.stem for path in folder.iterdir() if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    }


def imported_names(folder: Path) -> set[str]:
    """The modules that the Python files below a folder import, by their text."""
    return set().union(*(imports_of(path) for path in folder.rglob("*.py")))


def imports_of(path: Path) -> set[str]:
    """The modules that a Python file imports, by its text."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise InvalidValue("code", str(path), f"it isn't Python: {error}.") from error
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names
