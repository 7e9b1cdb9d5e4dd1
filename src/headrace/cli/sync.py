"""`headrace sync`: what was logged without a server, or what a killed process left, goes to its store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.cli.group import Command
from headrace.cli.output import say, show, table
from headrace.cli.session import hurry

if TYPE_CHECKING:
    from rich.console import RenderableType

    from headrace.client.outbox.sync import Journal, Synced

JOBS = 4


@click.command(
    cls=Command,
    tracking=False,
    examples=[
        "headrace sync",
        "headrace sync /scratch/journals --to https://headrace.example.org",
        "headrace sync run-1 run-2 run-3 --to ./.headrace --jobs 8",
    ],
)
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--to", metavar="URI", help="The store; by default the one that each journal was written for.")
@click.option("--jobs", default=JOBS, show_default=True, type=click.IntRange(1, 64), help="Journals at a time.")
@click.option("--remove", is_flag=True, help="Remove the files of journals that the store has taken whole.")
@click.pass_context
def sync(context: click.Context, folders: tuple[Path, ...], to: str | None, jobs: int, remove: bool) -> None:
    """Send journals to their store: what was logged offline, or what an ended process could not deliver.

    Each record arrives once, however often this is run, and however often it is broken off. Without a FOLDER, those are
    looked through where processes of this user leave what they can't deliver.
    """
    from headrace.client.outbox.file_delivery import sync_files
    from headrace.client.outbox.open import known_folders
    from headrace.client.outbox.run_ids import known_ids
    from headrace.client.outbox.sync import found
    from headrace.client.outbox.sync import sync as synced
    from headrace.errors import NotFound

    hurry()
    for folder in folders:
        if not folder.is_dir():
            raise NotFound("folder", str(folder), by="path")
    places = list(folders) or known_folders()
    todo = [journal for folder in places for journal in found(folder)]
    with _progress(todo) as progress:
        results = list(synced(todo, to, jobs=jobs, remove=remove, progress=progress))
    sent = [sync_files(folder, to) for folder in places]
    files, problems = sum(count for count, _ in sent), [problem for _, problems in sent for problem in problems]
    run_ids = dict[str, str]()
    for folder, target in {(each.journal.folder, each.target): None for each in results if each.outcome}:
        run_ids |= known_ids(folder, target)
    rows = [_row(each) for each in results]
    if not rows and not files and not problems:
        say("There are no journals to send.")
    show(
        {"journals": [_record(each) for each in results], "artifacts": files, "run_ids": run_ids, "waiting": problems},
        lambda: _tables(rows, run_ids),
    )
    if files:
        say(f"{files} logged files are with their runs now.")
    for problem in problems:
        say(problem)
    if problems or any(each.error or (each.outcome and each.outcome.busy) for each in results):
        context.exit(1)


@contextmanager
def _progress(todo: list[Journal]) -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty() or not todo:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} records"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with shown:
        task = shown.add_task(f"Sending {len(todo)} journals", total=None)
        yield lambda count: shown.advance(task, count)


def _tables(rows: list[list[object]], run_ids: dict[str, str]) -> RenderableType:
    from rich.console import Group

    columns = ["Journal", "Written by", "Store", "Records", "Known", "Refused", "State"]
    journals = table(columns, rows, right=("Records", "Known", "Refused"))
    if not run_ids:
        return journals
    title = "Runs to which the store has given an id of its own"
    return Group(journals, "", table(["Run here", "Run there"], run_ids.items(), title=title))


def _row(each: Synced) -> list[object]:
    head, outcome = each.journal.head, each.outcome
    written = f"{head.user}@{head.host}, process {head.pid}" if head else ""
    numbers = [outcome.records, outcome.known, outcome.rejected] if outcome else ["", "", ""]
    return [each.journal.writer_id, written, each.target, *numbers, _state(each)]


def _state(each: Synced) -> str:
    if each.outcome is None:
        return f"not sent: {each.error}"
    if each.outcome.busy:
        return "in use: a process writes or sends it"
    if each.outcome.rejected:
        return f"sent; what was refused is in {each.journal.writer_id}.rejected.jsonl"
    return "sent"


def _record(each: Synced) -> dict[str, object]:
    outcome = each.outcome
    return {
        "folder": str(each.journal.folder),
        "writer_id": each.journal.writer_id,
        "target": each.target,
        "records": outcome.records if outcome else 0,
        "known": outcome.known if outcome else 0,
        "refused": outcome.rejected if outcome else 0,
        "sent": bool(outcome and not outcome.busy),
        "error": each.error,
    }
