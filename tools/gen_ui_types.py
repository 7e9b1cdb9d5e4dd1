"""ui/src/api/endpoints.ts, from the endpoint table and its messages; `--check` says whether it is up to date."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from headrace.wire.endpoint import Endpoint
from headrace.wire.endpoints import ENDPOINTS

TARGET = Path(__file__).resolve().parents[1] / "ui" / "src" / "api" / "endpoints.ts"
HEAD = "// Made by `python -m tools.gen_ui_types` from the endpoint table; edit the table, not this file.\n"
NAMES = {str: "string", int: "number", float: "number", bool: "boolean", bytes: "string"}


class Shapes:
    """Names types in TypeScript and remembers the records among them."""

    def __init__(self) -> None:
        self.records: dict[str, type[msgspec.Struct]] = {}

    def named(self, hint: Any) -> str:
        origin = get_origin(hint)
        if origin is Annotated:
            return self.named(get_args(hint)[0])
        if origin is Literal:
            return " | ".join(json.dumps(value) for value in get_args(hint))
        if origin in (Union, types.UnionType):
            return " | ".join(dict.fromkeys(self.named(each) for each in get_args(hint) if each is not type(None)))
        if origin in (list, tuple):
            inner = self.named(get_args(hint)[0])
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        if origin is dict:
            return f"Record<string, {self.named(get_args(hint)[1])}>"
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            self.records.setdefault(hint.__name__, hint)
            return hint.__name__
        return NAMES.get(hint, "unknown")


def interface(name: str, record: type[msgspec.Struct], shapes: Shapes) -> str:
    """What has a default may be left out of requests, and is left out of answers."""
    hints = get_type_hints(record, include_extras=True)
    lines = []
    for field in msgspec.structs.fields(record):
        mark = "" if field.required else "?"
        lines.append(f"  {field.encode_name}{mark}: {shapes.named(hints[field.name])};")
    return "\n".join([f"export interface {name} {{", *lines, "}"])


def address(endpoint: Endpoint[Any, Any]) -> str:
    return endpoint.path.replace("/api/", "/ajax-api/", 1) if len(endpoint.mounts) > 1 else endpoint.path


def row(endpoint: Endpoint[Any, Any]) -> str:
    path = address(endpoint)
    method = "POST" if "POST" in endpoint.methods else endpoint.methods[0]
    return f"  {json.dumps(endpoint.name)}: {{ method: {json.dumps(method)}, path: {json.dumps(path)} }},"


def call(endpoint: Endpoint[Any, Any], shapes: Shapes) -> str:
    pair = f"{{ request: {endpoint.request.__name__}; answer: {shapes.named(endpoint.answer)} }}"
    return f"  {json.dumps(endpoint.name)}: {pair};"


def used() -> Iterable[Endpoint[Any, Any]]:
    """Those with a JSON answer."""
    return [endpoint for endpoint in ENDPOINTS if not endpoint.is_raw]


def fetched() -> Iterable[Endpoint[Any, Any]]:
    """Files and streams of runs and models, which are fetched by their address."""
    raw = [endpoint for endpoint in ENDPOINTS if endpoint.is_raw and "GET" in endpoint.methods]
    return [endpoint for endpoint in raw if endpoint.name.startswith(("artifacts.", "changes."))]


def generate() -> str:
    shapes = Shapes()
    requests = {endpoint.request.__name__: endpoint.request for endpoint in (*used(), *fetched())}
    calls = [call(endpoint, shapes) for endpoint in used()]
    parts = [interface(name, record, shapes) for name, record in requests.items()]
    told = set(requests)
    while pending := sorted(shapes.records.keys() - told):
        for name in pending:
            parts.append(interface(name, shapes.records[name], shapes))
            told.add(name)
    queries = [f"  {json.dumps(each.name)}: {each.request.__name__};" for each in fetched()]
    addresses = [f"  {json.dumps(each.name)}: {json.dumps(address(each))}," for each in fetched()]
    table = "\n".join(["export const ENDPOINTS = {", *(row(endpoint) for endpoint in used()), "} as const;"])
    typed = "\n".join(["export interface Calls {", *calls, "}"])
    files = "\n".join(["export const ADDRESSES = {", *addresses, "} as const;"])
    asked = "\n".join(["export interface Queries {", *queries, "}"])
    return "\n\n".join([HEAD, *parts, typed, table, asked, files]) + "\n"


def main() -> None:
    made = generate()
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != made:
            sys.exit(f"{TARGET} is out of date; run: python -m tools.gen_ui_types")
        return
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
