from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headrace as mlflow
from headrace.errors import Corrupt, InvalidValue, NotFound, NotSupported, StoreUnavailable, UserCodeError
from headrace.models import infer_signature
from headrace.packaging.trust import UntrustedModel

FRAME = pd.DataFrame({"x": [1.0, 2.0]})


class Scales(mlflow.pyfunc.PythonModel):
    def load_context(self, context: Any) -> None:
        self.factor = float(Path(context.artifacts["factor"]).read_text())

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        assert context.artifacts["factor"].endswith("factor.txt")
        offset = context.model_config.get("offset", 0)
        return model_input["x"] * self.factor + offset + (params or {}).get("plus", 0)


@pytest.fixture
def factor(tmp_path: Path) -> Path:
    path = tmp_path / "factor.txt"
    path.write_text("3")
    return path


def test_artifacts_config_and_params_reach_the_model(factor: Path) -> None:
    signature = infer_signature(FRAME, [1.0], {"plus": 0.0})
    mlflow.pyfunc.save_model(
        "m", python_model=Scales(), artifacts={"factor": str(factor)}, model_config={"offset": 10}, signature=signature
    )
    factor.unlink()
    loaded = mlflow.pyfunc.load_model("m")
    assert loaded.predict(FRAME).tolist() == [13.0, 16.0]
    assert loaded.predict(FRAME, params={"plus": 100}).tolist() == [113.0, 116.0]
    assert loaded.model_config == {"offset": 10}
    assert isinstance(loaded.unwrap_python_model(), Scales)


def test_model_config_overrides_known_keys_only(factor: Path) -> None:
    mlflow.pyfunc.save_model("m", python_model=Scales(), artifacts={"factor": factor}, model_config={"offset": 10})
    with pytest.warns(UserWarning, match=r"model_config: other ignored.*it has offset"):
        loaded = mlflow.pyfunc.load_model("m", model_config={"offset": 1, "other": 2})
    assert loaded.model_config == {"offset": 1}
    assert loaded.predict(FRAME).tolist() == [4.0, 7.0]


def test_environment_overrides_the_config(factor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow.pyfunc.save_model("m", python_model=Scales(), artifacts={"factor": factor}, model_config={"offset": 10})
    monkeypatch.setenv("MLFLOW_PYFUNC_INFERENCE_CONFIG", '{"offset": 2}')
    assert mlflow.pyfunc.load_model("m").predict(FRAME).tolist() == [5.0, 8.0]


def test_folder_says_nothing_of_this_machine(factor: Path, tmp_path: Path) -> None:
    mlflow.pyfunc.save_model("m", python_model=Scales(), artifacts={"factor": factor}, code_paths=[factor])
    texts = [path for path in Path("m").rglob("*") if path.suffix in (".txt", ".yaml", ".json", "") and path.is_file()]
    assert len(texts) > 4
    assert not [path for path in texts if str(tmp_path) in path.read_text()]


def test_pickle_does_not_say_where_the_script_was(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "train.py"
    script.write_text(
        textwrap.dedent("""
        import headrace as mlflow
        from sklearn.preprocessing import FunctionTransformer

        class Model(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input):
                return twice(model_input)

        def twice(rows):
            return [row * 2 for row in rows]

        mlflow.pyfunc.save_model("class", python_model=Model())
        mlflow.pyfunc.save_model("function", python_model=lambda model_input: twice(model_input), input_example=["a"])
        mlflow.sklearn.save_model(FunctionTransformer(lambda x: x), "lambda")
        """)
    )
    subprocess.run([sys.executable, "-W", "ignore", str(script)], check=True)
    saved = list(Path.cwd().rglob("*.pkl"))
    assert len(saved) == 3
    assert not [path for path in saved if b"scripts" in path.read_bytes()]
    assert mlflow.pyfunc.load_model("class").predict(["a"]) == ["aa"]


def test_artifacts_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    for folder, content in (("one", "1"), ("two", "2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "factor.txt").write_text(content)

    class Reads(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any) -> Any:
            return {name: Path(path).read_text() for name, path in context.artifacts.items()}

    given = {name: str(tmp_path / name / "factor.txt") for name in ("one", "two")}
    mlflow.pyfunc.save_model("m", python_model=Reads(), artifacts=given)
    assert mlflow.pyfunc.load_model("m").predict(None) == {"one": "1", "two": "2"}


def test_artifact_of_a_run_is_fetched() -> None:
    with mlflow.start_run() as run:
        mlflow.log_text("4", "in/factor.txt")
    uri = f"runs:/{run.info.run_id}/in/factor.txt"
    mlflow.pyfunc.save_model("m", python_model=Scales(), artifacts={"factor": uri})
    assert mlflow.pyfunc.load_model("m").predict(FRAME).tolist() == [4.0, 8.0]
    assert f"uri: {uri}" in Path("m/MLmodel").read_text()


def test_missing_artifact_is_named() -> None:
    with pytest.raises(InvalidValue, match="nowhere"):
        mlflow.pyfunc.save_model("m", python_model=Scales(), artifacts={"factor": "nowhere/factor.txt"})
    assert not Path("m").exists()


def test_artifact_that_the_hub_does_not_give_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytest.importorskip("huggingface_hub.constants"), "HF_HUB_OFFLINE", True)
    with pytest.raises(InvalidValue, match=r"hf:/nobody/nothing.*can't be fetched from the Hugging Face hub"):
        mlflow.pyfunc.save_model("m", python_model=Scales(), artifacts={"factor": "hf:/nobody/nothing"})
    assert not Path("m").exists()


def test_loaded_model_knows_its_example(factor: Path) -> None:
    mlflow.pyfunc.save_model("m", python_model=Scales(), artifacts={"factor": factor}, input_example=FRAME)
    loaded = mlflow.pyfunc.load_model("m")
    pd.testing.assert_frame_equal(loaded.input_example, FRAME)
    assert loaded.metadata.load_input_example("m").equals(FRAME)
    assert '"dataframe_split"' in (loaded.metadata.get_serving_input("m") or "")
    assert loaded.model_config == {}
    mlflow.pyfunc.save_model("without", python_model=Scales(), artifacts={"factor": factor})
    assert mlflow.pyfunc.load_model("without").input_example is None


@pytest.mark.parametrize(
    "example",
    [
        np.zeros((2, 3), "float32"),
        {"a": np.zeros((2, 3), "float32"), "b": np.array([[1], [2]])},
        pd.DataFrame(
            {"when": pd.to_datetime(["2026-01-01 10:00"]), "blob": [b"x"], "few": np.array([1], "float32"), "z": [None]}
        ),
    ],
    ids=["array", "arrays", "frame"],
)
def test_example_of_a_loaded_model_is_what_it_predicts_on(example: Any) -> None:
    mlflow.pyfunc.save_model("m", python_model=InputOnly(), input_example=example)
    loaded = mlflow.pyfunc.load_model("m")
    assert loaded.predict(loaded.input_example) == len(example)
    if isinstance(example, pd.DataFrame):
        assert loaded.input_example["blob"].tolist() == [b"x"]
        assert str(loaded.input_example["when"].dtype).startswith("datetime64")
        assert loaded.input_example["few"].dtype == "float32"


class Holds(mlflow.pyfunc.PythonModel):
    def __init__(self, content: bytes) -> None:
        self.content = content


def test_full_disk_is_not_blamed_on_the_model() -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))
    try:
        with pytest.raises(StoreUnavailable, match=r"can't be written: .*File too large"):
            mlflow.pyfunc.save_model("m", python_model=Holds(bytes(1 << 20)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(Path.cwd().glob(".headrace*")) == []


class WithoutContext(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: Any, params: Any = None) -> Any:
        return len(model_input), params


class InputOnly(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: Any) -> Any:
        return len(model_input)


class Scribbles(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: Any) -> Any:
        model_input["y"] = 1
        model_input.loc[0, "x"] = 99.0
        return len(model_input.columns)


def test_frame_of_the_caller_stays_as_it_was() -> None:
    mlflow.pyfunc.save_model("m", python_model=Scribbles(), signature=infer_signature(FRAME, 1))
    given = FRAME.copy()
    assert mlflow.pyfunc.load_model("m").predict(given) == 2
    pd.testing.assert_frame_equal(given, FRAME)


def test_predict_may_leave_out_context_and_params() -> None:
    mlflow.pyfunc.save_model("a", python_model=WithoutContext())
    mlflow.pyfunc.save_model("b", python_model=InputOnly())
    assert mlflow.pyfunc.load_model("a").predict(FRAME) == (2, None)
    assert mlflow.pyfunc.load_model("b").predict(FRAME) == 2


def test_function_is_a_model() -> None:
    def triples(model_input: Any) -> Any:
        return [value * 3 for value in model_input["x"]]

    mlflow.pyfunc.save_model("m", python_model=triples, input_example=FRAME)
    loaded = mlflow.pyfunc.load_model("m")
    assert loaded.predict(FRAME) == [3.0, 6.0]
    assert loaded.metadata.signature.inputs.input_names() == ["x"]


def test_type_hint_is_the_signature() -> None:
    def shouts(model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]

    mlflow.pyfunc.save_model("m", python_model=shouts, input_example=["a"])
    loaded = mlflow.pyfunc.load_model("m")
    assert loaded.metadata.is_signature_from_type_hint
    assert loaded.predict(["a", "b"]) == ["A", "B"]
    assert loaded.predict(pd.DataFrame({"t": ["c"]})) == ["C"]
    with pytest.raises(InvalidValue):
        loaded.predict([1])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "exactly one of `python_model`"),
        ({"python_model": Scales}, r"give an instance: Scales\(\)"),
        ({"python_model": 5}, "a PythonModel instance"),
        ({"python_model": lambda a, b: a, "input_example": 1}, "a function that is a model has one argument"),
        ({"python_model": lambda a: a}, "a function needs input_example, pip_requirements"),
        ({"python_model": "nowhere.py"}, "there is no such file"),
        ({"python_model": Scales(), "data_path": "x"}, "it goes with loader_module"),
        ({"loader_module": "json", "artifacts": {"a": "b"}}, "they go with python_model"),
        ({"python_model": InputOnly(), "model_config": "nowhere.yaml"}, "the path of a YAML file"),
    ],
)
def test_what_is_no_model_says_what_would_be(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        mlflow.pyfunc.save_model("m", **given)
    assert not Path("m").exists()


def test_unknown_argument_is_a_type_error_with_the_known_ones() -> None:
    with pytest.raises(TypeError, match="unknown argument signatur; there are artifacts"):
        mlflow.pyfunc.save_model("m", python_model=InputOnly(), signatur=None)


class HoldsALock(mlflow.pyfunc.PythonModel):
    def __init__(self) -> None:
        self.guard = threading.Lock()

    def predict(self, model_input: Any) -> Any:
        return model_input


def test_part_that_cannot_be_pickled_is_named_with_the_way_out() -> None:
    with pytest.raises(UserCodeError, match=r"HoldsALock\.guard holds a _thread\.lock.*load_context.*set_model"):
        mlflow.pyfunc.save_model("m", python_model=HoldsALock())
    assert not Path("m").exists()


CODE = """
import headrace as mlflow
from headrace.models import ModelConfig, set_model
import beside

config = ModelConfig(development_config={"word": "development"})

class Says(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [config.get("word") + beside.MARK] * len(model_input)

set_model(Says())
"""


def test_model_from_code_is_not_pickled(tmp_path: Path) -> None:
    (tmp_path / "says.py").write_text(CODE)
    (tmp_path / "beside.py").write_text("MARK = '!'\n")
    mlflow.pyfunc.save_model(
        "m", python_model="says.py", model_config={"word": "saved"}, code_paths=["beside.py"], input_example=FRAME
    )
    assert not list(Path("m").rglob("*.pkl"))
    assert mlflow.pyfunc.load_model("m").predict(FRAME) == ["saved!", "saved!"]
    assert mlflow.pyfunc.load_model("m", model_config={"word": "loaded"}).predict(FRAME) == ["loaded!", "loaded!"]


def test_code_without_a_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "says.py").write_text("x = 1\n")
    with pytest.raises(UserCodeError, match=r"set no model; it must say mlflow\.models\.set_model"):
        mlflow.pyfunc.save_model("m", python_model="says.py")


LOADER = """
from pathlib import Path

class Adds:
    def __init__(self, path): self.value = float(Path(path).read_text())
    def predict(self, data): return data["x"] + self.value

def _load_pyfunc(path): return Adds(path)
"""


def test_loader_module_with_its_data(tmp_path: Path, factor: Path) -> None:
    (tmp_path / "adds_loader.py").write_text(LOADER)
    mlflow.pyfunc.save_model("m", loader_module="adds_loader", data_path=factor, code_paths=["adds_loader.py"])
    assert mlflow.pyfunc.load_model("m").predict(FRAME).tolist() == [4.0, 5.0]
    sys.modules.pop("adds_loader")


def test_loader_module_of_a_stranger_is_not_imported(tmp_path: Path) -> None:
    Path("m").mkdir()
    Path("m/MLmodel").write_text("flavors: {python_function: {loader_module: antigravity_of_a_stranger}}\n")
    with pytest.raises(UntrustedModel, match="loader_module antigravity_of_a_stranger"):
        mlflow.pyfunc.load_model("m")
    with pytest.raises(NotFound, match="Install the package that has it"):
        mlflow.pyfunc.load_model("m", allow_pickle=True)


class Streams(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: Any) -> Any:
        return "".join(self.predict_stream(model_input))

    def predict_stream(self, model_input: Any, params: Any = None) -> Any:  # type: ignore[override]
        yield from model_input["x"].iloc[0]


def test_answers_are_streamed() -> None:
    mlflow.pyfunc.save_model("m", python_model=Streams(), signature=infer_signature(pd.DataFrame({"x": ["a"]}), "a"))
    loaded = mlflow.pyfunc.load_model("m")
    assert list(loaded.predict_stream({"x": "abc"})) == ["a", "b", "c"]
    assert loaded.predict({"x": "abc"}) == "abc"
    assert loaded.metadata.pyfunc["streamable"] is True


def test_model_that_does_not_stream_says_so() -> None:
    mlflow.pyfunc.save_model("m", python_model=InputOnly())
    with pytest.raises(NotSupported, match="use predict"):
        mlflow.pyfunc.load_model("m").predict_stream(FRAME)


@pytest.mark.parametrize("compression", ["lzma", "bzip2", "gzip"])
def test_pickle_may_be_compressed(compression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_LOG_MODEL_COMPRESSION", compression)
    mlflow.pyfunc.save_model("m", python_model=InputOnly())
    assert mlflow.pyfunc.load_model("m").predict(FRAME) == 2


def test_truncated_pickle_is_told_by_its_digest() -> None:
    mlflow.pyfunc.save_model("m", python_model=InputOnly())
    place = next(Path("m").glob("python_model.pkl*"))
    place.write_bytes(place.read_bytes()[:50])
    with pytest.raises(Corrupt, match=r"python_model\.pkl is truncated: 50 bytes instead of"):
        mlflow.pyfunc.load_model("m")


def test_model_of_main_is_loaded_by_a_process_that_does_not_know_its_class(factor: Path) -> None:
    script = textwrap.dedent(
        """
        import headrace as mlflow

        class Here(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input, params=None):
                return mlflow.__name__, type(self).__mro__[1].__name__, len(model_input)

        mlflow.pyfunc.save_model("m", python_model=Here())
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=dict(os.environ))
    assert mlflow.pyfunc.load_model("m").predict(FRAME) == ("headrace", "PythonModel", 2)
    assert "mlflow" not in sys.modules


def test_flavor_without_a_python_function_is_named() -> None:
    Path("m").mkdir()
    Path("m/MLmodel").write_text("flavors: {wonder: {}}\n")
    with pytest.raises(NotFound, match="The model has wonder; load it by that flavor's load_model"):
        mlflow.pyfunc.load_model("m")
    with pytest.raises(NotFound, match=r"No flavor with name 'sklearn' exists.*has: wonder"):
        mlflow.sklearn.load_model("m")


def test_array_model_needs_no_pandas(tmp_path: Path) -> None:
    (tmp_path / "counts.py").write_text("from mlflow.models import set_model\nset_model(lambda rows: len(rows))\n")
    code = """
import sys
sys.modules["pandas"] = None
import numpy as np
import headrace as mlflow
signature = mlflow.models.infer_signature(np.ones((2, 2)), np.ones(2))
mlflow.pyfunc.save_model("m", python_model="counts.py", signature=signature)
print(mlflow.pyfunc.load_model("m").predict(np.ones((3, 2))))
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=False
    )
    assert ended.stdout == "3\n", ended.stderr


def test_entry_of_a_module_of_ones_own(factor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_loader.py").write_text(
        textwrap.dedent("""
        from pathlib import Path

        class Scales:
            def __init__(self, factor):
                self.factor = factor

            def predict(self, model_input):
                return model_input * self.factor

        def _load_pyfunc(path):
            return Scales(float(Path(path).read_text()))
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    Path("m").mkdir()
    Path("m/factor").write_text("3")
    model = mlflow.models.Model()
    mlflow.pyfunc.add_to_model(model, "own_loader", data="factor", conda_env="conda.yaml", flavor_of="mine")
    model.save("m/MLmodel")
    assert model.flavors["python_function"]["env"] == {"conda": "conda.yaml"}
    assert mlflow.pyfunc.load_model("m", allow_pickle=True).predict(2) == 6
    assert mlflow.pyfunc.FLAVOR_NAME in model.flavors
    assert mlflow.pyfunc.get_default_pip_requirements()[0].startswith("cloudpickle==")
    assert mlflow.pyfunc.get_default_conda_env()["name"] == "mlflow-env"


def test_serving_example_is_read_by_address(factor: Path) -> None:
    mlflow.pyfunc.save_model("m", python_model=Scales(), artifacts={"factor": factor}, input_example=FRAME)
    body = mlflow.models.utils.load_serving_example("m")
    assert mlflow.models.utils.validate_serving_input("m", body).tolist() == [3.0, 6.0]
    mlflow.pyfunc.save_model("without", python_model=Scales(), artifacts={"factor": factor})
    with pytest.raises(NotFound, match="input_example"):
        mlflow.models.utils.load_serving_example("without")


def test_body_of_a_scoring_server_is_tried() -> None:
    mlflow.pyfunc.save_model("m", python_model=InputOnly(), signature=infer_signature(FRAME, 1))
    body = mlflow.models.convert_input_example_to_serving_input(FRAME)
    assert mlflow.models.validate_serving_input("m", body) == 2
    assert mlflow.models.validate_serving_input("m", {"dataframe_records": [{"x": 1.5}]}) == 1
    with pytest.raises(InvalidValue, match="column 'x'"):
        mlflow.models.validate_serving_input("m", {"dataframe_records": [{"y": 1.5}]})


def test_requirements_are_found_by_the_models_address() -> None:
    info = mlflow.pyfunc.log_model(name="m", python_model=InputOnly(), pip_requirements=["six==1.16.0"])
    assert "six==1.16.0" in Path(mlflow.pyfunc.get_model_dependencies(info.model_uri)).read_text()
    assert "six==1.16.0" in Path(mlflow.pyfunc.get_model_dependencies(info.model_uri, "conda")).read_text()
