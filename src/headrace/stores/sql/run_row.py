"""The row of a run that is about to be written."""

from __future__ import annotations

from headrace.errors import NotFound
from headrace.stores import checks
from headrace.stores.sql.connection import Database, RunRow
from headrace.stores.sql.lifecycle import stage

__all__ = ["RunRow", "for_write"]


def for_write(db: Database, run_id: str) -> RunRow:
    """An active run, held against other writers until COMMIT."""
    run = db.active_runs.get(run_id)
    if run is None:
        row = db.execute("SELECT id, experiment_id, deleted_ms FROM run WHERE run_id = ?", (run_id,)).fetchone()
        if row is None:
            raise NotFound("run", run_id)
        if row[2] is not None:
            checks.active_run(run_id, stage(row[2]))
        run = db.active_runs[run_id] = RunRow(row[0], row[1])
    db.touch(run.ref, run.experiment_id)
    return run
