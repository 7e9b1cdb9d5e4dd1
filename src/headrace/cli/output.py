"""What commands print: data to stdout, as a table or as JSON; talk to stderr.

Off a terminal, tables are as wide as their content, so that nothing is cut that a script looks for.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from headrace.cli.cells import plain
from headrace.cli.session import session

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_WIDE = 10_000  # characters: wider than any table that a pipe gets


def show(record: object, human: Callable[[], RenderableType], *, json_in_pipes: bool = False) -> None:
    """The record as JSON, or what `human` makes. json_in_pipes: MLflow prints JSON there, and scripts parse it."""
    if session().json or (json_in_pipes and not sys.stdout.isatty()):
        click.echo(as_json(record))
    else:
        _print(human())


def _print(made: RenderableType) -> None:
    target = console()
    if sys.stdout.isatty():
        target.print(made)
        return
    with target.capture() as captured:
        target.print(made)
    click.echo("\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))


def done(sentence: str, record: object) -> None:
    """The outcome of an action."""
    click.echo(as_json(record) if session().json else plain(sentence))


def say(text: str) -> None:
    click.echo(plain(text), err=True)


def as_json(record: object) -> str:
    """Indented. NaN and the infinities are the strings that the REST API writes."""
    return json.dumps(_finite(msgspec.to_builtins(record)), indent=2, ensure_ascii=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def console() -> Console:
    from rich.console import Console

    wide = not sys.stdout.isatty() and not os.environ.get("COLUMNS")
    return Console(width=_WIDE if wide else None, highlight=False, markup=False, emoji=False)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", right: Sequence[str] = ()
) -> Table:
    """Columns named in `right` hold numbers. Cells are text or rich renderables."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(
        title=Text(title) if title else None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    for column in columns:
        made.add_column(Text(column), justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if hasattr(cell, "__rich_console__") else Text(plain(cell)) for cell in row))
    return made


def fields(pairs: Iterable[tuple[str, object]], *, title: str = "") -> Table:
    """Name and value, one pair a line."""
    from rich.table import Table
    from rich.text import Text

    made = Table(
        title=Text(title, style="bold") if title else None,
        title_justify="left",
        box=None,
        show_header=False,
        pad_edge=False,
    )
    made.add_column(no_wrap=True, style="dim")
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(Text(plain(name)), Text(plain(value)))
    return made
