"""Estimators as files, for scikit-learn and for libraries with its interface.

skops is the default: its files hold a tree of named types and data, and only types that the loader trusts are made.
Pickles are written where they are asked for, or where an estimator holds what skops can't say; reading one asks for
trust first.
"""

from __future__ import annotations

import inspect
import pickle
import sys
import warnings
import zipfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from headrace.errors import Corrupt, InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.pyfunc import pickling
from headrace.packaging.source import Source

SKOPS, PICKLE, CLOUDPICKLE = "skops", "pickle", "cloudpickle"
FORMATS = (SKOPS, PICKLE, CLOUDPICKLE)

Keys = dict[str, Any]


def write(estimator: Any, draft: Draft, asked: str | None, trusted_types: Sequence[str] | None) -> tuple[str, Keys]:
    """Writes model.skops or model.pkl; returns its name, and the keys of the flavor that say how to read it."""
    if asked not in (None, *FORMATS):
        raise InvalidValue("serialization_format", asked, f"allowed are {', '.join(FORMATS)}.")
    if asked in (None, SKOPS):
        path = draft.path / "model.skops"
        types, reason = _write_skops(estimator, path, must=asked is not None)
        if not reason:
            draft.require("skops")
            # MLflow trusts what the file's own MLmodel lists; a loader of ours decides by itself.
            listed = sorted({*types, *(trusted_types or ())})
            return path.name, {"serialization_format": SKOPS, "skops_trusted_types": listed or None}
        path.unlink(missing_ok=True)
        asked = CLOUDPICKLE
        warnings.warn(
            f"The {type(estimator).__name__} is saved by cloudpickle, as skops can't take it ({reason}). Whoever loads "
            "it must trust it; serialization_format='cloudpickle' says that this is meant.",
            stacklevel=6,
        )
    path = draft.path / "model.pkl"
    if asked == PICKLE:
        path.write_bytes(pickle.dumps(estimator))
    else:
        pickling.dump(estimator, path)
        draft.require("cloudpickle")
    return path.name, {"serialization_format": asked}


def _write_skops(estimator: Any, path: Path, *, must: bool) -> tuple[list[str], str]:
    """The types in the file that skops doesn't know to be harmless, and why the file won't do, if it won't."""
    skops = optional_import("skops.io", extra="sklearn", why="to save estimators without pickle")
    try:
        skops.dump(estimator, path)
        types = list(skops.get_untrusted_types(file=path))
    except Exception as error:
        if must:
            raise InvalidValue(
                "serialization_format",
                SKOPS,
                f"skops can't take this {type(estimator).__name__} ({type(error).__name__}: {error}); "
                "serialization_format='cloudpickle' can.",
            ) from error
        return [], f"{type(error).__name__}: {error}"
    local = next((name for name in types if not _is_importable(name)), None)
    return types, f"it holds {local}, which another program can't import" if local and not must else ""


def _is_importable(type_name: str) -> bool:
    """Not so: lambdas, classes in functions and classes, and what a script or notebook defines."""
    module, _, name = type_name.rpartition(".")
    return module != "__main__" and hasattr(sys.modules.get(module), name)


def read(source: Source, name: str, keys: Keys, harmless: Collection[str] = ()) -> Any:
    """The estimator in a file. harmless: types that run nothing of the file's, beside those that skops knows."""
    path = source.file(name)
    if keys.get("serialization_format", PICKLE) != SKOPS:
        source.allow_code([name])
        return pickling.load(path)
    skops = optional_import("skops.io", extra="sklearn", why=f"to read {name}")
    try:
        types = skops.get_untrusted_types(file=path)
    except (zipfile.BadZipFile, EOFError, KeyError, TypeError) as error:  # the last two: of a schema that isn't skops'
        raise Corrupt(f"{path} isn't a whole skops file: {error}.") from error
    if set(types) - set(harmless):
        source.allow_code([name])
    try:
        return skops.load(path, trusted=types)
    except (zipfile.BadZipFile, EOFError) as error:
        raise Corrupt(f"{path} isn't a whole skops file: {error}.") from error


def with_params(method: Callable[..., Any]) -> Callable[..., Any]:
    """Params of a call are further arguments of the method."""
    if "params" in inspect.signature(method).parameters:
        return method

    def call(model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return method(model_input, **(params or {}))

    return call
