"""Which types a skops file would make. What its MLmodel calls trusted is the model's own word, and isn't asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headrace.packaging.pickles.findings import Finding

MAX_NODES = 1_000_000


def look(schema: bytes, name: str) -> Iterator[Finding]:
    """names: all types and functions in it, by its schema.json."""
    try:
        tree = json.loads(schema)
    except (ValueError, RecursionError) as error:
        yield Finding(path=name, kind="skops", trouble=f"its schema can't be read: {error}")
        return
    names: dict[str, None] = {}
    waiting: list[Any] = [tree]
    for _ in range(MAX_NODES):
        if not waiting:
            yield Finding(path=name, kind="skops", names=tuple(sorted(names)))
            return
        node = waiting.pop()
        if isinstance(node, dict):
            module, kind = node.get("__module__"), node.get("__class__")
            if isinstance(module, str) and isinstance(kind, str):
                names[f"{module}.{kind}"] = None
            module, function = node.get("module_path"), node.get("function")
            if isinstance(module, str) and isinstance(function, str):
                names[f"{module}.{function}"] = None
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    yield Finding(path=name, kind="skops", names=tuple(sorted(names)), trouble="its schema has too many nodes")
