from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.errors import AlreadyExists, InvalidState, InvalidValue, NotFound

pytestmark = pytest.mark.usefixtures("place")


def experiment_of_new_run() -> str:
    with mlflow.start_run() as run:
        return run.info.experiment_id


def test_without_any_choice_runs_go_to_the_default_experiment() -> None:
    assert experiment_of_new_run() == "0"


def test_set_experiment_makes_what_is_missing_and_finds_what_is_there() -> None:
    made = mlflow.set_experiment("new")
    assert mlflow.set_experiment("new").experiment_id == made.experiment_id
    assert mlflow.set_experiment(experiment_id=made.experiment_id).name == "new"
    assert experiment_of_new_run() == made.experiment_id


@pytest.mark.parametrize("arguments", [{}, {"experiment_name": "a", "experiment_id": "0"}])
def test_set_experiment_needs_exactly_one(arguments: dict[str, str]) -> None:
    with pytest.raises(InvalidValue, match="exactly one"):
        mlflow.set_experiment(**arguments)


def test_set_experiment_refuses_what_is_unknown_deleted_or_no_id() -> None:
    with pytest.raises(NotFound):
        mlflow.set_experiment(experiment_id="4711")
    with pytest.raises(InvalidValue):
        mlflow.set_experiment(experiment_id="abc")
    with pytest.raises(InvalidValue):
        mlflow.set_experiment(" ")
    mlflow.delete_experiment(mlflow.create_experiment("gone"))
    with pytest.raises(InvalidValue):
        mlflow.set_experiment("gone")


def test_name_of_the_environment_is_made_and_wins_over_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    other = mlflow.create_experiment("other")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "from-env")
    found = experiment_of_new_run()
    assert mlflow.get_experiment(found).name == "from-env"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", found)
    assert experiment_of_new_run() == found
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", other)
    with pytest.raises(InvalidValue, match="from-env"):
        mlflow.start_run()


def test_id_of_the_environment_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", mlflow.create_experiment("by-id"))
    assert mlflow.get_experiment(experiment_of_new_run()).name == "by-id"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "4711")
    with pytest.raises(NotFound):
        mlflow.start_run()


def test_set_experiment_wins_over_the_environment_and_an_argument_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "from-env")
    chosen = mlflow.set_experiment("chosen").experiment_id
    assert experiment_of_new_run() == chosen
    with mlflow.start_run(experiment_id="0") as run:
        assert run.info.experiment_id == "0"


def test_children_of_the_process_log_to_the_same_place() -> None:
    experiment = mlflow.set_experiment("shared")
    mlflow.set_tracking_uri("store")
    mlflow.set_experiment("shared")
    code = "import headrace as m\nwith m.start_run() as r: print(m.get_tracking_uri(), r.info.experiment_id)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert shown == [str(Path("store").absolute()), experiment.experiment_id]


def test_choice_is_forgotten_with_the_store_it_was_made_in() -> None:
    mlflow.set_experiment("first")
    mlflow.set_tracking_uri("other-store")
    assert experiment_of_new_run() == "0"
    assert "MLFLOW_EXPERIMENT_ID" not in os.environ


def test_experiments_are_found_renamed_deleted_and_restored() -> None:
    first = mlflow.create_experiment("first", tags={"team": "a", "n": 1})
    assert mlflow.get_experiment(first).tags["n"] == "1"
    with pytest.raises(AlreadyExists):
        mlflow.create_experiment("first")
    assert mlflow.get_experiment_by_name("nobody") is None
    client = mlflow.MlflowClient()
    client.rename_experiment(first, "renamed")
    assert [e.name for e in mlflow.search_experiments(filter_string="name = 'renamed'")] == ["renamed"]
    mlflow.delete_experiment(first)
    assert "renamed" not in [e.name for e in mlflow.search_experiments()]
    assert [e.name for e in mlflow.search_experiments(view_type=mlflow.entities.ViewType.DELETED_ONLY)] == ["renamed"]
    mlflow.restore_experiment(first)
    assert mlflow.get_experiment(first).lifecycle_stage == "active"


def test_search_goes_over_pages_and_stops_at_max_results() -> None:
    for i in range(5):
        mlflow.create_experiment(f"e{i}")
    assert len(mlflow.search_experiments(max_results=3)) == 3
    assert len(mlflow.search_experiments()) == 6
    page = mlflow.MlflowClient().search_experiments(max_results=4, order_by=["name ASC"])
    rest = mlflow.MlflowClient().search_experiments(max_results=4, order_by=["name ASC"], page_token=page.token)
    assert [e.name for e in [*page, *rest]] == ["Default", "e0", "e1", "e2", "e3", "e4"]
    assert rest.token is None


def test_tags_of_the_current_experiment() -> None:
    experiment = mlflow.set_experiment("tagged")
    mlflow.set_experiment_tag("a", 1)
    mlflow.set_experiment_tags({"b": 2, "c": 3})
    mlflow.delete_experiment_tag("c")
    assert mlflow.get_experiment(experiment.experiment_id).tags == {"a": "1", "b": "2"}


def test_run_in_a_deleted_experiment_is_refused() -> None:
    chosen = mlflow.set_experiment("doomed")
    mlflow.delete_experiment(chosen.experiment_id)
    with pytest.raises(InvalidState):
        mlflow.start_run()
