"""A loaded model of any flavor: one `predict`, with input and params checked against the signature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace.errors import NotSupported
from headrace.packaging.enforce import enforce_input, enforce_params
from headrace.packaging.mlmodel import PYFUNC, Model
from headrace.packaging.pyfunc.model import takes
from headrace.packaging.schema import ParamSchema, Schema
from headrace.packaging.signature import ModelSignature


class PyFuncModel:
    """What `pyfunc.load_model` returns. Safe to use from several threads where the framework is."""

    def __init__(
        self,
        model_meta: Model,
        model_impl: Any,
        model_config: dict[str, Any] | None = None,
        model_id: str | None = None,
    ) -> None:
        self._model_meta, self._model_impl, self._model_config = model_meta, model_impl, model_config
        self._model_id = model_id or model_meta.model_id
        keys = model_meta.pyfunc or {}
        self._predict_fn = getattr(model_impl, keys.get("predict_fn", "predict"))
        self._stream_fn = getattr(model_impl, keys.get("predict_stream_fn", "predict_stream"), None)
        signature = model_meta.signature
        # A signature that came from a type hint describes the input; the hint itself checks it. So do the tasks of
        # `packaging.llm`, which take more forms of a request than a signature can say.
        self._checks_itself = bool(getattr(model_impl, "checks_own_input", False))
        checked = signature and not model_meta.is_signature_from_type_hint and not self._checks_itself
        self._input_schema = signature.inputs if signature and checked else None
        self._params_schema = signature.params if signature else None
        self._takes_params = takes(self._predict_fn, "params")

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """SchemaMismatch where data or params don't fit the signature; what the model raises comes as it is."""
        if self._input_schema is not None:
            data = enforce_input(data, self._input_schema)
        return self.predict_enforced(data, params)

    def predict_enforced(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """As `predict`, of data that are what enforcement would make of them."""
        if self._takes_params:
            return self._predict_fn(data, params=self._params(params))
        if params:
            self._params(params)
        return self._predict_fn(data)

    def _params(self, params: dict[str, Any] | None) -> dict[str, Any] | None:
        return params if self._checks_itself else enforce_params(params, self._params_schema)

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """Of one input; the parts of the answer as the model makes them."""
        if self._stream_fn is None:
            raise NotSupported("This model has no predict_stream; use predict.")
        if self._input_schema is not None:
            data = enforce_input(data, self._input_schema)
        if takes(self._stream_fn, "params"):
            answer: Iterator[Any] = self._stream_fn(data, params=self._params(params))
        else:
            answer = self._stream_fn(data)
        return answer

    @property
    def metadata(self) -> Model:
        return self._model_meta

    @property
    def model_config(self) -> dict[str, Any]:
        return self._model_config or {}

    @property
    def model_id(self) -> str | None:
        return self._model_id

    @property
    def loader_module(self) -> str | None:
        return (self._model_meta.pyfunc or {}).get("loader_module")

    @property
    def input_example(self) -> Any:
        """What the model was saved with; None where that is nothing. Read anew each time."""
        return self._model_meta.load_input_example() if self._model_meta.folder else None

    @property
    def input_schema(self) -> Schema | None:
        return self._signature.inputs if self._signature else None

    @property
    def output_schema(self) -> Schema | None:
        return self._signature.outputs if self._signature else None

    @property
    def params_schema(self) -> ParamSchema | None:
        return self._signature.params if self._signature else None

    @property
    def _signature(self) -> ModelSignature | None:
        return self._model_meta.signature

    @property
    def predictor(self) -> Any:
        """What the flavor made of the folder; it takes its own form of input."""
        return self._model_impl

    def unwrap_python_model(self) -> Any:
        """The PythonModel that the user saved."""
        found = getattr(self._model_impl, "python_model", None)
        if found is None:
            raise NotSupported(f"This model isn't a PythonModel; its loader is {self.loader_module}.")
        return found

    def get_raw_model(self) -> Any:
        """The framework's own object, where the flavor shows it."""
        get = getattr(self._model_impl, "get_raw_model", None)
        if get is None:
            raise NotSupported(f"The flavor behind {self.loader_module} doesn't show its own object.")
        return get()

    def __repr__(self) -> str:
        lines = ["mlflow.pyfunc.loaded_model:"]
        for name in ("artifact_path", "run_id", "model_id"):
            value = getattr(self._model_meta, name)
            if value:
                lines.append(f"  {name}: {value}")
        flavors = sorted(set(self._model_meta.flavors) - {PYFUNC}) or [str(self.loader_module)]
        return "\n".join([*lines, f"  flavor: {', '.join(flavors)}"])


def predict_once(predictor: Any, model: Model, data: Any, params: dict[str, Any] | None = None) -> Any:
    """As the loaded model will, with what its signature says so far."""
    return PyFuncModel(model, predictor).predict(data, params)
