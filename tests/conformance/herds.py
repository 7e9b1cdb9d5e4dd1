"""Random but repeatable data for the generated searches: few distinct values, so that ties and matches are common."""

from __future__ import annotations

import random
from typing import TypeVar

from headrace.entities import (
    ExperimentTag,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    Param,
    Run,
    RunTag,
)
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import INF, NAN, dataset, unique
from tests.conformance.generated import COMMON_TEXTS, DATASETS, FLOATS, KEYS, TEXTS, TIMES

T = TypeVar("T")
USED_KEYS = KEYS[:-1]
VALUES = [*FLOATS, -0.0, NAN, NAN, INF, -INF]


class Herd(list[T]):
    """Shown short: Hypothesis prints the arguments of an example that fails."""

    def __repr__(self) -> str:
        return f"<{len(self)} records>"


def a_text(chance: random.Random) -> str:
    return chance.choice(COMMON_TEXTS if chance.random() < 0.7 else TEXTS)


def chosen(chance: random.Random, keys: list[str] = USED_KEYS) -> list[str]:
    return [key for key in keys if chance.random() < 0.6]


def runs(store: TrackingStore, count: int = 60) -> str:
    """An experiment with `count` runs."""
    chance = random.Random(7)
    experiment = store.create_experiment(unique("herd"))
    for _ in range(count):
        run_id = store.create_run(
            experiment,
            chance.choice(["", "ann", "Ann", "bob"]),
            chance.choice(TIMES),
            run_name=chance.choice([text for text in TEXTS if text]),
        ).info.run_id
        store.log_batch(
            run_id,
            [
                Metric(key, chance.choice(VALUES), chance.randrange(3), chance.randrange(3))
                for key in chosen(chance)
                for _ in range(chance.randrange(1, 4))
            ],
            [Param(key, a_text(chance)) for key in chosen(chance)],
            [RunTag(key, a_text(chance)) for key in chosen(chance)],
        )
        inputs = [
            dataset(name, digest or "9", chance.choice([None, "train", "Train", "eval", "a_b"]))
            for name, digest in filter(None, DATASETS)
            if chance.random() < 0.2
        ]
        store.log_inputs(run_id, inputs)
        if chance.random() < 0.5:
            store.update_run(run_id, chance.choice(["FINISHED", "FAILED"]), chance.choice(TIMES))
        if chance.random() < 0.1:
            store.delete_tag(run_id, "mlflow.runName")
    return experiment


def all_of(store: TrackingStore, experiment: str) -> Herd[Run]:
    return Herd(store.get_run(run.info.run_id) for run in store.search_runs([experiment]))


def experiments(store: TrackingStore, count: int = 25) -> None:
    chance = random.Random(8)
    for number in range(count):
        made = store.create_experiment(
            f"{chance.choice(TEXTS)}{number % 7}{chance.choice(TEXTS)}{number}",
            tags=[ExperimentTag(key, a_text(chance)) for key in chosen(chance)],
        )
        if chance.random() < 0.2:
            store.rename_experiment(made, f"{chance.choice(TEXTS)}{number} renamed")


def models(store: TrackingStore, count: int = 30) -> dict[str, list[Metric]]:
    """Points by model id, of `count` models in one experiment without those that are deleted."""
    chance = random.Random(9)
    experiment = store.create_experiment(unique("models"))
    run_ids = [store.create_run(experiment).info.run_id for _ in range(3)]
    logged: dict[str, list[Metric]] = {}
    for _ in range(count):
        model = store.create_logged_model(
            experiment,
            chance.choice([text for text in TEXTS if text and not set(text) & set("/:.%\"'")]),
            chance.choice([None, *run_ids]),
            [LoggedModelTag(key, a_text(chance)) for key in chosen(chance)],
            [LoggedModelParameter(key, a_text(chance)) for key in chosen(chance)],
            chance.choice([None, "a", "A", "b"]),
        )
        points = logged[model.model_id] = []
        for run_id in run_ids:
            for key in chosen(chance):
                name, digest = chance.choice(DATASETS) or (None, None)
                points.append(
                    Metric(
                        key,
                        chance.choice(VALUES),
                        chance.randrange(3),
                        chance.randrange(3),
                        model.model_id,
                        name,
                        name and (digest or "9"),
                        run_id,
                    )
                )
            own = [each for each in points if each.run_id == run_id]
            store.log_batch(run_id, own)
        if chance.random() < 0.5:
            store.finalize_logged_model(
                model.model_id, chance.choice([LoggedModelStatus.READY, LoggedModelStatus.FAILED])
            )
        if chance.random() < 0.1:
            store.delete_logged_model(model.model_id)
            del logged[model.model_id]
    return logged
