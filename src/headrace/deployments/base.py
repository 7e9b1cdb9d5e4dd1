"""What a place for models can do: MLflow's interface, so that its plugins and ours are the same thing."""

from __future__ import annotations

# ruff: noqa: ARG002 — the methods that a target may leave out have MLflow's arguments
import abc
from collections.abc import Iterator, Mapping
from typing import Any

from headrace.errors import InvalidValue, NotSupported


class BaseDeploymentClient(abc.ABC):
    """Of one target. Names are unique in a target; `endpoint` means something to targets that have endpoints.

    Dicts that describe a deployment have at least its `name`. Configs are texts where they come from a command line.
    """

    def __init__(self, target_uri: str) -> None:
        self.target_uri = target_uri

    @abc.abstractmethod
    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Returns when it answers, unless the target's help says otherwise. AlreadyExists."""

    @abc.abstractmethod
    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """What isn't given stays as it is. NotFound."""

    @abc.abstractmethod
    def delete_deployment(
        self, name: str, config: Mapping[str, Any] | None = None, endpoint: str | None = None
    ) -> None:
        """Idempotent: one that isn't there is deleted."""

    @abc.abstractmethod
    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]: ...

    @abc.abstractmethod
    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:
        """NotFound."""

    @abc.abstractmethod
    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> Any:
        """inputs: a DataFrame, an array, or the body of a request as a dict."""

    def predict_stream(
        self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Parts of the answer as they come."""
        raise self._unable("stream answers")

    def explain(self, deployment_name: str | None = None, df: Any = None, endpoint: str | None = None) -> Any:
        raise self._unable("explain predictions")

    def create_endpoint(self, name: str, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
        raise self._unable("make endpoints")

    def update_endpoint(self, endpoint: str, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
        raise self._unable("change endpoints")

    def delete_endpoint(self, endpoint: str) -> None:
        raise self._unable("delete endpoints")

    def list_endpoints(self) -> list[dict[str, Any]]:
        raise self._unable("list endpoints")

    def get_endpoint(self, endpoint: str) -> dict[str, Any]:
        raise self._unable("show endpoints")

    def _unable(self, what: str) -> NotSupported:
        return NotSupported(f"The target {self.target_uri!r} can't {what}.")


def check_flavor(flavor: str | None) -> None:
    """Of a target that serves what every model has."""
    if flavor not in (None, "python_function"):
        raise InvalidValue("flavor", flavor, "models are served by python_function.")
