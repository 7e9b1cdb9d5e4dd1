from __future__ import annotations

from collections.abc import Sequence

from headrace.entities import Param, RunTag
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
from headrace.errors import CallerError
from headrace.stores.journal import JournalStore, metrics_of
from headrace.stores.memory.amendments import MemoryAmendments, cuts_before
from headrace.stores.memory.experiments import MemoryExperiments
from headrace.stores.memory.runs import MemoryRuns


class MemoryJournal(MemoryAmendments, MemoryExperiments, MemoryRuns, JournalStore):
    def append_journal(self, writer_id: str, first_id: int, records: Sequence[JournalRecord]) -> JournalMark:
        refused: list[RecordRefused] = []
        with self.lock:
            mark = self.marks.get(writer_id, 0)
            if first_id > mark + 1:
                return JournalMark(mark)
            for record_id, record in enumerate(records, start=first_id):
                if record_id <= mark:
                    continue
                try:
                    self._take(writer_id, record)
                except CallerError as error:
                    refused.append(RecordRefused(record_id, record.run_id, error.error_code, error.message))
                mark = self.marks[writer_id] = record_id
        return JournalMark(mark, refused)

    def journal_mark(self, writer_id: str) -> int:
        with self.lock:
            return self.marks.get(writer_id, 0)

    def _take(self, writer_id: str, record: JournalRecord) -> None:
        run_id = record.run_id
        match record:
            case RunStarted():
                experiment_id = record.experiment_id
                if experiment_id is None:
                    experiment_id = self.ensure_experiment(record.experiment_name or "Default").experiment_id
                tags = [RunTag(*each) for each in record.tags.items()]
                self.create_run(experiment_id, record.user_id, record.start_time, tags, record.run_name, run_id)
            case RunUpdated():
                row = self.active_run(run_id)
                if record.joined_ms is not None:
                    row.joined[writer_id] = record.joined_ms
                stale = bool(cuts_before(row, writer_id))
                ended = (None, None) if stale else (record.status, record.end_time)
                self.update_run(run_id, *ended, record.run_name)
            case RunRewound():
                self.rewind(writer_id, record)
            case ParamCorrected():
                self.correct_param(record)
            case PointsLogged():
                self._log(writer_id, run_id, metrics=metrics_of(record))
            case ParamsLogged():
                self.log_batch(run_id, params=[Param(*each) for each in record.params.items()])
            case TagsSet():
                self.log_batch(run_id, tags=[RunTag(*each) for each in record.tags.items()])
            case TagRemoved():
                self.delete_tag(run_id, record.key)
            case InputsLogged():
                self.log_inputs(run_id, record.datasets, record.models)
            case OutputsLogged():
                self.log_outputs(run_id, record.models)
