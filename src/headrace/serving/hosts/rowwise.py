"""Whether requests may share a `predict`: does the model answer each row for itself?

Frameworks that do so by their nature are taken to, unless the model's own example says otherwise. Whatever a user wrote
in Python has to prove it: two rows of its example must be answered alone as they are together. Where there is no proof,
each request gets a `predict` of its own.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from headrace import clock
from headrace.errors import HeadraceError
from headrace.packaging import example
from headrace.packaging.payload.answer import as_rows
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.serving.hosts.joining import cut, joined, mould_of

BY_ROW = frozenset(("sklearn", "xgboost", "lightgbm", "catboost", "onnx", "pytorch", "keras", "tensorflow"))
_METHODS = frozenset(("predict", "predict_proba", "predict_log_proba", "predict_joint_log_proba", "transform"))
# How long the example may be tried, between one predict and the next: where nothing hangs on it, and where all does.
_TRIAL_S, _PROOF_S = 0.5, 2.0
_RELATIVE, _ABSOLUTE = 1e-5, 1e-6  # by which floats may differ, as sums are taken in another order

logger = logging.getLogger("headrace.serving")


def answers_by_row(model: PyFuncModel) -> bool:
    keys = model.metadata.pyfunc or {}
    by_nature = bool(BY_ROW & set(model.metadata.flavors)) and keys.get("predict_fn", "predict") in _METHODS
    schema = model.input_schema
    if schema is None:
        if not by_nature:
            return False
    elif schema.is_tensor_spec() and any(spec.shape[:1] != (-1,) for spec in schema.inputs):
        return False
    found = _example_agrees(model, _TRIAL_S if by_nature else _PROOF_S)
    return by_nature if found is None else found


def _example_agrees(model: PyFuncModel, most_s: float) -> bool | None:
    """Two rows of the example, alone and together. None where that shows nothing."""
    try:
        data, params = _example(model)
        rows = _two_rows(data)
        if rows is None:
            return None
        answers: list[list[Any] | None] = []
        began = clock.monotonic_s()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for asked in (rows[:1], rows[1:], rows):
                if clock.monotonic_s() - began > most_s:
                    return None
                answers.append(as_rows(model.predict(joined(asked), params=params)))
    except Exception as error:  # noqa: BLE001 — the user's code, and examples that it doesn't take
        logger.info("the example shows nothing of the rows: %s", error)
        return None
    first, second, both = answers
    if first is None or second is None or both is None:
        return False
    return len(first) == len(second) == 1 and agree(both, [*first, *second])


def _example(model: PyFuncModel) -> tuple[Any, dict[str, Any] | None]:
    meta = model.metadata
    info = meta.saved_input_example_info
    if info is None or meta.folder is None:
        raise HeadraceError("there is none")
    data, params = example.read(meta.folder, info)
    return example.typed(data, model.input_schema), params


def _two_rows(data: Any) -> list[Any] | None:
    """Different ones, else nothing is shown: a mean over two equal rows is either of them."""
    count = mould_of(data).rows
    if not count:
        return None
    first = cut(data, 0, 1)
    if count == 1:
        return _with_neighbour(first)
    second = next((row for row in (cut(data, at, at + 1) for at in range(1, count)) if not _equal(first, row)), None)
    return [first, second] if second is not None else _with_neighbour(first)


def _with_neighbour(row: Any) -> list[Any] | None:
    other = _moved(row)
    return None if other is None or _equal(row, other) else [row, other]


def _moved(row: Any) -> Any:
    """The row with other floats; integers may be categories, of which the model knows only some."""
    if isinstance(row, np.ndarray):
        return row * row.dtype.type(1.25) + row.dtype.type(0.5) if row.dtype.kind == "f" else row
    if isinstance(row, dict):
        return {name: _moved(value) for name, value in row.items()}
    if isinstance(row, list):
        return None
    moved = row.copy()
    for place, dtype in enumerate(moved.dtypes):
        if isinstance(dtype, np.dtype) and dtype.kind == "f":
            moved.isetitem(place, moved.iloc[:, place] * dtype.type(1.25) + dtype.type(0.5))
    return moved


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, dict):
        return all(_equal(first[name], second[name]) for name in first)
    if isinstance(first, list):
        return bool(first == second)
    if hasattr(first, "equals"):
        return bool(first.reset_index(drop=True).equals(second.reset_index(drop=True)))
    return np.array_equal(first, second)


def agree(first: Any, second: Any) -> bool:
    """Equal but for the last digits of floats."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return agree(np.asarray(first).tolist(), np.asarray(second).tolist())
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(map(agree, first, second))
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(agree(first[key], second[key]) for key in first)
    if isinstance(first, (float, np.floating)) and isinstance(second, (float, np.floating)):
        both_nan = math.isnan(first) and math.isnan(second)
        return both_nan or math.isclose(first, second, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    return type(first) is type(second) and bool(first == second)
