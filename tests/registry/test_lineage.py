from __future__ import annotations

import pytest

from headrace.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from headrace.errors import InvalidValue, NotFound, StoreUnavailable
from headrace.registry.lineage import Commit, DatasetUse, lineage_of, versions_from
from tests.registry.workshop import FILES, Workshop

COMMIT = "6f2d49eb47b12de1fe7d4afe61551575fb1f29d4"
LOCK = b"numpy==1.26.4\n"


@pytest.fixture
def trained(workshop: Workshop) -> str:
    """A run with all that a version can come from, and a version of its model."""
    store = workshop.store
    run_id = workshop.run({"auc": 0.9, "loss": 0.1}, {"mlflow.source.git.commit": COMMIT})
    store.log_batch(run_id, params=[Param("C", "10"), Param("seed", "1")])
    for key, value in (("branch", "main"), ("repoURL", "https://example.org/a.git"), ("dirty", "true")):
        store.set_tag(run_id, RunTag(f"mlflow.source.git.{key}", value))
    data = Dataset("people", "1a2b3c4d", "local", "{}")
    store.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    model = workshop.logged(run_id, {**FILES, "requirements.lock": LOCK})
    store.log_metric(run_id, Metric("auc", 0.95, 5, model_id=model.model_id))
    workshop.model()
    workshop.registry.create_model_version("m", model.model_uri)
    return run_id


def test_from_a_version_to_all_it_comes_from(workshop: Workshop, trained: str) -> None:
    found = lineage_of(workshop.registry, workshop.store, "m", "1")

    assert found.run_id == trained
    assert found.run_status == "RUNNING"
    assert found.params == {"C": "10", "seed": "1"}
    assert found.metrics == {"auc": 0.95, "loss": 0.1}  # the model's own over the run's
    assert found.datasets == (DatasetUse(name="people", digest="1a2b3c4d", context="training"),)
    assert found.git == Commit(commit=COMMIT, branch="main", repo_url="https://example.org/a.git", dirty=True)
    manifest = workshop.registry.get_version_manifest("m", "1")
    assert manifest is not None
    assert found.environment == ("requirements.lock", manifest.files["requirements.lock"])
    assert found.version.digest == manifest.digest


def test_of_a_copy(workshop: Workshop, trained: str) -> None:
    workshop.model("copy")
    workshop.registry.create_model_version("copy", "models:/m/1")
    found = lineage_of(workshop.registry, workshop.store, "copy", "1")
    assert (found.copied_from, found.run_id) == (("m", "1"), trained)


def test_requirements_stand_in_for_a_lock(workshop: Workshop) -> None:
    workshop.version()
    found = lineage_of(workshop.registry, workshop.store, "m", "1")
    assert found.environment is not None
    assert found.environment[0] == "requirements.txt"
    assert (found.git, found.datasets, found.params) == (None, (), {})


def test_what_is_gone_is_left_out(workshop: Workshop) -> None:
    workshop.model()
    workshop.registry.create_model_version("m", "s3://bucket/model", run_id="0" * 32)
    found = lineage_of(workshop.registry, workshop.store, "m", "1")
    assert (found.run_id, found.run_name, found.environment) == ("0" * 32, None, None)
    with pytest.raises(NotFound):
        lineage_of(workshop.registry, workshop.store, "m", "2")


def test_half_a_lineage_is_no_lineage(workshop: Workshop, trained: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise StoreUnavailable("The tracking store is down.")

    monkeypatch.setattr(workshop.store, "get_run", down)
    with pytest.raises(StoreUnavailable):
        lineage_of(workshop.registry, workshop.store, "m", "1")


def test_back_to_the_versions(workshop: Workshop, trained: str) -> None:
    registry, store = workshop.registry, workshop.store
    workshop.version("other")
    registry.create_model_version("other", "models:/m/1")
    mine = [("other", "2"), ("m", "1")]
    digest = registry.get_model_version("m", "1").digest
    assert digest is not None

    for question in (
        {"run_id": trained},
        {"dataset_digest": "1a2b3c4d"},
        {"git_commit": COMMIT},
        {"digest": digest},
    ):
        found = versions_from(registry, store, **question)
        assert [(each.name, each.version) for each in found] == mine, question
    store.delete_run(trained)  # what it made is still there
    assert len(versions_from(registry, store, dataset_digest="1a2b3c4d")) == 2
    assert versions_from(registry, store, git_commit="0" * 40) == []
    assert versions_from(registry, store, digest="0" * 64) == []


def test_of_many_runs_in_many_experiments(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.registry.lineage.RUNS_AT_ONCE", 2)
    monkeypatch.setattr("headrace.registry.lineage.RUNS_PAGE", 3)
    monkeypatch.setattr("headrace.registry.lineage.EXPERIMENTS_AT_ONCE", 1)
    workshop.model()
    for number in range(7):
        experiment = workshop.store.create_experiment(f"e{number % 3}-{number}")
        run = workshop.store.create_run(experiment, tags=[RunTag("mlflow.source.git.commit", COMMIT)])
        workshop.registry.create_model_version("m", "s3://bucket/model", run.info.run_id)
    found = versions_from(workshop.registry, workshop.store, git_commit=COMMIT)
    assert sorted(each.version for each in found) == list("1234567")


def test_one_question_at_a_time(workshop: Workshop) -> None:
    for question in ({}, {"run_id": "a", "digest": "b"}):
        with pytest.raises(InvalidValue, match="exactly one"):
            versions_from(workshop.registry, workshop.store, **question)
    with pytest.raises(InvalidValue, match="both kinds of quotes"):
        versions_from(workshop.registry, workshop.store, dataset_digest="'\"")
