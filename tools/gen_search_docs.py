"""The tables of docs/search.md: what filters and orders may name, from the dialects of the language."""

from __future__ import annotations

from headrace.query.dialect import Dialect, Field, Kind, OpenEntity
from headrace.query.dialects import EXPERIMENTS, LOGGED_MODELS, RUNS
from tools.pages import run

VALUES: dict[Kind, str] = {
    "text": "text in quotes",
    "int": "integer",
    "float": "number",
    "id": "id in quotes",
    "number_text": "its number as text",
}


def spelled(dialect: Dialect, entity: str) -> list[str]:
    return [prefix for prefix, meant in dialect.entities.items() if meant == entity]


def row(name: str, also: str, field: Field | OpenEntity) -> str:
    comparators = " ".join(f"`{operator}`" for operator in field.operators) or "–"
    return f"| {name} | {also} | {VALUES[field.kind]} | {comparators} | {'yes' if field.order else ''} |"


def table(dialect: Dialect) -> str:
    rows = []
    for entity, free in dialect.open.items():
        first, *others = sorted(spelled(dialect, entity), key=lambda prefix: (not prefix.endswith("s"), len(prefix)))
        rows.append(row(f"`{first}.KEY`", ", ".join(f"`{other}.`" for other in others), free))
    for entity, fields in dialect.fields.items():
        prefix = "" if entity == "attribute" else f"{spelled(dialect, entity)[0]}."
        rows += [
            row(f"`{prefix}{field.name}`", ", ".join(f"`{alias}`" for alias in field.aliases), field)
            for field in fields
        ]
    return "\n".join(
        ["| name | also | value | comparators | can be ordered by |", "| --- | --- | --- | --- | --- |", *rows]
    )


def generate() -> str:
    return "\n\n".join(
        f"### {title}\n\n{table(dialect)}"
        for title, dialect in (("Runs", RUNS), ("Experiments", EXPERIMENTS), ("Logged models", LOGGED_MODELS))
    )


if __name__ == "__main__":
    run("search.md", "gen_search_docs", generate)
