from __future__ import annotations

import pytest

from headrace import clock
from headrace.entities import LoggedModelParameter, LoggedModelStatus, LoggedModelTag, Metric
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    NAN,
    ODD_TEXTS,
    invalid,
    missing,
    new_experiment,
    new_run,
    plain,
    point,
    violated,
)


class LoggedModelSuite:
    def test_created_model_is_read_back(self, store: TrackingStore) -> None:
        experiment, before = new_experiment(store), clock.now_ms()
        run_id = new_run(store, experiment)
        made = store.create_logged_model(
            experiment,
            "net",
            run_id,
            [LoggedModelTag("t", "1")],
            [LoggedModelParameter("p", "2"), LoggedModelParameter("a//b", "")],
            "sklearn",
        )
        read = store.get_logged_model(made.model_id)
        assert read == made
        assert made.model_id.startswith("m-")
        assert len(made.model_id) == 34
        assert (made.name, made.experiment_id, made.source_run_id) == ("net", experiment, run_id)
        assert (made.model_type, made.status) == ("sklearn", LoggedModelStatus.PENDING)
        assert (made.tags, made.params) == ({"t": "1"}, {"p": "2", "a//b": ""})
        location = store.get_experiment(experiment).artifact_location
        assert made.artifact_location == f"{location}/models/{made.model_id}/artifacts"
        assert before <= made.creation_timestamp == made.last_updated_timestamp <= clock.now_ms()
        assert (made.metrics or []) == []

    def test_model_without_name_gets_one(self, store: TrackingStore) -> None:
        made = store.create_logged_model("0")
        assert len(made.name.split("-")) == 3
        assert (made.model_type, made.source_run_id, made.tags, made.params) == (None, None, {}, {})

    @pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "a\x00", "n" * 501])
    def test_bad_model_name_is_refused(self, store: TrackingStore, name: str) -> None:
        with invalid("name"):
            store.create_logged_model("0", name)

    def test_repeated_keys_at_creation_are_refused(self, store: TrackingStore) -> None:
        with violated("twice"):
            store.create_logged_model("0", params=[LoggedModelParameter("p", "1")] * 2)
        with violated("twice"):
            store.create_logged_model("0", tags=[LoggedModelTag("t", "1")] * 2)

    @pytest.mark.parametrize("status", [LoggedModelStatus.READY, LoggedModelStatus.FAILED])
    def test_finalize(self, store: TrackingStore, status: LoggedModelStatus) -> None:
        model_id = store.create_logged_model("0").model_id
        done = store.finalize_logged_model(model_id, status)
        assert done.status == status
        assert done.last_updated_timestamp >= done.creation_timestamp
        assert store.get_logged_model(model_id) == done

    def test_finalize_needs_a_status(self, store: TrackingStore) -> None:
        with invalid("status"):
            store.finalize_logged_model(store.create_logged_model("0").model_id, LoggedModelStatus.UNSPECIFIED)

    def test_deleted_model_is_hidden(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        model_id = store.create_logged_model(experiment).model_id
        store.delete_logged_model(model_id)
        assert store.get_logged_model(model_id, allow_deleted=True).model_id == model_id
        assert store.search_logged_models([experiment]) == []
        with missing(model_id):
            store.get_logged_model(model_id)

    def test_deleted_model_is_written_as_ever(self, store: TrackingStore) -> None:
        """As in MLflow: what a training process still has to say about it isn't lost."""
        model_id = store.create_logged_model("0").model_id
        store.delete_logged_model(model_id)
        store.set_logged_model_tags(model_id, [LoggedModelTag("a", "b"), LoggedModelTag("c", "d")])
        store.delete_logged_model_tag(model_id, "c")
        store.log_logged_model_params(model_id, [LoggedModelParameter("a", "b")])
        assert store.finalize_logged_model(model_id, LoggedModelStatus.READY).status is LoggedModelStatus.READY
        store.delete_logged_model(model_id)
        found = store.get_logged_model(model_id, allow_deleted=True)
        assert (found.tags, found.params, found.status) == ({"a": "b"}, {"a": "b"}, LoggedModelStatus.READY)

    def test_unknown_model_is_missing_for_every_call(self, store: TrackingStore) -> None:
        unknown = "m-" + clock.hex_id()
        for call in (
            lambda: store.get_logged_model(unknown),
            lambda: store.get_logged_model(unknown, allow_deleted=True),
            lambda: store.finalize_logged_model(unknown, LoggedModelStatus.READY),
            lambda: store.set_logged_model_tags(unknown, [LoggedModelTag("a", "b")]),
            lambda: store.log_logged_model_params(unknown, [LoggedModelParameter("a", "b")]),
            lambda: store.delete_logged_model_tag(unknown, "a"),
            lambda: store.delete_logged_model(unknown),
        ):
            with missing(unknown):
                call()

    def test_params_are_written_once(self, store: TrackingStore) -> None:
        model_id = store.create_logged_model("0", params=[LoggedModelParameter("a", "1")]).model_id
        store.log_logged_model_params(model_id, [LoggedModelParameter("b", "2"), LoggedModelParameter("c", "3")])
        for repeated in ("a", "b"):
            with violated(repeated):
                store.log_logged_model_params(
                    model_id, [LoggedModelParameter("new", "1"), LoggedModelParameter(repeated, "1")]
                )
        assert store.get_logged_model(model_id).params == {"a": "1", "b": "2", "c": "3"}

    def test_tags_are_overwritten_and_deleted(self, store: TrackingStore) -> None:
        model_id = store.create_logged_model("0", tags=[LoggedModelTag("a", "1")]).model_id
        store.set_logged_model_tags(
            model_id, [LoggedModelTag("a", "2"), LoggedModelTag("b", "3"), LoggedModelTag("b", "4")]
        )
        assert store.get_logged_model(model_id).tags == {"a": "2", "b": "4"}
        store.delete_logged_model_tag(model_id, "a")
        assert store.get_logged_model(model_id).tags == {"b": "4"}
        with missing("a"):
            store.delete_logged_model_tag(model_id, "a")

    def test_values_keep_every_character(self, store: TrackingStore) -> None:
        tags = [LoggedModelTag(f"t{i}", text) for i, text in enumerate(ODD_TEXTS)]
        params = [LoggedModelParameter(f"p{i}", text) for i, text in enumerate(ODD_TEXTS)]
        read = store.get_logged_model(store.create_logged_model("0", tags=tags, params=params).model_id)
        assert [read.tags[f"t{i}"] for i in range(len(ODD_TEXTS))] == ODD_TEXTS
        assert [read.params[f"p{i}"] for i in range(len(ODD_TEXTS))] == ODD_TEXTS

    def test_metrics_are_the_latest_per_key_dataset_and_run(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        runs = [new_run(store, experiment) for _ in range(2)]
        model_id = store.create_logged_model(experiment).model_id
        for run_id in runs:
            store.log_batch(
                run_id,
                [
                    point("acc", 0.1, 1, 1, model_id=model_id),
                    point("acc", 0.2, 2, 2, model_id=model_id),
                    point("acc", 0.3, 3, 3, model_id=model_id, dataset_name="iris", dataset_digest="1"),
                    point("acc", NAN, 4, 4, model_id=model_id, dataset_name="iris", dataset_digest="2"),
                    point("acc", 0.9, 9, 9),
                ],
            )
        measured = store.get_logged_model(model_id).metrics or []
        assert {each.model_id for each in measured} == {model_id}
        for run_id in runs:
            own = sorted((each for each in measured if each.run_id == run_id), key=lambda each: each.step)
            assert plain(own) == [(0.2, 2, 2), (0.3, 3, 3), ("NaN", 4, 4)]
            assert [(each.dataset_name, each.dataset_digest) for each in own] == [
                (None, None),
                ("iris", "1"),
                ("iris", "2"),
            ]
        assert len(measured) == 6

    def test_repeated_point_of_a_model_counts_once(self, store: TrackingStore) -> None:
        run_id = new_run(store, "0")
        model_id = store.create_logged_model("0").model_id
        for _ in range(3):
            store.log_batch(run_id, [point("acc", 0.5, model_id=model_id), point("n", NAN, model_id=model_id)])
        assert sorted(each.key for each in store.get_logged_model(model_id).metrics or []) == ["acc", "n"]

    def test_models_are_the_callers_own(self, store: TrackingStore) -> None:
        made = store.create_logged_model("0", tags=[LoggedModelTag("a", "b")])
        made.tags["a"] = "spoilt"
        (store.get_logged_model(made.model_id).metrics or []).append(Metric("m", 1.0, 1))
        read = store.get_logged_model(made.model_id)
        assert (read.tags, read.metrics or []) == ({"a": "b"}, [])
