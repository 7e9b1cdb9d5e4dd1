from __future__ import annotations

import math

import pytest

from headrace.entities import LoggedModel, Metric, Rewind
from headrace.entities.journal import (
    JournalRecord,
    ParamCorrected,
    ParamsLogged,
    PointsLogged,
    RunRewound,
    RunStarted,
    RunUpdated,
)
from headrace.errors import HeadraceError
from headrace.stores.amendments import AmendmentStore
from headrace.stores.base import TrackingStore
from headrace.stores.journal import JournalStore
from headrace.testing.stores.making import unique

START_MS = 1_700_000_000_000


class AmendedStore(TrackingStore, JournalStore, AmendmentStore):
    """What the suite's fixture gives."""


class Process:
    """A writer that opened its journal so many seconds after the start of time, as these tests have it."""

    def __init__(self, store: AmendedStore, run_id: str, at_s: int) -> None:
        self.store, self.run_id = store, run_id
        self.writer_id = f"{START_MS + at_s * 1000:012x}{unique()[-20:]}"
        self.sent = 0

    def send(self, *records: JournalRecord) -> None:
        answer = self.store.append_journal(self.writer_id, self.sent + 1, records)
        self.sent += len(records)
        assert (answer.mark, answer.refused) == (self.sent, [])

    def log(self, first: int, last: int, value: float, key: str = "loss", model_id: str | None = None) -> None:
        self.send(*(logged(self.run_id, step, value, key, model_id) for step in range(first, last + 1)))

    def rewind(self, step: int, at_s: int, who: str = "ada") -> None:
        self.send(RunRewound(self.run_id, step, START_MS + at_s * 1000, who))

    def join(self, at_s: int) -> None:
        self.send(RunUpdated(self.run_id, "RUNNING", joined_ms=START_MS + at_s * 1000))


def logged(run_id: str, step: int, value: float, key: str = "loss", model_id: str | None = None) -> PointsLogged:
    return PointsLogged(run_id, (key,), (value,), step, 10_000 + step, model_id)


class AmendmentSuite:
    """All promises of `stores.amendments`. Fixture: `amended`."""

    @pytest.fixture
    def run_id(self, amended: AmendedStore) -> str:
        run_id = unique()
        started = RunStarted(run_id, experiment_name=f"amended-{run_id}", start_time=5)
        amended.append_journal(f"{START_MS:012x}{unique()[-20:]}", 1, [started])
        return run_id

    def test_points_after_the_step_are_hidden_and_new_ones_take_their_place(
        self, amended: AmendedStore, run_id: str
    ) -> None:
        old, new = Process(amended, run_id, 1), Process(amended, run_id, 100)
        old.log(0, 9, 1.0)
        new.rewind(5, 101)
        assert steps(amended, run_id) == dict.fromkeys(range(6), 1.0)
        new.log(6, 7, 2.0)
        assert steps(amended, run_id) == {**dict.fromkeys(range(6), 1.0), 6: 2.0, 7: 2.0}
        rewound = amended.list_rewinds(run_id)
        assert rewound == [Rewind(rewound[0].rewind_id, run_id, 5, START_MS + 101_000, "ada", {"loss": 4})]
        hidden = amended.hidden_points(run_id, "loss")
        assert [(point.step, point.value) for point in hidden] == [(6, 1.0), (7, 1.0), (8, 1.0), (9, 1.0)]

    def test_changes_say_how_often_the_run_went_back(self, amended: AmendedStore, run_id: str) -> None:
        cursor = amended.changes().cursor
        old, new = Process(amended, run_id, 1), Process(amended, run_id, 100)

        def rewinds() -> list[int]:
            return [each.rewinds for each in amended.changes(cursor).runs if each.run_id == run_id]

        old.log(0, 9, 1.0)
        assert rewinds() == [0]
        new.rewind(5, 101)
        new.rewind(2, 102)
        assert rewinds() == [2]

    def test_every_reader_sees_the_run_as_it_goes_on(self, amended: AmendedStore, run_id: str) -> None:
        old, new = Process(amended, run_id, 1), Process(amended, run_id, 100)
        for step, value in enumerate((5.0, 9.0, 4.0, 100.0, -100.0)):
            old.log(step, step, value)
        new.rewind(2, 101)
        run = amended.get_run(run_id)
        assert [(point.key, point.value, point.step) for point in run.data.latest] == [("loss", 4.0, 2)]
        experiments = [run.info.experiment_id]
        assert [each.info.run_id for each in amended.search_runs(experiments, "metrics.loss = 4")] == [run_id]
        assert amended.search_runs(experiments, "metrics.loss = -100") == []
        assert [point.step for point in amended.get_metric_history_bulk([run_id], "loss", 10)] == [0, 1, 2]
        assert [point.step for point in amended.get_metric_history_interval([run_id], "loss", 10)] == [0, 1, 2]
        (drawn,) = amended.chart([run_id], ["loss"], buckets=1)
        assert (drawn.total, drawn.last, drawn.minimum, drawn.maximum) == (3, [4.0], [4.0], [9.0])
        (group,) = amended.aggregate_runs(experiments, [], ["loss"])
        assert (group.metrics["loss"].maximum, group.metrics["loss"].minimum) == (4.0, 4.0)
        changed = amended.changes().cursor
        new.rewind(1, 102)
        assert [each.run_id for each in amended.changes(changed, experiments).runs] == [run_id]

    def test_metric_without_points_left_is_none_of_the_runs(self, amended: AmendedStore, run_id: str) -> None:
        Process(amended, run_id, 1).log(3, 5, 1.0, "late")
        new = Process(amended, run_id, 100)
        new.rewind(2, 101)
        run = amended.get_run(run_id)
        assert run.data.latest == []
        assert amended.search_runs([run.info.experiment_id], "metrics.late > 0") == []
        assert amended.chart([run_id], ["late"]) == []
        new.log(3, 3, 7.0, "late")
        assert steps(amended, run_id, "late") == {3: 7.0}

    def test_negative_steps_and_nan_are_points_as_any(self, amended: AmendedStore, run_id: str) -> None:
        old, new = Process(amended, run_id, 1), Process(amended, run_id, 100)
        old.log(-3, -3, math.nan)
        old.log(-2, -1, math.nan)
        new.rewind(-3, 101)
        (point,) = amended.get_run(run_id).data.latest
        assert (point.step, math.isnan(point.value)) == (-3, True)
        assert [point.step for point in amended.hidden_points(run_id, "loss")] == [-2, -1]

    def test_metrics_of_the_machine_stay(self, amended: AmendedStore, run_id: str) -> None:
        Process(amended, run_id, 1).log(0, 9, 50.0, "system/cpu_utilization_percentage")
        Process(amended, run_id, 100).rewind(3, 101)
        assert len(steps(amended, run_id, "system/cpu_utilization_percentage")) == 10
        assert amended.list_rewinds(run_id)[0].points == {}

    def test_points_that_a_killed_process_left_are_hidden_as_they_come(
        self, amended: AmendedStore, run_id: str
    ) -> None:
        old, new = Process(amended, run_id, 1), Process(amended, run_id, 100)
        old.log(0, 4, 1.0)
        new.rewind(3, 101)
        new.log(4, 6, 2.0)
        old.log(5, 9, 1.0)
        old.log(2, 4, 1.5, "accuracy")
        assert steps(amended, run_id) == {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0, 4: 2.0, 5: 2.0, 6: 2.0}
        assert steps(amended, run_id, "accuracy") == {2: 1.5, 3: 1.5}
        assert [point.step for point in amended.hidden_points(run_id, "loss")] == [4, 5, 6, 7, 8, 9]
        assert amended.list_rewinds(run_id)[0].points == {"accuracy": 1, "loss": 6}

    def test_late_points_of_many_keys_are_hidden_too(self, amended: AmendedStore, run_id: str) -> None:
        old, new = Process(amended, run_id, 1), Process(amended, run_id, 100)
        keys = tuple(f"layer{i}" for i in range(80))
        wide = [PointsLogged(run_id, keys, (float(step),) * 80, step, 10_000 + step) for step in range(40)]
        old.send(*wide[:35])
        new.rewind(19, 101)
        new.send(PointsLogged(run_id, keys, (-1.0,) * 80, 20, 20_000))
        old.send(*wide[35:])
        assert steps(amended, run_id, "layer79") == {**{step: float(step) for step in range(20)}, 20: -1.0}
        assert {point.value for point in amended.get_run(run_id).data.latest} == {-1.0}
        assert amended.list_rewinds(run_id)[0].points == dict.fromkeys(sorted(keys), 20)

    def test_who_joins_after_the_rewind_is_seen(self, amended: AmendedStore, run_id: str) -> None:
        rank0, rank1, rank2 = (Process(amended, run_id, at_s) for at_s in (100, 99, 98))
        rank0.log(0, 5, 1.0)
        rank1.join(102)
        rank0.rewind(3, 101)
        rank1.log(4, 4, 2.0)
        rank2.log(5, 5, 3.0)
        rank2.join(103)
        rank2.log(6, 6, 4.0)
        assert steps(amended, run_id) == {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0, 4: 2.0, 6: 4.0}
        assert [(point.step, point.value) for point in amended.hidden_points(run_id, "loss")] == [
            (4, 1.0),
            (5, 1.0),
            (5, 3.0),
        ]

    def test_points_without_a_journal_are_logged_when_they_come(self, amended: AmendedStore, run_id: str) -> None:
        Process(amended, run_id, 100).rewind(3, 101)
        amended.log_batch(run_id, [Metric("loss", 8.0, 1, 9)])
        assert steps(amended, run_id) == {9: 8.0}

    def test_rewind_after_rewind(self, amended: AmendedStore, run_id: str) -> None:
        first, second, third = (Process(amended, run_id, at_s) for at_s in (1, 100, 200))
        first.log(0, 9, 1.0)
        second.rewind(5, 101)
        second.log(6, 9, 2.0)
        third.rewind(3, 201)
        third.log(4, 7, 3.0)
        assert steps(amended, run_id) == {**dict.fromkeys(range(4), 1.0), **dict.fromkeys(range(4, 8), 3.0)}
        one, two = amended.list_rewinds(run_id)
        assert (one.step, one.points, two.step, two.points) == (5, {"loss": 4}, 3, {"loss": 6})
        hidden = amended.hidden_points(run_id, "loss", two.rewind_id)
        assert [(point.step, point.value) for point in hidden] == [
            (4, 1.0),
            (5, 1.0),
            *((step, 2.0) for step in range(6, 10)),
        ]
        assert len(amended.hidden_points(run_id, "loss")) == 10
        first.log(10, 10, 1.0)
        second.log(4, 4, 2.0)
        assert [each.points for each in amended.list_rewinds(run_id)] == [{"loss": 5}, {"loss": 7}]
        third.rewind(4, 202)
        third.log(5, 5, 4.0)
        assert steps(amended, run_id) == {**dict.fromkeys(range(4), 1.0), 4: 3.0, 5: 4.0}

    def test_rewind_that_comes_late_hides_what_later_ones_left(self, amended: AmendedStore, run_id: str) -> None:
        first, second, third = (Process(amended, run_id, at_s) for at_s in (1, 100, 200))
        first.log(0, 9, 1.0)
        third.rewind(7, 201)
        third.log(8, 10, 3.0)
        second.rewind(5, 101)
        second.log(6, 9, 2.0)
        assert steps(amended, run_id) == {
            **dict.fromkeys(range(6), 1.0),
            **dict.fromkeys(range(6, 8), 2.0),
            **dict.fromkeys(range(8, 11), 3.0),
        }
        assert [(each.step, each.points) for each in amended.list_rewinds(run_id)] == [
            (5, {"loss": 2}),
            (7, {"loss": 4}),
        ]

    def test_rewind_that_is_sent_again_changes_nothing(self, amended: AmendedStore, run_id: str) -> None:
        new = Process(amended, run_id, 100)
        records: list[JournalRecord] = [
            logged(run_id, 4, 1.0),
            RunRewound(run_id, 3, START_MS + 101_000),
            logged(run_id, 4, 2.0),
        ]
        new.send(*records)
        assert amended.append_journal(new.writer_id, 1, records).mark == 3
        assert amended.append_journal(new.writer_id, 2, [*records[1:], logged(run_id, 5, 2.0)]).mark == 4
        assert steps(amended, run_id) == {4: 2.0, 5: 2.0}
        assert len(amended.list_rewinds(run_id)) == 1

    def test_models_have_what_the_run_has(self, amended: AmendedStore, run_id: str) -> None:
        old, new = Process(amended, run_id, 1), Process(amended, run_id, 100)
        model: LoggedModel = amended.create_logged_model("0")
        old.log(0, 5, 1.0, model_id=model.model_id)
        new.rewind(3, 101)
        new.log(4, 4, 2.0, model_id=model.model_id)
        old.log(6, 6, 1.0, model_id=model.model_id)
        (latest,) = amended.get_logged_model(model.model_id).metrics or []
        assert (latest.step, latest.value) == (4, 2.0)
        hidden = amended.hidden_points(run_id, "loss")
        assert [(point.step, point.model_id) for point in hidden] == [(step, model.model_id) for step in (4, 5, 6)]

    def test_status_of_who_was_there_before_is_passed_over(self, amended: AmendedStore, run_id: str) -> None:
        old, new = Process(amended, run_id, 1), Process(amended, run_id, 100)
        new.rewind(3, 101)
        new.join(101)
        old.send(RunUpdated(run_id, "KILLED", 99))
        assert amended.get_run(run_id).info.status == "RUNNING"
        new.send(RunUpdated(run_id, "FINISHED", 100))
        info = amended.get_run(run_id).info
        assert (info.status, info.end_time) == ("FINISHED", 100)

    def test_hidden_points_come_in_pages(self, amended: AmendedStore, run_id: str) -> None:
        old, new = Process(amended, run_id, 1), Process(amended, run_id, 100)
        old.log(0, 12, 1.0)
        new.rewind(9, 101)
        new.rewind(4, 102)
        found: list[int] = []
        token = None
        while True:
            page = amended.hidden_points(run_id, "loss", None, 2, token)
            found += [point.step for point in page]
            token = page.token
            if token is None:
                break
        assert found == [10, 11, 12, 5, 6, 7, 8, 9]
        assert amended.hidden_points(run_id, "nothing") == []
        with pytest.raises(HeadraceError) as refused:
            amended.hidden_points(run_id, "loss", None, 2, "garbage")
        assert refused.value.error_code == "INVALID_PARAMETER_VALUE"

    def test_unknown_run_or_rewind_is_told(self, amended: AmendedStore, run_id: str) -> None:
        Process(amended, run_id, 100).rewind(3, 101)
        for ask in (amended.list_rewinds, amended.param_corrections, lambda one: amended.hidden_points(one, "loss")):
            with pytest.raises(HeadraceError) as unknown:
                ask(unique())
            assert unknown.value.error_code == "RESOURCE_DOES_NOT_EXIST"
        with pytest.raises(HeadraceError) as unknown:
            amended.hidden_points(run_id, "loss", 1 << 40)
        assert unknown.value.error_code == "RESOURCE_DOES_NOT_EXIST"

    def test_run_that_is_gone_is_not_rewound(self, amended: AmendedStore, run_id: str) -> None:
        new = Process(amended, run_id, 100)
        new.log(0, 5, 1.0)
        amended.delete_run(run_id)
        answer = amended.append_journal(new.writer_id, 7, [RunRewound(run_id, 3, START_MS)])
        assert [each.error_code for each in answer.refused] == ["INVALID_PARAMETER_VALUE"]
        assert amended.list_rewinds(run_id) == []

    def test_corrected_param_has_the_new_value_and_keeps_the_old_one(self, amended: AmendedStore, run_id: str) -> None:
        process = Process(amended, run_id, 1)
        process.send(ParamsLogged(run_id, {"lr": "0.1", "depth": "3"}))
        process.send(ParamCorrected(run_id, "lr", "0.01", 77, "ada", "a slip"))
        process.send(ParamCorrected(run_id, "lr", "0.02", 78, "bob"), ParamCorrected(run_id, "lr", "0.02", 79, "bob"))
        run = amended.get_run(run_id)
        assert run.data.params == {"lr": "0.02", "depth": "3"}
        corrections = amended.param_corrections(run_id)
        assert [(each.key, each.old, each.new, each.corrected_ms, each.who, each.reason) for each in corrections] == [
            ("lr", "0.1", "0.01", 77, "ada", "a slip"),
            ("lr", "0.01", "0.02", 78, "bob", ""),
        ]
        experiments = [run.info.experiment_id]
        assert [each.info.run_id for each in amended.search_runs(experiments, "params.lr = '0.02'")] == [run_id]
        assert amended.search_runs(experiments, "params.lr = '0.1'") == []
        process.send(ParamsLogged(run_id, {"lr": "0.02"}))
        answer = amended.append_journal(process.writer_id, process.sent + 1, [ParamsLogged(run_id, {"lr": "0.1"})])
        assert len(answer.refused) == 1

    def test_param_that_is_not_there_is_not_corrected(self, amended: AmendedStore, run_id: str) -> None:
        answer = amended.append_journal(unique(), 1, [ParamCorrected(run_id, "lr", "0.1", 1)])
        (refused,) = answer.refused
        assert refused.error_code == "RESOURCE_DOES_NOT_EXIST"
        assert "log_param" in refused.message
        assert amended.param_corrections(run_id) == []


def steps(store: TrackingStore, run_id: str, key: str = "loss") -> dict[int, float]:
    points = store.get_metric_history(run_id, key)
    assert len({point.step for point in points}) == len(points)
    return {point.step: point.value for point in points}
