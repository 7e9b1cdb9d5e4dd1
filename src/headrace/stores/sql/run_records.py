"""Runs as records and as documents: one with all of its parts, or many at once with a statement a part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from msgspec import Raw, Struct, structs
from msgspec.json import Encoder

from headrace.entities import (
    DatasetInput,
    LoggedModelOutput,
    Metric,
    Projection,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
)
from headrace.errors import NotFound
from headrace.stores.documents import RunDocument
from headrace.stores.sql import document, inputs
from headrace.stores.sql.connection import Database
from headrace.stores.sql.document_cache import DocumentCache
from headrace.stores.sql.lifecycle import stage

INFO_COLUMNS = (
    "r.run_id, r.experiment_id, r.user_id, r.status, r.start_time, r.end_time, r.deleted_ms, r.artifact_uri, r.run_name"
)
RUN_ROWS = (
    f"SELECT r.id, d.params, d.tags, {INFO_COLUMNS} FROM run r JOIN run_document d ON d.run_ref = r.id WHERE r.id"
)
LATEST_OF_MANY = (
    "SELECT run_ref, key_ref, last_value, last_timestamp, last_step, last_class FROM metric_series WHERE run_ref"
)
CHUNK = 2000
encode = Encoder().encode
VERSIONS = "SELECT run_ref, seq FROM run_change WHERE run_ref"
EVERYTHING = Projection()
NOTHING = Raw(b"[]")
NO_INPUTS, NO_OUTPUTS = RunInputs(), RunOutputs()
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
    rows = db.execute(LATEST, (ref,)).fetchall()
    texts = db.names.texts(db, [row[0] for row in rows])
    return [Metric(texts[key], math.nan if nan else value, time, step) for key, value, time, step, nan in rows]


def many(db: Database, refs: Sequence[int], projection: Projection) -> list[Run]:
    """As a search returns them: in the order of refs, without model inputs."""
    return [run for chunk in _chunks(refs) for run in _runs(db, chunk, projection)]


def _chunks(refs: Sequence[int]) -> list[Sequence[int]]:
    """So that the rows of 50,000 runs needn't be held all at once."""
    return [refs[start : start + CHUNK] for start in range(0, len(refs), CHUNK)]


def _runs(db: Database, refs: Sequence[int], projection: Projection) -> list[Run]:
    metrics: dict[int, list[Metric]] = {}
    rows = _latest_rows(db, refs, projection.metrics)
    texts = db.names.texts(db, {row[1] for row in rows})
    for ref, key, value, time, step, nan in rows:
        metrics.setdefault(ref, []).append(Metric(texts[key], math.nan if nan else value, time, step))
    read, made = _inputs_and_outputs(db, refs, projection)
    return [
        Run(
            info=info(columns),
            data=RunData(
                latest=metrics.get(ref, []),
                params=_chosen(document.params_of(db, ref, params), projection.params),
                tags=_chosen(document.tags_of(db, ref, tags), projection.tags),
            ),
            inputs=RunInputs(read.get(ref, [])),
            outputs=RunOutputs(made.get(ref, [])),
        )
        for ref, params, tags, *columns in _run_rows(db, refs)
    ]


def document_of(db: Database, run_id: str, cache: DocumentCache) -> RunDocument:
    row = db.execute("SELECT id FROM run WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound("run", run_id)
    found = documents(db, [row[0]], EVERYTHING, cache)[0]
    models = inputs.models_into(db, row[0])
    return structs.replace(found, inputs=RunInputs(found.inputs.dataset_inputs, models)) if models else found


def documents(db: Database, refs: Sequence[int], projection: Projection, cache: DocumentCache) -> list[RunDocument]:
    """Like `many`."""
    if projection != EVERYTHING:
        return [each for chunk in _chunks(refs) for each in _documents(db, chunk, projection)]
    found: list[RunDocument] = []
    for chunk in _chunks(refs):
        versions: dict[int, int] = dict(db.execute(f"{VERSIONS} {db.any_of}", (db.among(chunk),)))
        known = cache.find(versions.items())
        missing = [ref for ref in chunk if ref not in known]
        if missing:
            made = dict(zip(missing, _documents(db, missing, projection), strict=True))
            cache.keep((ref, versions[ref], each) for ref, each in made.items())
            known |= made
        found += [known[ref] for ref in chunk]
    return found


def _documents(db: Database, refs: Sequence[int], projection: Projection) -> list[RunDocument]:
    metrics = _latest_json(db, refs, projection.metrics)
    read, made = _inputs_and_outputs(db, refs, projection)
    return [
        RunDocument(
            info=info(columns),
            metrics=metrics.get(ref, NOTHING),
            params=_ready(db, "param", ref, params, projection.params),
            tags=_ready(db, "tag", ref, tags, projection.tags),
            inputs=RunInputs(read[ref]) if ref in read else NO_INPUTS,
            outputs=RunOutputs(made[ref]) if ref in made else NO_OUTPUTS,
        )
        for ref, params, tags, *columns in _run_rows(db, refs)
    ]


def _run_rows(db: Database, refs: Sequence[int]) -> list[Any]:
    """(ref, params, tags, INFO_COLUMNS…) in the order of refs."""
    rows = {row[0]: row for row in db.execute(f"{RUN_ROWS} {db.any_of}", (db.among(refs),))}
    return [rows[ref] for ref in refs]


def _latest_rows(db: Database, refs: Sequence[int], keys: Sequence[str] | None) -> list[Any]:
    """(ref, key_ref, value, timestamp, step, class) by run."""
    if keys == []:
        return []
    sql = f"{LATEST_OF_MANY} {db.any_of}"
    values: tuple[Any, ...] = ()
    if keys is not None:
        numbers = [number for key in keys if (number := db.names.find(db, key)) is not None]
        sql, values = f"{sql} AND key_ref {db.any_of}", (db.among(numbers),)
    return db.execute(sql, (db.among(refs), *values)).fetchall()


class _Latest(Struct, gc=False):
    """The form of a metric in a document."""

    key: str
    value: float | str
    timestamp: int
    step: int


def _latest_json(db: Database, refs: Sequence[int], keys: Sequence[str] | None) -> dict[int, Raw]:
    rows = _latest_rows(db, refs, keys)
    texts = db.names.texts(db, {row[1] for row in rows})
    found: dict[int, list[_Latest]] = {}
    before, points = -1, []
    for ref, key, value, time, step, nan in rows:  # ten thousand in a usual search: 2 ms
        if ref != before:
            before, points = ref, found.setdefault(ref, [])
        points.append(_Latest(texts[key], "NaN" if nan else value, time, step))
    return {ref: Raw(encode(each)) for ref, each in found.items()}


def _inputs_and_outputs(
    db: Database, refs: Sequence[int], projection: Projection
) -> tuple[dict[int, list[DatasetInput]], dict[int, list[LoggedModelOutput]]]:
    if not projection.inputs:
        return {}, {}
    return inputs.of_runs(db, refs), inputs.outputs_of_runs(db, refs)


def _chosen(items: dict[str, str], keys: Sequence[str] | None) -> dict[str, str]:
    return items if keys is None else {key: value for key, value in items.items() if key in keys}


def _ready(db: Database, table: str, ref: int, packed: str | None, keys: Sequence[str] | None) -> Raw:
    if packed is not None and keys is None:
        return Raw(packed)
    items = document.rows(db, table, ref) if packed is None else document.unpacked(packed)
    return Raw(document.packed(_chosen(items, keys)))
