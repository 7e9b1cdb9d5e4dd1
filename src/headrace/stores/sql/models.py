"""Logged models: what an MLflow 3 client makes on log_model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from headrace import clock
from headrace.entities import (
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
)
from headrace.errors import IntegrityViolation, NotFound, shown
from headrace.stores import checks, locations
from headrace.stores.sql import experiments
from headrace.stores.sql.connection import Database, Work

COLUMNS = (
    "l.id, l.experiment_id, l.model_id, l.name, l.artifact_location, l.creation_timestamp, l.last_updated_timestamp, "
    "l.model_type, l.source_run_id, l.status, l.status_message"
)
INSERT = (
    "INSERT INTO logged_model (experiment_id, model_id, name, artifact_location, creation_timestamp, "
    "last_updated_timestamp, model_type, source_run_id, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
ADD_PARAM = "INSERT INTO logged_model_param (model_ref, key, value) VALUES (?, ?, ?)"
SET_TAG = (
    "INSERT INTO logged_model_tag (model_ref, key, value) VALUES (?, ?, ?) "
    "ON CONFLICT (model_ref, key) DO UPDATE SET value = excluded.value"
)
# The latest point of each (key, dataset, run): the greatest by (step, timestamp, value).
LATEST = (
    "SELECT model_ref, model_id, key_ref, dataset_name, dataset_digest, timestamp, step, class, value, run_id FROM ("
    "SELECT m.*, r.run_id, l.model_id, row_number() OVER ("
    "PARTITION BY m.model_ref, m.key_ref, m.run_ref, m.dataset_name, m.dataset_digest "
    "ORDER BY m.step DESC, m.timestamp DESC, m.class DESC, m.value DESC) AS place "
    "FROM model_metric m JOIN run r ON r.id = m.run_ref JOIN logged_model l ON l.id = m.model_ref "
    "WHERE m.model_ref {any_of}) AS ranked WHERE place = 1"
)


def create(
    experiment_id: str,
    name: str | None,
    source_run_id: str | None,
    tags: Sequence[LoggedModelTag],
    params: Sequence[LoggedModelParameter],
    model_type: str | None,
) -> Work[LoggedModel]:
    name, kind = checks.model_name(name), checks.model_type(model_type)
    kept_tags, kept_params = checks.model_entries("model tag", tags), checks.model_entries("model param", params)
    source = checks.source_run_id(source_run_id)

    def work(db: Database) -> LoggedModel:
        number, location = experiments.for_write(db, experiment_id, db.for_share)
        model_id, now = clock.model_id(), clock.now_ms()
        uri = locations.of_model(location, model_id)
        pending = int(LoggedModelStatus.PENDING)
        ref = db.execute(INSERT, (number, model_id, name, uri, now, now, kind, source, pending)).fetchone()[0]
        db.executemany(SET_TAG, [(ref, key, value) for key, value in kept_tags.items()])
        db.executemany(ADD_PARAM, [(ref, key, value) for key, value in kept_params.items()])
        return get(db, model_id)

    return work


def get(db: Database, model_id: str, allow_deleted: bool = False) -> LoggedModel:
    condition = "" if allow_deleted else " AND l.deleted_ms IS NULL"
    row = db.execute(f"SELECT {COLUMNS} FROM logged_model l WHERE l.model_id = ?{condition}", (model_id,)).fetchone()
    if row is None:
        raise NotFound("logged model", model_id)
    return records(db, [row])[0]


def records(db: Database, rows: Sequence[Any]) -> list[LoggedModel]:
    """rows of COLUMNS, with params, tags and their latest points."""
    refs = [row[0] for row in rows]
    params, tags, points = _texts(db, "param", refs), _texts(db, "tag", refs), _latest(db, refs)
    return [
        LoggedModel(
            experiment_id=str(experiment),
            model_id=model_id,
            name=name,
            artifact_location=location,
            creation_timestamp=created,
            last_updated_timestamp=updated,
            model_type=kind,
            source_run_id=source,
            status=LoggedModelStatus(status),
            status_message=message,
            tags=tags.get(ref, {}),
            params=params.get(ref, {}),
            metrics=points.get(ref, []),
        )
        for ref, experiment, model_id, name, location, created, updated, kind, source, status, message in rows
    ]


def _texts(db: Database, noun: str, refs: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    rows = db.execute(
        f"SELECT model_ref, key, value FROM logged_model_{noun} WHERE model_ref {db.any_of}", (db.among(refs),)
    )
    for ref, key, value in rows:
        found.setdefault(ref, {})[key] = value
    return found


def _latest(db: Database, refs: Sequence[int]) -> dict[int, list[Metric]]:
    found: dict[int, list[Metric]] = {}
    rows = db.execute(LATEST.format(any_of=db.any_of), (db.among(refs),)).fetchall()
    texts = db.names.texts(db, {row[2] for row in rows})
    for ref, model_id, key, dataset, digest, timestamp, step, nan, value, run_id in rows:
        point = Metric(
            texts[key],
            math.nan if nan else value,
            timestamp,
            step,
            model_id=model_id,
            dataset_name=dataset or None,
            dataset_digest=digest or None,
            run_id=run_id,
        )
        found.setdefault(ref, []).append(point)
    return found


def _for_write(db: Database, model_id: str) -> int:
    """Also of a deleted model, as in MLflow."""
    row = db.execute(f"SELECT id FROM logged_model WHERE model_id = ?{db.for_update}", (model_id,)).fetchone()
    if row is None:
        raise NotFound("logged model", model_id)
    return int(row[0])


def finalize(model_id: str, status: LoggedModelStatus) -> Work[LoggedModel]:
    checks.final_status(status)

    def work(db: Database) -> LoggedModel:
        ref = _for_write(db, model_id)
        db.execute(
            "UPDATE logged_model SET status = ?, last_updated_timestamp = ? WHERE id = ?",
            (int(status), clock.now_ms(), ref),
        )
        return get(db, model_id, allow_deleted=True)

    return work


def delete(model_id: str) -> Work[None]:
    def work(db: Database) -> None:
        db.execute("UPDATE logged_model SET deleted_ms = ? WHERE id = ?", (clock.now_ms(), _for_write(db, model_id)))

    return work


def log_params(model_id: str, params: Sequence[LoggedModelParameter]) -> Work[None]:
    kept = checks.model_entries("model param", params)

    def work(db: Database) -> None:
        ref = _for_write(db, model_id)
        there = _texts(db, "param", [ref]).get(ref, {})
        for key in kept:
            if key in there:
                raise IntegrityViolation(
                    f"Param {shown(key)} of logged model {model_id!r} is there already; params are written once."
                )
        db.executemany(ADD_PARAM, [(ref, key, value) for key, value in kept.items()])

    return work


def set_tags(model_id: str, tags: Sequence[LoggedModelTag]) -> Work[None]:
    kept = checks.model_entries("model tag", tags, repeats=True)

    def work(db: Database) -> None:
        ref = _for_write(db, model_id)
        db.executemany(SET_TAG, [(ref, key, value) for key, value in kept.items()])

    return work


def delete_tag(model_id: str, key: str) -> Work[None]:
    def work(db: Database) -> None:
        ref = _for_write(db, model_id)
        gone = db.execute("DELETE FROM logged_model_tag WHERE model_ref = ? AND key = ?", (ref, key))
        if gone.rowcount == 0:
            raise NotFound(f"tag of logged model {model_id!r}", key, by="key")

    return work
