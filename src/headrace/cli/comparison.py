"""Runs side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from headrace.cli import cells
from headrace.entities import Run

if TYPE_CHECKING:
    from rich.table import Table

MARK = "≠"
V = TypeVar("V", str, float)


class Row(msgspec.Struct, frozen=True):
    """values: one per run, None where a run has no such key."""

    key: str
    values: list[str | float | None]
    differs: bool


class Comparison(msgspec.Struct, frozen=True):
    run_ids: list[str]
    run_names: list[str]
    attributes: list[Row]
    params: list[Row]
    metrics: list[Row]
    tags: list[Row]
    datasets: list[Row]


def compared(runs: Sequence[Run], *, only_differences: bool = False, hidden_tags: tuple[str, ...] = ()) -> Comparison:
    """Keys sorted. hidden_tags: prefixes that are left out. datasets: digest by name."""

    def rows(values_of: Callable[[Run], dict[str, V]], hidden: tuple[str, ...] = ()) -> list[Row]:
        each = [values_of(run) for run in runs]
        keys = sorted({key for values in each for key in values if not key.startswith(hidden)})
        made = [_row(key, [values.get(key) for values in each]) for key in keys]
        return [row for row in made if row.differs or not only_differences]

    return Comparison(
        run_ids=[run.info.run_id for run in runs],
        run_names=[run.info.run_name for run in runs],
        attributes=[row for row in _attributes(runs) if row.differs or not only_differences],
        params=rows(lambda run: run.data.params),
        metrics=rows(lambda run: run.data.metrics),
        tags=rows(lambda run: run.data.tags, hidden_tags),
        datasets=rows(_digests),
    )


def side_by_side(comparison: Comparison) -> Table:
    """One column per run; rows that differ carry the mark and stand out."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    made.add_column("", no_wrap=True)
    made.add_column("")
    for name, run_id in zip(comparison.run_names, comparison.run_ids, strict=True):
        made.add_column(Text(f"{cells.plain(name)}\n{cells.plain(run_id)}"), overflow="fold")
    for title, rows in (
        ("", comparison.attributes),
        ("Params", comparison.params),
        ("Metrics", comparison.metrics),
        ("Tags", comparison.tags),
        ("Datasets", comparison.datasets),
    ):
        if rows and title:
            made.add_section()
            made.add_row("", Text(title, style="bold"))
        for row in rows:
            style = "yellow" if row.differs else ""
            shown = [_shown(value) for value in row.values]
            made.add_row(MARK if row.differs else "", Text(cells.plain(row.key)), *shown, style=style)
    return made


def _row(key: str, values: Sequence[str | float | None]) -> Row:
    first = values[0]
    return Row(key, list(values), any(not _same(first, value) for value in values[1:]))


def _same(one: object, other: object) -> bool:
    # NaN is the same as NaN here: both runs diverged.
    return one == other or (one != one and other != other)  # noqa: PLR0124


def _attributes(runs: Sequence[Run]) -> list[Row]:
    info = [run.info for run in runs]
    return [
        _row("experiment", [each.experiment_id for each in info]),
        _row("status", [each.status for each in info]),
        _row("started", [cells.time(each.start_time) for each in info]),
        _row("took", [cells.duration(each.start_time, each.end_time) for each in info]),
    ]


def _digests(run: Run) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in run.inputs.dataset_inputs:
        name, digest = each.dataset.name, each.dataset.digest
        found[name] = f"{found[name]}, {digest}" if name in found else digest
    return found


def _shown(value: str | float | None) -> str:
    from rich.markup import escape

    if value is None:
        return cells.MISSING
    return escape(cells.number(value) if isinstance(value, float) else cells.one_line(value, 60))
