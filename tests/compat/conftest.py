"""One server per database and session; every test makes names of its own in it."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

# The genuine client retries an answer of 500 for minutes; here a 500 is a finding and shall fail at once.
os.environ.update(
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    MLFLOW_HTTP_REQUEST_TIMEOUT="60",
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true",
    GIT_PYTHON_REFRESH="quiet",
)

import mlflow
import pytest
from mlflow import MlflowClient
from rest import Api
from servers import TARGET, Server, running

pytest_plugins = ["tests.support.postgres"]

DATABASES = ["sqlite", "postgresql"] if TARGET == "headrace" else ["sqlite"]


@pytest.fixture(scope="session", params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp(f"server-{request.param}")
    if request.param == "sqlite":
        with running(f"sqlite:///{folder}/tracking.db", folder, database="sqlite") as started:
            yield started
        return
    with running(request.getfixturevalue("postgres_url"), folder, database="postgresql") as started:
        yield started


@pytest.fixture
def unique() -> Callable[[str], str]:
    def make(stem: str) -> str:
        return f"{stem}-{uuid.uuid4().hex[:10]}"

    return make


@pytest.fixture
def client(server: Server) -> MlflowClient:
    return MlflowClient(tracking_uri=server.url)


@pytest.fixture
def experiment(client: MlflowClient, unique: Callable[[str], str]) -> str:
    return client.create_experiment(unique("experiment"))


@pytest.fixture
def run_id(client: MlflowClient, experiment: str) -> str:
    return client.create_run(experiment).info.run_id


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    made = Api(root=server.url)
    yield made
    made.session.close()


@pytest.fixture
def fluent(
    server: Server, unique: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """`mlflow` points at the server, in an experiment of its own; yields the experiment's id."""
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(server.url)
    yield mlflow.set_experiment(unique("fluent")).experiment_id
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)
