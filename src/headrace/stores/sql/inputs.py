"""What a run read and made: datasets, models that went in, models that came out."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.entities import (
    Dataset,
    DatasetInput,
    DatasetSummary,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    RunInputs,
    RunOutputs,
    limits,
)
from headrace.query.records import DATASET_CONTEXT_TAG
from headrace.stores import checks
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.run_row import for_write

ADD_DATASET = (
    "INSERT INTO dataset (experiment_id, name, digest, source_type, source, schema, profile) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (experiment_id, name, digest) DO NOTHING"
)
ADD_INPUT = (
    "INSERT INTO dataset_input (run_ref, dataset_ref) "
    "SELECT ?, id FROM dataset WHERE experiment_id = ? AND name = ? AND digest = ? "
    "ON CONFLICT (run_ref, dataset_ref) DO NOTHING RETURNING id"
)
ADD_TAG = "INSERT INTO input_tag (input_ref, position, key, value) VALUES (?, ?, ?, ?)"
ADD_MODEL = "INSERT INTO run_model (run_ref, output, model_id, step) VALUES (?, ?, ?, ?)"


def log(run_id: str, datasets: Sequence[DatasetInput], models: Sequence[LoggedModelInput]) -> Work[None]:
    limits.check_run_id("run_id", run_id)
    read, model_ids = checks.dataset_inputs(datasets), checks.model_inputs(models)

    def work(db: Database) -> None:
        run = for_write(db, run_id)
        rows = [_dataset_row(run.experiment_id, each.dataset) for each in read]
        db.executemany(ADD_DATASET, sorted(rows, key=lambda row: (row[0], row[1], row[2])))  # one order for all servers
        for each, row in zip(read, rows, strict=True):
            made = db.execute(ADD_INPUT, (run.ref, *row[:3])).fetchone()
            if made is not None:
                tags = [(made[0], i, tag.key, tag.value) for i, tag in enumerate(each.tags)]
                db.executemany(ADD_TAG, tags)
        if model_ids:
            there = {model.model_id for model in _models(db, [run.ref], output=0).get(run.ref, [])}
            db.executemany(ADD_MODEL, [(run.ref, 0, each, 0) for each in model_ids if each not in there])

    return work


def _dataset_row(experiment_id: int, dataset: Dataset) -> tuple[int, str, str, str, str, str | None, str | None]:
    return (
        experiment_id,
        dataset.name,
        dataset.digest,
        dataset.source_type,
        dataset.source,
        dataset.schema,
        dataset.profile,
    )


def log_outputs(run_id: str, models: Sequence[LoggedModelOutput]) -> Work[None]:
    checks.model_outputs(models)

    def work(db: Database) -> None:
        run = for_write(db, run_id)
        db.executemany(ADD_MODEL, [(run.ref, 1, each.model_id, each.step) for each in models])

    return work


def of_run(db: Database, ref: int) -> RunInputs:
    return RunInputs(of_runs(db, [ref]).get(ref, []), models_into(db, ref))


def models_into(db: Database, ref: int) -> list[LoggedModelInput]:
    return [LoggedModelInput(each.model_id) for each in _models(db, [ref], output=0).get(ref, [])]


def outputs_of_run(db: Database, ref: int) -> RunOutputs:
    return RunOutputs(outputs_of_runs(db, [ref]).get(ref, []))


def of_runs(db: Database, refs: Sequence[int]) -> dict[int, list[DatasetInput]]:
    """Dataset inputs by run, in the order in which they were logged; runs without any are left out."""
    tags: dict[int, list[InputTag]] = {}
    rows = db.execute(
        "SELECT i.run_ref, i.id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile "
        "FROM dataset_input i JOIN dataset d ON d.id = i.dataset_ref "
        f"WHERE i.run_ref {db.any_of} ORDER BY i.id",
        (db.among(refs),),
    ).fetchall()
    if not rows:
        return {}
    for ref, key, value in db.execute(
        f"SELECT input_ref, key, value FROM input_tag WHERE input_ref {db.any_of} ORDER BY input_ref, position",
        (db.among([row[1] for row in rows]),),
    ):
        tags.setdefault(ref, []).append(InputTag(key, value))
    found: dict[int, list[DatasetInput]] = {}
    for ref, input_ref, *columns in rows:
        found.setdefault(ref, []).append(DatasetInput(Dataset(*columns), tags.get(input_ref, [])))
    return found


def outputs_of_runs(db: Database, refs: Sequence[int]) -> dict[int, list[LoggedModelOutput]]:
    return _models(db, refs, output=1)


def _models(db: Database, refs: Sequence[int], *, output: int) -> dict[int, list[LoggedModelOutput]]:
    found: dict[int, list[LoggedModelOutput]] = {}
    for ref, model_id, step in db.execute(
        f"SELECT run_ref, model_id, step FROM run_model WHERE run_ref {db.any_of} AND output = ? ORDER BY id",
        (db.among(refs), output),
    ):
        found.setdefault(ref, []).append(LoggedModelOutput(model_id, step))
    return found


def summaries(experiment_ids: Sequence[str]) -> Work[list[DatasetSummary]]:
    numbers = checks.dataset_experiments(experiment_ids)

    def work(db: Database) -> list[DatasetSummary]:
        rows = db.execute(
            "SELECT DISTINCT d.experiment_id, d.name, d.digest, t.value AS context, coalesce(t.value, '') AS place "
            "FROM dataset d JOIN dataset_input i ON i.dataset_ref = d.id "
            "LEFT JOIN input_tag t ON t.input_ref = i.id AND t.key = ? "
            f"WHERE d.experiment_id {db.any_of} "
            "ORDER BY d.experiment_id, d.name, d.digest, place LIMIT ?",
            (DATASET_CONTEXT_TAG, db.among(numbers), checks.MAX_DATASET_SUMMARIES),
        )
        return [DatasetSummary(str(number), name, digest, context) for number, name, digest, context, _ in rows]

    return work
