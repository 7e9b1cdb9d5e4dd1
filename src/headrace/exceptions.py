"""The errors, by MLflow's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "ExecutionException",
    "InvalidUrlException",
    "MissingConfigException",
    "MlflowException",
    "MlflowNotImplementedException",
    "RestException",
]

if TYPE_CHECKING:
    from headrace.errors import HeadraceError as MlflowException
    from headrace.errors import HeadraceError as RestException
    from headrace.errors import InvalidValue as InvalidUrlException
    from headrace.errors import MissingValue as MissingConfigException
    from headrace.errors import NotSupported as MlflowNotImplementedException
    from headrace.errors import UserCodeError as ExecutionException
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "ExecutionException": "headrace.errors:UserCodeError",
            "InvalidUrlException": "headrace.errors:InvalidValue",
            "MissingConfigException": "headrace.errors:MissingValue",
            "MlflowException": "headrace.errors:HeadraceError",
            "MlflowNotImplementedException": "headrace.errors:NotSupported",
            "RestException": "headrace.errors:HeadraceError",
        },
        otherwise="headrace.client.absent:lookup",
    )
