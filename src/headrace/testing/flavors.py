"""What every flavor must do. To hold one to it, subclass `FlavorSuite` in a test file with a static method `make` that
gives a `FlavorCase`: a fitted model, an input, and what the framework itself predicts from it.

The suite writes real folders, logs into an embedded store in the test's own folder, and starts one child process in
which the framework isn't there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace import pyfunc
from headrace.client.flavored import Calls, calls
from headrace.environments import requirement
from headrace.environments.requirement import Requirement
from headrace.errors import AlreadyExists, Corrupt
from headrace.packaging import example, manifest
from headrace.packaging.flavor import Flavor
from headrace.packaging.info import ModelInfo
from headrace.packaging.mlmodel import FILE_NAME, PYFUNC, Model
from headrace.packaging.signature import ModelSignature
from headrace.packaging.trust import UntrustedModel

ALWAYS = {
    FILE_NAME,
    "conda.yaml",
    "input_example.json",
    "model_manifest.json",
    "python_env.yaml",
    "requirements.txt",
    "serving_input_example.json",
}
_CHILD = """
import sys
sys.modules.update(dict.fromkeys({modules!r}))
from headrace import pyfunc
from headrace.client.flavored import calls
from headrace.lazy import MissingPackage
from headrace.packaging.flavor import flavor
for load in ({loads}):
    try:
        load({folder!r}, allow_pickle=True)
    except MissingPackage as error:
        print(error)
"""


@dataclass(frozen=True, kw_only=True)
class FlavorCase:
    """flavor: the object that the entry point names. data: an input of `predict`; it is the input example, too.
    expected: what pyfunc's predict answers to it, from the framework without Headrace. predict: (loaded native model,
    data) → the same. keys: of the flavor in MLmodel, but `code`; MLflow's names. files: beside those of every model.
    options: of save_model. needs: distributions that the requirements must name. runs_code: loading it needs trust.
    tolerance: relative, of predictions. pyfunc: False for a model that has only its native form. runs_on: the module
    that predict needs, if it isn't the flavor's. default_signature: what it has without an example."""

    flavor: Flavor
    model: Any
    data: Any
    expected: Any
    predict: Callable[[Any, Any], Any]
    keys: frozenset[str]
    files: frozenset[str]
    needs: frozenset[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    runs_code: bool = False
    tolerance: float = 0.0
    pyfunc: bool = True
    runs_on: str | None = None
    default_signature: ModelSignature | None = None

    @property
    def calls(self) -> Calls:
        return calls(self.flavor)

    def save(self, path: Path, **more: Any) -> Path:
        self.calls.save_model(self.model, path, **{**self.options, **more})
        return path

    def log(self, **more: Any) -> ModelInfo:
        return self.calls.log_model(self.model, **{**self.options, **more})

    def check(self, answer: Any) -> None:
        assert_same(answer, self.expected, self.tolerance)

    def check_loads(self, uri: str | Path, **how: Any) -> None:
        """Both ways give the framework's own predictions."""
        self.check(self.predict(self.calls.load_model(str(uri), **how), self.data))
        if self.pyfunc:
            self.check(pyfunc.load_model(str(uri), **how).predict(self.data))


class FlavorSuite:
    @staticmethod
    def make() -> FlavorCase:
        """Asked once for all tests of the class."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls) -> FlavorCase:
        with _quiet():
            return cls.make()

    @pytest.fixture(scope="class")
    @classmethod
    def saved(cls, case: FlavorCase, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A folder that tests read and don't change."""
        with _quiet():
            return case.save(tmp_path_factory.mktemp("flavor") / "model", input_example=case.data)

    @pytest.fixture(autouse=True)
    def expected_warnings(self) -> Iterator[None]:
        with _quiet():
            yield

    def test_folder_is_complete(self, case: FlavorCase, saved: Path) -> None:
        assert set(manifest.files_of(saved)) | {manifest.FILE_NAME} == ALWAYS | case.files
        written = manifest.read(saved)
        assert written is not None
        manifest.check(saved, written, contents=True)

    def test_mlmodel_has_mlflows_keys(self, case: FlavorCase, saved: Path) -> None:
        model = Model.load(saved)
        assert set(model.flavors) == {case.flavor.name, PYFUNC} if case.pyfunc else {case.flavor.name}
        assert set(model.flavors[case.flavor.name]) - {"code"} == case.keys
        if model.pyfunc is not None:
            assert {"loader_module", "python_version", "env", "code"} <= set(model.pyfunc)
            assert model.pyfunc["env"] == {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
        assert model.model_size_bytes
        assert model.mlflow_version
        assert model.model_uuid

    def test_requirements_name_each_distribution_once_and_pinned(self, case: FlavorCase, saved: Path) -> None:
        lines = requirement.read_lines((saved / "requirements.txt").read_text().splitlines()).requirements
        names = [line.key for line in lines if isinstance(line, Requirement)]
        assert len(names) == len(lines) == len(set(names))
        assert case.needs | {"mlflow"} | _libraries_of(case.data) <= set(names)
        assert names[0] == "mlflow"
        assert all(line.clauses[0].operator == "==" for line in lines if isinstance(line, Requirement))

    def test_no_file_names_a_place_of_this_machine(self, saved: Path) -> None:
        places = [str(saved.parent), str(Path.home()), str(Path.cwd()), str(Path(headrace.__file__).parent)]
        for name in manifest.files_of(saved):
            content = (saved / name).read_bytes()
            assert not [place for place in places if len(place) > 5 and place.encode() in content], name

    def test_native_model_and_pyfunc_predict_what_the_framework_does(self, case: FlavorCase, saved: Path) -> None:
        case.check_loads(saved)

    def test_a_model_saved_without_example_loads(self, case: FlavorCase, tmp_path: Path) -> None:
        case.check_loads(case.save(tmp_path / "model"))
        assert Model.load(tmp_path / "model").signature == case.default_signature

    def test_signature_is_inferred_from_the_example(self, case: FlavorCase, saved: Path) -> None:
        signature = Model.load(saved).signature
        if not case.pyfunc:
            return
        assert signature is not None
        assert signature.inputs is not None
        assert signature.outputs is not None

    def test_a_given_signature_is_kept_and_false_means_none(
        self, case: FlavorCase, saved: Path, tmp_path: Path
    ) -> None:
        given = Model.load(saved).signature or ModelSignature()
        case.save(tmp_path / "given", signature=given)
        assert Model.load(tmp_path / "given").signature == given
        case.save(tmp_path / "none", signature=False, input_example=case.data)
        assert Model.load(tmp_path / "none").signature is None

    def test_input_example_comes_back_and_can_be_predicted(self, case: FlavorCase, saved: Path) -> None:
        info = Model.load(saved).saved_input_example_info
        assert info is not None
        data, params = example.read(saved, info)
        assert params is None
        assert type(data) is type(case.data)
        if case.pyfunc and Model.load(saved).get_input_schema() is not None:
            pyfunc.load_model(str(saved)).predict(_as(data, case.data))

    def test_logged_model_loads_by_model_and_by_run(self, case: FlavorCase) -> None:
        with headrace.start_run() as run:
            info = case.log(name="logged", input_example=case.data)
        assert info.model_uri.startswith("models:/m-")
        assert case.flavor.name in info.flavors
        case.check_loads(info.model_uri)
        case.check_loads(f"runs:/{run.info.run_id}/logged")

    def test_metadata_and_code_and_extra_files_are_carried(self, case: FlavorCase, tmp_path: Path) -> None:
        module = f"module_of_{case.flavor.name}_model"
        (tmp_path / f"{module}.py").write_text("ANSWER = 42\n")
        (tmp_path / "notes.txt").write_text("notes")
        folder = case.save(
            tmp_path / "model",
            metadata={"a": 1},
            code_paths=[tmp_path / f"{module}.py"],
            extra_files=[tmp_path / "notes.txt"],
            extra_pip_requirements=["a-package>=1.2"],
        )
        (tmp_path / f"{module}.py").unlink()
        model = Model.load(folder)
        assert model.metadata is not None
        assert model.metadata["a"] == 1
        assert (folder / "code" / f"{module}.py").is_file()
        assert model.flavors[case.flavor.name]["extra_files"] == [{"path": "extra_files/notes.txt"}]
        assert (folder / "extra_files" / "notes.txt").read_text() == "notes"
        assert "a-package>=1.2" in (folder / "requirements.txt").read_text().splitlines()
        case.check_loads(folder)
        assert __import__(module).ANSWER == 42

    def test_an_unknown_model_config_is_ignored_with_a_word(self, case: FlavorCase, saved: Path) -> None:
        if not case.pyfunc:
            return
        with pytest.warns(UserWarning, match="no_such_key"):
            loaded = pyfunc.load_model(str(saved), model_config={"no_such_key": 1})
        case.check(loaded.predict(case.data))

    def test_unknown_arguments_are_refused(self, case: FlavorCase, tmp_path: Path) -> None:
        with pytest.raises(TypeError, match="no_such_argument"):
            case.save(tmp_path / "model", no_such_argument=1)
        assert not (tmp_path / "model").exists()

    def test_a_folder_with_something_in_it_is_refused(self, case: FlavorCase, saved: Path) -> None:
        before = set(manifest.files_of(saved))
        with pytest.raises(AlreadyExists):
            case.save(saved)
        assert set(manifest.files_of(saved)) == before
        assert not [path for path in saved.parent.iterdir() if path != saved]

    def test_a_damaged_file_is_named(self, case: FlavorCase, saved: Path, tmp_path: Path) -> None:
        folder = Path(shutil.copytree(saved, tmp_path / "copy"))
        biggest = max((folder / name for name in case.files), key=lambda path: path.stat().st_size)
        with biggest.open("r+b") as file:
            file.truncate(biggest.stat().st_size // 2)
        loads = [case.calls.load_model, *([pyfunc.load_model] if case.pyfunc else [])]
        for load in loads:
            with pytest.raises(Corrupt, match=biggest.name.replace(".", r"\.")):
                load(str(folder), allow_pickle=True)

    def test_a_strangers_model_runs_no_code(self, case: FlavorCase, saved: Path, tmp_path: Path) -> None:
        folder = Path(shutil.copytree(saved, tmp_path / "copy"))
        (folder / manifest.FILE_NAME).unlink()
        with (folder / FILE_NAME).open("a") as file:
            file.write("made_by: a stranger\n")
        if not case.runs_code:
            case.check_loads(folder)
            case.check_loads(folder, allow_pickle=False)
            return
        for load in (case.calls.load_model, *([pyfunc.load_model] if case.pyfunc else [])):
            with pytest.raises(UntrustedModel, match="allow_pickle=True"):
                load(str(folder))
        case.check_loads(folder, allow_pickle=True)

    def test_a_missing_framework_is_named_with_the_pip_line(self, case: FlavorCase, saved: Path) -> None:
        loads = f"calls(flavor({case.flavor.name!r})).load_model," + (" pyfunc.load_model," if case.pyfunc else "")
        modules = [case.flavor.module, case.runs_on or case.flavor.module]
        code = _CHILD.format(modules=modules, folder=str(saved), loads=loads)
        done = subprocess.run(  # noqa: S603 — this interpreter
            [sys.executable, "-W", "ignore", "-c", code],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert done.returncode == 0, done.stderr
        said = done.stdout.splitlines()
        assert len(said) == (2 if case.pyfunc else 1), done.stdout
        assert all("pip install" in line for line in said)


def _libraries_of(data: Any) -> set[str]:
    """What whoever predicts on such data needs."""
    return {type(data).__module__.partition(".")[0]} & {"numpy", "pandas"}


def assert_same(actual: Any, expected: Any, tolerance: float = 0.0) -> None:
    """Equal in type and shape, and in value up to `tolerance`."""
    assert type(actual) is type(expected), (type(actual), type(expected))
    if isinstance(expected, dict):
        assert list(actual) == list(expected)
        for key, value in expected.items():
            assert_same(actual[key], value, tolerance)
    elif hasattr(expected, "columns"):
        assert list(actual.columns) == list(expected.columns)
        assert list(actual.index) == list(expected.index)
        for name in expected.columns:
            _assert_close(actual[name].to_numpy(), expected[name].to_numpy(), tolerance)
    elif hasattr(expected, "shape"):
        _assert_close(actual, expected, tolerance)
    else:
        assert actual == expected


def _assert_close(actual: Any, expected: Any, tolerance: float) -> None:
    import numpy as np

    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    if tolerance and expected.dtype.kind in "fc":
        # Sums in another order differ by what the largest addends are rounded to, however small the sum is.
        largest = float(np.abs(expected).max(initial=0))
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * largest)
    else:
        np.testing.assert_array_equal(actual, expected)


def _as(data: Any, like: Any) -> Any:
    """What came back from JSON, in the types that the signature asks for."""
    if hasattr(like, "dtypes") and hasattr(like, "columns"):
        return data.astype(dict(like.dtypes))
    if isinstance(like, dict):
        return {key: _as(value, like[key]) for key, value in data.items()}
    return data.astype(like.dtype) if hasattr(like, "dtype") else data


@contextmanager
def _quiet() -> Iterator[None]:
    """What frameworks say about themselves is no failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
