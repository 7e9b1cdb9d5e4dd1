from __future__ import annotations

import json

import pytest

from headrace import clock
from headrace.entities import LoggedModelOutput, RunTag
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    INT64_MAX,
    ODD_TEXTS,
    UNSTORABLE_TEXTS,
    dataset,
    invalid,
    missing,
    new_experiment,
    new_run,
    params,
    point,
    tags,
    violated,
)

NAME_TAG = "mlflow.runName"


class RunSuite:
    def test_created_run_is_read_back(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        made = store.create_run(experiment, "ann", 1_700_000_000_123, tags(a="1", b=""), "first run")
        info = made.info
        assert store.get_run(info.run_id) == made
        assert len(info.run_id) == 32
        assert set(info.run_id) <= set("0123456789abcdef")
        assert (info.experiment_id, info.user_id, info.status) == (experiment, "ann", "RUNNING")
        assert (info.start_time, info.end_time) == (1_700_000_000_123, None)
        assert (info.lifecycle_stage, info.run_name) == ("active", "first run")
        location = store.get_experiment(experiment).artifact_location
        assert info.artifact_uri == f"{location}/{info.run_id}/artifacts"
        assert made.data.tags == {"a": "1", "b": "", NAME_TAG: "first run"}
        assert (made.data.latest, made.data.params) == ([], {})
        assert made.inputs.dataset_inputs == []
        assert made.outputs.model_outputs == []

    def test_run_without_name_gets_one_and_start_defaults_to_zero(self, store: TrackingStore) -> None:
        runs = [store.create_run("0") for _ in range(3)]
        for run in runs:
            assert len(run.info.run_name.split("-")) == 3
            assert run.data.tags == {NAME_TAG: run.info.run_name}
            assert run.info.start_time == 0

    def test_name_may_come_as_tag(self, store: TrackingStore) -> None:
        tag = [RunTag(NAME_TAG, "by tag")]
        assert store.create_run("0", tags=tag).info.run_name == "by tag"
        assert store.create_run("0", tags=tag, run_name="by tag").info.run_name == "by tag"
        with invalid("run_name", "by tag"):
            store.create_run("0", tags=tag, run_name="other")

    def test_tags_at_creation_need_not_follow_the_key_rules(self, store: TrackingStore) -> None:
        keys = ["a//b", "/x", "a%b", "..", "a\nb"]
        made = store.create_run("0", tags=[RunTag(key, "v") for key in keys])
        assert set(store.get_run(made.info.run_id).data.tags) == {*keys, NAME_TAG}

    def test_repeated_tag_key_at_creation_is_refused(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        with violated("twice"):
            store.create_run(experiment, tags=[RunTag("k", "1"), RunTag("k", "2")])
        assert store.count_runs([experiment]) == 0

    @pytest.mark.parametrize("text", UNSTORABLE_TEXTS)
    def test_text_that_no_database_can_hold_is_refused(self, store: TrackingStore, text: str) -> None:
        run_id = new_run(store)
        for write in (
            lambda: store.create_run("0", run_name=text),
            lambda: store.create_run("0", user_id=text),
            lambda: store.create_run("0", tags=[RunTag("k", text)]),
            lambda: store.create_run("0", tags=[RunTag(text, "v")]),
            lambda: store.update_run(run_id, run_name=text),
            lambda: store.log_batch(run_id, params=params(p=text)),
            lambda: store.log_batch(run_id, tags=tags(t=text)),
        ):
            with invalid():
                write()

    def test_names_and_values_keep_every_character(self, store: TrackingStore) -> None:
        for text in ODD_TEXTS:
            run_id = new_run(store, "0", run_name=f"n{text}", tags=[RunTag("at-creation", text)])
            store.log_batch(run_id, params=params(p=text), tags=tags(t=text))
            read = store.get_run(run_id)
            assert read.info.run_name == f"n{text}"
            assert read.data.params == {"p": text}
            assert read.data.tags == {"at-creation": text, "t": text, NAME_TAG: f"n{text}"}

    def test_given_run_id_is_kept_and_creating_it_again_changes_nothing(self, store: TrackingStore) -> None:
        experiment, run_id = new_experiment(store), clock.hex_id()
        first = store.create_run(experiment, "ann", 5, tags(a="1"), "one", run_id=run_id)
        assert first.info.run_id == run_id
        store.log_batch(run_id, params=params(p="1"))
        again = store.create_run(experiment, "bob", 9, tags(a="2"), "two", run_id=run_id)
        assert again == store.get_run(run_id)
        assert again.info == first.info
        assert again.data.params == {"p": "1"}
        assert store.count_runs([experiment]) == 1

    def test_given_run_id_of_another_experiment_is_refused(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        with invalid("run_id"):
            store.create_run(new_experiment(store), run_id=run_id)

    @pytest.mark.parametrize("run_id", ["-a", "a b", "a/b", "a" * 257, "é", "a\n"])
    def test_malformed_id_of_a_new_run_is_refused(self, store: TrackingStore, run_id: str) -> None:
        with invalid("run_id"):
            store.create_run("0", run_id=run_id)

    @pytest.mark.parametrize("start_time", [INT64_MAX + 1, -INT64_MAX - 2])
    def test_time_beyond_int64_is_refused(self, store: TrackingStore, start_time: int) -> None:
        with invalid("start_time"):
            store.create_run("0", start_time=start_time)
        with invalid("end_time"):
            store.update_run(new_run(store, "0"), end_time=start_time)

    def test_times_at_the_edge_of_int64_are_kept(self, store: TrackingStore) -> None:
        run_id = new_run(store, start_time=INT64_MAX)
        assert store.update_run(run_id, end_time=INT64_MAX).end_time == INT64_MAX
        assert store.get_run(run_id).info.start_time == INT64_MAX

    @pytest.mark.parametrize("end_time", [0, -5, 2**53 + 1])
    def test_any_end_time_is_kept(self, store: TrackingStore, end_time: int) -> None:
        run_id = new_run(store)
        assert store.update_run(run_id, end_time=end_time).end_time == end_time
        assert store.get_run(run_id).info.end_time == end_time

    @pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED", "SCHEDULED", "RUNNING"])
    def test_update_keeps_what_it_does_not_name(self, store: TrackingStore, status: str) -> None:
        run_id = new_run(store, start_time=3, run_name="one")
        assert store.update_run(run_id, status, 77).status == status
        assert store.update_run(run_id, run_name="").run_name == "one"
        info = store.update_run(run_id, run_name="two")
        assert info == store.get_run(run_id).info
        assert (info.status, info.start_time, info.end_time, info.run_name) == (status, 3, 77, "two")
        assert store.get_run(run_id).data.tags[NAME_TAG] == "two"

    def test_unknown_status_is_refused(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        with invalid("status", "DANCING"):
            store.update_run(run_id, "DANCING", run_name="new")
        assert store.get_run(run_id).info.run_name != "new"

    def test_name_tag_renames_the_run(self, store: TrackingStore) -> None:
        run_id = new_run(store, run_name="one")
        store.set_tag(run_id, RunTag(NAME_TAG, "two"))
        assert store.get_run(run_id).info.run_name == "two"
        store.log_batch(run_id, tags=[RunTag(NAME_TAG, "three"), RunTag(NAME_TAG, "four")])
        read = store.get_run(run_id)
        assert (read.info.run_name, read.data.tags[NAME_TAG]) == ("four", "four")

    def test_deleted_name_tag_leaves_the_name(self, store: TrackingStore) -> None:
        run_id = new_run(store, run_name="one")
        store.delete_tag(run_id, NAME_TAG)
        read = store.get_run(run_id)
        assert (read.info.run_name, read.data.tags) == ("one", {})
        experiment = read.info.experiment_id
        assert store.count_runs([experiment], "attributes.run_name = 'one'") == 0

    def test_delete_and_restore_are_idempotent(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        for stage, move in (("deleted", store.delete_run), ("active", store.restore_run)):
            move(run_id)
            move(run_id)
            assert store.get_run(run_id).info.lifecycle_stage == stage

    def test_deleted_run_refuses_every_write_and_keeps_its_data(self, store: TrackingStore) -> None:
        run_id = new_run(store, tags=tags(old="1"))
        store.log_batch(run_id, [point("m", 1.0)], params(p="1"))
        store.delete_run(run_id)
        before = store.get_run(run_id)
        for write in (
            lambda: store.update_run(run_id, "FINISHED"),
            lambda: store.log_metric(run_id, point("m", 2.0)),
            lambda: store.log_batch(run_id, params=params(p="1")),
            lambda: store.set_tag(run_id, RunTag("t", "1")),
            lambda: store.delete_tag(run_id, "old"),
            lambda: store.log_batch(run_id),
            lambda: store.log_inputs(run_id, [dataset("d")]),
            lambda: store.log_outputs(run_id, [LoggedModelOutput("m-1")]),
            lambda: store.record_model(run_id, MODEL_JSON),
        ):
            with invalid("active"):
                write()
        assert store.get_run(run_id) == before
        assert len(store.get_metric_history(run_id, "m")) == 1

    def test_unknown_run_is_missing_for_every_call(self, store: TrackingStore) -> None:
        unknown = clock.hex_id()
        for call in (
            lambda: store.get_run(unknown),
            lambda: store.update_run(unknown, "FINISHED"),
            lambda: store.delete_run(unknown),
            lambda: store.restore_run(unknown),
            lambda: store.log_batch(unknown),
            lambda: store.log_metric(unknown, point("m", 1.0)),
            lambda: store.log_param(unknown, params(p="1")[0]),
            lambda: store.set_tag(unknown, RunTag("t", "1")),
            lambda: store.delete_tag(unknown, "t"),
            lambda: store.log_inputs(unknown, [dataset("d")]),
            lambda: store.log_outputs(unknown, [LoggedModelOutput("m-1")]),
            lambda: store.record_model(unknown, MODEL_JSON),
        ):
            with missing(unknown):
                call()

    def test_run_ids_are_compared_exactly(self, store: TrackingStore) -> None:
        run_id = new_run(store, run_id=f"a{clock.hex_id()}")
        for other in (run_id.upper(), run_id + " ", run_id[:-1], "%", run_id[:-1] + "_"):
            with missing():
                store.get_run(other)

    def test_runs_are_the_callers_own(self, store: TrackingStore) -> None:
        run_id = new_run(store, tags=tags(a="b"))
        store.log_batch(run_id, [point("m", 1.0)], params(p="1"))
        read = store.get_run(run_id)
        read.data.tags.clear()
        read.data.params["p"] = "spoilt"
        read.data.latest.clear()
        again = store.get_run(run_id)
        assert again.data.tags["a"] == "b"
        assert again.data.params == {"p": "1"}
        assert again.data.metrics == {"m": 1.0}

    def test_recorded_models_are_listed_in_a_tag(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        for _ in range(2):
            store.record_model(run_id, MODEL_JSON)
        history = json.loads(store.get_run(run_id).data.tags["mlflow.log-model.history"])
        assert history == [json.loads(MODEL_JSON)] * 2
        for broken in ("", "{", "[]", "{}", '{"artifact_path": "a"}'):
            with invalid("model_json"):
                store.record_model(run_id, broken)

    def test_long_history_of_models_stays_whole(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        model = json.loads(MODEL_JSON) | {"flavors": {"a": "x" * 6000}}
        for _ in range(3):
            store.record_model(run_id, json.dumps(model))
        assert json.loads(store.get_run(run_id).data.tags["mlflow.log-model.history"]) == [model] * 3

    def test_runs_of_other_experiments_do_not_count(self, store: TrackingStore) -> None:
        first, second = new_experiment(store), new_experiment(store)
        runs = {new_run(store, first), new_run(store, second)}
        assert store.count_runs([first]) == 1
        assert store.count_runs([first, second, first]) == 2
        assert {run.info.run_id for run in store.search_runs([second, first])} == runs
        assert store.count_runs([]) == 0
        assert store.search_runs([]) == []
        assert store.search_runs(["987654321987", "9" * 30]) == []


MODEL_JSON = '{"artifact_path":"model","flavors":{"a":{"n":1}},"utc_time_created":"2026-01-01 00:00:00","run_id":"r"}'
