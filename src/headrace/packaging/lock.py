"""The lock of a model's requirements. That of `mlflow` itself is not part of it: an environment that Headrace builds
has Headrace in its place.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from headrace.environments.lock import compile_lock
from headrace.errors import HeadraceError


def lock_or_warn(requirements: Iterable[str], constraints: Iterable[str], python: str) -> str | None:
    """The lock's text; None, with a warning that says why, if there can't be one."""
    try:
        return compile_lock(requirements, constraints, python)
    except HeadraceError as error:
        warnings.warn(f"The model's requirements aren't locked: {error.message}", stacklevel=5)
        return None
