"""`MlflowClient`: every call names what it acts on; nothing is open, nothing is guessed. One mixin per resource."""

from __future__ import annotations

from headrace.client.mlflow_client.client import MlflowClient

__all__ = ["MlflowClient"]
