from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import headrace
from tests.meta.source import ROOT, modules

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70
GENERATED = {"ui/src/api/endpoints.ts"}
FORBIDDEN_MODULE_NAMES = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}
MLFLOWS_PATHS = ("headrace.models.utils", "headrace.pyfunc.utils")  # public paths have the names that MLflow gave them


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name.endswith(suffixes) and (ROOT / name).is_file()]


def test_no_source_file_is_longer_than_600_lines() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in tracked(".py", ".ts", ".tsx", ".sh")
        if path.relative_to(ROOT).as_posix() not in GENERATED
    }
    assert not {name: length for name, length in lengths.items() if length > MAX_FILE_LINES}


def test_no_function_is_longer_than_70_lines() -> None:
    long = [
        f"{module.place}:{node.lineno} {node.name}"
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno > MAX_FUNCTION_LINES
    ]
    assert not long


def test_modules_are_named_after_what_they_hold() -> None:
    own = [name for name in modules() if not name.startswith(MLFLOWS_PATHS)]
    assert not [name for name in own if FORBIDDEN_MODULE_NAMES & set(name.strip("_").split("."))]


def test_nothing_imports_mlflow() -> None:
    wrong = []
    for module in modules().values():
        for node in ast.walk(module.tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            elif (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith(("import_module", "__import__"))
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                names = [str(node.args[0].value)]
            wrong += [f"{module.place}:{node.lineno}" for name in names if name.split(".")[0] == "mlflow"]
    assert not wrong


def test_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert headrace.__version__ == project["version"]


def test_changelog_follows_keep_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[([^\]]+)\]", text, flags=re.MULTILINE)
    kinds = set(re.findall(r"^### (.+)$", text, flags=re.MULTILINE))
    assert versions
    assert versions[0] == "Unreleased"
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("path", tracked(".md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert not [target for target in targets if not (path.parent / target).exists()]
