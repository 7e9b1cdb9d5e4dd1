"""Whatever somebody writes as a source: the place that comes of it is one that the rules name, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from headrace.blobs.paths import scheme
from headrace.errors import CallerError, InvalidValue
from headrace.registry.sources import Sources
from headrace.stores.sql import open_sql_store
from tests.registry.workshop import Workshop

TRICKS = ["..", ".", "/", "//", "\\", "%2e", "%2f", "%252e", "%25", "%00", "#", "?", "[", "]", ":", "@", "~"]
PARTS = [*TRICKS, "a", "model", " ", "é", "\ud800"]
TAILS = st.lists(st.sampled_from(PARTS), max_size=8).map("".join)


class World:
    """Runs with artifacts behind the proxy and in a folder, and logged models of both."""

    def __init__(self, folder: Path) -> None:
        store = open_sql_store(f"sqlite:///{folder}/registry.db", "mlflow-artifacts:/")
        self.workshop = Workshop(store, folder / "artifacts")
        local = store.create_experiment("local", str(folder / "local"))
        runs = [store.create_run("0").info, store.create_run(local).info]
        models = [store.create_logged_model("0", "m"), store.create_logged_model(local, "m")]
        self.runs = {run.run_id: run.artifact_uri for run in runs}
        self.models = {model.model_id: model.artifact_location for model in models}
        self.sources = Sources(registry=store, tracking=store, files=self.workshop.files)

    def heads(self) -> list[str]:
        roots = [*self.runs.values(), *self.models.values()]
        paths = [root.partition(":/")[2] for root in roots if ":/" in root]
        proxied = [f"http://h/api/2.0/mlflow-artifacts/artifacts/{path}" for path in paths]
        addresses = [f"runs:/{run}/" for run in self.runs] + [f"models:/{model}/" for model in self.models]
        others = [
            "mlflow-artifacts:/",
            "mlflow-artifacts://h:1/",
            "file:///",
            "/",
            "file:",
            "s3://b/",
            "",
            "http://h/",
            "http://[",
        ]
        return [f"{each}/" for each in [*roots, *proxied]] + addresses + others


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.workshop.close()
    made.workshop.store.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(data=st.data())
def test_place_is_one_that_the_rules_name(world: World, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(world.heads())) + data.draw(TAILS)
    run_id = data.draw(st.sampled_from([None, *world.runs]))
    model_id = data.draw(st.sampled_from([None, *world.models]))
    try:
        found = world.sources.resolve(source, run_id, model_id)
    except CallerError as refused:
        event(f"refused: {type(refused).__name__}")
        return
    kind = scheme(found.location)
    if kind in ("", "file", "mlflow-artifacts") or found.root is not None:
        event("below its owner")
        owners = [world.runs.get(found.run_id or ""), world.models.get(found.model_id or "")]
        assert any(f"{found.location}/".startswith(f"{owner}/") for owner in owners if owner), (source, found)
        assert ".." not in found.location.split("/")
        world.workshop.files.open(found.location) if kind == "mlflow-artifacts" else None
    else:
        event("elsewhere")
        assert found.location == source
        assert kind == scheme(source)


def test_the_generator_reaches_both_ends(world: World) -> None:
    run_id, root = next(iter(world.runs.items()))
    assert world.sources.resolve(f"{root}/model", run_id, None).location == f"{root}/model"
    with pytest.raises(InvalidValue):
        world.sources.resolve(f"{root}/../model", run_id, None)
