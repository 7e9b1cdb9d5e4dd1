"""ONNX: graphs as `model.onnx`, with weights in a file beside it; run by onnxruntime.

A graph is data. What a model's MLmodel says about providers and sessions can name libraries to load, so that options
of that kind need trust; plain names of providers, threads and optimization don't.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.requirements import provider
from headrace.packaging.source import Source

ONNX_EXECUTION_PROVIDERS = ["CUDAExecutionProvider", "CPUExecutionProvider"]
_CPU = "CPUExecutionProvider"
_FILE = "model.onnx"
_WEIGHTS = "model.onnx.data"
_NUMBERS = ("inter_op_num_threads", "intra_op_num_threads", "graph_optimization_level")
_MODES = {"SEQUENTIAL": "ORT_SEQUENTIAL", "PARALLEL": "ORT_PARALLEL"}
_SESSION_KEYS = (*_NUMBERS, "execution_mode", "extra_session_config")

Feeds = dict[str, Any]


class Onnx:
    name = "onnx"
    model_argument = "onnx_model"
    module = "onnx"

    @property
    def distributions(self) -> Sequence[str]:
        # onnxruntime has builds under other names: onnxruntime-gpu, onnxruntime-directml …
        return (provider("onnx", "onnx"), provider("onnxruntime", "onnxruntime"))

    def save(
        self,
        onnx_model: Any,
        draft: Draft,
        /,
        *,
        onnx_execution_providers: Sequence[Any] | None = None,
        onnx_session_options: Mapping[str, Any] | None = None,
        save_as_external_data: bool = True,
        all_tensors_to_one_file: bool = True,
        location: str | None = None,
        size_threshold: int = 1024,
        convert_attribute: bool = False,
    ) -> None:
        """onnx_model: a ModelProto, or the path of a file, which is copied with its weights as it is. The last five
        options are those of onnx.save_model."""
        onnx = optional_import(self.module, extra="onnx")
        options = _checked_session_options(onnx_session_options)
        if isinstance(onnx_model, str | Path):
            _copy(Path(onnx_model), draft)
        elif isinstance(onnx_model, onnx.ModelProto):
            path = draft.path / _FILE
            onnx.save_model(
                onnx_model,
                str(path),
                save_as_external_data=save_as_external_data,
                all_tensors_to_one_file=all_tensors_to_one_file,
                location=location or (_WEIGHTS if all_tensors_to_one_file else None),
                size_threshold=size_threshold,
                convert_attribute=convert_attribute,
            )
            if save_as_external_data:  # it moved the weights out of the caller's model
                onnx.load_external_data_for_model(onnx_model, str(draft.path))
                for tensor in _tensors(onnx_model.graph):
                    tensor.ClearField("data_location")
        else:
            raise InvalidValue("onnx_model", f"a {type(onnx_model).__name__}", "a ModelProto, or a path of one.")
        draft.set_flavor(
            onnx_version=onnx.__version__,
            data=_FILE,
            providers=list(onnx_execution_providers or ONNX_EXECUTION_PROVIDERS),
            onnx_session_options=options,
        )
        draft.set_pyfunc(data=_FILE)

    def load(self, source: Source, /) -> Any:
        """The ModelProto, checked."""
        onnx = optional_import(self.module, extra="onnx", why="the model is one of ONNX")
        path = source.file(str(source.flavor(self.name)["data"]))
        model = onnx.load(str(path), load_external_data=False)
        folder = path.parent.relative_to(source.path).as_posix()
        for name in _external_files(model):
            source.file(name if folder == "." else f"{folder}/{name}")
        onnx.checker.check_model(str(path))
        onnx.load_external_data_for_model(model, str(path.parent))
        return model

    def load_pyfunc(self, source: Source, /) -> Predictor:
        runtime = optional_import("onnxruntime", extra="onnx", why="the model is one of ONNX")
        keys = source.flavor(self.name)
        providers = _providers(keys.get("providers"))
        options = keys.get("onnx_session_options") or {}
        if options.get("extra_session_config") or not all(isinstance(each, str) for each in providers):
            source.allow_code(["MLmodel (options of providers and sessions)"])
        path = source.file(str(keys["data"]))
        return _Wrapper(_session(runtime, path, providers, _session_options(runtime, options)))


FLAVOR = Onnx()


def _copy(path: Path, draft: Draft) -> None:
    if not path.is_file():
        raise InvalidValue("onnx_model", str(path), "there is no such file.")
    onnx = optional_import("onnx", extra="onnx")
    for name in sorted(set(_external_files(onnx.load(str(path), load_external_data=False)))):
        draft.copy_in(path.parent / name, name)
    draft.copy_in(path, _FILE)


def _external_files(model: Any) -> Iterator[str]:
    """Files beside the model that hold its weights, as it names them."""
    external = optional_import("onnx").TensorProto.EXTERNAL
    for tensor in _tensors(model.graph):
        if tensor.data_location == external:
            yield from (entry.value for entry in tensor.external_data if entry.key == "location")


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _tensors(inner)


def _checked_session_options(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise InvalidValue("onnx_session_options", given, "a dict.")
    for key, value in given.items():
        if key not in _SESSION_KEYS:
            raise InvalidValue("onnx_session_options", key, f"allowed are {', '.join(_SESSION_KEYS)}.")
        if key in _NUMBERS and (not isinstance(value, int) or isinstance(value, bool)):
            raise InvalidValue(f"onnx_session_options[{key!r}]", value, "a whole number.")
        if key == "execution_mode" and str(value).upper() not in _MODES:
            raise InvalidValue("onnx_session_options['execution_mode']", value, f"allowed are {', '.join(_MODES)}.")
        if key == "extra_session_config" and not isinstance(value, Mapping):
            raise InvalidValue("onnx_session_options['extra_session_config']", value, "a dict of texts.")
    return dict(given)


def _providers(written: Any) -> list[Any]:
    """Each a name, or a tuple of name and options."""
    if isinstance(written, str):
        written = [written]
    return [tuple(each) if isinstance(each, list) else each for each in written or ONNX_EXECUTION_PROVIDERS]


def _session_options(runtime: Any, written: Mapping[str, Any]) -> Any:
    options = runtime.SessionOptions()
    for key in ("inter_op_num_threads", "intra_op_num_threads"):
        if written.get(key):
            setattr(options, key, written[key])
    mode = _MODES.get(str(written.get("execution_mode", "")).upper())
    if mode:
        options.execution_mode = getattr(runtime.ExecutionMode, mode)
    if written.get("graph_optimization_level"):
        options.graph_optimization_level = runtime.GraphOptimizationLevel(written["graph_optimization_level"])
    for key, value in (written.get("extra_session_config") or {}).items():
        options.add_session_config_entry(str(key), str(value))
    return options


def _session(runtime: Any, path: Path, providers: list[Any], options: Any) -> Any:
    available = set(runtime.get_available_providers())
    found = [each for each in providers if (each if isinstance(each, str) else each[0]) in available]
    usable = found or [_CPU]
    if providers != ONNX_EXECUTION_PROVIDERS and len(found) < len(providers):  # nobody chose the default
        warnings.warn(
            f"The model asks for {', '.join(map(str, providers))}; this build of onnxruntime has "
            f"{', '.join(sorted(available))}, so that it runs on {', '.join(map(str, usable))}.",
            stacklevel=6,
        )
    return runtime.InferenceSession(str(path), sess_options=options, providers=usable)


class _Wrapper:
    """A dict is the feed; an array is the only input; a DataFrame has a column for each input, or is the only one.
    Answers by name: arrays; columns where a DataFrame went in."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._types = {each.name: each.type for each in session.get_inputs()}
        self._outputs = [each.name for each in session.get_outputs()]

    def predict(self, model_input: Any) -> Any:
        import numpy as np

        is_frame = hasattr(model_input, "columns") and hasattr(model_input, "iloc")
        feeds = self._cast(self._feeds(model_input, is_frame))
        answers = dict(zip(self._outputs, self._session.run(self._outputs, feeds), strict=True))
        if not is_frame:
            return answers
        pandas = optional_import("pandas", extra="pandas")
        return pandas.DataFrame({name: np.asarray(answer).reshape(-1) for name, answer in answers.items()})

    def _feeds(self, model_input: Any, is_frame: bool) -> Feeds:
        import numpy as np

        names = list(self._types)
        if isinstance(model_input, dict):
            return dict(model_input)
        if isinstance(model_input, np.ndarray):
            if len(names) != 1:
                raise InvalidValue(
                    "model_input",
                    "one array",
                    f"the model has the inputs {', '.join(names)}; give a dict or a DataFrame with these names.",
                )
            return {names[0]: model_input}
        if is_frame:
            return (
                {names[0]: model_input.values}
                if len(names) == 1
                else {each: model_input[each].values for each in names}
            )
        raise TypeError(
            f"An ONNX model takes a dict of arrays, an array or a DataFrame, not a {type(model_input).__name__}."
        )

    def _cast(self, feeds: Feeds) -> Feeds:
        """Frames and lists of numbers are float64; most graphs are float32."""
        for name, kind in self._types.items():
            if kind == "tensor(float)" and str(getattr(feeds.get(name), "dtype", "")) == "float64":
                feeds[name] = feeds[name].astype("float32")
        return feeds

    def get_raw_model(self) -> Any:
        return self._session
