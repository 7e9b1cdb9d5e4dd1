"""Params that get another value, and the values that they had."""

from __future__ import annotations

from headrace.entities import ParamCorrection
from headrace.entities.journal import ParamCorrected
from headrace.stores import amendments
from headrace.stores.sql import document
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.rewinds import ref_of
from headrace.stores.sql.run_row import for_write

ADD = (
    "INSERT INTO param_correction (run_ref, key_ref, old_value, new_value, corrected_ms, who, reason) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
OF_RUN = (
    "SELECT key_ref, old_value, new_value, corrected_ms, who, reason FROM param_correction WHERE run_ref = ? "
    "ORDER BY id"
)


def correct(record: ParamCorrected) -> Work[None]:
    amendments.checked_correction(record)

    def work(db: Database) -> None:
        run = for_write(db, record.run_id)
        old = document.change_param(db, run.ref, record.key, record.value)
        if old is None:
            raise amendments.no_param(record.run_id, record.key)
        if old != record.value:
            key = db.names.find(db, record.key)
            db.execute(ADD, (run.ref, key, old, record.value, record.corrected_ms, record.who, record.reason))

    return work


def listed(run_id: str) -> Work[list[ParamCorrection]]:
    def work(db: Database) -> list[ParamCorrection]:
        rows = db.execute(OF_RUN, (ref_of(db, run_id),)).fetchall()
        texts = db.names.texts(db, {row[0] for row in rows})
        return [ParamCorrection(run_id, texts[key], *values) for key, *values in rows]

    return work
