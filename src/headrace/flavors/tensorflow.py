"""TensorFlow: Keras models by way of TensorFlow, modules (`tf.Module`) as SavedModels, and MLflow 1's graphs of either.

A SavedModel is a program: it can read and write files when it is loaded, so it needs trust. Keras files are looked
into first, as in the `keras` flavor; pickled custom objects need trust, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headrace.errors import Corrupt, InvalidValue
from headrace.flavors.keras import MODEL, MODULE_FILE, Wrapper, check_signature, load_file, load_saved_model
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.pyfunc import pickling
from headrace.packaging.source import Source

_KERAS, _MODULE, _ESTIMATOR = "keras", "tf2-module", "tf1-estimator"
_SAVED_MODEL = "tf2model"
_FORMAT_FILE = "data/save_format.txt"
_OBJECTS, _GLOBAL_OBJECTS = "custom_objects.cloudpickle", "global_custom_objects.cloudpickle"


class Tensorflow:
    name = "tensorflow"
    model_argument = "model"
    module = "tensorflow"
    distributions: Sequence[str] = ()

    def save(
        self,
        model: Any,
        draft: Draft,
        /,
        *,
        custom_objects: Mapping[str, Any] | None = None,
        saved_model_kwargs: Mapping[str, Any] | None = None,
        keras_model_kwargs: Mapping[str, Any] | None = None,
    ) -> Predictor:
        """custom_objects: name → class or function of a Keras model, pickled beside it. The kwargs are those of
        tf.saved_model.save and of keras.Model.save."""
        tensorflow = optional_import(self.module)
        check_signature(draft)
        draft.modules.add(self.module)
        if isinstance(model, tensorflow.keras.Model):
            return self._save_keras(model, draft, custom_objects, dict(keras_model_kwargs or {}))
        if not isinstance(model, tensorflow.Module):
            raise InvalidValue("model", type(model).__name__, "a Keras model or a tf.Module.")
        tensorflow.saved_model.save(model, str(draft.path / _SAVED_MODEL), **(saved_model_kwargs or {}))
        draft.set_flavor(saved_model_dir=_SAVED_MODEL, model_type=_MODULE)
        draft.set_pyfunc()
        return _ModuleWrapper(model)

    def _save_keras(
        self, model: Any, draft: Draft, custom_objects: Mapping[str, Any] | None, options: dict[str, Any]
    ) -> Predictor:
        tensorflow = optional_import(self.module)
        draft.require("keras")
        draft.folder("data")
        save_format = str(options.pop("save_format", "tf"))
        (draft.path / MODULE_FILE).write_text("tensorflow.keras", encoding="utf-8")
        (draft.path / _FORMAT_FILE).write_text(save_format, encoding="utf-8")
        model.save(str(draft.path / f"{MODEL}.{'h5' if save_format == 'h5' else 'keras'}"), **options)
        registered = dict(optional_import("keras").saving.get_custom_objects())
        for name, objects in ((_OBJECTS, custom_objects), (_GLOBAL_OBJECTS, registered)):
            if objects:
                pickling.dump(dict(objects), draft.path / "data" / name)
                draft.require("cloudpickle")
        draft.set_flavor(data="data", model_type=_KERAS, keras_version=tensorflow.__version__, save_format=save_format)
        draft.set_pyfunc(data="data")
        return Wrapper(model)

    def load(
        self,
        source: Source,
        /,
        *,
        saved_model_kwargs: Mapping[str, Any] | None = None,
        keras_model_kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """A Keras model, what tf.saved_model.load gives of a module, or the function of an estimator's graph."""
        optional_import(self.module, why="the model is one of TensorFlow's")
        keys, kind = self._keys(source)
        if kind == _KERAS:
            return _load_keras(source, str(keys.get("data", "data")), dict(keras_model_kwargs or {}))
        saved = load_saved_model(source, str(keys["saved_model_dir"]), **_tags(keys), **(saved_model_kwargs or {}))
        if kind == _MODULE:
            return saved
        return _graph_function(source, saved, keys)

    def load_pyfunc(self, source: Source, /) -> Predictor:
        optional_import(self.module, why="the model is one of TensorFlow's")
        keys, kind = self._keys(source)
        if kind == _KERAS:
            return Wrapper(self.load(source))
        saved = load_saved_model(source, str(keys["saved_model_dir"]), **_tags(keys))
        if kind == _MODULE:
            return _ModuleWrapper(saved)
        return _GraphWrapper(saved, _graph_function(source, saved, keys))

    def _keys(self, source: Source) -> tuple[dict[str, Any], str]:
        """Folders of MLflow 1 don't say the kind: there, Keras models have a flavor `keras` as well."""
        keys = source.model.flavors.get("keras") or source.flavor(self.name)
        kind = keys.get("model_type") or (_KERAS if "keras" in source.model.flavors else _ESTIMATOR)
        if kind not in (_KERAS, _MODULE, _ESTIMATOR):
            raise Corrupt(f"The model in {source.path} has the model_type {kind!r}, which isn't known.")
        return keys, str(kind)


FLAVOR = Tensorflow()


def _tags(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {"tags": keys["meta_graph_tags"]} if keys.get("meta_graph_tags") else {}


def _graph_function(source: Source, saved: Any, keys: Mapping[str, Any]) -> Any:
    name = str(keys.get("signature_def_key"))
    if name not in saved.signatures:
        has = ", ".join(saved.signatures) or "none"
        raise Corrupt(f"The model in {source.path} names the signature {name!r}; its graph has {has}.")
    return saved.signatures[name]


def _load_keras(source: Source, folder: str, options: dict[str, Any]) -> Any:
    known: dict[str, Any] = {}
    for name in (_GLOBAL_OBJECTS, _OBJECTS):
        place = f"{folder}/{name}"
        if (source.path / place).is_file():
            source.allow_code([place])
            known |= pickling.load(source.file(place))
    known |= options.pop("custom_objects", None) or {}
    place = f"{folder}/model" if (source.path / folder).is_dir() else folder
    for ending in (".keras", ".h5"):
        if (source.path / f"{place}{ending}").is_file():
            return load_file(source, f"{place}{ending}", known, options)
    if (source.path / place / "saved_model.pb").is_file():
        return load_saved_model(source, place)
    raise Corrupt(f"The model in {source.path} has no {Path(place).name}.keras, .h5 or SavedModel in {folder!r}.")


class _ModuleWrapper:
    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, model_input: Any) -> Any:
        tensorflow = optional_import("tensorflow")
        if not isinstance(model_input, (np.ndarray, list)):
            raise InvalidValue("model_input", type(model_input).__name__, "an array or a list.")
        answer = self._model(tensorflow.convert_to_tensor(model_input))
        return answer.numpy() if hasattr(answer, "numpy") else answer

    def get_raw_model(self) -> Any:
        return self._model


class _GraphWrapper:
    """An estimator's graph: columns by name in and out."""

    def __init__(self, saved: Any, function: Any) -> None:
        self._saved, self._function = saved, function  # the function alone doesn't keep its variables alive

    def predict(self, model_input: Any) -> Any:
        tensorflow = optional_import("tensorflow")
        if isinstance(model_input, dict):
            feed = {name: tensorflow.constant(part) for name, part in model_input.items()}
        elif hasattr(model_input, "columns"):
            feed = {name: tensorflow.constant(np.array(model_input[name].tolist())) for name in model_input.columns}
        else:
            raise InvalidValue("model_input", type(model_input).__name__, "a dict of arrays or a DataFrame.")
        answer = {name: _column(part.numpy()) for name, part in self._function(**feed).items()}
        return answer if isinstance(model_input, dict) else optional_import("pandas").DataFrame(answer)

    def get_raw_model(self) -> Any:
        return self._saved


def _column(values: np.ndarray[Any, Any]) -> Any:
    if values.ndim > 1 and all(len(item) == 1 for item in values):
        return values.ravel()
    return values.tolist() if values.ndim != 1 else values
