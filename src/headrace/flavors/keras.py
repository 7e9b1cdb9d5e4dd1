"""Keras 3: models as `.keras` archives, on whichever backend is there; or exported as a TensorFlow SavedModel.

A `.keras` file is configuration and weights, but the configuration may hold Python bytecode (Lambda layers) or name any
importable function. `code_in` looks into it first: what is more than Keras' own layers needs trust, and only then is
Keras' safe_mode off. A SavedModel is a program and always needs trust.
"""

from __future__ import annotations

import importlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.schema import TensorSpec
from headrace.packaging.source import Source

MODEL = "data/model"  # with .keras, .h5 or, for a folder, without an ending
MODULE_FILE = "data/keras_module.txt"
_CONFIG = "config.json"
_MAX_CONFIG_BYTES = 64 << 20
_FEW_ROWS = 32  # up to here one call of the model, which is some 20 times as quick as its `predict`
# Where a configuration may take classes from without running anything of the model's own.
_OWN_MODULES = re.compile(
    r"keras(\.src)?(\.(activations|constraints|dtype_policies|initializers|layers|losses|metrics|models|optimizers"
    r"|regularizers)(\.\w+)*)?|builtins"
)
_OWN_FUNCTIONS = re.compile(r"keras(\.src)?\.(activations|losses|metrics)(\.\w+)*|builtins")


class Keras:
    name = "keras"
    model_argument = "model"
    module = "keras"
    distributions = ("keras",)

    def save(
        self,
        model: Any,
        draft: Draft,
        /,
        *,
        save_exported_model: bool = False,
        save_model_kwargs: Mapping[str, Any] | None = None,
    ) -> Predictor:
        """save_exported_model: as a SavedModel, which predicts without the model's classes; needs a signature."""
        keras = optional_import(self.module)
        check_signature(draft)
        backend = keras.backend.backend()
        draft.modules.add(backend)
        draft.folder("data")
        (draft.path / MODULE_FILE).write_text("keras", encoding="utf-8")
        if save_exported_model:
            _export(model, draft)
        else:
            model.save(str(draft.path / f"{MODEL}.keras"), **(save_model_kwargs or {}))
        draft.set_flavor(
            data="data",
            keras_version=keras.__version__,
            keras_backend=backend,
            save_exported_model=save_exported_model,
        )
        draft.set_pyfunc()
        return Wrapper(model)

    def load(
        self,
        source: Source,
        /,
        *,
        custom_objects: Mapping[str, Any] | None = None,
        load_model_kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """custom_objects: name → the caller's class or function. load_model_kwargs: of keras.saving.load_model."""
        keys = source.flavor(self.name)
        optional_import(self.module, why="the model is one of Keras'")
        place = f"{keys.get('data', 'data')}/model"
        if keys.get("save_exported_model"):
            return load_saved_model(source, place)
        return load_file(source, f"{place}.keras", custom_objects, load_model_kwargs)

    def load_pyfunc(self, source: Source, /) -> Predictor:
        return Wrapper(self.load(source))


FLAVOR = Keras()


def check_signature(draft: Draft) -> None:
    """Tensors whose first dimension is the batch: all that such a model can be fed."""
    signature = draft.signature
    for spec in signature.inputs if signature is not None and signature.inputs is not None else ():
        if not isinstance(spec, TensorSpec):
            raise InvalidValue(
                "signature", spec, "the inputs of a Keras or TensorFlow model are tensors: infer it from numpy arrays."
            )
        if spec.shape[:1] != (-1,):
            raise InvalidValue("signature", spec, "the first dimension must be -1, the batch's.")


def load_file(
    source: Source, name: str, custom_objects: Mapping[str, Any] | None, options: Mapping[str, Any] | None
) -> Any:
    """A .keras or .h5 file, after a look at what it would run."""
    keras = optional_import("keras")
    path = source.file(name)
    given = dict(options or {})
    known = dict(custom_objects or {})
    found = sorted(set(code_in(path, {*known, *keras.saving.get_custom_objects()})))
    if found and given.get("safe_mode") is not True:
        source.allow_code([f"{name} ({', '.join(found[:5])})"])
        given.setdefault("safe_mode", False)
    return keras.saving.load_model(str(path), custom_objects=known or None, **given)


def load_saved_model(source: Source, name: str, **options: Any) -> Any:
    tensorflow = optional_import("tensorflow", why=f"to read the SavedModel {name}")
    path = source.file(name)
    source.allow_code([name])
    return tensorflow.saved_model.load(str(path), **options)


def code_in(path: Path, known: set[str]) -> Iterator[str]:
    """What is more than Keras' own classes, in words. known: names that the caller has registered or gives."""
    config = _config_of(path)
    if config is None:
        yield "a configuration that can't be read"
        return
    places = [config]
    while places:
        part = places.pop()
        if isinstance(part, list):
            places += part
        elif isinstance(part, dict):
            if "class_name" in part:
                yield from _judged(part, known)
            places += part.values()


def _judged(part: dict[str, Any], known: set[str]) -> Iterator[str]:
    name, module, registered = part["class_name"], part.get("module"), part.get("registered_name")
    if name in ("__lambda__", "Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer"):
        yield {"__lambda__": "a Python lambda", "Lambda": "a Lambda layer"}.get(name, f"a {name}")
    elif registered in known or name in known:
        return
    elif name == "function":
        what = part.get("config")
        if not (isinstance(module, str) and _OWN_FUNCTIONS.fullmatch(module)):
            yield f"the function {module}.{what}"
    elif isinstance(module, str) and not _OWN_MODULES.fullmatch(module):
        yield f"the class {module}.{name}"
    elif module is None and registered and ">" in str(registered):
        yield f"the registered class {registered}"


def _config_of(path: Path) -> Any:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if archive.getinfo(_CONFIG).file_size > _MAX_CONFIG_BYTES:
                    return None
                return json.loads(archive.read(_CONFIG))
        with optional_import("h5py").File(path, "r") as file:
            return json.loads(file.attrs["model_config"])
    except (KeyError, ValueError, OSError, zipfile.BadZipFile):
        return None


def _export(model: Any, draft: Draft) -> None:
    tensorflow = optional_import("tensorflow", why="for save_exported_model=True")
    draft.modules.add("tensorflow")
    if draft.signature is None or draft.signature.inputs is None:
        raise InvalidValue("signature", None, "save_exported_model=True needs one, to know the inputs' shapes.")
    specs = [
        tensorflow.TensorSpec([None if size == -1 else size for size in spec.shape], spec.type.name)
        for spec in draft.signature.inputs
    ]
    archive = importlib.import_module("keras.export").ExportArchive()
    archive.track(model)
    archive.add_endpoint(name="serve", fn=model.call, input_signature=specs)
    archive.write_out(str(draft.path / MODEL), verbose=False)


class Wrapper:
    """A Keras model, or what was exported from one."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._serve = getattr(model, "serve", None)

    def predict(self, model_input: Any) -> Any:
        if hasattr(model_input, "columns") and hasattr(model_input, "to_numpy"):
            pandas = optional_import("pandas")
            return pandas.DataFrame(self._answer(model_input.to_numpy()), index=model_input.index)
        if not isinstance(model_input, (np.ndarray, list, tuple, dict)):
            raise InvalidValue(
                "model_input", type(model_input).__name__, "an array, a list, a dict of arrays or a DataFrame."
            )
        return self._answer(model_input)

    def _answer(self, data: Any) -> Any:
        if self._serve is not None:
            return _plain(self._serve(data))
        rows = _rows(data)
        if rows is not None and rows <= _FEW_ROWS:
            return _plain(self._model(data, training=False))
        return self._model.predict(data, verbose=0)

    def get_raw_model(self) -> Any:
        return self._model


def _rows(data: Any) -> int | None:
    """Of arrays; None where the model's own `predict` has to look."""
    if isinstance(data, np.ndarray) and data.ndim and data.dtype.kind in "iufb":
        return len(data)
    if isinstance(data, dict) and data:
        counts = {_rows(part) for part in data.values()}
        return counts.pop() if len(counts) == 1 else None
    return None


def _plain(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: _plain(part) for name, part in answer.items()}
    if isinstance(answer, (list, tuple)):
        return [_plain(part) for part in answer]
    return optional_import("keras").ops.convert_to_numpy(answer)
