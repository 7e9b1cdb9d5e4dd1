"""Models of other frameworks as ONNX graphs: scikit-learn by skl2onnx, XGBoost and LightGBM by onnxmltools, CatBoost
and PyTorch by themselves; a model that is ONNX stays as it is.

Trees and linear models take float32 there, so that answers agree to some 1e-5; `export` compares them.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headrace.deployments.edge.converted import Converted, NotConvertible
from headrace.errors import HeadraceError
from headrace.lazy import optional_import
from headrace.packaging.load import load_native
from headrace.packaging.schema import ColSpec
from headrace.packaging.source import Source

INPUT = "input"
_NUMBERS = ("boolean", "integer", "long", "float", "double")
_OUTPUTS = {"predict": 0, "predict_proba": 1}


def convert(source: Source, example: Any, scratch: Path) -> Converted:
    """example: of the model's input, None without one. scratch: a folder for what a converter writes."""
    for flavor, converter in _CONVERTERS.items():
        if flavor in source.model.flavors:
            try:
                return converter(source, example, scratch)
            except HeadraceError:
                raise
            except Exception as error:
                lines = str(error).strip().splitlines() or [""]
                raise NotConvertible(
                    f"The {flavor} model can't be converted to ONNX; the converter says: "
                    f"{type(error).__name__}: {lines[0][:160]}"
                ) from error
    has = ", ".join(sorted(source.model.flavors))
    raise NotConvertible(f"Models of {', '.join(_CONVERTERS)} can become ONNX; this one has: {has}.")


def _onnx(source: Source, example: Any, scratch: Path) -> Converted:  # noqa: ARG001
    path = source.file(str(source.flavor("onnx")["data"]))
    runtime = optional_import("onnxruntime", extra="edge")
    inputs = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).get_inputs()
    names = _column_names(source)
    matrix = names is not None and len(inputs) == 1
    return Converted(graph=path, columns=names if matrix else None, as_rows=names is not None)


def _sklearn(source: Source, example: Any, scratch: Path) -> Converted:  # noqa: ARG001
    skl2onnx = optional_import("skl2onnx", extra="edge", why="to turn scikit-learn's models into ONNX")
    model = load_native(source, "sklearn")
    method = str(source.pyfunc.get("predict_fn") or "predict")
    if method not in _OUTPUTS:
        raise NotConvertible(f"The model answers with {method}; ONNX has {', '.join(_OUTPUTS)} of scikit-learn's.")
    kinds = skl2onnx.common.data_types
    columns = _columns(source)
    each = columns is not None and _picks_columns(model)
    if columns is not None and each:
        types = [(name, _type_of(kinds, name, spec)([None, 1])) for name, spec in columns.items()]
    else:
        types = [(INPUT, kinds.FloatTensorType([None, int(model.n_features_in_)]))]
    options = {"zipmap": False} if hasattr(model, "classes_") else None
    made = skl2onnx.to_onnx(model, initial_types=types, options=options)
    outputs = [output.name for output in made.graph.output]
    return Converted(
        graph=made.SerializeToString(),
        columns=list(columns) if columns is not None and not each else None,
        one_column_each=each,
        output=outputs[_OUTPUTS[method]],
        dimensions=1 if method == "predict" else None,
    )


def _by_onnxmltools(flavor: str) -> Callable[[Source, Any, Path], Converted]:
    def converter(source: Source, example: Any, scratch: Path) -> Converted:  # noqa: ARG001
        tools = optional_import("onnxmltools", extra="edge", why=f"to turn models of {flavor} into ONNX")
        kinds = optional_import("onnxmltools.convert.common.data_types", extra="edge")
        model = load_native(source, flavor)
        booster = not hasattr(model, "n_features_in_")
        if booster:
            features = model.num_features() if flavor == "xgboost" else model.num_feature()
        else:
            features = model.n_features_in_
        types = [(INPUT, kinds.FloatTensorType([None, int(features)]))]
        named = _without_names(model, booster) if flavor == "xgboost" else model
        more = {"zipmap": False} if flavor == "lightgbm" else {}
        made = getattr(tools, f"convert_{flavor}")(named, initial_types=types, **more)
        outputs = [output.name for output in made.graph.output]
        # A booster's answers are probabilities, an estimator's are labels.
        probable = booster and len(outputs) > 1
        width = made.graph.output[1].type.tensor_type.shape.dim[-1].dim_value if probable else 0
        return Converted(
            graph=made.SerializeToString(),
            columns=_column_names(source),
            output=outputs[1] if probable else outputs[0],
            column=1 if width == 2 else None,
            dimensions=1 if width in (0, 2) else None,
        )

    return converter


def _without_names(model: Any, booster: bool) -> Any:
    """onnxmltools wants XGBoost's features to be called f0, f1 …"""
    inner = model if booster else model.get_booster()
    inner.feature_names = None
    return model


def _catboost(source: Source, example: Any, scratch: Path) -> Converted:  # noqa: ARG001
    model = load_native(source, "catboost")
    path = scratch / "catboost.onnx"
    model.save_model(str(path), format="onnx")
    onnx = optional_import("onnx", extra="edge")
    outputs = [output.name for output in onnx.load(str(path)).graph.output]
    # A classifier of many classes answers in a column, all others in a list.
    many = len(getattr(model, "classes_", [])) > 2
    return Converted(
        graph=path.read_bytes(), columns=_column_names(source), output=outputs[0], dimensions=2 if many else 1
    )


def _pytorch(source: Source, example: Any, scratch: Path) -> Converted:
    torch = optional_import("torch", extra="transformers")
    if example is None:
        raise NotConvertible("A PyTorch model is traced with its input example, and this one was saved without.")
    model = load_native(source, "pytorch").eval()
    array = example.to_numpy() if hasattr(example, "to_numpy") else example
    tensor = torch.as_tensor(array)
    if hasattr(example, "to_numpy"):
        tensor = tensor.float()  # as the flavor gives frames to it
    rows = torch.cat([tensor, tensor])  # a trace with one row would be one for one row
    path = scratch / "model.onnx"
    with _quiet("torch.onnx"):
        torch.onnx.export(
            model,
            (rows,),
            str(path),
            input_names=[INPUT],
            output_names=["output"],
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            dynamo=True,
            verbose=False,
        )
    return Converted(graph=path, columns=_column_names(source), output="output", as_rows=hasattr(example, "to_numpy"))


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """An exporter tells of packages that the model doesn't use."""
    talking = logging.getLogger(logger)
    level = talking.level
    talking.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        talking.setLevel(level)


_CONVERTERS: dict[str, Callable[[Source, Any, Path], Converted]] = {
    "onnx": _onnx,
    "sklearn": _sklearn,
    "xgboost": _by_onnxmltools("xgboost"),
    "lightgbm": _by_onnxmltools("lightgbm"),
    "catboost": _catboost,
    "pytorch": _pytorch,
}


def _columns(source: Source) -> dict[Any, ColSpec] | None:
    """The input's columns by name; None for arrays, and where there is no signature."""
    schema = source.model.get_input_schema()
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return None
    return {spec.name: spec for spec in schema}


def _column_names(source: Source) -> list[Any] | None:
    columns = _columns(source)
    return None if columns is None else list(columns)


def _picks_columns(model: Any) -> bool:
    """Whether some step of it takes columns by their names."""
    steps = [step for _, step in getattr(model, "steps", [])]
    return hasattr(model, "transformers") or any(map(_picks_columns, steps))


def _type_of(kinds: Any, name: Any, spec: ColSpec) -> Any:
    kind = str(getattr(spec.type, "name", spec.type))
    if kind in _NUMBERS:
        return kinds.FloatTensorType
    if kind == "string":
        return kinds.StringTensorType
    raise NotConvertible(f"The column {name!r} is of type {kind}; ONNX takes numbers and strings.")
