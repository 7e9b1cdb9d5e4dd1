"""What `headrace doctor` says of journals: what waits to be sent, and what a store refused."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.cli import cells
from headrace.cli.checks import Finding


def examine() -> Iterator[Finding]:
    from headrace.client.outbox.open import known_folders
    from headrace.client.outbox.sync import found
    from headrace.client.outbox.waiting import Waiting

    for folder in known_folders():
        waiting = found(folder)
        if waiting:
            size = cells.size(sum(journal.size_bytes for journal in waiting))
            yield Finding(
                "journals",
                "info",
                f"{len(waiting)} in {folder} ({size}): of processes that run, or ended before their store took all",
                f"headrace sync {folder}",
            )
        files = Waiting(folder)
        runs = [run_id for run_id in files.runs() if files.looks(run_id)]
        if runs:
            yield Finding("journals", "info", f"Files of {len(runs)} runs wait in {folder}", f"headrace sync {folder}")
        for rejected in sorted(folder.glob("*.rejected.jsonl")):
            yield Finding(
                "journals", "warn", f"A store refused records; they are in {rejected}", "Look at them, then remove it."
            )
