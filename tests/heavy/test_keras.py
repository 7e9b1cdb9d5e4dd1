from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from headrace import pyfunc
from headrace.errors import InvalidValue
from headrace.keras import FLAVOR, load_model, save_model
from headrace.packaging import manifest
from headrace.packaging.mlmodel import Model
from headrace.packaging.signature import infer_signature
from headrace.packaging.trust import UntrustedModel
from headrace.testing.flavors import FlavorCase, FlavorSuite

pytestmark = pytest.mark.filterwarnings("ignore")


def rows(count: int = 5) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).normal(size=(count, 3)).astype("float32")


def sequential() -> Any:
    keras.utils.set_random_seed(7)
    return keras.Sequential([keras.Input([3]), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])


class TestSequential(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        model, data = sequential(), rows()
        return FlavorCase(
            flavor=FLAVOR,
            model=model,
            data=data,
            expected=model.predict(data, verbose=0),
            predict=lambda loaded, given: loaded.predict(given, verbose=0),
            keys=frozenset({"data", "keras_version", "keras_backend", "save_exported_model"}),
            files=frozenset({"data/model.keras", "data/keras_module.txt"}),
            needs=frozenset({"keras", "tensorflow-cpu"}),
            tolerance=1e-5,
        )


def named_inputs() -> Any:
    keras.utils.set_random_seed(7)
    wide, deep = keras.Input([3], name="wide"), keras.Input([2], name="deep")
    joined = keras.layers.Concatenate()([wide, keras.layers.BatchNormalization()(deep)])
    return keras.Model({"wide": wide, "deep": deep}, keras.layers.Dense(1)(joined))


class TestNamedInputs(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        model, data = named_inputs(), {"wide": rows(), "deep": rows()[:, :2].copy()}
        return FlavorCase(
            flavor=FLAVOR,
            model=model,
            data=data,
            expected=model.predict(data, verbose=0),
            predict=lambda loaded, given: loaded.predict(given, verbose=0),
            keys=frozenset({"data", "keras_version", "keras_backend", "save_exported_model"}),
            files=frozenset({"data/model.keras", "data/keras_module.txt"}),
            needs=frozenset({"keras", "tensorflow-cpu"}),
            tolerance=1e-5,
        )


def as_a_strangers(folder: Path) -> Path:
    (folder / manifest.FILE_NAME).unlink()
    with (folder / "MLmodel").open("a") as file:
        file.write("made_by: a stranger\n")
    return folder


def test_many_rows_and_few_answer_alike(tmp_path: Path) -> None:
    save_model(sequential(), tmp_path / "model")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    many = rows(100)
    np.testing.assert_allclose(loaded.predict(many)[:3], loaded.predict(many[:3]), rtol=1e-5)
    frame = pd.DataFrame(many)
    assert loaded.predict(frame).shape == (100, 2)


def test_a_lambda_layer_needs_trust_and_then_runs(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input([3]), keras.layers.Lambda(lambda x: x * 2)])
    save_model(model, tmp_path / "model")
    np.testing.assert_allclose(pyfunc.load_model(str(tmp_path / "model")).predict(rows()), rows() * 2)
    folder = as_a_strangers(tmp_path / "model")
    for load in (load_model, pyfunc.load_model):
        with pytest.raises(UntrustedModel, match=r"model\.keras"):
            load(str(folder))
        assert load(str(folder), allow_pickle=True) is not None
    with pytest.raises(ValueError, match="safe_mode"):
        load_model(str(folder), load_model_kwargs={"safe_mode": True})


def test_a_configuration_that_names_a_strangers_function_runs_nothing(tmp_path: Path) -> None:
    save_model(sequential(), tmp_path / "model")
    archive = tmp_path / "model" / "data" / "model.keras"
    with zipfile.ZipFile(archive) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1]["config"]["activation"] = {
        "module": "os", "class_name": "function", "config": "system", "registered_name": "function"
    }  # fmt: skip
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    as_a_strangers(tmp_path / "model")
    with pytest.raises(UntrustedModel):
        load_model(str(tmp_path / "model"))
    with pytest.raises(UntrustedModel):
        pyfunc.load_model(str(tmp_path / "model"))


class Doubled(keras.layers.Layer):
    def call(self, given: Any) -> Any:
        return given * 2


def test_a_callers_own_classes_need_no_trust(tmp_path: Path) -> None:
    save_model(keras.Sequential([keras.Input([3]), Doubled()]), tmp_path / "model")
    folder = as_a_strangers(tmp_path / "model")
    with pytest.raises(UntrustedModel):
        load_model(str(folder))
    loaded = load_model(str(folder), custom_objects={"Doubled": Doubled})
    np.testing.assert_allclose(loaded.predict(rows(), verbose=0), rows() * 2)


def test_an_exported_model_predicts_and_needs_trust(tmp_path: Path) -> None:
    model = sequential()
    signature = infer_signature(rows(), model.predict(rows(), verbose=0))
    save_model(model, tmp_path / "model", save_exported_model=True, signature=signature)
    assert Model.load(tmp_path / "model").flavors["keras"]["save_exported_model"] is True
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.predict(rows()), model.predict(rows(), verbose=0), rtol=1e-5)
    with pytest.raises(UntrustedModel):
        pyfunc.load_model(str(as_a_strangers(tmp_path / "model")))
    with pytest.raises(InvalidValue, match="save_exported_model=True needs one"):
        save_model(model, tmp_path / "other", save_exported_model=True)


def test_a_signature_of_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="are tensors"):
        save_model(sequential(), tmp_path / "model", signature=infer_signature(pd.DataFrame({"a": [1.0]})))
    with pytest.raises(InvalidValue, match="first dimension must be -1"):
        from headrace.packaging.schema import Schema, TensorSpec
        from headrace.packaging.signature import ModelSignature

        fixed = ModelSignature(inputs=Schema([TensorSpec(np.dtype("float32"), (1, 3))]))
        save_model(sequential(), tmp_path / "model", signature=fixed)
    assert not (tmp_path / "model").exists()


def test_a_folder_moved_elsewhere_loads(tmp_path: Path) -> None:
    save_model(sequential(), tmp_path / "model", input_example=rows())
    moved = shutil.move(tmp_path / "model", tmp_path / "moved")
    assert pyfunc.load_model(str(moved)).predict(rows()).shape == (5, 2)
