"""How the examples show what was asked and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

WIDTH = 118
console = Console(soft_wrap=True, highlight=False)


def heading(text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


def show(question: str, answer: str, usage: Mapping[str, Any] | None = None) -> None:
    console.print("  Question: ", question, sep="", markup=False)
    console.print("  Answer:   ", answer, sep="", markup=False)
    if usage is not None:
        counts = ", ".join(f"{name} {count}" for name, count in usage.items())
        console.print(f"  Usage:    {counts}")


def show_signature(signature: Any) -> None:
    """One line a column, cut where a type is long."""
    console.print("  Signature:")
    for name, part in (("inputs", signature.inputs), ("outputs", signature.outputs), ("params", signature.params)):
        if part is None:
            console.print(f"    {name:<9}none")
        for position, column in enumerate(part or ()):
            label = "" if position else name
            line = f"    {label:<9}{column!r}"
            console.print(line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…", markup=False)
