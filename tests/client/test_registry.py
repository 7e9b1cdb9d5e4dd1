from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import headrace as mlflow
from headrace.entities import Gate, MetricCheck, ModelPolicy, ModelVersion
from headrace.errors import AlreadyExists, HeadraceError, InvalidValue, NotFound, NotSupported
from headrace.packaging.info import ModelInfo
from tests.client.conftest import forget, server_at

X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})
Y = [1.0, 2.0, 3.0]


@pytest.fixture(scope="module")
def fitted() -> LinearRegression:
    return LinearRegression().fit(X, Y)


def logged(fitted: LinearRegression, name: str | None = None, **given: Any) -> ModelInfo:
    return mlflow.sklearn.log_model(fitted, name="line", registered_model_name=name, **given)


def test_log_model_registers_and_says_the_version(registry_place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run:
        first = logged(fitted, "wine", tags={"team": "a"})
        second = logged(fitted, "wine")
    assert (first.registered_model_version, second.registered_model_version) == ("1", "2")
    version = mlflow.MlflowClient().get_model_version("wine", 1)
    assert (version.source, version.run_id, version.model_id) == (first.model_uri, run.info.run_id, first.model_id)
    assert (version.status, version.tags, version.current_stage) == ("READY", {"team": "a"}, "None")
    assert version.digest is not None
    named = json.loads(mlflow.get_logged_model(str(first.model_id)).tags["mlflow.modelVersions"])
    assert [(each["name"], str(each["version"])) for each in named] == [("wine", "1")]


@pytest.mark.parametrize(
    "name", ["wine", "Größe 100%", "a%2Fb", "two words", "50%@home", "why? #1", "名前", "m-1", "v" * 256]
)
def test_every_address_loads_the_version_it_names(registry_place: str, fitted: LinearRegression, name: str) -> None:
    other = LinearRegression().fit(X, [2.0, 4.0, 6.0])
    logged(fitted, name)
    logged(other, name)
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(name, "champion", 1)
    client.transition_model_version_stage(name, "2", "production")
    expected = {"@champion": 1.0, "/1": 1.0, "/2": 2.0, "/Production": 2.0, "/production": 2.0, "/latest": 2.0}
    for suffix, factor in expected.items():
        uri = f"models:/{name}{suffix}"
        np.testing.assert_allclose(mlflow.pyfunc.load_model(uri).predict(X), np.array(Y) * factor)
        np.testing.assert_allclose(mlflow.sklearn.load_model(uri).predict(X), np.array(Y) * factor)
        assert mlflow.models.get_model_info(uri).flavors["sklearn"]
    assert client.copy_model_version(f"models:/{name}@champion", "copy").source == f"models:/{name}/1"
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/copy/1").predict(X), Y)
    assert mlflow.register_model(f"models:/{name}/2", name).version == "3"


def test_paths_below_a_version_are_listed_read_and_downloaded(
    registry_place: str, fitted: LinearRegression, tmp_path: Path
) -> None:
    logged(fitted, "wine", input_example=X)
    mlflow.MlflowClient().set_registered_model_alias("wine", "champion", "1")
    names = {info.path for info in mlflow.artifacts.list_artifacts("models:/wine@champion")}
    assert {"MLmodel", "model.skops", "requirements.txt"} <= names
    assert "scikit-learn" in mlflow.artifacts.load_text("models:/wine@champion/requirements.txt")
    assert mlflow.artifacts.load_dict("models:/wine/1/input_example.json")["columns"] == ["a", "b"]
    one = Path(mlflow.artifacts.download_artifacts("models:/wine/latest/MLmodel", dst_path=str(tmp_path / "one")))
    assert one.name == "MLmodel"
    assert one.is_file()
    whole = Path(mlflow.artifacts.download_artifacts("models:/wine/1", dst_path=str(tmp_path / "whole")))
    assert (whole / "registered_model_meta").read_text().split() == ["model_name:", "wine", "model_version:", "'1'"]
    np.testing.assert_allclose(mlflow.pyfunc.load_model(str(whole)).predict(X), Y)


def test_a_models_folder_below_a_run_is_registered(registry_place: str, fitted: LinearRegression) -> None:
    mlflow.sklearn.save_model(fitted, "saved")
    with mlflow.start_run() as run:
        mlflow.log_artifacts("saved", "models/line")
    version = mlflow.register_model(f"runs:/{run.info.run_id}/models/line", "wine", tags={"a": 1})
    assert version.source == f"{run.info.artifact_uri}/models/line"
    assert (version.run_id, version.tags) == (run.info.run_id, {"a": "1"})
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/wine/1").predict(X), Y)


def test_a_runs_logged_model_is_registered_by_its_name(registry_place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run:
        info = logged(fitted)
    version = mlflow.register_model(f"runs:/{run.info.run_id}/line", "wine")
    assert (version.source, version.run_id) == (info.model_uri, run.info.run_id)
    with pytest.raises(NotFound, match="neither a folder with an MLmodel file there, nor a logged model"):
        mlflow.register_model(f"runs:/{run.info.run_id}/circle", "wine")


def test_a_version_is_registered_again_by_any_of_its_addresses(registry_place: str, fitted: LinearRegression) -> None:
    info = logged(fitted, "wine")
    mlflow.MlflowClient().set_registered_model_alias("wine", "best", "1")
    version = mlflow.register_model("models:/wine@best", "beer")
    assert (version.name, version.version, version.source) == ("beer", "1", "models:/wine/1")
    assert version.model_id == info.model_id
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/beer/1").predict(X), Y)


def test_a_folder_of_this_machine_goes_into_a_store_of_this_machine(
    registry_place: str, fitted: LinearRegression
) -> None:
    mlflow.sklearn.save_model(fitted, "saved")
    if registry_place == "server":
        with pytest.raises(NotSupported, match="lies on this machine"):
            mlflow.register_model("saved", "wine")
        return
    mlflow.register_model("saved", "wine")
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/wine/1").predict(X), Y)
    with pytest.raises(NotFound, match="MLmodel"):
        mlflow.register_model("nosuch", "wine")


def test_copy_keeps_what_the_version_says_and_where_it_lies(registry_place: str, fitted: LinearRegression) -> None:
    client = mlflow.MlflowClient()
    logged(fitted, "wine", tags={"team": "a"})
    client.update_model_version("wine", "1", "the **first**")
    copied = client.copy_model_version("models:/wine/1", "production")
    again = client.copy_model_version("models:/production/latest", "production")
    assert (copied.version, again.version) == ("1", "2")
    assert (copied.source, copied.tags, copied.description) == ("models:/wine/1", {"team": "a"}, "the **first**")
    of = client.get_model_version_download_uri
    assert of("wine", "1") == of("production", 1) == of("production", 2)
    with pytest.raises(InvalidValue, match="a registered version is copied"):
        client.copy_model_version("runs:/x/y", "production")


def test_copy_to_another_server_takes_the_files_along(
    registry_place: str, fitted: LinearRegression, tmp_path: Path
) -> None:
    info = logged(fitted, "wine", tags={"team": "a"})
    (tmp_path / "elsewhere").mkdir()
    with server_at(tmp_path / "elsewhere", proxied=True) as address:
        copied = mlflow.MlflowClient().copy_model_version("models:/wine/1", "bordeaux", dst_registry_uri=address)
        assert copied.tags == {"team": "a", "headrace.copiedFrom": "models:/wine/1"}
        assert copied.digest == mlflow.MlflowClient().get_model_version("wine", "1").digest
        mlflow.set_tracking_uri(address)
        np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/bordeaux/1").predict(X), Y)
        assert mlflow.models.get_model_info("models:/bordeaux/1").model_uuid == info.model_uuid
        forget()


def test_registry_may_be_another_one_than_the_tracking_store(fitted: LinearRegression, tmp_path: Path) -> None:
    mlflow.set_registry_uri(tmp_path / "models")
    logged(fitted, "wine")
    assert (tmp_path / "models" / "headrace.db").exists()
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/wine/1").predict(X), Y)
    mlflow.set_registry_uri(None)
    with pytest.raises(NotFound):
        mlflow.pyfunc.load_model("models:/wine/1")
    local = mlflow.artifacts.download_artifacts("models:/wine/1", registry_uri=(tmp_path / "models").as_uri())
    assert Path(local, "registered_model_meta").exists()
    there = mlflow.MlflowClient(registry_uri=str(tmp_path / "models"))
    assert there.get_model_version("wine", 1).source.startswith("models:/m-")


def test_unity_catalog_is_refused_by_name() -> None:
    mlflow.set_registry_uri("databricks-uc")
    with pytest.raises(NotSupported, match="Unity Catalog"):
        mlflow.search_registered_models()


def test_searches_find_all_of_any_number(registry_place: str) -> None:
    client = mlflow.MlflowClient()
    for number in range(105):
        client.create_registered_model(f"m{number:03}", tags={"even": number % 2 == 0})
    assert len(mlflow.search_registered_models()) == 105
    found = mlflow.search_registered_models(filter_string="tags.even = 'True'", order_by=["name DESC"], max_results=2)
    assert [model.name for model in found] == ["m104", "m102"]
    page = client.search_registered_models(max_results=100)
    assert len(page) == 100
    assert len(client.search_registered_models(max_results=100, page_token=page.token)) == 5
    for number in range(3):
        client.create_model_version("m000", f"s3://bucket/{number}", tags={"n": number})
    versions = mlflow.search_model_versions(filter_string="name = 'm000' AND tags.n != '1'")
    assert sorted(version.version for version in versions) == ["1", "3"]


def test_client_goes_through_the_life_of_a_model(registry_place: str) -> None:
    client = mlflow.MlflowClient()
    made = client.create_registered_model("wine", {"team": "a"}, "first")
    assert dict(made)["tags"] == {"team": "a"}
    with pytest.raises(AlreadyExists):
        client.create_registered_model("wine")
    for number in (1, 2, 3):
        version = client.create_model_version("wine", f"s3://bucket/{number}", description="d", run_link="http://x")
        assert (version.version, version.run_link, version.description) == (str(number), "http://x", "d")
    client.set_registered_model_tag("wine", "grape", 7)
    client.delete_registered_model_tag("wine", "team")
    client.set_model_version_tag("wine", "1", "checked", True)
    client.transition_model_version_stage("wine", 1, "Staging")
    client.set_model_version_tag("wine", key="by", value="stage", stage="staging")
    assert client.get_model_version("wine", 1).tags == {"checked": "True", "by": "stage"}
    client.delete_model_version_tag("wine", key="by", stage="Staging")
    client.transition_model_version_stage("wine", 2, "Staging", archive_existing_versions=True)
    assert [each.version for each in client.get_latest_versions("wine", ["Archived"])] == ["1"]
    assert client.get_model_version_stages("wine", 1) == ["None", "Staging", "Production", "Archived"]
    client.set_registered_model_alias("wine", "champion", 2)
    assert client.get_registered_model("wine").aliases == {"champion": "2"}
    assert client.get_model_version_by_alias("wine", "champion").aliases == ["champion"]
    client.delete_registered_model_alias("wine", "champion")
    assert client.update_model_version("wine", 3).description is None
    assert client.update_registered_model("wine", "better").description == "better"
    client.delete_model_version("wine", 3)
    assert client.rename_registered_model("wine", "beer").name == "beer"
    assert {version.version for version in client.search_model_versions("name = 'beer'")} == {"1", "2"}
    client.delete_registered_model("beer")
    with pytest.raises(NotFound):
        client.get_registered_model("beer")


def test_tag_of_a_version_wants_exactly_one_of_version_and_stage(registry_place: str) -> None:
    client = mlflow.MlflowClient()
    client.create_registered_model("wine")
    for given in ({}, {"version": "1", "stage": "None"}):
        with pytest.raises(InvalidValue, match="exactly one of version and stage"):
            client.set_model_version_tag("wine", key="k", value="v", **given)
    with pytest.raises(NotFound, match="No version of 'wine' is in that stage"):
        client.set_model_version_tag("wine", key="k", value="v", stage="Production")


def test_history_says_who_moved_an_alias_when_and_why(registry_place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "anna")
    client = mlflow.MlflowClient()
    client.create_registered_model("wine")
    for number in (1, 2):
        client.create_model_version("wine", f"s3://bucket/{number}")
    client.set_registered_model_alias("wine", "champion", "1", comment="first light")
    moved = client.get_model_version_history("wine", key="champion")[0]
    then = datetime.fromtimestamp(moved.timestamp / 1000, UTC)
    client.set_registered_model_alias("wine", "champion", "2", comment="AUC 0.93")
    events = client.get_model_version_history("wine", key="champion")
    assert [(event.kind, event.before, event.after, event.who, event.comment) for event in events] == [
        ("alias_set", "1", "2", "unverified:anna", "AUC 0.93"),
        ("alias_set", None, "1", "unverified:anna", "first light"),
    ]
    assert client.get_model_version_at("wine", "champion", at=moved.timestamp).version == "1"
    assert client.get_model_version_at("wine", "champion", at=events[0].timestamp).version in ("1", "2")
    with pytest.raises(NotFound, match="pointed to no version"):
        client.get_model_version_at("wine", "champion", at=then - timedelta(days=1))
    with pytest.raises(InvalidValue, match="datetime"):
        client.get_model_version_at("wine", "champion", at="yesterday")  # type: ignore[arg-type]
    assert client.verify_model_history("wine") == []


def test_a_gate_sees_what_the_open_run_has_just_logged(registry_place: str, fitted: LinearRegression) -> None:
    client = mlflow.MlflowClient()
    client.create_registered_model("wine")
    better = MetricCheck(metric="auc", minimum=0.9)
    client.set_model_policy("wine", ModelPolicy(gates=(Gate(alias="champion", checks=(better,)),)))
    with mlflow.start_run():
        logged(fitted, "wine")
        with pytest.raises(HeadraceError, match="auc"):
            client.set_registered_model_alias("wine", "champion", 1)
        mlflow.log_metric("auc", 0.95)
        client.set_registered_model_alias("wine", "champion", 1)
    assert client.get_model_version_by_alias("wine", "champion").version == "1"


def test_a_prompt_is_no_model(registry_place: str) -> None:
    client = mlflow.MlflowClient()
    prompt = {"mlflow.prompt.is_prompt": "true"}
    client.create_registered_model("greeting", prompt)
    client.create_model_version("greeting", "dummy-source", tags={**prompt, "mlflow.prompt.text": "Hello {{name}}"})
    mlflow.sklearn.save_model(LinearRegression().fit(X, Y), "dummy-source")  # nothing of this folder is meant
    for call in (
        lambda: mlflow.pyfunc.load_model("models:/greeting/1"),
        lambda: mlflow.register_model("models:/greeting/1", "model"),
        lambda: client.copy_model_version("models:/greeting/1", "model"),
        lambda: mlflow.artifacts.download_artifacts("models:/greeting/latest"),
    ):
        with pytest.raises(NotFound, match="'greeting' is a prompt"):
            call()
    assert mlflow.search_registered_models() == []


def test_lineage_leads_from_a_version_to_its_run_and_back(registry_place: str, fitted: LinearRegression) -> None:
    client = mlflow.MlflowClient()
    with mlflow.start_run(run_name="training") as run:
        mlflow.log_param("alpha", 0.1)
        mlflow.log_metric("loss", 0.5)
        mlflow.log_input(mlflow.entities.Dataset("wines", "01234567", "local", "{}"), context="training")
        info = logged(fitted, "wine")
    found = client.get_model_version_lineage("wine", 1)
    assert (found.run_id, found.run_name, found.model_id) == (run.info.run_id, "training", info.model_id)
    assert (found.params, found.metrics) == ({"alpha": "0.1"}, {"loss": 0.5})
    assert [(each.name, each.digest, each.context) for each in found.datasets] == [("wines", "01234567", "training")]
    for given in ({"run_id": run.info.run_id}, {"dataset_digest": "01234567"}, {"digest": found.version.digest}):
        (back,) = client.search_model_version_lineage(**given)
        assert (back.name, back.version) == ("wine", "1")


@pytest.mark.postgres
def test_models_are_registered_in_postgresql(
    fresh_postgres_url: str, fitted: LinearRegression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_DEFAULT_ARTIFACT_ROOT", str(tmp_path / "files"))
    mlflow.set_tracking_uri(fresh_postgres_url)
    logged(fitted, "wine")
    mlflow.MlflowClient().set_registered_model_alias("wine", "champion", 1)
    np.testing.assert_allclose(mlflow.pyfunc.load_model("models:/wine@champion").predict(X), Y)
    assert mlflow.MlflowClient().get_model_version("wine", 1).digest is not None


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("models:/nosuch/1", "nosuch"),
        ("models:/wine/9", "newest version of 'wine' is 1; its aliases: best"),
        ("models:/wine@champ", "its aliases: best \\(version 1\\)"),
        ("models:/wine/champ", "models:/wine@champ"),
        ("models:/wine/Staging", "Staging"),
        ("models:/wine", "models:/NAME@ALIAS"),
        ("models:/", "models:/NAME@ALIAS"),
        ("models:/wine@", "models:/NAME@ALIAS"),
        ("models://profile@databricks/wine/1", "another registry"),
        ("models:/wine/1/../secret", "'..'"),
    ],
)
def test_what_an_address_lacks_is_told_with_what_there_is(registry_place: str, uri: str, said: str) -> None:
    client = mlflow.MlflowClient()
    client.create_registered_model("wine")
    client.create_model_version("wine", "s3://bucket/1")
    client.set_registered_model_alias("wine", "best", "1")
    with pytest.raises((NotFound, InvalidValue, NotSupported), match=said):
        mlflow.artifacts.list_artifacts(uri)


def test_version_whose_files_are_gone_says_so(registry_place: str, fitted: LinearRegression, tmp_path: Path) -> None:
    logged(fitted, "wine")
    root = tmp_path / (".headrace/artifacts" if registry_place == "embedded" else "server/served")
    shutil.rmtree(root)
    for call in (mlflow.pyfunc.load_model, mlflow.artifacts.download_artifacts):
        with pytest.raises(NotFound, match=r"They should lie in .*headrace doctor"):
            call("models:/wine/1")


class Pending:
    """A registry whose versions take a while, as those of other vendors."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        return ModelVersion(
            name=name,
            version=version,
            creation_timestamp=0,
            last_updated_timestamp=0,
            status=self.statuses.pop(0),
            status_message="no room",
        )


def test_registration_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from headrace import clock
    from headrace.client.registration import RegistrationFailed, until_ready
    from headrace.errors import TimedOut

    naps: list[float] = []
    monkeypatch.setattr(clock, "sleep_s", naps.append)
    pending = "PENDING_REGISTRATION"
    start = Pending(pending).get_model_version("wine", "1")
    registry: Any = Pending(pending, pending, "READY")
    assert until_ready(registry, start, 300).status == "READY"
    assert len(naps) == 3
    assert until_ready(registry, start, 0) is start
    with pytest.raises(RegistrationFailed, match="no room"):
        until_ready(Pending("FAILED_REGISTRATION"), start, 300)  # type: ignore[arg-type]
    monkeypatch.setattr(clock, "monotonic_s", iter(range(0, 1000, 200)).__next__)
    with pytest.raises(TimedOut, match="await_registration_for"):
        until_ready(Pending(*[pending] * 9), start, 300)  # type: ignore[arg-type]
