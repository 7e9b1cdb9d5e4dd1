from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace.client.mlflow_client.amendments import AmendmentCalls
from headrace.client.mlflow_client.artifacts import ArtifactCalls
from headrace.client.mlflow_client.experiments import ExperimentCalls
from headrace.client.mlflow_client.logged_models import LoggedModelCalls
from headrace.client.mlflow_client.model_versions import ModelVersionCalls
from headrace.client.mlflow_client.points import PointCalls
from headrace.client.mlflow_client.registered_models import RegisteredModelCalls
from headrace.client.mlflow_client.runs import RunCalls
from headrace.client.mlflow_client.webhooks import WebhookCalls
from headrace.client.uri import shown_uri


class MlflowClient(
    ExperimentCalls,
    RunCalls,
    PointCalls,
    AmendmentCalls,
    LoggedModelCalls,
    ArtifactCalls,
    RegisteredModelCalls,
    ModelVersionCalls,
    WebhookCalls,
):
    """Calls on a store, by MLflow's names. Thread safe; writes are durable when they return.

    tracking_uri: the process's own if None. registry_uri: what was set, or the tracking store's own. A name of MLflow's
    client that Headrace doesn't have yet warns once when it is called and does nothing.
    """

    def __repr__(self) -> str:
        return f"MlflowClient({shown_uri(self._tracking_uri)!r})"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            from headrace.client.absent import absent_method

            return absent_method(name)
