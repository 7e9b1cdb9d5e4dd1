"""What is told of a step that takes long: a line each, to whoever wants it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]


def silent(line: str) -> None:
    del line
