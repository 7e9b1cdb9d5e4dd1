"""Logging to stores that take no journals: what is delivered, what a crash in between repeats, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from headrace.client.outbox.files import journals
from headrace.client.outbox.replay import replay
from headrace.client.outbox.run_ids import LOCAL_ID_TAG, known_ids
from headrace.client.outbox.stock import StockDelivery
from headrace.client.outbox.writer import JournalWriter
from headrace.entities import LoggedModelOutput, Metric, Param, Run, RunTag
from headrace.entities.journal import (
    JournalRecord,
    OutputsLogged,
    ParamCorrected,
    ParamsLogged,
    PointsLogged,
    RunRewound,
    RunStarted,
    RunUpdated,
    TagRemoved,
    TagsSet,
)
from headrace.errors import IntegrityViolation, RouteNotFound, StoreUnavailable
from headrace.stores.memory import MemoryStore
from headrace.wire import journal
from headrace.wire.journal import Head

WRITER, URI = "ab" * 16, "http://stock.example:5000"
RUN = "cd" * 16


class Breaking(MemoryStore):
    """Ends the process, as it were, in the n-th writing call: before the call is done, or before its answer is read."""

    def __init__(self, breaks_at: int, *, done: bool) -> None:
        super().__init__("memory-artifacts")
        self.breaks_at, self.done, self.calls = breaks_at, done, 0

    def _call(self, call: Callable[[], Run | None]) -> Run | None:
        self.calls += 1
        breaks = self.calls == self.breaks_at
        if breaks and not self.done:
            raise StoreUnavailable("cut before it was done")
        answer = call()
        if breaks:
            raise StoreUnavailable("cut before it was answered")
        return answer

    def create_run(self, *args: object, **more: object) -> Run:
        made = self._call(lambda: super(Breaking, self).create_run(*args, **more))  # type: ignore[arg-type]
        assert made is not None
        return made

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        self._call(lambda: super(Breaking, self).log_batch(run_id, metrics, params, tags))

    def delete_tag(self, run_id: str, key: str) -> None:
        self._call(lambda: super(Breaking, self).delete_tag(run_id, key))


RECORDS: list[JournalRecord] = [
    RunStarted(RUN, experiment_name="stock", user_id="ada", start_time=5, run_name="night", tags={"team": "red"}),
    ParamsLogged(RUN, {"lr": "0.1"}),
    *[PointsLogged(RUN, ("loss", "acc"), (1 / (step + 1), 0.5), step, 10 + step) for step in range(1200)],
    TagsSet(RUN, {"note": "one", "gone": "x"}),
    TagRemoved(RUN, "gone"),
    RunUpdated(RUN, "FINISHED", 99),
]
CALLS = 7  # of which the store writes: run, params, three batches of points (two keys each), tags, tag


def check(store: MemoryStore, folder: Path) -> None:
    experiment = store.ensure_experiment("stock")
    (run,) = store.search_runs([experiment.experiment_id])
    assert known_ids(folder, URI) == {RUN: run.info.run_id}
    assert run.info.run_id != RUN
    assert (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time) == ("night", "FINISHED", 5, 99)
    assert run.data.params == {"lr": "0.1"}
    tags = {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")}
    assert tags == {"team": "red", "note": "one", LOCAL_ID_TAG: RUN}
    for key in ("loss", "acc"):
        history = store.get_metric_history(run.info.run_id, key)
        assert [point.step for point in history] == list(range(1200))


@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "before it is answered"])
@pytest.mark.parametrize("breaks_at", range(1, CALLS + 1))
def test_crash_at_any_call_loses_and_doubles_nothing(tmp_path: Path, breaks_at: int, done: bool) -> None:
    store = Breaking(breaks_at, done=done)
    body = journal.body(1, RECORDS)
    with pytest.raises(StoreUnavailable):
        StockDelivery(store, tmp_path, URI).deliver(WRITER, body)
    again = StockDelivery(store, tmp_path, URI)  # of another process
    assert again.mark(WRITER) < len(RECORDS)
    answer = again.deliver(WRITER, body)
    assert (answer.mark, answer.refused) == (len(RECORDS), [])
    assert store.calls == CALLS + 1 - (1 if breaks_at == 1 and done else 0)
    check(store, tmp_path)


def test_run_is_found_by_its_tag_where_the_map_is_lost(tmp_path: Path) -> None:
    store = MemoryStore("memory-artifacts")
    body = journal.body(1, RECORDS)
    StockDelivery(store, tmp_path / "none", URI).deliver(WRITER, body)  # whose marks and map can't be written
    again = StockDelivery(store, tmp_path, URI)
    assert again.mark(WRITER) == 0
    again.deliver(WRITER, body)
    check(store, tmp_path)


def test_records_that_the_store_refuses_are_named_and_passed(tmp_path: Path) -> None:
    store = MemoryStore("memory-artifacts")
    experiment_id = store.ensure_experiment("stock").experiment_id
    run_id = store.create_run(experiment_id).info.run_id
    store.log_batch(run_id, params=[Param("lr", "1")])
    delivery = StockDelivery(store, tmp_path, URI)
    records: list[JournalRecord] = [
        PointsLogged(run_id, ("a",), (1.0,), 0, 1),
        ParamsLogged(run_id, {"lr": "2"}),
        PointsLogged(run_id, ("a",), (2.0,), 1, 1),
        PointsLogged("ef" * 16, ("a",), (2.0,), 1, 1),
        PointsLogged("ef" * 16, ("a",), (3.0,), 2, 1),
    ]
    answer = delivery.deliver(WRITER, journal.body(1, records))
    assert (answer.mark, [each.record_id for each in answer.refused]) == (5, [2, 4, 5])
    assert "already '1'" in answer.refused[0].message
    assert [point.value for point in store.get_metric_history(run_id, "a")] == [1.0, 2.0]


def test_child_run_names_its_parent_as_the_store_does(tmp_path: Path) -> None:
    store = MemoryStore("memory-artifacts")
    child = "12" * 16
    records = [RunStarted(RUN), RunStarted(child, tags={"mlflow.parentRunId": RUN})]
    StockDelivery(store, tmp_path, URI).deliver(WRITER, journal.body(1, records))
    there = known_ids(tmp_path, URI)
    assert store.get_run(there[child]).data.tags["mlflow.parentRunId"] == there[RUN]


class Old(MemoryStore):
    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        raise RouteNotFound("no such route")


def test_what_an_old_server_has_no_call_for_is_refused(tmp_path: Path) -> None:
    store = Old("memory-artifacts")
    run_id = store.create_run("0").info.run_id
    records: list[JournalRecord] = [
        OutputsLogged(run_id, [LoggedModelOutput("m-1", 0)]),
        PointsLogged(run_id, ("a",), (1.0,), 0, 1),
    ]
    answer = StockDelivery(store, tmp_path, URI).deliver(WRITER, journal.body(1, records))
    assert (answer.mark, [each.record_id for each in answer.refused]) == (2, [1])
    assert "too old" in answer.refused[0].message
    assert store.get_run(run_id).data.metrics == {"a": 1.0}


class Strict(MemoryStore):
    """As MLflow is: of models that are among the outputs it takes none, nor others with them."""

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        there = {each.model_id for each in self.get_run(run_id).outputs.model_outputs}
        if there & {each.model_id for each in models}:
            raise IntegrityViolation("UNIQUE constraint failed")
        super().log_outputs(run_id, models)


def test_outputs_that_are_there_keep_no_others_away(tmp_path: Path) -> None:
    store = Strict("memory-artifacts")
    run_id = store.create_run("0").info.run_id
    one, two = (LoggedModelOutput(store.create_logged_model("0").model_id, step) for step in range(2))
    records: list[JournalRecord] = [OutputsLogged(run_id, [one]), OutputsLogged(run_id, [one, two])]
    answer = StockDelivery(store, tmp_path, URI).deliver(WRITER, journal.body(1, records))
    assert (answer.mark, answer.refused) == (2, [])
    assert store.get_run(run_id).outputs.model_outputs == [one, two]


def test_journal_is_replayed_once_and_its_mark_goes_with_it(tmp_path: Path) -> None:
    store = MemoryStore("memory-artifacts")
    writer = JournalWriter(tmp_path, Head(writer_id=WRITER, serial=0, first_id=0, created_ms=1))
    writer.record(RunStarted(RUN, experiment_name="stock"))
    writer.points(RUN, ("loss",), (0.5,), 0, 1)
    writer.close()
    segments = journals(tmp_path)[WRITER]
    first = replay(tmp_path, WRITER, segments, StockDelivery(store, tmp_path, URI))
    second = replay(tmp_path, WRITER, segments, StockDelivery(store, tmp_path, URI), remove=True)
    assert (first.records, second.records, second.known) == (2, 0, 2)
    (left,) = tmp_path.iterdir()
    assert json.loads(left.read_text())["local"] == RUN


def test_what_takes_something_back_is_refused_with_the_way_out(tmp_path: Path) -> None:
    store = MemoryStore("memory-artifacts")
    run_id = store.create_run("0", run_id=RUN).info.run_id
    store.log_param(run_id, Param("lr", "0.1"))
    delivery = StockDelivery(store, tmp_path, URI)
    records: list[JournalRecord] = [
        RunRewound(run_id, 3, 1),
        ParamCorrected(run_id, "lr", "0.2", 1),
        TagsSet(run_id, {"a": "1"}),
    ]
    answer = delivery.deliver(WRITER, journal.body(1, records))
    assert (answer.mark, [each.record_id for each in answer.refused]) == (3, [1, 2])
    assert "without resume_from_step" in answer.refused[0].message
    assert "can't be corrected" in answer.refused[1].message
    assert store.get_run(run_id).data.params == {"lr": "0.1"}
    assert store.get_run(run_id).data.tags["a"] == "1"
