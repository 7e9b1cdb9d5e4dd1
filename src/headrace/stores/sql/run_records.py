"""Runs as records: one with all of its parts, or many at once with a statement a part."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from headrace.entities import Metric, Run, RunData, RunInfo
from headrace.errors import NotFound
from headrace.stores.sql import document, inputs
from headrace.stores.sql.connection import Database
from headrace.stores.sql.lifecycle import stage

INFO_COLUMNS = (
    "r.run_id, r.experiment_id, r.user_id, r.status, r.start_time, r.end_time, r.deleted_ms, r.artifact_uri, r.run_name"
)
LATEST = "SELECT key_ref, last_value, last_timestamp, last_step, last_class FROM metric_series WHERE run_ref = ?"


def get(db: Database, run_id: str) -> Run:
    row = db.execute(
        f"SELECT {INFO_COLUMNS}, r.id, d.params, d.tags FROM run r JOIN run_document d ON d.run_ref = r.id "
        "WHERE r.run_id = ?",
        (run_id,),
    ).fetchone()
    if row is None:
        raise NotFound("run", run_id)
    *columns, ref, params, tags = row
    data = RunData(
        latest=latest(db, ref), params=document.params_of(db, ref, params), tags=document.tags_of(db, ref, tags)
    )
    return Run(info=info(columns), data=data, inputs=inputs.of_run(db, ref), outputs=inputs.outputs_of_run(db, ref))


def info(row: Sequence[Any]) -> RunInfo:
    """row: INFO_COLUMNS."""
    run_id, experiment, user, status, start, end, deleted_ms, uri, name = row
    return RunInfo(run_id, str(experiment), user, status, start, end, stage(deleted_ms), uri, name)


def latest(db: Database, ref: int) -> list[Metric]:
    return metrics(db, db.execute(LATEST, (ref,)).fetchall())


def metrics(db: Database, rows: Sequence[Any]) -> list[Metric]:
    """rows: (key_ref, value, timestamp, step, class)."""
    texts = db.names.texts(db, _keys(rows))
    return [Metric(texts[key], math.nan if nan else value, time, step) for key, value, time, step, nan in rows]


def _keys(rows: Iterable[Any]) -> list[int]:
    return [row[0] for row in rows]
