from __future__ import annotations

import threading

import pytest

from headrace.entities import Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput
from headrace.entities.journal import (
    InputsLogged,
    JournalMark,
    JournalRecord,
    OutputsLogged,
    ParamsLogged,
    PointsLogged,
    RunStarted,
    RunUpdated,
    TagRemoved,
    TagsSet,
)
from headrace.stores.base import TrackingStore
from headrace.stores.journal import JournalStore
from headrace.testing.stores.making import unique


class JournalledStore(TrackingStore, JournalStore):
    """What the suite's fixture gives."""


def started(run_id: str) -> RunStarted:
    return RunStarted(run_id, experiment_name=f"journalled-{run_id}", user_id="ada", start_time=5, tags={"team": "red"})


def points(run_id: str, first: int, count: int, key: str = "loss") -> list[JournalRecord]:
    return [PointsLogged(run_id, (key,), (step / 2,), step, 1000 + step) for step in range(first, first + count)]


class JournalStoreSuite:
    """All promises of `stores.journal.JournalStore`. Fixture: `journalled`."""

    def test_records_of_each_kind_arrive(self, journalled: JournalledStore) -> None:
        run_id, writer = unique(), unique()
        model = journalled.create_logged_model("0")
        dataset = Dataset(f"data-{run_id}", "d1", "local", "{}")
        records: list[JournalRecord] = [
            started(run_id),
            ParamsLogged(run_id, {"lr": "0.1", "depth": "3"}),
            TagsSet(run_id, {"a": "1", "b": "2"}),
            TagRemoved(run_id, "a"),
            PointsLogged(run_id, ("loss", "acc"), (0.5, float("nan")), 3, 1000, model.model_id, "data", "d1"),
            PointsLogged(run_id, ("loss",), (float("inf"),), -4, 2000),
            InputsLogged(run_id, [DatasetInput(dataset, [InputTag("k", "v")])], [LoggedModelInput(model.model_id)]),
            OutputsLogged(run_id, [LoggedModelOutput(model.model_id, 3)]),
            RunUpdated(run_id, "FINISHED", 99, "renamed"),
        ]
        assert journalled.append_journal(writer, 1, records) == JournalMark(len(records))
        run = journalled.get_run(run_id)
        experiment = journalled.get_experiment_by_name(f"journalled-{run_id}")
        assert experiment is not None
        assert run.info.experiment_id == experiment.experiment_id
        assert (run.info.status, run.info.end_time, run.info.run_name) == ("FINISHED", 99, "renamed")
        assert (run.info.user_id, run.info.start_time) == ("ada", 5)
        assert run.data.params == {"lr": "0.1", "depth": "3"}
        assert run.data.tags == {"team": "red", "b": "2", "mlflow.runName": "renamed"}
        assert run.data.metrics["loss"] == 0.5
        assert [(point.step, point.timestamp) for point in journalled.get_metric_history(run_id, "loss")] == [
            (3, 1000),
            (-4, 2000),
        ]
        assert [each.dataset.digest for each in run.inputs.dataset_inputs] == ["d1"]
        assert run.outputs.model_outputs == [LoggedModelOutput(model.model_id, 3)]
        measured = journalled.get_logged_model(model.model_id).metrics or []
        assert sorted(point.key for point in measured) == ["acc", "loss"]

    def test_what_is_sent_again_changes_nothing(self, journalled: JournalledStore) -> None:
        run_id, writer = unique(), unique()
        model = journalled.create_logged_model("0")
        made = [started(run_id), *points(run_id, 0, 3), OutputsLogged(run_id, [LoggedModelOutput(model.model_id, 0)])]
        assert journalled.append_journal(writer, 1, made).mark == 5
        assert journalled.append_journal(writer, 1, made).mark == 5
        assert journalled.append_journal(writer, 4, [*made[3:], *points(run_id, 3, 2)]).mark == 7
        assert journalled.append_journal(writer, 2, made[1:3]).mark == 7
        assert journalled.journal_mark(writer) == 7
        assert [point.step for point in journalled.get_metric_history(run_id, "loss")] == [0, 1, 2, 3, 4]
        assert len(journalled.get_run(run_id).outputs.model_outputs) == 1

    def test_gap_is_answered_with_the_mark(self, journalled: JournalledStore) -> None:
        run_id, writer = unique(), unique()
        assert journalled.journal_mark(writer) == 0
        assert journalled.append_journal(writer, 2, [started(run_id)]) == JournalMark(0)
        journalled.append_journal(writer, 1, [started(run_id)])
        assert journalled.append_journal(writer, 3, points(run_id, 0, 4)) == JournalMark(1)
        assert journalled.get_metric_history(run_id, "loss") == []

    @pytest.mark.parametrize("place", [0, 1, 700, 1999, 2000])
    def test_refused_record_is_named_and_passed(self, journalled: JournalledStore, place: int) -> None:
        run_id, writer = unique(), unique()
        journalled.append_journal(writer, 1, [started(run_id), ParamsLogged(run_id, {"lr": "0.1"})])
        records = points(run_id, 0, 2000)
        records.insert(place, ParamsLogged(run_id, {"lr": "0.2"}))
        answer = journalled.append_journal(writer, 3, records)
        assert answer.mark == 2003
        assert [(each.record_id, each.error_code) for each in answer.refused] == [
            (3 + place, "INVALID_PARAMETER_VALUE")
        ]
        assert "lr" in answer.refused[0].message
        assert len(journalled.get_metric_history(run_id, "loss")) == 2000
        assert journalled.get_run(run_id).data.params == {"lr": "0.1"}

    def test_refused_point_among_joined_ones_takes_no_other_with_it(self, journalled: JournalledStore) -> None:
        run_id, writer = unique(), unique()
        nobody = PointsLogged(run_id, ("loss",), (1.0,), 99, 1099, "m-" + "0" * 32)
        gone = points(unique(), 0, 2)
        sent = [started(run_id), *points(run_id, 0, 5), nobody, *points(run_id, 5, 5), *gone, *points(run_id, 10, 1)]
        answer = journalled.append_journal(writer, 1, sent)
        assert answer.mark == len(sent)
        assert [each.record_id for each in answer.refused] == [7, 13, 14]
        assert [point.step for point in journalled.get_metric_history(run_id, "loss")] == list(range(11))

    def test_run_that_is_there_is_taken_as_it_is(self, journalled: JournalledStore) -> None:
        run = journalled.create_run("0", "bob", 7)
        record = RunStarted(run.info.run_id, experiment_id="0", user_id="ada")
        assert journalled.append_journal(unique(), 1, [record]) == JournalMark(1)
        assert journalled.get_run(run.info.run_id).info.user_id == "bob"

    def test_writers_of_one_run_dont_know_of_each_other(self, journalled: JournalledStore) -> None:
        run_id = unique()
        journalled.append_journal(unique(), 1, [started(run_id)])
        writers = [unique() for _ in range(4)]

        def send(rank: int) -> None:
            for first in range(0, 200, 50):
                journalled.append_journal(writers[rank], 1 + first, points(run_id, first, 50, f"rank{rank}"))
                journalled.append_journal(writers[rank], 1 + first, points(run_id, first, 50, f"rank{rank}"))

        threads = [threading.Thread(target=send, args=(rank,)) for rank in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for rank in range(4):
            assert journalled.journal_mark(writers[rank]) == 200
            assert len(journalled.get_metric_history(run_id, f"rank{rank}")) == 200

    def test_one_writers_request_sent_twice_at_once_counts_once(self, journalled: JournalledStore) -> None:
        run_id, writer = unique(), unique()
        model = journalled.create_logged_model("0")
        sent = [started(run_id), *(OutputsLogged(run_id, [LoggedModelOutput(model.model_id, n)]) for n in range(20))]
        threads = [threading.Thread(target=journalled.append_journal, args=(writer, 1, sent)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [each.step for each in journalled.get_run(run_id).outputs.model_outputs] == list(range(20))
