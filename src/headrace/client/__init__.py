"""What runs in the caller's process: the fluent calls, the active run, `MlflowClient`, and the stores behind a URI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["MlflowClient"]

if TYPE_CHECKING:
    from headrace.client.mlflow_client import MlflowClient
else:
    __getattr__, __dir__ = lazy.door(__name__, {"MlflowClient": "headrace.client.mlflow_client:MlflowClient"})
