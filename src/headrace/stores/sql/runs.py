from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace import clock
from headrace.entities import Run, RunData, RunInfo, RunStatus, RunTag, limits
from headrace.errors import InvalidValue, NotFound
from headrace.query.dialects import RUN_NAME_TAG
from headrace.stores import checks, locations
from headrace.stores.sql import document, experiments, leases, rewinds
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.run_records import INFO_COLUMNS, get, info
from headrace.stores.sql.run_row import RunRow, for_write

MODEL_HISTORY_TAG = "mlflow.log-model.history"
INSERT = (
    "INSERT INTO run (run_id, experiment_id, user_id, status, run_name, artifact_uri, start_time) "
    "VALUES (?, ?, ?, 'RUNNING', ?, ?, ?) ON CONFLICT (run_id) DO NOTHING RETURNING id"
)


def create(
    experiment_id: str,
    user_id: str,
    start_time: int,
    tags: Sequence[RunTag],
    run_name: str | None,
    run_id: str | None,
) -> Work[Run]:
    number = checks.experiment_number(experiment_id)
    if run_id is not None:
        limits.check_run_id("run_id", run_id)

    def there(db: Database) -> Run | None:
        if run_id is None:
            return None
        row = db.execute("SELECT experiment_id FROM run WHERE run_id = ?", (run_id,)).fetchone()
        if row is None:
            return None
        if row[0] != number:
            raise InvalidValue("run_id", run_id, f"that run belongs to experiment '{row[0]}'.")
        return get(db, run_id)

    def work(db: Database) -> Run:
        found = there(db)
        if found is not None:
            return found
        name, kept = checks.run_name_and_tags(run_name, tags)
        user, start = checks.user_id(user_id), checks.milliseconds("start_time", start_time)
        experiment, location = experiments.for_write(db, experiment_id, db.for_share)
        new_id = run_id or clock.hex_id()
        uri = locations.of_run(location, new_id)
        row = db.execute(INSERT, (new_id, experiment, user, name, uri, start)).fetchone()
        if row is None:  # another server made it in this moment
            made = there(db)
            assert made is not None, "the conflicting run is committed"
            return made
        ref = row[0]
        db.touch(ref, experiment)
        document.create(db, ref, experiment, kept)
        info = RunInfo(new_id, str(experiment), user, "RUNNING", start, None, "active", uri, name)
        return Run(info=info, data=RunData(tags=kept))

    return work


def update(
    run_id: str,
    new_status: str | None,
    new_end: int | None,
    run_name: str | None,
    writer_id: str | None = None,
    joined_ms: int | None = None,
) -> Work[RunInfo]:
    """writer_id: of the journal that it comes from. joined_ms: the writer has opened the run then."""
    checks.run_status(new_status)
    name = checks.kept_run_name(run_name)
    if new_end is not None:
        checks.milliseconds("end_time", new_end)

    def work(db: Database) -> RunInfo:
        run = for_write(db, run_id)
        status, end_time = new_status, new_end
        if writer_id is not None:
            if joined_ms is not None:
                rewinds.joined(db, run, writer_id, joined_ms)
            if rewinds.cuts_before(db, run, writer_id):  # the run has gone on without that writer
                status = end_time = None
        if status is not None or end_time is not None:
            db.execute(
                "UPDATE run SET status = coalesce(?, status), end_time = coalesce(?, end_time) WHERE id = ?",
                (status, end_time, run.ref),
            )
        if status is not None:
            leases.freed(db, run.ref, ended=RunStatus.is_terminated(status))
        if name:
            rename(db, run, name)
            document.set_tags(db, run.ref, run.experiment_id, {RUN_NAME_TAG: name})
        return info(db.execute(f"SELECT {INFO_COLUMNS} FROM run r WHERE r.id = ?", (run.ref,)).fetchone())

    return work


def rename(db: Database, run: RunRow, name: str) -> None:
    db.execute("UPDATE run SET run_name = ? WHERE id = ?", (name, run.ref))


def move(run_id: str, *, delete: bool) -> Work[None]:
    def work(db: Database) -> None:
        row = db.execute("SELECT id, experiment_id FROM run WHERE run_id = ?", (run_id,)).fetchone()
        if row is None:
            raise NotFound("run", run_id)
        db.touch(row[0], row[1])
        db.active_runs.pop(run_id, None)
        db.execute("UPDATE run SET deleted_ms = ? WHERE id = ?", (clock.now_ms() if delete else None, row[0]))

    return work


def delete_tag(run_id: str, key: str) -> Work[None]:
    def work(db: Database) -> None:
        run = for_write(db, run_id)
        if not document.delete_tag(db, run.ref, key):
            raise NotFound(f"tag of run {run_id!r}", key, by="key")

    return work


def record_model(run_id: str, model_json: str) -> Work[None]:
    model = checks.recorded_model(model_json)

    def work(db: Database) -> None:
        run = for_write(db, run_id)
        history = msgspec.json.decode(document.tag(db, run.ref, MODEL_HISTORY_TAG) or "[]")
        longer = msgspec.json.encode([*history, model]).decode()
        document.set_tags(db, run.ref, run.experiment_id, {MODEL_HISTORY_TAG: longer})

    return work
