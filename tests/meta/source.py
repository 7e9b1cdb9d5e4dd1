"""The sources under src/headrace as parsed modules: room, imports and where they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "headrace"
LEAVES = ("errors", "clock", "settings", "lazy")
DOORS = "doors"
MODULE_NAME = re.compile(r"headrace(\.\w+)+(:\w+)?")


@dataclass(frozen=True, kw_only=True)
class Import:
    target: str  # dotted, absolute
    line: int


@dataclass(frozen=True, kw_only=True)
class Module:
    name: str  # dotted, absolute
    path: Path
    tree: ast.Module = field(repr=False)

    @property
    def place(self) -> Path:
        return self.path.relative_to(ROOT)


@cache
def modules() -> dict[str, Module]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name=name, path=path, tree=ast.parse(path.read_text(encoding="utf-8")))
    return found


def imports(module: Module) -> Iterator[Import]:
    """Every import in the file, however deep, and every string that names a module of ours."""
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(target=alias.name, line=node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                yield Import(target=f"{base}.{alias.name}", line=node.lineno)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.partition(":")[0]
            if MODULE_NAME.fullmatch(node.value) and name in modules():
                yield Import(target=name, line=node.lineno)


def room_of(target: str, rooms: set[str]) -> str | None:
    """The room that an absolute dotted name is in; None if it isn't ours. The version is nobody's room."""
    top, *rest = target.split(".")
    if top != "headrace" or rest == ["__version__"]:
        return None
    first = rest[0] if rest else ""
    if first == "__main__":
        return "cli"
    return first if first in rooms else DOORS
