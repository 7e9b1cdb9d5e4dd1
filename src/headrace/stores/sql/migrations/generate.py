"""`python -m headrace.stores.sql.migrations.generate [--check]`: writes the DDL of HEAD, or fails if it is stale."""

from __future__ import annotations

import sys

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect as SaDialect
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from headrace.stores.sql.connection import Dialect
from headrace.stores.sql.migrations.revisions import FOLDER, HEAD
from headrace.stores.sql.tables import metadata

_DIALECTS: dict[Dialect, SaDialect] = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}  # type: ignore[no-untyped-call]


def rendered(dialect: Dialect) -> str:
    statements: list[ExecutableDDLElement | str] = []
    for table in metadata.sorted_tables:
        statements.append(CreateTable(table))
        statements += [CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]
        statements += table.info.get(dialect, [])
    texts = [
        statement if isinstance(statement, str) else str(statement.compile(dialect=_DIALECTS[dialect]))
        for statement in statements
    ]
    return "".join("\n".join(line.rstrip() for line in text.strip().splitlines()) + ";\n" for text in texts)


def main(arguments: list[str]) -> int:
    stale = []
    for dialect in _DIALECTS:
        path, text = FOLDER / f"{HEAD}_{dialect}.sql", rendered(dialect)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
