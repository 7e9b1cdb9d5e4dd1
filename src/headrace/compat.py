"""How Headrace stands to MLflow: the version whose API it speaks, and what its names mean here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["MLFLOW_VERSION", "NotThereYet", "module_for"]

if TYPE_CHECKING:
    from headrace.client.absent import NotThereYet, module_for
    from headrace.packaging.mlflow_version import VERSION as MLFLOW_VERSION
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "MLFLOW_VERSION": "headrace.packaging.mlflow_version:VERSION",
            "NotThereYet": "headrace.client.absent:NotThereYet",
            "module_for": "headrace.client.absent:module_for",
        },
    )
