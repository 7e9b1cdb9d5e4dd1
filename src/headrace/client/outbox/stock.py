"""Delivery to a store that takes no journals, such as a stock MLflow server: by its plain calls, each at least once.

    WRITER.STORE.mark    how far the store STORE has taken in the journal of WRITER; written after each call

What a crash between a call and its mark repeats is one call. The run is the same afterwards as if it had been made
once, with a genuine MLflow; a server that keeps outputs twice has them twice.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeGuard

from headrace.client.outbox.run_ids import RunIds, place_of
from headrace.client.outbox.unmet import is_missed
from headrace.entities import LoggedModelOutput, Param, RunTag
from headrace.entities.journal import (
    InputsLogged,
    JournalMark,
    JournalRecord,
    OutputsLogged,
    ParamCorrected,
    ParamsLogged,
    PointsLogged,
    RecordRefused,
    RunRewound,
    RunStarted,
    RunUpdated,
    TagRemoved,
    TagsSet,
)
from headrace.errors import (
    CallerError,
    HeadraceError,
    IntegrityViolation,
    InvalidValue,
    NotFound,
    NotSupported,
    RouteNotFound,
)
from headrace.stores.base import TrackingStore
from headrace.stores.journal import JournalStore, metrics_of, units
from headrace.wire import journal

_NOBODY = "0" * 32

Amendment = RunRewound | ParamCorrected

log = logging.getLogger("headrace.outbox")


def takes_journals(store: TrackingStore) -> TypeGuard[JournalStore]:
    """Raises what a server raises that doesn't answer."""
    if not isinstance(store, JournalStore):
        return False
    try:
        store.journal_mark(_NOBODY)
    except NotSupported:
        return False
    return True


def unsupported(record: Amendment) -> NotSupported:
    """Of a store that keeps no journals, such as a stock MLflow server."""
    if isinstance(record, RunRewound):
        return NotSupported(
            f"Run {record.run_id!r} can't be resumed from step {record.step}: its server is MLflow's, which can't hide "
            "the points of later steps. Resume it without resume_from_step, which keeps them beside those that are "
            "logged again, start a new run, or log to a Headrace server."
        )
    return NotSupported(
        f"Param {record.key!r} of run {record.run_id!r} can't be corrected: its server is MLflow's, where params are "
        "written once. Use a tag or another key, or log to a Headrace server."
    )


class StockDelivery:
    """folder: of the journals. uri: of the store. Thread safe for different writers."""

    def __init__(self, store: TrackingStore, folder: Path, uri: str) -> None:
        self._store, self._folder = store, folder
        self._name = place_of(folder, uri).name
        self.run_ids = RunIds(store, folder, uri)
        self._marks: dict[str, int] = {}

    def mark(self, writer_id: str) -> int:
        if writer_id not in self._marks:
            path = self._mark_path(writer_id)
            self._marks[writer_id] = json.loads(path.read_text())["mark"] if path.exists() else 0
        return self._marks[writer_id]

    def deliver(self, writer_id: str, body: bytes) -> JournalMark:
        first_id, records = journal.records(body)
        mark, last_id = self.mark(writer_id), first_id + len(records) - 1
        if first_id > mark + 1 or last_id <= mark:
            return JournalMark(mark)
        refused: list[RecordRefused] = []
        left_id = mark + 1
        for unit in units(records[left_id - first_id :]):
            try:
                refused += self.take(left_id + unit.place, unit.records)
            except HeadraceError:
                if refused:
                    return JournalMark(mark, refused)  # so that they are kept, before it is tried again
                raise
            mark = left_id + unit.place + len(unit.records) - 1
            self._note(writer_id, mark)
        if mark < last_id:  # at its end, records that hold nothing
            self._note(writer_id, last_id)
        return JournalMark(last_id, refused)

    def forget(self, writer_id: str) -> None:
        self._mark_path(writer_id).unlink(missing_ok=True)

    def take(self, first_id: int, records: Sequence[JournalRecord]) -> list[RecordRefused]:
        """Of a unit, without moving the mark; those that the store refuses."""
        try:
            self._apply(records)
        except CallerError as error:
            if is_missed(error):
                raise
            if len(records) == 1:
                return [RecordRefused(first_id, records[0].run_id, error.error_code, error.message)]
        else:
            return []
        return [each for place, record in enumerate(records) for each in self.take(first_id + place, (record,))]

    def _apply(self, records: Sequence[JournalRecord]) -> None:
        record, store = records[0], self._store
        if isinstance(record, RunStarted):
            self.run_ids.start(record)
            return
        run_id = self.run_ids.of(record.run_id)
        match record:
            case RunUpdated():
                store.update_run(run_id, record.status, record.end_time, record.run_name)
            case RunRewound() | ParamCorrected():  # made while the server couldn't be asked what it is
                raise InvalidValue(message=unsupported(record).message)
            case PointsLogged():
                points = [point for each in records if isinstance(each, PointsLogged) for point in metrics_of(each)]
                store.log_batch(run_id, metrics=points)
            case ParamsLogged():
                store.log_batch(run_id, params=[Param(*each) for each in record.params.items()])
            case TagsSet():
                tags = self.run_ids.translated(record.tags)
                store.log_batch(run_id, tags=[RunTag(*each) for each in tags.items()])
            case TagRemoved():
                self._untag(run_id, record.key)
            case InputsLogged():
                self._if_it_can("inputs", run_id, lambda: store.log_inputs(run_id, record.datasets, record.models))
            case OutputsLogged():
                self._if_it_can("outputs", run_id, lambda: self._log_outputs(run_id, record.models))

    def _untag(self, run_id: str, key: str) -> None:
        try:
            self._store.delete_tag(run_id, key)
        except NotFound:
            log.debug("Tag %s of run %s is gone already", key, run_id)  # removed by the call that is repeated

    def _log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        try:
            self._store.log_outputs(run_id, models)
        except IntegrityViolation:  # MLflow's answer to a model that is among the outputs, at whichever step
            there = {each.model_id for each in self._store.get_run(run_id).outputs.model_outputs}
            missing = [each for each in models if each.model_id not in there]
            if len(missing) == len(models):
                raise
            if missing:
                self._store.log_outputs(run_id, missing)

    def _if_it_can(self, what: str, run_id: str, call: Callable[[], None]) -> None:
        """A server that has the run, but nothing to log this with, will never take it."""
        try:
            call()
        except RouteNotFound as error:
            self._store.get_run(run_id)
            raise InvalidValue(message=f"The server can't log {what} of runs: it is too old for it.") from error

    def _mark_path(self, writer_id: str) -> Path:
        return self._folder / f"{writer_id}.{self._name}.mark"

    def _note(self, writer_id: str, mark: int) -> None:
        self._marks[writer_id] = mark
        path = self._mark_path(writer_id)
        draft = path.with_name(f"{path.name}.draft")
        try:
            with draft.open("w", encoding="utf-8") as file:
                json.dump({"mark": mark}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            log.warning("That the store has records up to %d can't be noted in %s: %s", mark, path, error)
