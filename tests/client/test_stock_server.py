"""Our client against a genuine MLflow server, as far as such a server can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

import headrace as mlflow
from headrace.client.model_export import export_model
from headrace.client.model_import import import_model
from headrace.client.open import tracking_store
from headrace.client.rest_store import open_rest_store
from headrace.entities import (
    Act,
    ModelPolicy,
    ModelVersionTag,
    Projection,
    RegisteredModelTag,
    VersionManifest,
    ViewType,
    WebhookEvent,
)
from headrace.errors import AlreadyExists, InvalidValue, NotFound, NotSupported
from tests.client.conftest import forget, server_at
from tests.client.stock import MLFLOW, StockServer

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not MLFLOW.exists(), reason="no genuine MLflow: make setup-mlflow"),
]


@pytest.fixture(scope="module")
def stock_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = StockServer(tmp_path_factory.mktemp("stock"))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(autouse=True)
def on_stock(stock_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", stock_url)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")


def test_runs_are_logged_searched_and_read_back() -> None:
    experiment = mlflow.set_experiment("from-headrace")
    assert mlflow.set_experiment("from-headrace").experiment_id == experiment.experiment_id
    with mlflow.start_run(run_name="parent") as parent, mlflow.start_run(run_name="child", nested=True) as run:
        mlflow.log_params({"a": 1, "b": "two"})
        mlflow.log_metrics({"loss": 0.5, "acc": float("nan")}, step=3)
        mlflow.log_metric("loss", 0.25, step=4)
        mlflow.set_tags({"t": "1", "gone": "2"})
        mlflow.delete_tag("gone")
        mlflow.log_input(mlflow.entities.Dataset("d", "01234567", "local", "{}"), context="training")
    stored = mlflow.get_run(run.info.run_id)
    assert (stored.info.status, stored.info.run_name) == ("FINISHED", "child")
    assert stored.data.params == {"a": "1", "b": "two"}
    assert stored.data.metrics["loss"] == 0.25
    assert stored.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert stored.inputs.dataset_inputs[0].dataset.name == "d"
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(3, 0.5), (4, 0.25)]
    found = mlflow.search_runs(filter_string="metrics.loss < 0.3 and params.a = '1'", output_format="list")
    assert [one.info.run_id for one in found] == [run.info.run_id]


def test_what_it_refuses_comes_back_by_class() -> None:
    store = tracking_store()
    with pytest.raises(NotFound):
        store.get_run("0" * 32)
    store.create_experiment("taken")
    with pytest.raises(AlreadyExists):
        store.create_experiment("taken")
    with pytest.raises(InvalidValue):
        store.search_runs(["0"], "metrics.x >")


def test_headraces_own_calls_go_by_what_it_has_or_say_so() -> None:
    store = tracking_store()
    experiment_id = store.ensure_experiment("own-calls").experiment_id
    for _ in range(3):
        run = store.create_run(experiment_id, "u", 1)
        store.log_batch(run.info.run_id, params=[mlflow.entities.Param("p", "1"), mlflow.entities.Param("q", "2")])
    assert store.count_runs([experiment_id], "params.p = '1'", ViewType.ALL) == 3
    page = store.search_runs([experiment_id], max_results=1, projection=Projection(params=["q"]))
    assert [run.data.params for run in page] == [{"q": "2"}]
    with pytest.raises(NotSupported):
        store.chart([run.info.run_id], ["m"])


def test_logged_models_live_there() -> None:
    with mlflow.start_run():
        model = mlflow.initialize_logged_model("model", params={"k": 3}, tags={"t": "v"})
        mlflow.log_metric("acc", 0.5, model_id=model.model_id)
        mlflow.finalize_logged_model(model.model_id, "READY")
    stored = mlflow.get_logged_model(model.model_id)
    assert (stored.status.name, stored.params["k"], stored.tags["t"]) == ("READY", "3", "v")
    found = mlflow.search_logged_models(filter_string="metrics.acc > 0.4", output_format="list")
    assert [one.model_id for one in found] == [model.model_id]


def test_files_go_through_it_and_come_back(tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("hello", "notes/a.txt")
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/a.txt") == "hello"


def test_registered_models_live_there() -> None:
    client = mlflow.MlflowClient()
    model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    with mlflow.start_run() as run:
        first = mlflow.sklearn.log_model(model, name="line", registered_model_name="Linie 100%", tags={"t": "1"})
    second = mlflow.register_model(f"runs:/{run.info.run_id}/line", "Linie 100%")
    assert (first.registered_model_version, second.version) == ("1", "2")
    client.set_registered_model_alias("Linie 100%", "champion", second.version, comment="which such a server ignores")
    client.transition_model_version_stage("Linie 100%", 1, "Production")
    copied = client.copy_model_version("models:/Linie 100%@champion", "copy")
    assert (copied.name, copied.version, copied.source) == ("copy", "1", "models:/Linie 100%/2")
    for uri in (
        "models:/Linie 100%/1",
        "models:/Linie 100%@champion",
        "models:/Linie 100%/production",
        "models:/copy/1",
    ):
        assert mlflow.pyfunc.load_model(uri).predict([[3.0]]) == pytest.approx([3.0])
    local = Path(mlflow.artifacts.download_artifacts("models:/copy/latest"))
    assert "model_name: copy" in (local / "registered_model_meta").read_text()
    found = mlflow.search_registered_models(filter_string="name LIKE 'Linie%'")
    assert [(each.name, each.aliases) for each in found] == [("Linie 100%", {"champion": "2"})]
    versions = mlflow.search_model_versions(filter_string="name = 'Linie 100%' AND tags.t = '1'")
    assert [each.version for each in versions] == ["1"]
    client.delete_registered_model("copy")


def test_what_only_headraces_registry_has_is_refused_by_name() -> None:
    client = mlflow.MlflowClient()
    client.create_registered_model("plain")
    for call in (client.get_model_version_history, client.get_model_policy, client.verify_model_history):
        with pytest.raises(NotSupported, match="isn't Headrace's"):
            call("plain")
    with pytest.raises(InvalidValue, match="has no versions"):
        mlflow.pyfunc.load_model("models:/plain@champion")


def test_versions_move_between_it_and_a_server_of_ours(tmp_path: Path) -> None:
    model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    mlflow.sklearn.log_model(model, name="line", registered_model_name="traveller")
    client = mlflow.MlflowClient()
    there = mlflow.get_tracking_uri()
    with server_at(tmp_path, proxied=True) as here:
        assert client.copy_model_version("models:/traveller/1", "visitor", dst_registry_uri=here).digest is not None
        mlflow.set_tracking_uri(here)
        assert mlflow.pyfunc.load_model("models:/visitor/1").predict([[3.0]]) == pytest.approx([3.0])
        back = mlflow.MlflowClient().copy_model_version("models:/visitor/1", "returned", dst_registry_uri=there)
        assert back.version == "1"
        forget()
    mlflow.set_tracking_uri(there)
    assert mlflow.pyfunc.load_model("models:/returned/1").predict([[3.0]]) == pytest.approx([3.0])


def test_registered_models_are_kept_there(stock_url: str) -> None:
    with closing(open_rest_store(stock_url)) as registry:
        registry.create_registered_model("kept", [RegisteredModelTag("a", "1")], "what for", act=Act("ada", "why"))
        made = registry.create_model_version("kept", "s3://bucket/x", tags=[ModelVersionTag("t", "v")])
        assert (made.version, made.source, made.tags, made.run_id, made.digest) == (
            "1",
            "s3://bucket/x",
            {"t": "v"},
            None,
            None,
        )
        registry.create_model_version("kept", "s3://bucket/y", description="second")
        registry.set_registered_model_alias("kept", "best", "1")
        assert registry.get_model_version_by_alias("kept", "best").aliases == ["best"]
        moved = registry.transition_model_version_stage("kept", "2", "Production", archive_existing_versions=True)
        assert moved.current_stage == "Production"
        assert {each.version for each in registry.get_latest_versions("kept")} == {"1", "2"}
        model = registry.get_registered_model("kept")
        assert (model.tags, model.aliases, model.description, model.revision) == (
            {"a": "1"},
            {"best": "1"},
            "what for",
            0,
        )
        assert not registry.update_registered_model("kept", None).description
        registry.set_model_version_tag("kept", "1", ModelVersionTag("k", "v"))
        registry.delete_model_version_tag("kept", "1", "t")
        assert registry.get_model_version("kept", "1").tags == {"k": "v"}
        assert registry.get_model_version_download_uri("kept", "1") == "s3://bucket/x"
        page = registry.search_model_versions("name = 'kept'", max_results=1, order_by=["version_number"])
        assert ([each.version for each in page], bool(page.token)) == (["1"], True)
        assert [each.name for each in registry.search_registered_models("name = 'kept'")] == ["kept"]
        registry.rename_registered_model("kept", "renamed")
        registry.delete_registered_model_alias("renamed", "best")
        registry.delete_model_version("renamed", "1")
        with pytest.raises(NotFound):
            registry.get_model_version("renamed", "1")
        with pytest.raises(AlreadyExists):
            registry.create_registered_model("renamed")
        registry.delete_registered_model("renamed")


def test_what_its_registry_lacks_is_named(stock_url: str) -> None:
    with closing(open_rest_store(stock_url)) as registry:
        registry.create_registered_model("lacking")
        registry.create_model_version("lacking", "s3://bucket/x")
        for asked in (
            lambda: registry.search_history("lacking"),
            lambda: registry.get_alias_at("lacking", "best", 5),
            lambda: registry.get_stage_at("lacking", "Production", 5),
            lambda: registry.verify_history("lacking"),
            lambda: registry.import_history("lacking", []),
            lambda: registry.get_policy("lacking"),
            lambda: registry.set_policy("lacking", ModelPolicy()),
            lambda: registry.get_version_manifest("lacking", "1"),
            lambda: registry.amend_version_manifest("lacking", "1", VersionManifest(files={})),
            lambda: registry.get_version_signatures("lacking", "1"),
            lambda: registry.set_registered_model_alias("lacking", "best", "1", if_revision=3),
            lambda: registry.transition_model_version_stage("lacking", "1", "Staging", if_revision=3),
        ):
            with pytest.raises(NotSupported, match="isn't Headrace's"):
                asked()
        assert registry.get_registered_model("lacking").aliases == {}
        assert registry.get_model_version("lacking", "1").current_stage == "None"


def test_model_moves_there_and_back_without_its_history(stock_url: str, tmp_path: Path) -> None:
    here, again = str(tmp_path / "here"), str(tmp_path / "again")
    client = mlflow.MlflowClient(here)
    client.create_registered_model("moved", {"team": "cellar"})
    for number in range(1, 4):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "weights.bin").write_text(f"weights {number}")
        client.create_model_version("moved", str(folder), tags={"n": str(number)})
    client.delete_model_version("moved", "2")
    client.set_registered_model_alias("moved", "champion", "3")
    client.transition_model_version_stage("moved", "1", "Production")
    export_model("moved", tmp_path / "there.tar", here, here)
    assert import_model(tmp_path / "there.tar", stock_url, stock_url).missing == [
        "history: the server there keeps none"
    ]
    stock = mlflow.MlflowClient(stock_url)
    assert stock.get_model_version_by_alias("moved", "champion").version == "3"
    assert stock.get_model_version("moved", "1").current_stage == "Production"
    assert not export_model("moved", tmp_path / "back.tar", stock_url, stock_url).has_history
    import_model(tmp_path / "back.tar", again, again)
    mlflow.set_tracking_uri(again)
    returned = mlflow.MlflowClient()
    assert returned.get_registered_model("moved").tags == {"team": "cellar"}
    assert returned.get_model_version("moved", "3").tags["n"] == "3"
    assert returned.get_model_version("moved", "3").digest == client.get_model_version("moved", "3").digest
    local = Path(mlflow.artifacts.download_artifacts("models:/moved@champion"))
    assert (local / "weights.bin").read_text() == "weights 3"


def test_its_webhooks_are_managed(stock_url: str) -> None:
    created, aliased = WebhookEvent("REGISTERED_MODEL", "CREATED"), WebhookEvent("MODEL_VERSION_ALIAS", "CREATED")
    with closing(open_rest_store(stock_url)) as webhooks:
        made = webhooks.create_webhook("hook", "https://93.184.216.34/x", [created], "d", "secret")
        assert (made.name, made.events, made.status, made.secret) == ("hook", (created,), "ACTIVE", None)
        changed = webhooks.update_webhook(made.webhook_id, events=[aliased], status="DISABLED")
        assert webhooks.get_webhook(made.webhook_id) == changed
        assert (changed.events, changed.status, changed.description) == ((aliased,), "DISABLED", "d")
        assert list(webhooks.list_webhooks()) == [changed]
        for asked in (
            lambda: webhooks.search_deliveries(made.webhook_id),
            lambda: webhooks.replay_delivery("none"),
        ):
            with pytest.raises(NotSupported, match="has no log of webhook deliveries"):
                asked()
        webhooks.delete_webhook(made.webhook_id)
        with pytest.raises(NotFound):
            webhooks.get_webhook(made.webhook_id)
