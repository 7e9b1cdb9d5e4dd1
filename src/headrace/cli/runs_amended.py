"""`headrace runs`: what was taken back in a run, by whom and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from headrace.cli import cells
from headrace.cli.group import Command
from headrace.cli.output import say, show, table
from headrace.cli.runs_named import run_id_option
from headrace.cli.session import store
from headrace.entities import Metric, ParamCorrection, Rewind
from headrace.errors import NotSupported
from headrace.stores.amendments import MAX_HIDDEN_POINTS, AmendmentStore

if TYPE_CHECKING:
    from rich.console import RenderableType

_VALUE_CHARS = 60


@click.command(
    "rewinds",
    cls=Command,
    examples=[
        "headrace runs rewinds --run-id RUN",
        "headrace runs rewinds --run-id RUN --key loss",
        "headrace runs rewinds --run-id RUN --key loss --rewind 3 --json",
    ],
)
@run_id_option
@click.option("--key", metavar="METRIC", help="Show the points of this metric that are hidden.")
@click.option("--rewind", "rewind_id", type=int, metavar="ID", help="With --key: only what this rewind hides.")
def rewinds(run_id: str, key: str | None, rewind_id: int | None) -> None:
    """Show to which steps a run was rewound, by whom and when, and what that hides."""
    if key is None:
        if rewind_id is not None:
            raise click.UsageError("--rewind belongs to --key.")
        found = amended().list_rewinds(run_id)
        show(found, lambda: _rewinds(found))
        return
    points = amended().hidden_points(run_id, key, rewind_id)
    show(points, lambda: _points(points))
    if points.token is not None:
        say(f"There are more than these {MAX_HIDDEN_POINTS}; MlflowClient.get_hidden_points returns them all.")


@click.command(
    "corrections",
    cls=Command,
    examples=["headrace runs corrections --run-id RUN", "headrace runs corrections --run-id RUN --json"],
)
@run_id_option
def corrections(run_id: str) -> None:
    """Show which params of a run were corrected, by whom, when and why, and their old values."""
    found = amended().param_corrections(run_id)
    show(found, lambda: _corrections(found))


def corrected(run_id: str) -> list[ParamCorrection]:
    """None of them where the store, such as a stock server, keeps none."""
    try:
        return amended().param_corrections(run_id)
    except NotSupported:
        return []


def amended() -> AmendmentStore:
    found = store()
    if not isinstance(found, AmendmentStore):
        raise NotSupported("This store keeps no rewinds and no corrections of params.")
    return found


def _rewinds(found: Sequence[Rewind]) -> RenderableType:
    return table(
        ["Id", "At", "By", "To Step", "Hidden Points", "Of Metrics"],
        [
            [
                str(each.rewind_id),
                cells.time(each.rewound_ms),
                each.who or cells.MISSING,
                str(each.step),
                str(sum(each.points.values())),
                cells.one_line(", ".join(each.points)) or cells.MISSING,
            ]
            for each in found
        ],
        right=["Id", "To Step", "Hidden Points"],
    )


def _points(points: Sequence[Metric]) -> RenderableType:
    return table(
        ["Step", "Value", "At"],
        [[str(each.step), cells.number(each.value), cells.time(each.timestamp)] for each in points],
        right=["Step", "Value"],
    )


def _corrections(found: Sequence[ParamCorrection]) -> RenderableType:
    return table(
        ["Param", "Was", "Is", "At", "By", "Reason"],
        [
            [
                each.key,
                cells.one_line(each.old, _VALUE_CHARS),
                cells.one_line(each.new, _VALUE_CHARS),
                cells.time(each.corrected_ms),
                each.who or cells.MISSING,
                cells.one_line(each.reason) or cells.MISSING,
            ]
            for each in found
        ],
    )
