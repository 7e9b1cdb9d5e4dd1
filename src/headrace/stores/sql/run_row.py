"""The row of a run that is about to be written."""

from __future__ import annotations

from headrace.errors import NotFound
from headrace.stores import checks
from headrace.stores.sql.connection import Database, Dialect, RunRow
from headrace.stores.sql.lifecycle import stage

__all__ = ["RunRow", "for_write"]

# On PostgreSQL `touch` tells of rewinds; here a look each time would cost what the row does.
_RUN: dict[Dialect, str] = {
    "sqlite": "SELECT id, experiment_id, deleted_ms, coalesce((SELECT rewinds FROM run_change WHERE run_ref = run.id), "
    "0) FROM run WHERE run_id = ?",
    "postgresql": "SELECT id, experiment_id, deleted_ms, 0 FROM run WHERE run_id = ?",
}


def for_write(db: Database, run_id: str) -> RunRow:
    """An active run, held against other writers until COMMIT."""
    run = db.active_runs.get(run_id)
    if run is None:
        row = db.execute(_RUN[db.dialect], (run_id,)).fetchone()
        if row is None:
            raise NotFound("run", run_id)
        if row[2] is not None:
            checks.active_run(run_id, stage(row[2]))
        run = db.active_runs[run_id] = RunRow(row[0], row[1], row[3])
    rewinds = db.touch(run.ref, run.experiment_id)
    return run if rewinds is None else run._replace(rewinds=rewinds)
