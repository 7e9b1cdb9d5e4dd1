"""Parameters of one `predict` against the signature's: defaults filled in, types checked, strangers left out."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from typing import Any

from headrace.errors import InvalidValue
from headrace.packaging.enforce.mismatch import SchemaMismatch
from headrace.packaging.schema import ParamSchema


def enforce_params(params: Any, schema: ParamSchema | None) -> dict[str, Any] | None:
    """params (a dict or None) with defaults for those not given; None for None where the model states none.

    Raises SchemaMismatch that names every parameter of a wrong type.
    """
    if schema is None:
        if not params:
            return None if params is None else {}
        names = ", ".join(map(repr, params)) if isinstance(params, Mapping) else repr(params)
        warnings.warn(
            f"The model's signature has no params, so these are left out: {names}. "
            "State them when the model is logged: infer_signature(…, params={…}).",
            stacklevel=3,
        )
        return {}
    if params is not None and not isinstance(params, Mapping):
        raise InvalidValue("params", params, "a dict of name and value is expected.")
    given = {str(name): value for name, value in params.items()} if params else {}
    specs = {one.name: one for one in schema}
    if unknown := [name for name in given if name not in specs]:
        warnings.warn(
            f"The model doesn't know the params {', '.join(map(repr, unknown))}, which are left out; "
            f"it knows {', '.join(map(repr, specs))}.",
            stacklevel=3,
        )
    made, wrong = {}, []
    for name, value in given.items():
        if name in specs:
            try:
                made[name] = specs[name].cast(value)
            except InvalidValue as error:
                wrong.append(error)
    if len(wrong) == 1 and isinstance(wrong[0], SchemaMismatch):
        raise wrong[0]
    if wrong:
        raise InvalidParams(wrong)
    for name, spec in specs.items():
        if name not in made:
            default = spec.default
            made[name] = copy.deepcopy(default) if isinstance(default, (list, dict)) else default
    return made


class InvalidParams(SchemaMismatch):
    """One or more parameters of a wrong type."""

    def __init__(self, errors: list[InvalidValue]) -> None:
        place = ", ".join(f"parameter {error.field!r}" for error in errors)
        said = " ".join(error.message for error in errors)
        super().__init__(
            place, "values of the signature's types", "others", message=f"Failed to enforce schema of params: {said}"
        )
