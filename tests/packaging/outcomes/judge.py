"""Headrace's answers to the cases, and how they differ from MLflow's."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from headrace.errors import InvalidValue
from headrace.packaging.enforce import enforce_input, enforce_params
from headrace.packaging.schema import ParamSchema, Schema
from headrace.packaging.signature import infer_signature
from tests.packaging.outcomes import cases
from tests.packaging.outcomes.deviations import DEVIATIONS


def answer(call: Callable[[], Any]) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return {"answer": json.loads(json.dumps(cases.written(call())))}
    except InvalidValue:
        return "refused"


def enforced(schema: str, build: Callable[[], Any]) -> Any:
    return answer(lambda: enforce_input(build(), Schema.from_json(schema)))


def params(schema: str, build: Callable[[], Any]) -> Any:
    return answer(lambda: enforce_params(build(), ParamSchema.from_json(schema)))


def inferred(build: Callable[[], Any]) -> Any:
    return answer(lambda: json.loads(infer_signature(build()).to_dict()["inputs"]))


def inferred_params(build: Callable[[], Any]) -> Any:
    return answer(lambda: json.loads(infer_signature(params=build()).to_dict()["params"]))


GROUPS: dict[str, tuple[Callable[..., Any], Callable[[], Iterator[Any]]]] = {
    "columns": (enforced, cases.column_cases),
    "nested": (enforced, cases.nested_cases),
    "forms": (enforced, cases.form_cases),
    "tensors": (enforced, cases.tensor_cases),
    "params": (params, cases.param_cases),
    "infer": (inferred, cases.infer_cases),
    "infer_params": (inferred_params, cases.infer_param_cases),
}


def differences(group: str, theirs: dict[str, Any]) -> tuple[list[str], set[int]]:
    """What differs without a deviation that says why; and the places of the deviations that were met."""
    judge, build = GROUPS[group]
    wrong, met = [], set()
    for name, *rest in build():
        ours, expected = judge(*rest), theirs[name]
        if ours == expected or (expected == "crash" and ours == "refused"):
            continue
        covering = [place for place, one in enumerate(DEVIATIONS) if one.covers(group, name, expected, ours)]
        met |= set(covering)
        if not covering:
            wrong.append(f"{name}: MLflow {expected}, Headrace {ours}")
    return wrong, met
