from __future__ import annotations

from typing import Any

import pytest

from headrace import clock
from headrace.entities import (
    Dataset,
    DatasetInput,
    DatasetSummary,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
)
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import dataset, invalid, new_experiment, new_run, violated


class InputSuite:
    def test_dataset_is_read_back_whole(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        given = DatasetInput(
            Dataset("iris", "abc123", "local", '{"uri": "é"}', '{"schema": []}', '{"rows": 3}'),
            [InputTag("mlflow.data.context", "train"), InputTag("extra", " é\n")],
        )
        bare = dataset("bare")
        store.log_inputs(run_id, [given, bare])
        read = {each.dataset.name: each for each in store.get_run(run_id).inputs.dataset_inputs}
        assert read["iris"].dataset == given.dataset
        assert {tag.key: tag.value for tag in read["iris"].tags} == {"mlflow.data.context": "train", "extra": " é\n"}
        assert read["bare"] == bare

    def test_same_dataset_again_keeps_the_first_tags(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        store.log_inputs(run_id, [dataset("iris", "1", "train")])
        store.log_inputs(run_id, [dataset("iris", "1", "eval"), dataset("iris", "2"), dataset("iris", "2", "late")])
        read = store.get_run(run_id).inputs.dataset_inputs
        assert {each.dataset.digest: [tag.value for tag in each.tags] for each in read} == {"1": ["train"], "2": []}
        assert len(read) == 2

    def test_dataset_is_kept_once_per_experiment(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        first, second = new_run(store, experiment), new_run(store, experiment)
        elsewhere = new_run(store)
        store.log_inputs(first, [dataset("iris", "1", "train", profile='"first"')])
        for run_id in (second, elsewhere):
            store.log_inputs(run_id, [dataset("iris", "1", "eval", profile='"second"')])
        profiles = {
            run_id: store.get_run(run_id).inputs.dataset_inputs[0].dataset.profile
            for run_id in (first, second, elsewhere)
        }
        assert profiles == {first: '"first"', second: '"first"', elsewhere: '"second"'}
        found = store.search_runs([experiment], "datasets.name = 'iris' AND datasets.context = 'eval'")
        assert [run.info.run_id for run in found] == [second]

    def test_summaries_are_distinct(self, store: TrackingStore) -> None:
        experiments = [new_experiment(store) for _ in range(2)]
        for experiment in experiments:
            for _ in range(2):
                store.log_inputs(new_run(store, experiment), [dataset("iris", "1", "train"), dataset("wine", "2")])
        store.log_inputs(new_run(store, experiments[0]), [dataset("iris", "1", "eval")])
        found = store.search_datasets(experiments)
        assert len(found) == 5
        assert set(found) == {
            DatasetSummary(experiments[0], "iris", "1", "train"),
            DatasetSummary(experiments[0], "iris", "1", "eval"),
            DatasetSummary(experiments[0], "wine", "2", None),
            DatasetSummary(experiments[1], "iris", "1", "train"),
            DatasetSummary(experiments[1], "wine", "2", None),
        }
        assert store.search_datasets([new_experiment(store)]) == []

    @pytest.mark.parametrize("ids", [[], [str(i) for i in range(21)], ["abc"]])
    def test_summaries_of_one_to_twenty_experiments(self, store: TrackingStore, ids: list[str]) -> None:
        with invalid("experiment_id"):
            store.search_datasets(ids)

    @pytest.mark.parametrize(
        "change",
        [
            {"name": ""},
            {"digest": ""},
            {"source_type": ""},
            {"source": ""},
            {"name": "n" * 501},
            {"digest": "d" * 37},
            {"source": "s" * 65_536},
            {"schema": "s" * 1_048_576},
            {"profile": "p" * 16_777_216},
            {"name": "a\x00"},
        ],
        ids=lambda change: next(f"{key} of {len(value)}" for key, value in change.items()),
    )
    def test_bad_dataset_writes_nothing(self, store: TrackingStore, change: dict[str, str]) -> None:
        run_id = new_run(store)
        fields: dict[str, Any] = {"name": "d", "digest": "1", "source_type": "local", "source": "s"}
        with invalid(next(iter(change))):
            store.log_inputs(run_id, [dataset("fine"), DatasetInput(Dataset(**fields | change))])
        assert store.get_run(run_id).inputs.dataset_inputs == []

    @pytest.mark.parametrize(("key", "value"), [("k" * 256, "v"), ("k", "v" * 501), ("", "v"), ("k", "\x00")])
    def test_bad_input_tag_writes_nothing(self, store: TrackingStore, key: str, value: str) -> None:
        run_id = new_run(store)
        bad = DatasetInput(dataset("d").dataset, [InputTag(key, value)])
        with invalid("tags"):
            store.log_inputs(run_id, [dataset("fine"), bad])
        assert store.get_run(run_id).inputs.dataset_inputs == []

    def test_repeated_input_tag_is_refused(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        with violated("twice"):
            store.log_inputs(run_id, [DatasetInput(dataset("d").dataset, [InputTag("k", "1"), InputTag("k", "2")])])

    def test_longest_values_are_kept(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        given = DatasetInput(Dataset("n" * 500, "d" * 36, "local", "s" * 65_535), [InputTag("k" * 255, "v" * 500)])
        store.log_inputs(run_id, [given])
        assert store.get_run(run_id).inputs.dataset_inputs == [given]

    def test_model_inputs_and_outputs(self, store: TrackingStore) -> None:
        experiment = new_experiment(store)
        run_id = new_run(store, experiment)
        one, two = (store.create_logged_model(experiment).model_id for _ in range(2))
        store.log_inputs(run_id, models=[LoggedModelInput(one), LoggedModelInput(one)])
        store.log_inputs(run_id, models=[LoggedModelInput(one), LoggedModelInput(two)])
        store.log_outputs(run_id, [LoggedModelOutput(two, 3)])
        store.log_outputs(run_id, [LoggedModelOutput(two, 4), LoggedModelOutput(one)])
        read = store.get_run(run_id)
        assert sorted(each.model_id for each in read.inputs.model_inputs) == sorted([one, two])
        assert {(each.model_id, each.step) for each in read.outputs.model_outputs} == {(two, 3), (two, 4), (one, 0)}
        [found] = store.search_runs([experiment])
        assert len(found.outputs.model_outputs) == 3
        assert found.inputs.model_inputs == []

    def test_outputs_repeat(self, store: TrackingStore) -> None:
        run_id = new_run(store)
        model_id = f"m-{clock.hex_id()}"
        for _ in range(2):
            store.log_outputs(run_id, [LoggedModelOutput(model_id, 1)])
        assert store.get_run(run_id).outputs.model_outputs == [LoggedModelOutput(model_id, 1)] * 2
