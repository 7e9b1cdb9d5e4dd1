"""Schemas of a model's inputs, outputs and parameters: columns or tensors, in MLflow's JSON.

A schema is columns (`ColSpec`) or tensors (`TensorSpec`), never both; all named or all unnamed; one unnamed tensor at
most; what is unnamed is required. All records are frozen and equal by value. `Schema.plan` holds what enforcement has
worked out about the schema, so that it is done once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from headrace.errors import InvalidValue, shown
from headrace.lazy import optional_import
from headrace.packaging import param_values
from headrace.packaging.types import (
    ColumnType,
    DataType,
    Frozen,
    Object,
    WrongType,
    as_type,
    is_required,
    type_from_dict,
)


class ColSpec(Frozen):
    """One column. name: text, or what the frame's label is; None counts columns by position."""

    __slots__ = ("name", "required", "type")
    name: Any
    type: ColumnType
    required: bool

    def __init__(self, type: ColumnType | str, name: Any = None, required: bool = True) -> None:
        self._set(type=as_type(type, "type"), name=name, required=required)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        required = state.get("_required")
        # MLflow 2 also knew `optional`, and either may be None.
        self.__init__(state["_type"], state.get("_name"), not state.get("_optional") if required is None else required)  # type: ignore[misc]

    def _key(self) -> tuple[Any, ...]:
        return (self.type, self.name, self.required)

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name!r}: "
        return f"{named}{self.type!r} ({'required' if self.required else 'optional'})"

    def to_dict(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {**self.type.to_dict(), **named, "required": self.required}

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> ColSpec:
        return cls(type_from_dict(spec), spec.get("name"), is_required(spec))

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> ColSpec:
        return cls.from_dict(kwargs)


class TensorInfo(Frozen):
    """Type and shape of a tensor; pickles of MLflow's hold it inside a TensorSpec."""

    __slots__ = ("dtype", "shape")
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def __init__(self, dtype: np.dtype[Any], shape: Sequence[int]) -> None:
        self._set(dtype=dtype, shape=tuple(shape))

    def _key(self) -> tuple[Any, ...]:
        return (self.dtype, self.shape)

    def __repr__(self) -> str:
        return f"Tensor({self.dtype.name!r}, {self.shape!r})"


class TensorSpec(Frozen):
    """One tensor. shape: -1 where a dimension varies."""

    __slots__ = ("name", "shape", "type")
    name: Any
    type: np.dtype[Any]
    shape: tuple[int, ...]

    def __init__(self, type: np.dtype[Any], shape: Sequence[int], name: Any = None) -> None:
        if not isinstance(type, np.dtype):
            raise WrongType(message=f"The type of a tensor must be a numpy.dtype; got {shown(type)}.")
        if type.kind in "US" and type.itemsize:
            plain = "str" if type.kind == "U" else "bytes"
            raise InvalidValue("type", type, f"text in a tensor has no fixed length; use np.dtype('{plain}').")
        if not isinstance(shape, (tuple, list)):
            raise WrongType(message=f"The shape of a tensor must be a tuple or list of integers; got {shown(shape)}.")
        self._set(type=type, shape=tuple(shape), name=name)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        info = state["_tensorInfo"]
        self.__init__(info.dtype, info.shape, state.get("_name"))  # type: ignore[misc]

    required = True

    def _key(self) -> tuple[Any, ...]:
        return (self.type, self.shape, self.name)

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name!r}: "
        return f"{named}Tensor({self.type.name!r}, {self.shape!r})"

    def to_dict(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {**named, "type": "tensor", "tensor-spec": {"dtype": self.type.name, "shape": self.shape}}

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> TensorSpec:
        inner = spec.get("tensor-spec")
        if spec.get("type") != "tensor" or not isinstance(inner, Mapping) or not {"dtype", "shape"} <= inner.keys():
            raise InvalidValue(
                "tensor-spec", dict(spec), "type 'tensor' and a tensor-spec of dtype and shape are needed."
            )
        try:
            dtype = np.dtype(inner["dtype"])
        except TypeError as error:
            hint = (
                "numpy knows no such type here; some come with a package, as bfloat16 with ml_dtypes (import it first)."
            )
            raise InvalidValue("dtype", inner["dtype"], hint) from error
        return cls(dtype, tuple(inner["shape"]), spec.get("name"))

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> TensorSpec:
        return cls.from_dict(kwargs)


Spec = ColSpec | TensorSpec


class Schema(Frozen):
    """What a model takes or gives: columns or tensors."""

    __slots__ = ("_inputs", "_plan")
    _inputs: tuple[Spec, ...]
    _plan: Any

    def __init__(self, inputs: Sequence[Spec]) -> None:
        if not isinstance(inputs, (list, tuple)):
            raise InvalidValue("inputs", inputs, "a list of ColSpec or of TensorSpec is expected.")
        if not inputs:
            raise InvalidValue("inputs", inputs, "a schema needs at least one column or tensor.")
        kinds = {type(one) for one in inputs}
        if kinds not in ({ColSpec}, {TensorSpec}):
            found = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise InvalidValue(message=f"A schema holds columns (ColSpec) or tensors (TensorSpec) alone; got {found}.")
        named = {one.name is not None for one in inputs}
        if len(named) == 2:
            raise InvalidValue("inputs", [one.name for one in inputs], "name all of them or none.")
        if named == {False}:
            if kinds == {TensorSpec} and len(inputs) > 1:
                raise InvalidValue("inputs", list(inputs), "several tensors need names.")
            if not all(one.required for one in inputs):
                raise InvalidValue("inputs", list(inputs), "an optional column needs a name.")
        self._set(_inputs=tuple(inputs), _plan=None)

    def _key(self) -> tuple[Any, ...]:
        return (self._inputs,)

    def __len__(self) -> int:
        return len(self._inputs)

    def __iter__(self) -> Iterator[Spec]:
        return iter(self._inputs)

    def __repr__(self) -> str:
        return repr(list(self._inputs))

    def plan(self, make: Callable[[Schema], Any]) -> Any:
        """What `make` tells of this schema; asked once."""
        if self._plan is None:
            self._set(_plan=make(self))
        return self._plan

    @property
    def inputs(self) -> list[Any]:
        return list(self._inputs)

    def is_tensor_spec(self) -> bool:
        return isinstance(self._inputs[0], TensorSpec)

    def has_input_names(self) -> bool:
        return self._inputs[0].name is not None

    def _names(self) -> Iterator[tuple[Any, Spec]]:
        return ((place if one.name is None else one.name, one) for place, one in enumerate(self._inputs))

    def input_names(self) -> list[Any]:
        """Names, or positions where there are none."""
        return [name for name, _ in self._names()]

    def required_input_names(self) -> list[Any]:
        return [name for name, one in self._names() if one.required]

    def optional_input_names(self) -> list[Any]:
        return [name for name, one in self._names() if not one.required]

    def input_types(self) -> list[Any]:
        return [one.type for one in self._inputs]

    def input_types_dict(self) -> dict[Any, Any]:
        return {name: one.type for name, one in self.input_dict().items()}

    def input_dict(self) -> dict[Any, Any]:
        if not self.has_input_names():
            raise InvalidValue(message="The schema's inputs have no names; use `inputs`, a list, instead.")
        return dict(self._names())

    def numpy_types(self) -> list[np.dtype[Any]]:
        return [one.type if isinstance(one, TensorSpec) else _scalar(one).to_numpy() for one in self._inputs]

    def pandas_types(self) -> list[Any]:
        if self.is_tensor_spec():
            raise InvalidValue(message="Tensors have no pandas types; use numpy_types().")
        return [_scalar(one).to_pandas() for one in self._inputs]

    def as_spark_schema(self) -> Any:
        """A Spark StructType, or the type alone for one unnamed column."""
        if self.is_tensor_spec():
            raise InvalidValue(message="Tensors have no Spark type; a schema of columns is needed.")
        from headrace.packaging.spark_types import to_spark

        cols = [one for one in self._inputs if isinstance(one, ColSpec)]
        if len(self) == 1 and not self.has_input_names():
            return to_spark(cols[0].type)
        spark = optional_import("pyspark.sql.types", why="a Spark schema")
        return spark.StructType(
            [
                spark.StructField(str(name), to_spark(one.type), nullable=not one.required)
                for name, one in zip(self.input_names(), cols, strict=True)
            ]
        )

    def to_dict(self) -> list[dict[str, Any]]:
        return [one.to_dict() for one in self._inputs]

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, specs: Sequence[Mapping[str, Any]]) -> Schema:
        return cls([(TensorSpec if one.get("type") == "tensor" else ColSpec).from_dict(one) for one in specs])

    @classmethod
    def from_json(cls, json_str: str) -> Schema:
        return cls.from_dict(_list_of_objects(json_str, "schema"))


def _scalar(spec: Spec) -> DataType:
    if not isinstance(spec.type, DataType):
        raise InvalidValue(
            message=f"Column {spec.name!r} is a {spec.type!r}, which no numpy or pandas type stands for."
        )
    return spec.type


def _list_of_objects(json_str: str, what: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(json_str)
    except ValueError as error:
        raise InvalidValue(what, json_str, f"it isn't JSON ({error}).") from error
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise InvalidValue(what, json_str, "a JSON list of objects is expected.")
    return found


class ParamSpec(Frozen):
    """One parameter of `predict`. shape: None for one value, (-1,) for a list. The default is brought to the type."""

    __slots__ = ("default", "dtype", "name", "shape")
    name: str
    dtype: DataType | Object
    default: Any
    shape: tuple[int, ...] | None

    def __init__(
        self, name: str, dtype: DataType | Object | str, default: Any, shape: Sequence[int] | None = None
    ) -> None:
        known = as_type(dtype, "dtype")
        if not isinstance(known, (DataType, Object)):
            raise WrongType(message=f"Parameter {name!r} must be a scalar or an Object, not {known!r}.")
        if known is DataType.binary:
            raise InvalidValue("dtype", "binary", f"parameter {name!r} goes through JSON, which has no bytes.")
        wanted = None if shape is None else tuple(shape)
        self._set(name=str(name), dtype=known, shape=wanted)
        self._set(default=self.cast(default))

    def cast(self, value: Any) -> Any:
        """The value as this parameter's type; InvalidValue if that would change what it says."""
        return param_values.cast(self.name, value, self.dtype, self.shape)

    @classmethod
    def validate_param_spec(cls, value: Any, param_spec: ParamSpec) -> Any:
        return param_spec.cast(value)

    def _key(self) -> tuple[Any, ...]:
        return (self.name, self.dtype, self.default, self.shape)

    def __hash__(self) -> int:
        return hash((self.name, self.dtype, self.shape))  # a default may be a list

    def __repr__(self) -> str:
        shape = "" if self.shape is None else f" (shape: {self.shape})"
        return f"{self.name!r}: {self.dtype!r} (default: {self.default}){shape}"

    def to_dict(self) -> dict[str, Any]:
        default = self.default
        if self.dtype is DataType.datetime and default is not None:
            default = [_iso(one) for one in default] if self.shape else _iso(default)
        return {"name": self.name, "default": default, "shape": self.shape, **self.dtype.to_dict()}

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> ParamSpec:
        kind = spec.get("type") or spec.get("dtype")  # MLflow 2.4 and 2.5 wrote `dtype`
        if "name" not in spec or "default" not in spec or not kind:
            raise InvalidValue("params", dict(spec), "the keys name, type and default are needed.")
        found = type_from_dict({**spec, "type": kind})
        return cls(str(spec["name"]), found, spec["default"], spec.get("shape"))  # type: ignore[arg-type] # it checks

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> ParamSpec:
        return cls.from_dict(kwargs)


def _iso(moment: Any) -> Any:
    return None if moment is None else moment.isoformat()


class ParamSchema(Frozen):
    """The parameters that a model's `predict` takes."""

    __slots__ = ("_params",)
    _params: tuple[ParamSpec, ...]

    def __init__(self, params: Sequence[ParamSpec]) -> None:
        for one in params:
            if not isinstance(one, ParamSpec):
                raise InvalidValue("params", one, "every item must be a ParamSpec.")
        names = [one.name for one in params]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InvalidValue("params", twice, "each name may stand only once.")
        self._set(_params=tuple(params))

    def _key(self) -> tuple[Any, ...]:
        return (self._params,)

    def __len__(self) -> int:
        return len(self._params)

    def __iter__(self) -> Iterator[ParamSpec]:
        return iter(self._params)

    def __repr__(self) -> str:
        return repr(list(self._params))

    @property
    def params(self) -> list[ParamSpec]:
        return list(self._params)

    def to_dict(self) -> list[dict[str, Any]]:
        return [one.to_dict() for one in self._params]

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, json_str: str) -> ParamSchema:
        return cls([ParamSpec.from_dict(one) for one in _list_of_objects(json_str, "params")])
