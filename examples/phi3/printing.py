"""How the examples show what was asked and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

console = Console(soft_wrap=True, highlight=False)


def heading(text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


def show(question: str, answer: str, usage: Mapping[str, Any] | None = None) -> None:
    console.print("  Question: ", question, sep="", markup=False)
    console.print("  Answer:   ", answer, sep="", markup=False)
    if usage is not None:
        counts = ", ".join(f"{name} {count}" for name, count in usage.items())
        console.print(f"  Usage:    {counts}")


def show_signature(signature: object) -> None:
    console.print("  Signature of the model:")
    for line in str(signature).splitlines():
        console.print("    ", line if len(line) < 150 else f"{line[:147]}…", sep="", markup=False)
