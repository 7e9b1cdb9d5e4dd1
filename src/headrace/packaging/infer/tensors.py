"""Arrays and sparse matrices, numpy's, scipy's and torch's. The first dimension is the number of rows and varies."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from headrace.errors import InvalidValue
from headrace.packaging.schema import TensorSpec


def is_tensor(value: object) -> bool:
    return isinstance(value, np.ndarray) or is_torch(value)


def is_torch(value: object) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_sparse(value: object) -> bool:
    """scipy's csr or csc, matrix or array."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and sparse.issparse(value) and value.format in ("csr", "csc")  # type: ignore[attr-defined]


def dtype_of(value: Any) -> np.dtype[Any]:
    """With no length where it is text."""
    if is_torch(value):
        return _torch_dtype(value)
    dtype: np.dtype[Any] = value.dtype
    return np.dtype({"U": "str", "S": "bytes"}[dtype.kind]) if dtype.kind in "US" else dtype


def _torch_dtype(tensor: Any) -> np.dtype[Any]:
    name = str(tensor.dtype).removeprefix("torch.")
    try:
        return np.dtype(name)
    except TypeError as error:
        hint = "numpy has no such type; state another in a signature of your own, and convert inside the model."
        raise InvalidValue("dtype", name, hint) from error


def tensor_spec(value: Any, name: Any = None) -> TensorSpec:
    shape = tuple(value.shape)
    if not shape:
        raise InvalidValue("shape", (), "a tensor of no dimension has no rows; give at least one dimension.")
    return TensorSpec(dtype_of(value), (-1, *shape[1:]), name)
