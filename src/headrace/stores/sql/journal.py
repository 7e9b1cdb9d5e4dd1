"""Records of a journal, with the mark of their writer in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headrace import clock
from headrace.entities import Param, RunTag
from headrace.entities.journal import (
    InputsLogged,
    JournalMark,
    JournalRecord,
    OutputsLogged,
    ParamCorrected,
    ParamsLogged,
    RecordRefused,
    RunRewound,
    RunStarted,
    RunUpdated,
    TagRemoved,
    TagsSet,
)
from headrace.errors import CallerError
from headrace.stores.journal import JournalStore, Unit, units
from headrace.stores.sql import batch, corrections, experiments, inputs, rewinds, runs
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.transactions import Transactions

GET_MARK = "SELECT mark FROM writer_mark WHERE writer_id = ?"
SET_MARK = "UPDATE writer_mark SET mark = ?, updated_ms = ? WHERE writer_id = ?"
ADD_WRITER = "INSERT INTO writer_mark (writer_id, mark, updated_ms) VALUES (?, 0, ?) ON CONFLICT (writer_id) DO NOTHING"


class _Refused(Exception):
    """The store took nothing, since it refuses this unit."""

    def __init__(self, unit: Unit, error: CallerError) -> None:
        super().__init__(error.message)
        self.unit, self.error = unit, error


class SqlJournal(Transactions, JournalStore):
    def append_journal(self, writer_id: str, first_id: int, records: Sequence[JournalRecord]) -> JournalMark:
        refused: list[RecordRefused] = []
        mark, left, at = 0, records, first_id
        while True:
            try:
                mark = self._write(_append(self, writer_id, at, left))
                return JournalMark(mark, refused)
            except _Refused as found:
                place, size = found.unit.place, len(found.unit.records)
                if place:
                    self._write(_append(self, writer_id, at, left[:place]))
                if size > 1:
                    refused += self._one_by_one(writer_id, at + place, found.unit.records)
                else:
                    refused.append(self._passed(writer_id, at + place, found))
                left, at = left[place + size :], at + place + size

    def _one_by_one(self, writer_id: str, first_id: int, records: Sequence[JournalRecord]) -> list[RecordRefused]:
        refused = []
        for record_id, record in enumerate(records, start=first_id):
            try:
                self._write(_append(self, writer_id, record_id, (record,)))
            except _Refused as found:
                refused.append(self._passed(writer_id, record_id, found))
        return refused

    def _passed(self, writer_id: str, record_id: int, found: _Refused) -> RecordRefused:
        self._write(_append(self, writer_id, record_id, (None,)))
        return RecordRefused(record_id, found.unit.records[0].run_id, found.error.error_code, found.error.message)

    def journal_mark(self, writer_id: str) -> int:
        return self._read(lambda db: _mark(db, writer_id) or 0)


def _append(store: Transactions, writer_id: str, first_id: int, records: Sequence[JournalRecord | None]) -> Work[int]:
    """The writer's mark afterwards. None: a record that was refused before, which the mark passes."""

    def work(db: Database) -> int:
        mark = _locked_mark(db, writer_id)
        known = mark + 1 - first_id  # of these records
        if known < 0 or known >= len(records):
            return mark
        taken = [record for record in records[known:] if record is not None]
        for unit in units(taken):
            try:
                _of(store, writer_id, unit)(db)
            except CallerError as error:
                raise _Refused(unit._replace(place=unit.place + known), error) from error
        mark = first_id + len(records) - 1
        db.execute(SET_MARK, (mark, clock.now_ms(), writer_id))
        return mark

    return work


def _locked_mark(db: Database, writer_id: str) -> int:
    mark = _mark(db, writer_id, db.for_update)
    if mark is None:
        db.execute(ADD_WRITER, (writer_id, clock.now_ms()))
        mark = _mark(db, writer_id, db.for_update)
        assert mark is not None, "added or there before"
    return mark


def _mark(db: Database, writer_id: str, lock: str = "") -> int | None:
    row = db.execute(f"{GET_MARK}{lock}", (writer_id,)).fetchone()
    return None if row is None else int(row[0])


def _of(store: Transactions, writer_id: str, unit: Unit) -> Callable[[Database], Any]:
    record = unit.records[0]
    if unit.points:
        return batch.log(record.run_id, unit.points, (), (), store.appended, writer_id)
    match record:
        case RunStarted():
            return _start(store, record)
        case RunUpdated():
            return runs.update(
                record.run_id, record.status, record.end_time, record.run_name, writer_id, record.joined_ms
            )
        case RunRewound():
            return rewinds.rewind(writer_id, record)
        case ParamCorrected():
            return corrections.correct(record)
        case ParamsLogged():
            return batch.log(record.run_id, (), [Param(*each) for each in record.params.items()], (), store.appended)
        case TagsSet():
            return batch.log(record.run_id, (), (), [RunTag(*each) for each in record.tags.items()], store.appended)
        case TagRemoved():
            return runs.delete_tag(record.run_id, record.key)
        case InputsLogged():
            return inputs.log(record.run_id, record.datasets, record.models)
        case OutputsLogged():
            return inputs.log_outputs(record.run_id, record.models)
        case _:  # points without keys
            return lambda _: None


def _start(store: Transactions, record: RunStarted) -> Work[None]:
    def work(db: Database) -> None:
        experiment_id = record.experiment_id
        if experiment_id is None:
            experiment_id = experiments.ensure(store.artifact_root, record.experiment_name or "Default")(
                db
            ).experiment_id
        tags = [RunTag(*each) for each in record.tags.items()]
        runs.create(experiment_id, record.user_id, record.start_time, tags, record.run_name, record.run_id)(db)

    return work
