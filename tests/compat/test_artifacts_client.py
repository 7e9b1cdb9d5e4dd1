import json
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from servers import TARGET, Server

ODD_NAMES = [
    "with space.txt",
    "ünïcode ✓.txt",
    "a+b&c=d.txt",
    "semi;colon.txt",
    "quote'.txt",
    "dots..txt",
    "100%.txt",
]


BACKSLASHES = pytest.param(
    "a\\..\\b.txt", marks=pytest.mark.skipif(TARGET == "mlflow", reason="a plain character there, on Linux")
)


def paths(client: MlflowClient, run_id: str, path: str | None = None) -> list[tuple[str, bool, int | None]]:
    return [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id, path)]


def test_file_is_logged_listed_and_downloaded(client: MlflowClient, run_id: str, tmp_path: Path) -> None:
    source = tmp_path / "weights.bin"
    source.write_bytes(bytes(range(256)) * 1000)
    client.log_artifact(run_id, str(source))
    client.log_artifact(run_id, str(source), "deep/er")
    assert paths(client, run_id) == [("deep", True, None), ("weights.bin", False, 256_000)]
    assert paths(client, run_id, "deep") == [("deep/er", True, None)]
    assert paths(client, run_id, "deep/er") == [("deep/er/weights.bin", False, 256_000)]
    target = tmp_path / "down"
    target.mkdir()
    got = client.download_artifacts(run_id, "deep/er/weights.bin", str(target))
    assert Path(got).read_bytes() == source.read_bytes()


def test_folder_is_logged_and_downloaded_whole(client: MlflowClient, run_id: str, tmp_path: Path) -> None:
    source = tmp_path / "src"
    (source / "a" / "b").mkdir(parents=True)
    (source / "top.txt").write_text("top")
    (source / "a" / "empty.txt").write_text("")
    (source / "a" / "b" / "low.txt").write_text("low")
    client.log_artifacts(run_id, str(source), "tree")
    target = tmp_path / "down"
    target.mkdir()
    client.download_artifacts(run_id, "", str(target))
    found = {str(p.relative_to(target)): p.read_text() for p in target.rglob("*") if p.is_file()}
    assert found == {"tree/top.txt": "top", "tree/a/empty.txt": "", "tree/a/b/low.txt": "low"}
    assert paths(client, run_id, "tree/a") == [
        ("tree/a/b", True, None),
        ("tree/a/empty.txt", False, None if TARGET == "mlflow" else 0),
    ]


def test_list_of_a_file_and_of_nothing_is_empty(client: MlflowClient, run_id: str) -> None:
    client.log_text(run_id, "x", "file.txt")
    assert client.list_artifacts(run_id, "file.txt") == []
    assert client.list_artifacts(run_id, "nothing") == []


def test_missing_artifact_is_an_error(client: MlflowClient, run_id: str, tmp_path: Path) -> None:
    with pytest.raises(MlflowException):
        client.download_artifacts(run_id, "nothing.txt", str(tmp_path))


def test_file_is_overwritten(client: MlflowClient, run_id: str) -> None:
    client.log_text(run_id, "a long first text", "note.txt")
    client.log_text(run_id, "short", "note.txt")
    assert mlflow_text(client, run_id, "note.txt") == "short"
    assert paths(client, run_id) == [("note.txt", False, 5)]


def mlflow_text(client: MlflowClient, run_id: str, path: str) -> str:
    return Path(client.download_artifacts(run_id, path)).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_name_survives(client: MlflowClient, run_id: str, tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    source.write_text(name, encoding="utf-8")
    client.log_artifact(run_id, str(source), "odd dir")
    assert [f.path for f in client.list_artifacts(run_id, "odd dir")] == [f"odd dir/{name}"]
    assert mlflow_text(client, run_id, f"odd dir/{name}") == name


@pytest.mark.parametrize("path", ["../up.txt", "a/../../up.txt", "/absolute.txt", BACKSLASHES])
def test_path_that_leads_out_is_refused(client: MlflowClient, server: Server, run_id: str, path: str) -> None:
    before = set(server.folder.rglob("*.txt"))
    with pytest.raises((MlflowException, requests.HTTPError)):
        client.log_text(run_id, "out", path)
    assert set(server.folder.rglob("*.txt")) == before


def test_files_lie_where_the_server_was_told(client: MlflowClient, server: Server, run_id: str) -> None:
    client.log_text(run_id, "here", "sub/where.txt")
    [found] = server.artifacts.rglob("where.txt")
    assert found.relative_to(server.artifacts).parts[-4:] == (run_id, "artifacts", "sub", "where.txt")
    assert found.read_text() == "here"


def test_large_file_goes_through(client: MlflowClient, run_id: str, tmp_path: Path) -> None:
    source = tmp_path / "large.bin"
    source.write_bytes(np.random.default_rng(1).bytes(24 << 20))
    client.log_artifact(run_id, str(source))
    target = tmp_path / "down"
    target.mkdir()
    assert Path(client.download_artifacts(run_id, "large.bin", str(target))).read_bytes() == source.read_bytes()


def test_text_dict_and_table(fluent: str) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("grüße\n", "notes/a.txt")
        mlflow.log_dict({"k": [1, 2.5, None]}, "d.json")
        mlflow.log_dict({"k": [1]}, "d.yaml")
        mlflow.log_table({"q": ["a", "b"], "n": [1, 2]}, "t.json")
        mlflow.log_table({"q": ["c"], "n": [3]}, "t.json")
    root = run.info.artifact_uri
    assert mlflow.artifacts.load_text(f"{root}/notes/a.txt") == "grüße\n"
    assert mlflow.artifacts.load_dict(f"{root}/d.json") == {"k": [1, 2.5, None]}
    assert mlflow.artifacts.load_text(f"{root}/d.yaml") == "k:\n- 1\n"
    table = mlflow.load_table("t.json", run_ids=[run.info.run_id], extra_columns=["run_id"])
    assert table["n"].tolist() == [1, 2, 3]
    assert set(table["run_id"]) == {run.info.run_id}
    tags = mlflow.get_run(run.info.run_id).data.tags
    assert json.loads(tags["mlflow.loggedArtifacts"]) == [{"path": "t.json", "type": "table"}]
    listed = mlflow.artifacts.list_artifacts(run_id=run.info.run_id)
    assert [f.path for f in listed] == ["d.json", "d.yaml", "notes", "t.json"]


def test_image_and_figure(fluent: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    pixels = (np.arange(12 * 9 * 3).reshape(12, 9, 3) % 256).astype(np.uint8)
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    with mlflow.start_run() as run:
        mlflow.log_image(pixels, "img/a.png")
        mlflow.log_image(pixels, key="val/preview", step=3)
        mlflow.log_figure(figure, "plot.png")
    plt.close(figure)
    loaded = mlflow.artifacts.load_image(f"{run.info.artifact_uri}/img/a.png")
    assert np.array_equal(np.asarray(loaded), pixels)
    client = MlflowClient()
    names = [f.path for f in client.list_artifacts(run.info.run_id, "images")]
    assert len(names) == 2
    assert all("~preview+step+3+timestamp+" in name or "%preview%step%3" in name for name in names)
    assert client.get_run(run.info.run_id).data.tags["mlflow.loggedImages"] == "True"
    plot = client.download_artifacts(run.info.run_id, "plot.png")
    assert Path(plot).read_bytes().startswith(b"\x89PNG")


def test_artifact_uris_of_the_fluent_api(fluent: str, tmp_path: Path, unique: Callable[[str], str]) -> None:
    name = unique("art")
    (tmp_path / name).write_text("content")
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(tmp_path / name), "some/dir")
        assert mlflow.get_artifact_uri("some/dir") == f"{run.info.artifact_uri}/some/dir"
    for uri in (f"runs:/{run.info.run_id}/some/dir/{name}", f"{run.info.artifact_uri}/some/dir/{name}"):
        assert Path(mlflow.artifacts.download_artifacts(artifact_uri=uri)).read_text() == "content"
    folder = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="some")
    assert (Path(folder) / "dir" / name).read_text() == "content"


def test_artifacts_are_deleted(server: Server, client: MlflowClient, run_id: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    client.log_text(run_id, "1", "keep.txt")
    client.log_text(run_id, "2", "drop/a.txt")
    uri = client.get_run(run_id).info.artifact_uri
    repository = get_artifact_repository(uri, tracking_uri=server.url)
    repository.delete_artifacts("drop")
    repository.delete_artifacts("never-was")
    assert [f.path for f in client.list_artifacts(run_id)] == ["keep.txt"]
