"""Values of model parameters, brought to the type that the signature states.

Allowed are the type's own values, a narrower number for a wider one (int → long → float → double) and, for a datetime,
whatever numpy reads as one. A bool is no number here. Results are plain Python values, so that a model needs no numpy
to look at its parameters.
"""

from __future__ import annotations

import copy
import warnings
from typing import Any

from headrace.errors import InvalidValue, shown
from headrace.packaging.types import DataType, Object

_WHOLE = (DataType.integer, DataType.long)
_ALSO: dict[DataType, tuple[DataType, ...]] = {
    DataType.long: (DataType.integer,),
    DataType.float: _WHOLE,
    DataType.double: (*_WHOLE, DataType.float),
}
# What needs no look at numpy: nearly every value.
_AS_IS = {
    (bool, DataType.boolean),
    (int, DataType.integer),
    (int, DataType.long),
    (float, DataType.float),
    (float, DataType.double),
    (str, DataType.string),
}


def cast(name: str, value: Any, dtype: DataType | Object, shape: tuple[int, ...] | None) -> Any:
    """The value as a plain Python one. shape: None for one value, (-1,) for a list of them.

    Raises InvalidValue that names the parameter, the item of the list where it is one, and what would do.
    """
    if shape is None:
        if isinstance(dtype, Object):
            return _checked_object(name, value, dtype)
        return _cast_scalar(name, value, dtype)
    if shape != (-1,):
        raise InvalidValue(name, shape, "the shape of a parameter is None for one value or (-1,) for a list of them.")
    if isinstance(dtype, Object):
        raise InvalidValue(name, value, "a list of objects can't be a parameter; put it inside an object.")
    if not _is_flat(value):
        raise InvalidValue(name, value, f"a flat list of {dtype.name} is expected.")
    return [_cast_scalar(f"{name}[{place}]", item, dtype) for place, item in enumerate(value)]


def _is_flat(value: object) -> bool:
    if isinstance(value, list):
        return not any(isinstance(item, (list, tuple, dict)) or getattr(item, "ndim", 0) for item in value)
    return getattr(value, "ndim", None) == 1


def _checked_object(name: str, value: Any, dtype: Object) -> Any:
    from headrace.packaging.enforce.values import (
        enforce_value,
    )  # it needs the schema, whose ParamSpec needs this module

    enforce_value(copy.deepcopy(value), dtype, place=name)
    return value


def _cast_scalar(name: str, value: Any, dtype: DataType) -> Any:
    if value is None or (type(value), dtype) in _AS_IS:
        return value
    if dtype is DataType.datetime:
        return _as_datetime(name, value)
    import numpy as np

    kinds = (dtype, *_ALSO.get(dtype, ()))
    if not np.isscalar(value) or not any(DataType.check_type(kind, value) for kind in kinds):
        fits = ", ".join(kind.name for kind in kinds)
        raise InvalidValue(name, value, f"{fits} is expected, got {type(value).__name__}.")
    return dtype.to_python()(value)


def _as_datetime(name: str, value: Any) -> Any:
    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy's, about time zones: the result is in UTC
            found = np.datetime64(value).item()
    except (ValueError, TypeError) as error:
        raise InvalidValue(name, value, f"a datetime or text in ISO 8601 is expected ({error}).") from error
    if isinstance(found, int):  # finer than microseconds, or a plain number
        raise InvalidValue(name, shown(value), "a datetime, to the microsecond, is expected.")
    return found
