"""The flavor: which of the forms a module is saved in, and how a loaded one predicts."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from headrace import settings
from headrace.errors import InvalidValue
from headrace.flavors.pytorch import archive, exported, pickled
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.requirements import provider
from headrace.packaging.source import Source

SERIALIZATION_FORMAT_PICKLE = "pickle"
SERIALIZATION_FORMAT_PT2 = "pt2"
FORMATS = (SERIALIZATION_FORMAT_PT2, SERIALIZATION_FORMAT_PICKLE)
_DATA = "data"


class Pytorch:
    name = "pytorch"
    model_argument = "pytorch_model"
    module = "torch"

    @property
    def distributions(self) -> Sequence[str]:
        return (provider(self.module, "torch"),)

    def save(
        self,
        pytorch_model: Any,
        draft: Draft,
        /,
        *,
        serialization_format: str | None = None,
        pickle_module: ModuleType | None = None,
        export_model: bool = False,
        pickle_protocol: int | None = None,
    ) -> Predictor | None:
        """serialization_format: `pt2`, an exported program that brings no code, where an input_example or a signature
        of tensors says what it takes and it can be exported; else `pickle`. export_model: MLflow's older word for pt2.
        pickle_module, pickle_protocol: torch.save's, for the latter."""
        torch = optional_import(self.module)
        if not isinstance(pytorch_model, torch.nn.Module):
            raise InvalidValue("pytorch_model", f"a {type(pytorch_model).__name__}", "a torch.nn.Module.")
        asked = SERIALIZATION_FORMAT_PT2 if export_model else serialization_format
        if asked not in (None, *FORMATS) or (export_model and serialization_format == SERIALIZATION_FORMAT_PICKLE):
            raise InvalidValue("serialization_format", serialization_format, f"allowed are {', '.join(FORMATS)}.")
        folder = draft.folder(_DATA)
        program = None
        if asked != SERIALIZATION_FORMAT_PICKLE and pickle_module is None:
            program = _exported(pytorch_model, draft, must=asked is not None)
        if program is not None:
            exported.save(program, folder / exported.FILE)
            module_name = pickled.PICKLE_MODULE  # MLflow writes it here, too
            model = exported.module_of(program)
        else:
            options = {} if pickle_protocol is None else {"pickle_protocol": pickle_protocol}
            module_name = pickled.save(pytorch_model, folder, pickle_module, **options)
            draft.require("cloudpickle")
            model = None
        draft.set_flavor(model_data=_DATA, pytorch_version=str(torch.__version__))
        if program is not None and len(program.graph_signature.user_inputs) > 1:
            return None  # predict has one input
        draft.set_pyfunc(data=_DATA, pickle_module_name=module_name, config={"device": None})
        draft.modules.add("numpy")
        return _Wrapper(model, _device_of(pytorch_model)) if model is not None else _evaluated(pytorch_model)

    def load(self, source: Source, /, *, device: str | None = None, **options: Any) -> Any:
        """options: torch.load's (map_location, weights_only, pickle_module …), for a model that was pickled."""
        optional_import(self.module, why="the model is one of PyTorch's")
        data = str(source.flavor(self.name).get("model_data", _DATA))
        place = source.file(data)
        if place.is_dir() and not (place / pickled.FILE).exists():
            path = source.file(f"{data}/{exported.FILE}")
            found = archive.what_runs(path)
            if found:
                source.allow_code([f"{data}/{exported.FILE}", *found])
            return exported.load(path, device or options.get("map_location"))
        return pickled.load(source, f"{data}/{pickled.FILE}" if place.is_dir() else data, device, **options)

    def load_pyfunc(self, source: Source, /) -> Predictor:
        """The device is the model_config's, else HEADRACE_DEFAULT_PREDICTION_DEVICE, else a GPU if there is one."""
        torch = optional_import(self.module, why="the model is one of PyTorch's")
        wanted = (source.model_config or {}).get("device") or settings.DEFAULT_PREDICTION_DEVICE.get()
        device = str(wanted) if wanted is not None else ("cuda" if torch.cuda.is_available() else "cpu")
        return _Wrapper(self.load(source, device=device), device)


FLAVOR = Pytorch()


def _exported(model: Any, draft: Draft, *, must: bool) -> Any:
    """The program; None, with a word, where there can't be one and needn't."""
    arguments = exported.arguments_of(draft)
    if arguments is None or isinstance(model, importlib.import_module("torch").jit.ScriptModule):
        why = (
            "TorchScript can't be exported"
            if arguments is not None
            else "neither an input_example (an array, a numeric DataFrame) nor a signature of tensors says its inputs"
        )
        if must:
            raise InvalidValue("serialization_format", SERIALIZATION_FORMAT_PT2, f"{why}.")
        return _pickled_instead(model, why)
    try:
        return exported.export(model, arguments, exact=not must)
    except Exception as error:
        why = f"it can't be exported: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        if must:
            raise InvalidValue("serialization_format", SERIALIZATION_FORMAT_PT2, f"{why}. 'pickle' may do.") from error
        return _pickled_instead(model, why)


def _pickled_instead(model: Any, why: str) -> None:
    warnings.warn(
        f"The {type(model).__name__} is saved by pickle, as {why}. Whoever loads it must trust it; "
        "serialization_format='pickle' says that this is meant.",
        stacklevel=7,
    )


def _device_of(model: Any) -> str:
    return next((str(each.device) for each in (*model.parameters(), *model.buffers())), "cpu")


def _evaluated(model: Any) -> Predictor:
    """The user's own object, which stays in the mode that it is in."""
    return _Wrapper(model, _device_of(model), own=True)


class _Wrapper:
    """A DataFrame goes in as one float32 tensor and comes back as a DataFrame; an array as it is."""

    def __init__(self, model: Any, device: str, *, own: bool = False) -> None:
        self._model, self._device, self._own = model, device, own
        # Such models take frames and make their tensors themselves.
        self._takes_frames = any(kind.__module__.startswith("pytorch_forecasting.") for kind in type(model).__mro__)

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        import numpy as np
        import pandas as pd
        import torch

        if params and "device" in params:
            raise InvalidValue(
                "device", params["device"], "give it when the model is loaded: model_config={'device': 'cuda'}."
            )
        is_frame = isinstance(model_input, pd.DataFrame)
        if not is_frame and (not isinstance(model_input, np.ndarray) or self._takes_frames):
            wanted = "a pandas.DataFrame" + ("" if self._takes_frames else " or a numpy.ndarray")
            raise TypeError(f"The PyTorch model takes {wanted}, not a {type(model_input).__name__}.")
        with torch.no_grad():
            if self._takes_frames:
                answer = self._model.predict(model_input)
            else:
                values = model_input.to_numpy(dtype=np.float32) if is_frame else model_input
                # A copy where pandas keeps the right to the memory, which PyTorch can't promise to leave alone.
                tensor = torch.from_numpy(values if values.flags.writeable else values.copy())
                answer = self._call(tensor.to(self._device), params or {})
        if not isinstance(answer, torch.Tensor):
            raise TypeError(f"The PyTorch model must answer with one tensor, not a {type(answer).__name__}.")
        array = answer.detach().cpu().numpy()
        if is_frame and not self._takes_frames:
            return pd.DataFrame(array, index=model_input.index)
        return array

    def _call(self, tensor: Any, params: dict[str, Any]) -> Any:
        if not self._own:
            return self._model(tensor, **params)
        with exported.evaluating(self._model):
            return self._model(tensor, **params)

    def get_raw_model(self) -> Any:
        return self._model
