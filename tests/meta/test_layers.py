from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.meta.source import DOORS, LEAVES, ROOT, Module, imports, modules, room_of

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "clock": set(),
    "settings": set(),
    "lazy": set(),
    "entities": set(),
    "query": {"entities"},
    "wire": {"entities"},
    "net": {"wire"},
    "stores": {"entities", "query"},
    "blobs": {"net"},
    "datasets": {"entities"},
    "environments": set(),
    "packaging": {"blobs", "environments", "entities"},
    "flavors": {"packaging"},
    "registry": {"stores", "packaging", "blobs", "net", "entities"},
    "asgi": set(),
    "server": {"asgi", "wire", "stores", "registry", "query", "blobs", "entities"},
    "client": {"net", "wire", "stores", "blobs", "packaging", "registry", "entities", "query", "datasets"},
    "autolog": {"client", "flavors"},
    "serving": {"asgi", "packaging", "flavors", "environments", "blobs", "net"},
    "projects": {"client", "environments", "entities"},
    "deployments": {"client", "environments", "packaging", "serving", "stores"},
    "monitoring": {"packaging", "client", "entities", "serving"},
    "shim": {DOORS},
}
ROOMS = {*MAY_IMPORT, "testing", "cli"}
MAY_IMPORT[DOORS] = ROOMS - {"server", "stores", "cli"}
MAY_IMPORT["testing"] = (ROOMS | {DOORS}) - {"cli"}
MAY_IMPORT["cli"] = ROOMS | {DOORS}


def edges(module: Module) -> list[tuple[str, str, int]]:
    room = room_of(module.name, ROOMS)
    assert room is not None
    found = []
    for imported in imports(module):
        target = room_of(imported.target, ROOMS)
        if target is not None and target != room:
            found.append((room, target, imported.line))
    return found


def test_rooms_import_only_what_their_row_allows() -> None:
    wrong = [
        f"{module.place}:{line}: {room} may not import {target}, only {in_words(room)}"
        for module in modules().values()
        for room, target, line in edges(module)
        if target not in MAY_IMPORT[room] and target not in LEAVES
    ]
    assert not wrong, "\n".join(wrong)


def test_rooms_form_no_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for module in modules().values():
        for room, target, _ in edges(module):
            graph.setdefault(room, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"rooms import each other: {' <- '.join(error.args[1])}")


def test_allowed_imports_form_no_cycle_between_rooms() -> None:
    TopologicalSorter({room: MAY_IMPORT[room] for room in ROOMS - {"testing", "cli", "shim"}}).prepare()


def in_words(room: str) -> str:
    if room == DOORS:
        return "any but server, stores, cli"
    if room in ("testing", "cli"):
        return {"testing": "all but cli", "cli": "all"}[room]
    return ", ".join(sorted(MAY_IMPORT[room])) or "–"


def test_architecture_page_shows_the_same_table() -> None:
    shown = {}
    for line in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        room = re.fullmatch(r"`(\w+)(?:\.py|/)?`", cells[0])
        if room and len(cells) == 3:
            shown[room[1]] = cells[2]
    assert shown == {room: in_words(room) for room in MAY_IMPORT}


def doors() -> list[Module]:
    return [module for module in modules().values() if room_of(module.name, ROOMS) == DOORS]


def is_re_export(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Assign() | ast.AnnAssign():
            return True
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return all(is_re_export(inner) for inner in [*statement.body, *statement.orelse])
        case ast.If(test=ast.UnaryOp(op=ast.Not(), operand=ast.Name(id="TYPE_CHECKING"))):
            return all(is_re_export(inner) for inner in [*statement.body, *statement.orelse])
        case ast.FunctionDef(name="__getattr__" | "__dir__"):
            return True
    return False


@pytest.mark.parametrize("module", doors(), ids=lambda module: module.name)
def test_door_only_re_exports(module: Module) -> None:
    wrong = [
        f"{module.place}:{statement.lineno}: {type(statement).__name__}"
        for statement in module.tree.body
        if not is_re_export(statement)
    ]
    assert not wrong, "a door holds imports, names and __getattr__ only:\n" + "\n".join(wrong)
