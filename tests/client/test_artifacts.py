from __future__ import annotations

import io
import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import yaml

import headrace as mlflow
from headrace import clock
from headrace.client.mlflow_client import MlflowClient
from headrace.errors import HeadraceError, InvalidValue, NotFound
from tests.support.live_server import LiveServer, live_server

mpl.use("Agg")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(params=["embedded", "server"])
def tracking(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    uri = str(tmp_path / "store") if request.param == "embedded" else request.getfixturevalue("server").url
    mlflow.set_tracking_uri(uri)
    return mlflow.get_tracking_uri()


def names(run_id: str, path: str | None = None) -> list[str]:
    return [info.path for info in mlflow.artifacts.list_artifacts(run_id=run_id, artifact_path=path)]


def read(run_id: str, path: str) -> bytes:
    return Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path)).read_bytes()


def tree(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "a b.txt").write_text("first")
    (folder / "sub/%41.txt").write_text("second")
    return folder


@pytest.mark.usefixtures("tracking")
class TestArtifacts:
    def test_files_and_folders(self, tmp_path: Path) -> None:
        source = tree(tmp_path / "source")
        with mlflow.start_run() as run:
            mlflow.log_artifact(source / "a b.txt")
            mlflow.log_artifact(str(source / "a b.txt"), "deep/er/")
            mlflow.log_artifact(str(source))
            mlflow.log_artifacts(str(source), "into")
        run_id = run.info.run_id
        assert names(run_id) == ["a b.txt", "deep", "into", "source"]
        assert names(run_id, "deep/er") == ["deep/er/a b.txt"]
        assert names(run_id, "source/sub") == ["source/sub/%41.txt"]
        assert read(run_id, "into/sub/%41.txt") == b"second"
        infos = MlflowClient().list_artifacts(run_id)
        assert [(info.is_dir, info.file_size) for info in infos] == [
            (False, 5),
            (True, None),
            (True, None),
            (True, None),
        ]
        assert MlflowClient().list_artifacts(run_id, "a b.txt") == []

    def test_logging_starts_a_run_and_run_id_names_another(self) -> None:
        mlflow.log_text("x", "a.txt")
        run = mlflow.active_run()
        assert run is not None
        other = MlflowClient().create_run(run.info.experiment_id)
        mlflow.log_text("y", "b.txt", run_id=other.info.run_id)
        assert (names(run.info.run_id), names(other.info.run_id)) == (["a.txt"], ["b.txt"])

    def test_text_dict_and_stream(self) -> None:
        content = {"ü": [1, 2.5, None], "n": np.float32(1.5), "array": np.arange(3), "deep": {"x": True}}
        plain = {"ü": [1, 2.5, None], "n": 1.5, "array": [0, 1, 2], "deep": {"x": True}}
        with mlflow.start_run() as run:
            mlflow.log_text("héllo\n", "text/a.txt")
            mlflow.log_dict(content, "a.json")
            mlflow.log_dict(content, "a.yaml")
            mlflow.log_dict([1, 2], "no-ending")
            mlflow.log_stream(io.BytesIO(b"s" * 3_000_000), "s.bin")
        uri = f"runs:/{run.info.run_id}"
        assert mlflow.artifacts.load_text(f"{uri}/text/a.txt") == "héllo\n"
        assert mlflow.artifacts.load_dict(f"{uri}/a.json") == plain
        assert "ü" in mlflow.artifacts.load_text(f"{uri}/a.json")
        assert yaml.safe_load(mlflow.artifacts.load_text(f"{uri}/a.yaml")) == plain
        assert json.loads(read(run.info.run_id, "no-ending")) == [1, 2]
        assert read(run.info.run_id, "s.bin") == b"s" * 3_000_000

    @pytest.mark.parametrize(
        "path", ["../up.json", "/absolute.json", "a/../../b.json", "a\\b.json", "a#b.json", "", "f/"]
    )
    def test_names_that_lead_out_are_refused(self, path: str) -> None:
        with mlflow.start_run() as run:
            for act in (
                lambda: mlflow.log_text("x", path),
                lambda: mlflow.log_dict({}, path),
                lambda: mlflow.log_stream(io.BytesIO(b"x"), path),
                lambda: mlflow.log_table({"a": [1]}, path),
                lambda: mlflow.log_image(np.zeros((2, 2)), path),
            ):
                with pytest.raises(InvalidValue):
                    act()
        assert names(run.info.run_id) == []

    def test_arguments_that_cannot_be_logged_are_named(self, tmp_path: Path) -> None:
        with mlflow.start_run() as run:
            for act, said in (
                (lambda: mlflow.log_artifact(tmp_path / "nope.txt"), "nope.txt"),
                (lambda: mlflow.log_artifacts(tmp_path / "nope"), "local_dir"),
                (lambda: mlflow.log_text(b"bytes", "a.txt"), "text"),  # type: ignore[arg-type]
                (lambda: mlflow.log_dict({"a": object()}, "a.json"), "dictionary"),
                (lambda: mlflow.log_dict({"a": {1, 2}}, "a.yaml"), "dictionary"),
                (lambda: mlflow.log_stream(io.StringIO("x"), "a.txt"), "binary"),  # type: ignore[arg-type]
                (lambda: mlflow.log_figure("no figure", "a.png"), "figure"),
            ):
                with pytest.raises(InvalidValue, match=said):
                    act()  # type: ignore[no-untyped-call]
        assert names(run.info.run_id) == []

    def test_artifact_uri(self) -> None:
        with mlflow.start_run() as run:
            assert mlflow.get_artifact_uri() == run.info.artifact_uri
            mlflow.log_text("x", "dir/a b.txt")
            uri = mlflow.get_artifact_uri("dir/a b.txt")
            assert mlflow.artifacts.load_text(uri) == "x"
            folder = mlflow.artifacts.list_artifacts(mlflow.get_artifact_uri("dir"))
        assert [info.path for info in folder] == ["dir/a b.txt"]

    # Where downloads land: seen with the mlflow 3.17.2 client.
    def test_downloads_are_named_by_their_last_part(self, tmp_path: Path) -> None:
        with mlflow.start_run() as run:
            mlflow.log_text("x", "a/b/t.txt")
        run_id, target = run.info.run_id, tmp_path / "out"
        got = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="a/b/t.txt", dst_path=str(target / "1"))
        assert got == str(target / "1/t.txt")
        got = MlflowClient().download_artifacts(run_id, "a/b", str(target / "2"))
        assert got == str(target / "2/b")
        assert (target / "2/b/t.txt").read_text() == "x"
        assert MlflowClient().download_artifacts(run_id, "", str(target / "3")) == str(target / "3")
        assert (target / "3/a/b/t.txt").read_text() == "x"
        got = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/a", dst_path=str(target / "4"))
        assert got == str(target / "4/a")
        got = mlflow.artifacts.download_artifacts(run.info.artifact_uri, dst_path=str(target / "5"))
        assert got == str(target / "5/artifacts")
        first, second = (MlflowClient().download_artifacts(run_id, "a/b/t.txt") for _ in range(2))
        assert first != second
        assert Path(first).read_text() == "x"
        os.chdir(tmp_path)
        assert MlflowClient().download_artifacts(run_id, "a/b/t.txt", "relative") == str(tmp_path / "relative/t.txt")

    def test_download_of_what_is_missing(self) -> None:
        with mlflow.start_run() as run:
            pass
        for act in (
            lambda: MlflowClient().download_artifacts(run.info.run_id, "nope"),
            lambda: mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/nope/a.txt"),
            lambda: mlflow.artifacts.download_artifacts(f"runs:/{'0' * 32}/a"),
            lambda: mlflow.artifacts.download_artifacts(f"models:/m-{'0' * 32}/a"),
        ):
            with pytest.raises(NotFound):
                act()

    @pytest.mark.parametrize("given", [{}, {"artifact_path": "x"}, {"artifact_uri": "a", "run_id": "b"}])
    def test_exactly_one_of_uri_and_run_is_needed(self, given: dict[str, Any]) -> None:
        with pytest.raises(InvalidValue, match="Exactly one"):
            mlflow.artifacts.download_artifacts(**given)
        with pytest.raises(InvalidValue, match="Exactly one"):
            mlflow.artifacts.list_artifacts(**given)

    def test_local_path_is_its_own_download(self, tmp_path: Path) -> None:
        source = tree(tmp_path / "source")
        assert mlflow.artifacts.download_artifacts(str(source / "a b.txt")) == str(source / "a b.txt")
        assert mlflow.artifacts.download_artifacts(source.as_uri()) == str(source)
        copied = mlflow.artifacts.download_artifacts(f"{source}/", dst_path=str(tmp_path / "down"))
        assert (Path(copied) / "sub/%41.txt").read_text() == "second"
        assert [info.path for info in mlflow.artifacts.list_artifacts(str(source))] == ["source/a b.txt", "source/sub"]

    def test_logged_model_is_found_below_its_run(self, tmp_path: Path) -> None:
        with mlflow.start_run() as run:
            first = mlflow.initialize_logged_model("net", source_run_id=run.info.run_id)
            clock.sleep_s(0.002)  # the later one is that of a later millisecond
            model = mlflow.initialize_logged_model("net", source_run_id=run.info.run_id)
            other = MlflowClient().create_logged_model(run.info.experiment_id, "other")
            mlflow.log_text("x", "plain.txt")
        client = MlflowClient()
        (tmp_path / "MLmodel").write_text("old")
        client.log_model_artifact(first.model_id, str(tmp_path / "MLmodel"))
        client.log_model_artifact(other.model_id, str(tmp_path / "MLmodel"))
        (tmp_path / "MLmodel").write_text("new")
        client.log_model_artifacts(model.model_id, str(tree(tmp_path / "model")), "data")
        client.log_model_artifact(model.model_id, str(tmp_path / "MLmodel"))
        listed = [info.path for info in client.list_logged_model_artifacts(model.model_id)]
        assert listed == ["MLmodel", "data"]
        uri = f"runs:/{run.info.run_id}/net"
        assert Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path / "d"))).name == "net"
        assert (tmp_path / "d/net/MLmodel").read_text() == "new"
        assert (tmp_path / "d/net/data/sub/%41.txt").read_text() == "second"
        assert mlflow.artifacts.load_text(f"{uri}/MLmodel") == "new"
        assert [info.path for info in mlflow.artifacts.list_artifacts(uri)] == ["net/MLmodel", "net/data"]
        assert mlflow.artifacts.load_text(f"models:/{model.model_id}/MLmodel") == "new"
        whole = mlflow.artifacts.download_artifacts(f"models:/{model.model_id}", dst_path=str(tmp_path / "m"))
        assert sorted(path.name for path in Path(whole).iterdir()) == ["MLmodel", "data"]
        # What the run itself has wins, and only its own models count.
        mlflow.log_text("run's", "net/MLmodel", run_id=run.info.run_id)
        assert mlflow.artifacts.load_text(f"{uri}/MLmodel") == "run's"
        with pytest.raises(NotFound):
            mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/other/MLmodel")

    @pytest.mark.parametrize("uri", ["runs:/", "runs://host/x", "models:/", "nonsense://x/y"])
    def test_addresses_that_mean_nothing(self, uri: str) -> None:
        with pytest.raises(HeadraceError) as caught:
            mlflow.artifacts.download_artifacts(uri)
        assert caught.value.http in (400, 501)

    def test_figures(self) -> None:
        import plotly.graph_objects as go
        from matplotlib import pyplot as plt

        figure, axes = plt.subplots()
        axes.plot([1, 2])
        with mlflow.start_run() as run:
            mlflow.log_figure(figure, "plots/a b.png", save_kwargs={"dpi": 30})
            mlflow.log_figure(figure, "a.svg")
            mlflow.log_figure(go.Figure(go.Scatter(y=[1, 2])), "b.html")
            MlflowClient().log_figure(run.info.run_id, figure, "c.pdf")
            with pytest.raises(InvalidValue, match="html"):
                mlflow.log_figure(go.Figure(), "b.txt")
            with pytest.raises(InvalidValue, match="images"):
                mlflow.log_figure(figure, "b2.html")
        plt.close(figure)
        assert names(run.info.run_id) == ["a.svg", "b.html", "c.pdf", "plots"]
        image = mlflow.artifacts.load_image(f"runs:/{run.info.run_id}/plots/a b.png")
        assert image.size == (192, 144)
        assert b"plotly" in read(run.info.run_id, "b.html")


def test_embedded_store_that_a_server_wrote_is_read_directly(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with live_server(tmp_path / "run", "--backend-store-uri", str(store)) as server:
        mlflow.set_tracking_uri(server.url)
        with mlflow.start_run() as run:
            mlflow.log_text("by the server", "a.txt")
    mlflow.set_tracking_uri(store)
    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt") == "by the server"


def test_files_of_the_web_are_downloaded_by_address(server: LiveServer, tmp_path: Path) -> None:
    url = f"{server.proxy}/9/w%20x.txt"
    urllib.request.urlopen(urllib.request.Request(url, data=b"web", method="PUT")).close()
    mlflow.set_tracking_uri(server.url)
    assert Path(mlflow.artifacts.download_artifacts(url)).read_bytes() == b"web"
    got = mlflow.artifacts.download_artifacts("mlflow-artifacts:/9", dst_path=str(tmp_path))
    assert (Path(got) / "w x.txt").read_bytes() == b"web"
