from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

import headrace as mlflow
from tests.cli.conftest import Headrace
from tests.cli.served import serving


@pytest.fixture
def wine() -> None:
    """A model with a version, in the embedded store of the test's folder."""
    Path("model").mkdir()
    Path("model", "weights.bin").write_text("weights")
    client = mlflow.MlflowClient()
    client.create_registered_model("wine")
    client.create_model_version("wine", str(Path("model").absolute()))
    client.set_registered_model_alias("wine", "champion", "1")


@pytest.mark.usefixtures("wine")
def test_model_moves_to_a_server(in_process: Headrace) -> None:
    exported = in_process("models", "export", "wine", "wine.tar")
    assert exported.out == "Model 'wine' with 1 version is in wine.tar.\n"
    assert "version 1: 1 file, 7 B" in exported.err
    with tarfile.open("wine.tar") as archive:
        assert set(archive.getnames()) == {"model.json", "history.jsonl", "versions/1/files/weights.bin"}
    with serving(folder=Path()) as server:
        there = ("--tracking-uri", server.url)
        told = in_process("models", "import", "wine.tar", "--as", "vin", "--json", *there).json()
        assert told == {"name": "vin", "versions": 1, "missing": []}
        assert "champion" in in_process("models", "show", "vin", *there).out
        assert "imported" in in_process("models", "history", "vin", "--json", *there).out
        in_process("models", "download", "vin@champion", "--dst-path", "down", *there)
        assert list(Path("down").rglob("weights.bin"))


@pytest.mark.usefixtures("wine")
@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["export", "win", "win.tar"], 1, "Did you mean 'wine'?"),
        (["export", "wine", "there.tar"], 1, "already exists"),
        (["export", "wine", "no/such/folder/wine.tar"], 1, "its folder isn't there"),
        (["export", "wine", "a.tar", "-m", "models:/wine/1"], 2, "say --to onnx"),
        (["export", "--to", "onnx", "-m", "models:/wine/1", "-d", "a", "--force"], 2, "--force can't go with --to"),
        (["import", "nowhere.tar"], 2, "does not exist"),
        (["import", "there.tar"], 1, "no .tar file"),
        (["import", "model"], 1, "no model.json"),
    ],
)
def test_mistakes_are_told(in_process: Headrace, arguments: list[str], status: int, said: str) -> None:
    Path("there.tar").write_text("something else")
    ended = in_process("models", *arguments, status=status)
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert Path("there.tar").read_text() == "something else"


@pytest.mark.usefixtures("wine")
def test_files_that_are_gone_are_told_with_the_way_out(in_process: Headrace) -> None:
    Path("model", "weights.bin").unlink()
    Path("model").rmdir()
    ended = in_process("models", "export", "wine", "wine.tar", status=1)
    assert "--no-files" in ended.err
    assert not Path("wine.tar").exists()
    in_process("models", "export", "wine", "wine.tar", "--no-files")
