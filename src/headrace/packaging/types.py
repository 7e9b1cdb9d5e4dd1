"""Types of columns: scalars, arrays, objects, maps, anything; in the JSON that MLflow's signatures hold.

Every type is frozen, equal and hashable by value, and prints as `print(signature)` shows it to MLflow's users.
`to_dict` gives the JSON form and `from_dict` (of any class, or `type_from_dict`) reads it. What no class reads is
refused with the list of known types: a type written by a newer format must not pass as something else.
"""

from __future__ import annotations

import datetime as dt
import enum
import itertools
import types
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from headrace.errors import InvalidValue, shown
from headrace.lazy import optional_import

if TYPE_CHECKING:
    import numpy as np

_NUMPY = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "string": "str",
    "binary": "bytes",
    "datetime": "datetime64[ns]",
}
_PYTHON: dict[str, type] = {
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "string": str,
    "binary": bytes,
    "datetime": dt.date,
}
_SPARK = {
    "boolean": "BooleanType",
    "integer": "IntegerType",
    "long": "LongType",
    "float": "FloatType",
    "double": "DoubleType",
    "string": "StringType",
    "binary": "BinaryType",
    "datetime": "TimestampType",
}


class WrongType(InvalidValue, TypeError):
    """An argument of a class that the call doesn't take; a TypeError too, as MLflow raises there."""


class DataType(enum.Enum):
    """Scalars. `datetime` has nanoseconds and no time zone."""

    boolean = 1
    integer = 2
    long = 3
    float = 4
    double = 5
    string = 6
    binary = 7
    datetime = 8

    def __repr__(self) -> str:
        return self.name

    def to_numpy(self) -> np.dtype[Any]:
        import numpy as np

        return np.dtype(_NUMPY[self.name])

    def to_pandas(self) -> np.dtype[Any] | type:
        return object if self in (DataType.string, DataType.binary) else self.to_numpy()

    def to_python(self) -> type:
        return _PYTHON[self.name]

    def to_spark(self) -> Any:
        return getattr(optional_import("pyspark.sql.types", why="Spark's column types"), _SPARK[self.name])()

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.name}

    @classmethod
    def check_type(cls, data_type: DataType, value: object) -> bool:
        """Is the value's class one of those that hold this type? Subclasses aren't."""
        kinds: list[Any] = [data_type.to_numpy(), data_type.to_pandas(), data_type.to_python()]
        if data_type is DataType.datetime:
            import numpy as np

            kinds += [np.datetime64, dt.datetime]
        elif data_type is DataType.binary:
            kinds.append(bytearray)
        return type(value) in kinds

    @classmethod
    def all_types(cls) -> list[DataType]:
        return list(cls)

    @classmethod
    def get_spark_types(cls) -> list[Any]:
        return [member.to_spark() for member in cls]

    @classmethod
    def from_numpy_type(cls, np_type: object) -> DataType | None:
        return next((member for member in cls if member.to_numpy() == np_type), None)


class Frozen:
    """Value semantics over `_key`, which holds the arguments of the class."""

    __slots__ = ()

    def _key(self) -> tuple[Any, ...]:
        return ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._key() == self._key()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key()))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen; make another instead of setting {name!r}")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        # MLflow's classes of these names take lists of their parts, and nothing else.
        return type(self), tuple(list(part) if _is_parts(part) else part for part in self._key())

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """From a pickle of MLflow's, which holds the arguments under their names with an underscore."""
        self.__init__(**{name.lstrip("_"): value for name, value in state.items()})  # type: ignore[misc]


def _is_parts(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(part, Frozen) for part in value)


class _Type(Frozen):
    """A type in JSON."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Any:
        found = type_from_dict(value)
        if not isinstance(found, cls):
            raise InvalidValue("type", value.get("type"), f"{cls.__name__} was expected here.")
        return found

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> Any:
        return cls.from_dict(kwargs)


class Property(_Type):
    """One key of an Object."""

    __slots__ = ("dtype", "name", "required")
    name: str
    dtype: ColumnType
    required: bool

    def __init__(self, name: str, dtype: ColumnType | str, required: bool = True) -> None:
        if not isinstance(name, str):
            raise InvalidValue("name", name, "the name of a property is a string.")
        self._set(name=name)
        self._set(dtype=as_type(dtype, "dtype"))
        self._set(required=required)

    def _key(self) -> tuple[Any, ...]:
        return (self.name, self.dtype, self.required)

    def __lt__(self, other: Property) -> bool:
        return self.name < other.name

    def __repr__(self) -> str:
        return f"{self.name}: {self.dtype!r} ({'required' if self.required else 'optional'})"

    def to_dict(self) -> dict[str, Any]:
        return {self.name: {**self.dtype.to_dict(), "required": self.required}}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Property:
        """Of one key, the name: `{"a": {"type": "string", "required": true}}`."""
        if len(value) != 1:
            raise InvalidValue("property", sorted(value), "exactly one key, the property's name, is expected.")
        ((name, spec),) = value.items()
        return cls(name, type_from_dict(spec), is_required(spec))


class Object(_Type):
    """Keys and the types of their values. Properties are kept sorted by name."""

    __slots__ = ("_properties", "by_name")
    _properties: tuple[Property, ...]
    by_name: Mapping[str, Property]

    def __init__(self, properties: Sequence[Property]) -> None:
        if not isinstance(properties, (list, tuple)):
            raise InvalidValue("properties", properties, "a list of Property is expected.")
        if not properties:
            raise InvalidValue("properties", properties, "an Object needs at least one Property.")
        for one in properties:
            if not isinstance(one, Property):
                raise InvalidValue("properties", one, "every item must be a Property.")
        self._set(_properties=tuple(sorted(properties)))
        names = [one.name for one in self._properties]
        if twice := [a for a, b in itertools.pairwise(names) if a == b]:
            raise InvalidValue("properties", twice, "each name may stand only once.")
        self._set(by_name=types.MappingProxyType({one.name: one for one in self._properties}))

    @property
    def properties(self) -> list[Property]:
        return list(self._properties)

    def _key(self) -> tuple[Any, ...]:
        return (self._properties,)

    def __repr__(self) -> str:
        return "{" + ", ".join(map(repr, self._properties)) + "}"

    def to_dict(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for one in self._properties:
            merged |= one.to_dict()
        return {"type": "object", "properties": merged}


class Array(_Type):
    """Any number of values of one type."""

    __slots__ = ("dtype",)
    dtype: ColumnType

    def __init__(self, dtype: ColumnType | str) -> None:
        self._set(dtype=as_type(dtype, "dtype"))

    def _key(self) -> tuple[Any, ...]:
        return (self.dtype,)

    def __repr__(self) -> str:
        return f"Array({self.dtype!r})"

    def to_dict(self) -> dict[str, Any]:
        return {"type": "array", "items": self.dtype.to_dict()}


class SparkMLVector(Array):
    """Spark ML's vector: doubles, of which Spark keeps the dense or the sparse form."""

    __slots__ = ()

    def __init__(self, dtype: ColumnType = DataType.double) -> None:
        super().__init__(dtype)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]

    def _key(self) -> tuple[Any, ...]:
        return ()

    def __repr__(self) -> str:
        return "SparkML vector"

    def to_dict(self) -> dict[str, Any]:
        return {"type": "sparkml_vector"}


class Map(_Type):
    """Keys that are strings and aren't known beforehand; values of one type."""

    __slots__ = ("value_type",)
    value_type: ColumnType

    def __init__(self, value_type: ColumnType | str) -> None:
        self._set(value_type=as_type(value_type, "value_type"))

    def _key(self) -> tuple[Any, ...]:
        return (self.value_type,)

    def __repr__(self) -> str:
        return f"Map(str -> {self.value_type})"

    def to_dict(self) -> dict[str, Any]:
        return {"type": "map", "values": self.value_type.to_dict()}


class AnyType(_Type):
    """Not checked at all; nulls are welcome."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Any"

    def to_dict(self) -> dict[str, Any]:
        return {"type": "any"}


ColumnType = DataType | Array | Object | Map | AnyType
_KNOWN = [*DataType.__members__, "array", "object", "map", "any", "sparkml_vector"]


def as_type(value: ColumnType | str, field: str) -> ColumnType:
    """The type itself, or the scalar type of that name."""
    if isinstance(value, (DataType, Array, Object, Map, AnyType)):
        return value
    if isinstance(value, str):
        if value not in DataType.__members__:
            raise InvalidValue(
                field, value, f"one of {', '.join(DataType.__members__)}, or an Array, Object, Map, AnyType."
            )
        return DataType[value]
    raise WrongType(
        message=f"Argument {field!r} must be a DataType, its name, an Array, Object, Map or AnyType; "
        f"got {shown(value)} of class {type(value).__name__}."
    )


def is_required(spec: Mapping[str, Any]) -> bool:
    """MLflow 2.0 to 2.7 wrote `optional` where later ones write `required`; older ones wrote neither."""
    required = spec.get("required")
    return not spec.get("optional", False) if required is None else bool(required)


def type_from_dict(spec: object) -> ColumnType:
    if not isinstance(spec, Mapping) or not isinstance(spec.get("type"), str):
        raise InvalidValue(
            "type", spec, f"an object with a key `type` is expected, which is one of {', '.join(_KNOWN)}."
        )
    match spec["type"]:
        case "array":
            return Array(type_from_dict(_part(spec, "items")))
        case "object":
            properties = _part(spec, "properties")
            if not isinstance(properties, Mapping):
                raise InvalidValue("properties", properties, "an object of name and type is expected.")
            return Object([Property.from_dict({name: inner}) for name, inner in properties.items()])
        case "map":
            return Map(type_from_dict(_part(spec, "values")))
        case "any":
            return AnyType()
        case "sparkml_vector":
            return SparkMLVector()
        case name if name in DataType.__members__:
            return DataType[name]
        case name:
            raise InvalidValue("type", name, f"one of {', '.join(_KNOWN)}. Was it written by a newer version?")


def _part(spec: Mapping[str, Any], key: str) -> Any:
    if key not in spec:
        raise InvalidValue("type", dict(spec), f"the type {spec['type']!r} needs the key `{key}`.")
    return spec[key]
