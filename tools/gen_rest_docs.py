"""The endpoint reference of docs/rest.md, from the endpoint table and the messages it names."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from headrace.wire.endpoint import Endpoint
from headrace.wire.endpoints import ENDPOINTS
from tools.pages import run

TITLES = {
    "service": "Service",
    "session": "Sessions of browsers",
    "pages": "Web pages",
    "experiments": "Experiments",
    "runs": "Runs",
    "changes": "Live view",
    "metrics": "Metrics",
    "logged-models": "Logged models",
    "artifacts": "Artifacts of runs and models",
    "proxy": "Artifact proxy",
    "registered-models": "Registered models",
    "model-versions": "Model versions",
    "webhooks": "Webhooks",
    "journals": "Journals of logging processes",
}
WORDS = {str: "text", int: "integer", float: "number", bool: "true/false", bytes: "bytes", Any: "any", object: "any"}


class Shapes:
    """Names types for a reader and remembers the records among them."""

    def __init__(self) -> None:
        self.records: dict[str, type[msgspec.Struct]] = {}

    def word(self, hint: Any) -> str:
        origin = get_origin(hint)
        if origin is Annotated:
            return self.word(get_args(hint)[0])
        if origin is Literal:
            return " \\| ".join(f"`{value}`" for value in get_args(hint))
        if origin in (Union, types.UnionType):
            members = [each for each in get_args(hint) if each is not type(None)]
            if set(members) == {float, str}:
                return "number"
            return " or ".join(dict.fromkeys(self.word(each) for each in members))
        if origin in (list, tuple):
            return f"list of {self.word(get_args(hint)[0])}"
        if origin is dict:
            return f"object of {self.word(get_args(hint)[1])}"
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            name = record_name(hint)
            self.records.setdefault(name, hint)
            return f"[{name}](#{name.lower()})"
        return WORDS.get(hint, getattr(hint, "__name__", str(hint)))


def record_name(record: type[msgspec.Struct]) -> str:
    return record.__name__.removesuffix("Message")


def fields(record: type[msgspec.Struct]) -> Iterable[tuple[msgspec.structs.FieldInfo, Any]]:
    hints = get_type_hints(record, include_extras=True)
    for field in msgspec.structs.fields(record):
        yield field, hints[field.name]


def default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default
    return f"`{value}`" if value not in (msgspec.NODEFAULT, None, "") and field.default_factory else ""


def request_rows(endpoint: Endpoint[Any, Any], shapes: Shapes) -> list[str]:
    rows = []
    for field, hint in fields(endpoint.request):
        where = "path" if field.encode_name in endpoint.placeholders else ""
        told = default(field) if not where else "in the path"
        rows.append(f"| `{field.encode_name}` | {shapes.word(hint)} | {told} |")
    return rows


def section(endpoint: Endpoint[Any, Any], shapes: Shapes) -> str:
    methods = " or ".join(endpoint.methods)
    also = ", also under `/ajax-api`" if len(endpoint.mounts) > 1 else ""
    parts = [f"### {endpoint.name}", f"`{methods} {endpoint.path}`{also} · needs: {endpoint.permission}", endpoint.doc]
    rows = request_rows(endpoint, shapes)
    if rows:
        parts.append("\n".join(["| field | type | |", "| --- | --- | --- |", *rows]))
    if endpoint.upload:
        parts.append("The body is the file itself.")
    answered = [f"`{field.encode_name}` ({shapes.word(hint)})" for field, hint in fields(endpoint.answer)]
    if endpoint.is_raw and not answered:
        parts.append(f"Answers {', '.join(f'`{each}`' for each in endpoint.media)}.")
    else:
        others = list(endpoint.media[1:])
        said = f"Answers {', '.join(answered)}." if answered else "Answers `{}`."
        parts.append(said + (f" Also as {', '.join(f'`{each}`' for each in others)}." if others else ""))
    if endpoint.errors:
        parts.append(f"Errors: {', '.join(f'`{code}`' for code in endpoint.errors)}.")
    return "\n\n".join(parts)


def record_section(name: str, record: type[msgspec.Struct], shapes: Shapes) -> str:
    rows = [f"| `{field.encode_name}` | {shapes.word(hint)} |" for field, hint in fields(record)]
    return "\n".join([f"### {name}", "", "| field | type |", "| --- | --- |", *rows])


def generate() -> str:
    shapes = Shapes()
    parts = []
    resources = [endpoint.name.partition(".")[0] for endpoint in ENDPOINTS]
    for resource in dict.fromkeys(resources):
        parts.append(f"## {TITLES[resource]}")
        found = zip(ENDPOINTS, resources, strict=True)
        parts += [section(endpoint, shapes) for endpoint, its_resource in found if its_resource == resource]
    parts.append("## Records")
    told: set[str] = set()
    while pending := sorted(shapes.records.keys() - told):
        for name in pending:
            parts.append(record_section(name, shapes.records[name], shapes))
            told.add(name)
    return "\n\n".join(parts)


if __name__ == "__main__":
    run("rest.md", "gen_rest_docs", generate)
