"""log_batch: params, then metrics, then tags, in one transaction."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from headrace.entities import Metric, Param, RunTag, limits
from headrace.errors import IntegrityViolation, shown
from headrace.stores import checks
from headrace.stores.sql import document, rewinds
from headrace.stores.sql.blocks.append import append, prepared
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.run_row import RunRow, for_write

ADD_MODEL_POINT = (
    "INSERT INTO model_metric "
    "(model_ref, key_ref, run_ref, dataset_name, dataset_digest, timestamp, step, class, value) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


def log(
    run_id: str,
    metrics: Sequence[Metric],
    params: Sequence[Param],
    tags: Sequence[RunTag],
    appended: Callable[[], None],
    writer_id: str | None = None,
) -> Work[None]:
    """appended: told that there may be points to merge. writer_id: of the journal that it comes from."""
    limits.check_run_id("run_id", run_id)
    batch = checks.batch(metrics, params, tags)
    all_points, all_measured = prepared(batch.metrics), _measured(batch.metrics)

    def work(db: Database) -> None:
        run = for_write(db, run_id)
        if batch.params:
            document.add_params(db, run_id, run.ref, run.experiment_id, batch.params)
        points, measured, any_left = all_points, all_measured, bool(batch.metrics)
        if run.rewinds and any_left and writer_id is not None:
            seen = _hide_late(db, run, writer_id, batch.metrics)
            if len(seen) < len(batch.metrics):
                points, measured, any_left = prepared(seen), _measured(seen), bool(seen)
        if measured:
            _add_model_points(db, run, measured)
        if any_left:
            append(db, run.ref, run.experiment_id, points)
            appended()
        if batch.tags:
            document.set_tags(db, run.ref, run.experiment_id, batch.tags)
        if batch.name:
            db.execute("UPDATE run SET run_name = ? WHERE id = ?", (batch.name, run.ref))

    return work


def _measured(points: Sequence[Metric]) -> list[Metric]:
    return [point for point in points if point.model_id or point.dataset_name or point.dataset_digest]


def _hide_late(db: Database, run: RunRow, writer_id: str, points: Sequence[Metric]) -> Sequence[Metric]:
    """Those that are seen; the others were logged before a rewind, and are hidden."""
    before = rewinds.cuts_before(db, run, writer_id)
    if not before:
        return points
    found = rewinds.sorted_out(points, before)
    for ref, hidden in found.hidden.items():
        rewinds.hide(db, ref, hidden, _model_refs(db, hidden))
    return found.seen


def _add_model_points(db: Database, run: RunRow, points: Sequence[Metric]) -> None:
    models = _model_refs(db, points)
    keys = db.names.ensure(db, {point.key for point in points})
    rows = [
        (
            models[point.model_id] if point.model_id else 0,
            keys[point.key],
            run.ref,
            point.dataset_name or "",
            point.dataset_digest or "",
            point.timestamp,
            point.step,
            *((1, 0.0) if math.isnan(point.value) else (0, point.value)),
        )
        for point in points
    ]
    db.executemany(ADD_MODEL_POINT, sorted(rows))


def _model_refs(db: Database, points: Sequence[Metric]) -> dict[str, int]:
    refs: dict[str, int] = {}
    for point in points:
        model_id = point.model_id
        if model_id is None or model_id in refs:
            continue
        row = db.execute("SELECT id FROM logged_model WHERE model_id = ?", (model_id,)).fetchone()
        if row is None:
            raise IntegrityViolation(
                f"Metric {shown(point.key)} names logged model {shown(model_id)}, which doesn't exist."
            )
        refs[model_id] = row[0]
    return refs
