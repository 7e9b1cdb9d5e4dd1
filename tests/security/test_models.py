"""Models of strangers: whatever their files say, nothing of them runs and nothing outside their folder is read.

The classes of MLflow's advisories about unsafe deserialisation (CVE-2024-37052 to -37060, GHSA-w582-9x45-8mpx) and
about paths, each tried with a payload that really writes a file.
"""

from __future__ import annotations

import gzip
import io
import os
import pickle
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import headrace as mlflow
from headrace.blobs.paths import InvalidPath
from headrace.errors import Corrupt, HeadraceError
from headrace.packaging import example, trusted_digests
from headrace.packaging.describe import describe
from headrace.packaging.risks import Verdict
from headrace.packaging.trust import UntrustedModel

HEADRACE = Path(sys.executable).with_name("headrace")
RAN = "ran"  # what the payload leaves in the working folder
LOADER = "mlflow.pyfunc.model"


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {RAN}",)


@pytest.fixture(autouse=True)
def no_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(trusted_digests, "_here", {})


def model(folder: Path, pyfunc: dict[str, Any] | None = None, **others: Any) -> Path:
    """A folder as a stranger would write it."""
    folder.mkdir(parents=True, exist_ok=True)
    flavors = {name: keys for name, keys in (("python_function", pyfunc), *others.items()) if keys is not None}
    written = {"flavors": flavors, "mlflow_version": "3.17.2", "utc_time_created": "2026-01-01 00:00:00"}
    (folder / "MLmodel").write_text(yaml.safe_dump(written))
    (folder / "requirements.txt").write_text("numpy\n")
    return folder


def load(folder: Path, **options: Any) -> Any:
    return mlflow.pyfunc.load_model(str(folder), **options)


def assert_refused(folder: Path, *errors: type[Exception]) -> None:
    with pytest.raises(errors or UntrustedModel):
        load(folder)
    assert not Path(RAN).exists()


def test_the_payload_of_these_tests_really_runs(tmp_path: Path) -> None:
    folder = model(tmp_path / "model", {"loader_module": LOADER, "python_model": "python_model.pkl"})
    (folder / "python_model.pkl").write_bytes(pickle.dumps(Payload()))
    with pytest.raises(HeadraceError):
        load(folder, allow_pickle=True)
    assert Path(RAN).exists()


@pytest.mark.parametrize("name", ["python_model.pkl", "model.json", "notes.txt", "a/deep/file"])
def test_a_strangers_pickle_never_runs(tmp_path: Path, name: str) -> None:
    folder = model(tmp_path / "model", {"loader_module": LOADER, "python_model": name})
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(pickle.dumps(Payload()))
    assert_refused(folder)


def test_a_compressed_pickle_never_runs(tmp_path: Path) -> None:
    keys = {"loader_module": LOADER, "python_model": "m.gz", "python_model_compression": "gzip"}
    folder = model(tmp_path / "model", keys)
    (folder / "m.gz").write_bytes(gzip.compress(pickle.dumps(Payload())))
    assert_refused(folder)


def test_a_strangers_script_never_runs(tmp_path: Path) -> None:
    folder = model(tmp_path / "model", {"loader_module": "mlflow.pyfunc.loaders.code_model", "model_code_path": "m.py"})
    (folder / "m.py").write_text(f"open({RAN!r}, 'w')\n")
    assert_refused(folder)


@pytest.mark.parametrize("loader", ["evil_loader", "os", "this", "mlflow.evil", "headrace.cli.server"])
def test_a_strangers_loader_module_is_never_imported(tmp_path: Path, loader: str) -> None:
    folder = model(tmp_path / "model", {"loader_module": loader, "code": "code", "data": "data"})
    (folder / "code").mkdir()
    (folder / "data").mkdir()
    (folder / "code" / "evil_loader.py").write_text(f"open({RAN!r}, 'w')\ndef _load_pyfunc(path): ...\n")
    before = list(sys.path)
    assert_refused(folder, UntrustedModel, HeadraceError)
    assert sys.path == before
    assert "evil_loader" not in sys.modules


def test_a_strangers_modules_cant_shadow_those_that_a_flavor_imports(tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost")
    import numpy as np

    booster = xgboost.train({}, xgboost.DMatrix(np.ones((2, 1)), label=[0, 1]), 1)
    keys = {"data": "model.ubj", "model_class": "xgboost.core.Booster", "code": "code"}
    folder = model(
        tmp_path / "model", {"loader_module": "mlflow.xgboost", "data": "model.ubj", "code": "code"}, xgboost=keys
    )
    booster.save_model(folder / "model.ubj")
    (folder / "code").mkdir()
    (folder / "code" / "numpy.py").write_text(f"open({RAN!r}, 'w')\n")
    assert_refused(folder)


@pytest.mark.parametrize("format_", ["pickle", "cloudpickle", None, "unheard of"])
def test_sklearn_pickles_never_run(tmp_path: Path, format_: str | None) -> None:
    keys = {"pickled_model": "model.pkl", "sklearn_version": "1.5.0", "serialization_format": format_}
    folder = model(tmp_path / "model", {"loader_module": "mlflow.sklearn", "model_path": "model.pkl"}, sklearn=keys)
    (folder / "model.pkl").write_bytes(pickle.dumps(Payload()))
    assert_refused(folder)
    with pytest.raises(UntrustedModel):
        mlflow.sklearn.load_model(str(folder))
    assert not Path(RAN).exists()


def test_a_skops_file_that_is_a_pickle_never_runs(tmp_path: Path) -> None:
    keys = {"pickled_model": "model.skops", "sklearn_version": "1.5.0", "serialization_format": "skops"}
    folder = model(tmp_path / "model", {"loader_module": "mlflow.sklearn", "model_path": "model.skops"}, sklearn=keys)
    (folder / "model.skops").write_bytes(pickle.dumps(Payload()))
    assert_refused(folder, HeadraceError)


def test_the_trusted_types_of_a_strangers_mlmodel_are_no_word_of_ours(tmp_path: Path) -> None:
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    function = FunctionTransformer(os.system, kw_args={}, validate=False)
    keys = {
        "pickled_model": "model.skops",
        "sklearn_version": "1.9.0",
        "serialization_format": "skops",
        "skops_trusted_types": ["posix.system"],
    }
    folder = model(
        tmp_path / "model",
        {"loader_module": "mlflow.sklearn", "model_path": "model.skops", "predict_fn": "transform"},
        sklearn=keys,
    )
    skops.io.dump(function, folder / "model.skops")
    assert_refused(folder)
    found = describe(folder)
    assert found.verdict is Verdict.SUSPICIOUS
    assert any("posix.system" in risk.what for risk in found.risks)


def climbing(tmp_path: Path) -> list[str]:
    return ["../secret", "a/../../secret", str(tmp_path / "secret"), "..\\secret", f"file://{tmp_path}/secret"]


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("key", ["artifacts", "python_model", "data", "code", "model_path"])
def test_paths_of_an_mlmodel_cant_leave_the_folder(tmp_path: Path, key: str, number: int) -> None:
    """Even where the user trusts the model: a path out of it is damage or an attack."""
    (tmp_path / "secret").write_bytes(pickle.dumps(Payload()))
    path = climbing(tmp_path)[number]
    keys: dict[str, Any] = {"loader_module": LOADER, "python_model": "python_model.pkl"}
    if key in ("data", "model_path"):
        keys = {"loader_module": "mlflow.xgboost" if key == "data" else "mlflow.sklearn"}
    keys[key] = {"a": {"path": path, "uri": "x"}} if key == "artifacts" else path
    native = {"xgboost": {"data": path, "model_class": "xgboost.core.Booster"}} if key == "data" else {}
    if key == "model_path":
        native = {"sklearn": {"pickled_model": path, "serialization_format": "pickle"}}
    folder = model(tmp_path / "model", keys, **native)
    (folder / "python_model.pkl").write_bytes(PYTHON_MODEL)
    with pytest.raises((InvalidPath, Corrupt)):  # file:/secret is harmless, and not there
        load(folder, allow_pickle=True)
    assert not Path(RAN).exists()
    found = describe(folder)
    assert found.verdict is Verdict.SUSPICIOUS
    assert any(risk.kind == "path" for risk in found.risks)


def python_model() -> bytes:
    import cloudpickle

    class Harmless(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input

    content: bytes = cloudpickle.dumps(Harmless())
    return content


PYTHON_MODEL = python_model()


@pytest.mark.parametrize("target", ["/etc/passwd", "../secret"])
def test_links_out_of_the_folder_are_not_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret").write_bytes(PYTHON_MODEL)
    folder = model(tmp_path / "model", {"loader_module": LOADER, "python_model": "link"})
    (folder / "link").symlink_to(target)
    with pytest.raises(InvalidPath):
        load(folder, allow_pickle=True)
    assert describe(folder).verdict is Verdict.SUSPICIOUS


def test_links_deep_in_a_folder_that_a_library_reads_whole_are_found_first(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    keys = {"model_binary": "model", "task": "text-generation"}
    folder = model(tmp_path / "model", {"loader_module": "mlflow.transformers"}, transformers=keys)
    (folder / "model").mkdir()
    (folder / "model" / "config.json").symlink_to(tmp_path / "secret")
    assert_refused(folder, InvalidPath)


def test_an_example_out_of_the_folder_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('"the secret"')
    folder = model(tmp_path / "model", {"loader_module": LOADER, "python_model": "m"})
    text = (folder / "MLmodel").read_text()
    (folder / "MLmodel").write_text(
        f"{text}saved_input_example_info: {{artifact_path: ../secret.json, type: json_object}}\n"
    )
    found = describe(folder)
    assert found.example == {"type": "json_object", "content": None}
    assert found.verdict is Verdict.SUSPICIOUS
    with pytest.raises(InvalidPath):
        example.read(folder, {"artifact_path": "../secret.json", "type": "json_object"})


@pytest.mark.parametrize(
    "text",
    [
        f"flavors: !!python/object/apply:os.system ['touch {RAN}']\n",
        f"!!python/object/new:os.system [touch {RAN}]\n",
        "flavors: !!python/name:os.system\n",
        "flavors: [\n",
        "- a\n- list\n",
        "flavors: text\n",
        "\x00\x01",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "flavors: {}\n",
        "flavors: " + "[" * 10_000,
    ],
    ids=["apply", "new", "name", "unclosed", "list", "flavors", "binary", "bomb", "deep"],
)
def test_yaml_of_an_mlmodel_runs_nothing_and_cant_explode(tmp_path: Path, text: str) -> None:
    folder = model(tmp_path / "model")
    (folder / "MLmodel").write_text(text)
    for look in (load, describe):
        with pytest.raises(Corrupt):
            look(folder)
    assert not Path(RAN).exists()


def zip_slip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("../../../slipped", "x")
        archive.writestr("schema.json", "{}")
    return content.getvalue()


def tar_slip() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        info = tarfile.TarInfo("../../../slipped")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    return content.getvalue()


@pytest.mark.parametrize("made", [zip_slip, tar_slip])
def test_archives_that_climb_out_are_told_and_not_unpacked(tmp_path: Path, made: Callable[[], bytes]) -> None:
    keys = {"pickled_model": "model.skops", "sklearn_version": "1.5.0", "serialization_format": "skops"}
    folder = model(
        tmp_path / "deep" / "model", {"loader_module": "mlflow.sklearn", "model_path": "model.skops"}, sklearn=keys
    )
    (folder / "model.skops").write_bytes(made())
    assert_refused(folder, HeadraceError)
    assert describe(folder).verdict is Verdict.SUSPICIOUS
    assert not list(tmp_path.rglob("slipped"))


def test_describe_and_the_command_line_run_nothing(tmp_path: Path) -> None:
    folder = model(tmp_path / "model", {"loader_module": "evil", "python_model": "m.pkl", "code": "code"})
    (folder / "m.pkl").write_bytes(pickle.dumps(Payload()))
    (folder / "code").mkdir()
    (folder / "code" / "evil.py").write_text(f"open({RAN!r}, 'w')\n")
    (folder / "code" / "yaml.py").write_text(f"open({RAN!r}, 'w')\n")
    shown = subprocess.run([HEADRACE, "models", "describe", folder], capture_output=True, text=True, check=True).stdout
    assert "SUSPICIOUS" in shown
    assert "posix.system" in shown
    assert not Path(RAN).exists()


def test_escape_sequences_of_a_model_dont_reach_the_terminal(tmp_path: Path) -> None:
    folder = model(tmp_path / "model", {"loader_module": "\x1b]0;evil\x07", "python_model": "m"})
    (folder / "\x1b[31mred.pkl").write_bytes(pickle.dumps(Payload()))
    shown = subprocess.run([HEADRACE, "models", "describe", folder], capture_output=True, check=True).stdout
    assert b"\x1b" not in shown


def test_a_copy_of_a_trusted_pickle_beside_another_mlmodel_is_refused(tmp_path: Path) -> None:
    class Own(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input

    mlflow.pyfunc.save_model(str(tmp_path / "own"), python_model=Own(), pip_requirements=["numpy"])
    assert load(tmp_path / "own").predict([1]) == [1]
    shutil.copytree(tmp_path / "own", tmp_path / "copy")
    assert load(tmp_path / "copy").predict([1]) == [1]
    with (tmp_path / "copy" / "MLmodel").open("a") as file:
        file.write("metadata: {changed: true}\n")
    with pytest.raises(HeadraceError):
        load(tmp_path / "copy")
    (tmp_path / "copy" / "model_manifest.json").unlink()
    assert_refused(tmp_path / "copy")
