from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import headrace as mlflow
from headrace.errors import NotFound
from headrace.packaging import manifest
from headrace.packaging.describe import describe
from headrace.packaging.risks import Verdict

HEADRACE = Path(sys.executable).with_name("headrace")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    import pandas as pd

    class Doubled(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
            return model_input["a"] * 2

    (tmp_path / "own.py").write_text("x = 1\n")
    mlflow.pyfunc.save_model(
        str(tmp_path / "model"),
        python_model=Doubled(),
        input_example=(pd.DataFrame({"a": [1.0]}), {"k": 3}),
        code_paths=[str(tmp_path / "own.py")],
        pip_requirements=["numpy", "surely-not-installed==1.0", "scipy<0.1"],
        metadata={"team": "mill"},
    )
    return tmp_path / "model"


def cli(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HEADRACE, "models", *arguments], capture_output=True, text=True)


def test_all_that_a_saved_model_says_is_told(saved: Path) -> None:
    found = describe(saved)
    assert found.flavors["python_function"]["loader_module"] == "mlflow.pyfunc.model"
    assert found.signature is not None
    assert found.signature["inputs"] == [{"type": "double", "name": "a", "required": True}]
    assert found.signature["params"] == [{"name": "k", "default": 3, "shape": None, "type": "long"}]
    assert found.example is not None
    assert found.example["content"]["inputs"] == {"columns": ["a"], "data": [[1.0]]}
    assert found.metadata == {"team": "mill"}
    assert found.verdict is Verdict.RUNS_CODE
    assert {(risk.path, risk.kind) for risk in found.risks} == {("python_model.pkl", "pickle"), ("code/own.py", "code")}
    assert found.manifest == "matches"
    assert found.digest == manifest.digest_of(saved)
    assert found.trusted
    assert found.size_bytes == sum(path.stat().st_size for path in saved.rglob("*") if path.is_file()) - (
        (saved / "model_manifest.json").stat().st_size
    )


def test_requirements_are_compared_with_what_is_installed(saved: Path) -> None:
    import scipy

    found = {each.line: (each.fulfilled, each.installed) for each in describe(saved).requirements}
    assert found["surely-not-installed==1.0"] == (False, None)
    assert found["scipy<0.1"] == (False, scipy.__version__)
    assert found["numpy"] == (True, None)


def test_edited_metadata_and_damage_are_told_apart(saved: Path) -> None:
    with (saved / "requirements.txt").open("a") as file:
        file.write("\nscipy\n")
    found = describe(saved)
    assert found.manifest == "edited"
    assert found.manifest_note is not None
    assert "requirements.txt" in found.manifest_note
    assert not found.trusted
    (saved / "python_model.pkl").write_bytes(b"")
    damaged = describe(saved)
    assert damaged.manifest == "damaged"
    assert "python_model.pkl is truncated" in (damaged.manifest_note or "")
    (saved / "model_manifest.json").write_text("{")
    assert describe(saved).manifest == "unreadable"


def test_large_folders_are_compared_by_sizes_unless_asked(saved: Path) -> None:
    content = bytearray((saved / "python_model.pkl").read_bytes())
    content[-2] ^= 1
    (saved / "python_model.pkl").write_bytes(bytes(content))
    assert describe(saved, contents=False).manifest == "matches"
    assert describe(saved, contents=False).digest is None
    assert describe(saved, contents=True).manifest == "damaged"


def test_code_beside_pickles_is_told(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(
        "flavors:\n"
        "  python_function: {loader_module: my_loader, code: code}\n"
        "  transformers: {model_binary: model, kwargs: {trust_remote_code: true}}\n"
        "flavour_of_tomorrow: 1\n"
    )
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"auto_map": {"AutoModel": "modeling.Own"}}')
    (tmp_path / "native.so").write_bytes(b"\x7fELF")
    found = describe(tmp_path)
    assert {(risk.path, risk.kind) for risk in found.risks} == {
        ("MLmodel", "loader"),
        ("MLmodel", "remote code"),
        ("model/config.json", "remote code"),
        ("native.so", "code"),
    }
    assert found.other == {"flavour_of_tomorrow": 1}


def test_a_code_free_model_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {onnx: {data: model.onnx}}\n")
    (tmp_path / "model.onnx").write_bytes(b"\x08\x08\x12\x04test")
    found = describe(tmp_path)
    assert found.verdict is Verdict.NO_CODE
    assert found.risks == []


def test_a_folder_without_mlmodel_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="MLmodel"):
        describe(tmp_path)


def test_a_cache_that_only_links_into_itself_is_no_risk(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "a").write_text("x")
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "weights").symlink_to("../blobs/a")
    found = describe(tmp_path)
    assert found.verdict is Verdict.NO_CODE
    assert found.files == 3


def test_describe_prints_a_page_or_json(saved: Path) -> None:
    page = cli("describe", saved).stdout
    for part in ("python_function", "a: double", "k: long, default 3", "surely-not-installed==1.0", "code/own.py"):
        assert part in page
    told = json.loads(cli("describe", saved, "--json").stdout)
    assert told["verdict"] == "runs code"
    assert told["metadata"] == {"team": "mill"}


def test_describe_takes_addresses_of_the_store(tmp_path: Path) -> None:
    class Same(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input

    info = mlflow.pyfunc.log_model(name="same", python_model=Same(), pip_requirements=["numpy"])
    told = json.loads(cli("describe", info.model_uri, "--json").stdout)
    assert told["model_id"] == info.model_id


def test_trust_holds_for_these_very_files(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").write_text("flavors: {}\n")
    (tmp_path / "model" / "m.pkl").write_bytes(pickle.dumps({1}))
    assert not describe(tmp_path / "model").trusted
    assert "Trusted" in cli("trust", tmp_path / "model").stdout
    assert describe(tmp_path / "model").trusted
    assert cli("untrust", tmp_path / "model").returncode == 0
    assert not describe(tmp_path / "model").trusted


def test_verify_reads_every_byte(saved: Path) -> None:
    assert "as they were saved" in cli("verify", saved).stdout
    content = bytearray((saved / "python_model.pkl").read_bytes())
    content[-2] ^= 1
    (saved / "python_model.pkl").write_bytes(bytes(content))
    failed = cli("verify", saved)
    assert failed.returncode != 0
    assert "python_model.pkl has changed" in failed.stderr
    (saved / "model_manifest.json").unlink()
    assert "no manifest" in cli("verify", saved).stderr


def test_what_isnt_there_is_said() -> None:
    failed = cli("describe", "./nowhere")
    assert failed.returncode != 0
    assert "no such folder" in failed.stderr
