from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from headrace import pyfunc
from headrace.errors import InvalidValue
from headrace.packaging.mlmodel import Model
from headrace.packaging.trust import UntrustedModel
from headrace.tensorflow import FLAVOR, load_model, save_model
from headrace.testing.flavors import FlavorCase, FlavorSuite
from tests.heavy.test_keras import Doubled, as_a_strangers, rows, sequential

pytestmark = pytest.mark.filterwarnings("ignore")


class Line(tf.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.slope = tf.Variable(3.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    def __call__(self, given: Any) -> Any:
        return given * self.slope


class TestKeras(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        model, data = sequential(), rows()
        return FlavorCase(
            flavor=FLAVOR,
            model=model,
            data=data,
            expected=model.predict(data, verbose=0),
            predict=lambda loaded, given: loaded.predict(given, verbose=0),
            keys=frozenset({"data", "model_type", "keras_version", "save_format"}),
            files=frozenset({"data/model.keras", "data/keras_module.txt", "data/save_format.txt"}),
            needs=frozenset({"keras", "tensorflow-cpu"}),
            tolerance=1e-5,
        )


class TestModule(FlavorSuite):
    @staticmethod
    def make() -> FlavorCase:
        data = rows()
        return FlavorCase(
            flavor=FLAVOR,
            model=Line(),
            data=data,
            expected=data * 3,
            predict=lambda loaded, given: loaded(tf.constant(given)).numpy(),
            keys=frozenset({"saved_model_dir", "model_type"}),
            files=frozenset(
                {
                    "tf2model/saved_model.pb",
                    "tf2model/fingerprint.pb",
                    "tf2model/variables/variables.index",
                    "tf2model/variables/variables.data-00000-of-00001",
                }
            ),
            needs=frozenset({"tensorflow-cpu"}),
            runs_code=True,
        )


def test_custom_objects_are_pickled_beside_the_model_and_need_trust(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input([3]), Doubled()])
    save_model(model, tmp_path / "model", custom_objects={"Doubled": Doubled})
    assert (tmp_path / "model" / "data" / "custom_objects.cloudpickle").is_file()
    np.testing.assert_allclose(pyfunc.load_model(str(tmp_path / "model")).predict(rows()), rows() * 2)
    folder = as_a_strangers(tmp_path / "model")
    with pytest.raises(UntrustedModel, match=r"custom_objects\.cloudpickle"):
        load_model(str(folder))


def test_the_old_h5_form_loads(tmp_path: Path) -> None:
    model = sequential()
    save_model(model, tmp_path / "model", keras_model_kwargs={"save_format": "h5"})
    assert Model.load(tmp_path / "model").flavors["tensorflow"]["save_format"] == "h5"
    as_a_strangers(tmp_path / "model")
    loaded = pyfunc.load_model(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.predict(rows()), model.predict(rows(), verbose=0), rtol=1e-5)


def test_an_estimators_graph_takes_and_gives_columns(tmp_path: Path) -> None:
    # As MLflow 1 wrote them: no model_type, tags and the signature by name.
    class Graph(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def double(self, x: Any) -> Any:
            return {"y": x * 2}

    graph = Graph()
    folder = tmp_path / "model"
    tf.saved_model.save(graph, str(folder / "tfmodel"), signatures={"predict": graph.double})
    (folder / "MLmodel").write_text(
        "flavors:\n  tensorflow:\n    saved_model_dir: tfmodel\n    meta_graph_tags: [serve]\n"
        "    signature_def_key: predict\n  python_function:\n    loader_module: mlflow.tensorflow\n"
    )
    loaded = pyfunc.load_model(str(folder), allow_pickle=True)
    assert list(loaded.predict({"x": np.array([1.0, 2.0], dtype="float32")})["y"]) == [2.0, 4.0]


def test_another_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"a Keras model or a tf\.Module"):
        save_model(object(), tmp_path / "model")
