"""`headrace doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from headrace.cli.group import Command
from headrace.cli.output import show

if TYPE_CHECKING:
    from rich.console import RenderableType

    from headrace.cli.checks import Finding

MARKS = {"ok": ("✓", "green"), "info": ("·", "dim"), "warn": ("!", "yellow"), "broken": ("✗", "red")}


@click.command(
    cls=Command,
    examples=[
        "headrace doctor",
        "headrace doctor --contents",
        "headrace doctor --tracking-uri http://tracking:5000 --json",
    ],
)
@click.option("--contents", is_flag=True, help="Read every byte of every registered version, also of a server's.")
@click.option("--mask-envs", is_flag=True, help="Hide the values of all settings, not only of secrets.")
@click.pass_context
def doctor(context: click.Context, contents: bool, mask_envs: bool) -> None:
    """Check this installation and its store, and say what to mend.

    Looks at versions, settings, the tracking URI and whether it answers, the database's schema and durability, free
    disk and the clock; finds registered versions whose files are gone or changed, and histories that were tampered
    with. Changes nothing. Exit status 1 when something is broken.
    """
    from headrace.cli.checks import examine

    findings = examine(mask_all=mask_envs, contents=contents)
    show(findings, lambda: _report(findings))
    if any(finding.state == "broken" for finding in findings):
        context.exit(1)


def _report(findings: list[Finding]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from headrace.cli.cells import plain

    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for finding in findings:
        mark, style = MARKS[finding.state]
        text = Text(plain(finding.detail))
        if finding.way_out:
            text.append(f"\n→ {plain(finding.way_out)}", style="bold")
        made.add_row(Text(mark, style=style), Text(finding.what), text)
    return made
