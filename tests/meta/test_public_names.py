from __future__ import annotations

import ast
import importlib
import subprocess
import sys

import pytest

from tests.meta.source import Module, modules

HEAVY = {
    "alembic", "argon2", "fsspec", "matplotlib", "numpy", "obstore", "pandas", "polars", "psycopg", "pyarrow",
    "rich", "sklearn", "sqlalchemy", "sqlite3", "starlette", "uvicorn", "yaml",
}  # fmt: skip


def surfaces() -> list[Module]:
    return [
        module
        for module in modules().values()
        if any(
            (isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__")
            or (isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "__all__")
            for statement in module.tree.body
        )
    ]


def by_kind(name: str) -> tuple[int, str]:
    # Constants, classes, the rest: the order that ruff's RUF022 writes.
    return (0 if len(name) > 1 and name.isupper() else 1 if name[0].isupper() else 2, name)


def packages_that_re_export() -> list[Module]:
    return [
        module
        for module in modules().values()
        if module.path.name == "__init__.py"
        and any(isinstance(node, ast.ImportFrom) and node.module != "__future__" for node in module.tree.body)
    ]


@pytest.mark.parametrize("module", surfaces(), ids=lambda module: module.name)
def test_public_names_are_sorted_and_importable(module: Module) -> None:
    imported = importlib.import_module(module.name)
    names = list(imported.__all__)
    assert names == sorted(set(names), key=by_kind)
    missing = [name for name in names if not hasattr(imported, name)]
    assert not missing


@pytest.mark.parametrize("module", packages_that_re_export(), ids=lambda module: module.name)
def test_package_that_re_exports_says_what(module: Module) -> None:
    assert module in surfaces()


def test_import_loads_nothing_heavy() -> None:
    code = "import sys; import headrace; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "headrace" in loaded
    assert not HEAVY & set(loaded)
