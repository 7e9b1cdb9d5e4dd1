"""Which types of a skops file are beyond those that skops knows to be harmless.

Its schema is read as JSON here, so that this works without skops, and then skops itself, where it is installed, says
which of the types it doesn't trust. What the MLmodel beside the file calls trusted is the model's own word, and isn't
asked. Without skops, everything that isn't of its own known packages counts as beyond.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headrace.packaging.pickles.findings import Finding

SKOPS = "skops"
MAX_NODES = 1_000_000
_KNOWN_PACKAGES = frozenset(["builtins", "collections", "numpy", "scipy", "sklearn"])


def look(schema: bytes, name: str, archive: bytes | None) -> Iterator[Finding]:
    """names: the types beyond. archive: the whole file, for skops; None if it is too large to be held in memory."""
    try:
        types, whole = _types(json.loads(schema))
        beyond = _beyond(types, archive)
    except Exception as error:  # noqa: BLE001 — skops' reader fails in any way on a file that isn't its own
        yield Finding(path=name, kind=SKOPS, trouble=f"it can't be read: {type(error).__name__}: {error}")
        return
    yield Finding(
        path=name, kind=SKOPS, names=tuple(beyond), trouble=None if whole else "its schema has too many nodes"
    )


def _types(tree: Any) -> tuple[set[str], bool]:
    names: set[str] = set()
    waiting: list[Any] = [tree]
    for _ in range(MAX_NODES):
        if not waiting:
            return names, True
        node = waiting.pop()
        if isinstance(node, dict):
            for module, kind in (("__module__", "__class__"), ("module_path", "function")):
                if isinstance(node.get(module), str) and isinstance(node.get(kind), str):
                    names.add(f"{node[module]}.{node[kind]}")
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return names, False


def _beyond(types: set[str], archive: bytes | None) -> list[str]:
    if archive is not None:
        try:
            from skops.io import get_untrusted_types
        except ImportError:
            pass
        else:
            return sorted(get_untrusted_types(data=archive))
    return sorted(name for name in types if name.partition(".")[0] not in _KNOWN_PACKAGES)
