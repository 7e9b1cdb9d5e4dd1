"""Ray Serve: each deployment is an application below /NAME, whose replicas serve the model as `headrace models serve`
does. Replicas come and go with Ray; an update is rolled out by it, one replica after the other.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace import settings
from headrace.client.uri import get_registry_uri, get_tracking_uri
from headrace.deployments import predictions
from headrace.deployments.base import BaseDeploymentClient, check_flavor
from headrace.deployments.config import Config, decoded, described
from headrace.deployments.fetched import lasting
from headrace.environments.tool import Tool
from headrace.errors import AlreadyExists, CallerError, InvalidValue, MissingValue, NotFound, ServiceError
from headrace.lazy import MissingPackage, optional_import

_ANSWER_S = 60.0
# Port 0 is any that is free; Ray's own default is that of Redis.
_START = ("start", "--head", "--port=0", "--include-dashboard=false", "--disable-usage-stats")


class RayConfig(Config, frozen=True, kw_only=True):
    replicas: int = 1
    max_replicas: int | None = None
    cpus: float = 1.0
    gpus: float = 0.0
    workers: int = 1
    max_batch: int = 64
    latency_target_ms: float | None = None
    max_ongoing: int = 256
    timeout_s: float = 60.0
    route: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    env_manager: str = "local"
    allow_pickle: bool | None = None


_TEXTS = {
    "replicas": "at least so many",
    "max_replicas": "more with more requests, by Ray's autoscaling",
    "cpus": "that a replica takes of the cluster",
    "gpus": "that a replica takes of the cluster",
    "workers": "processes of the model in a replica",
    "max_batch": "requests that may share a batch",
    "latency_target_ms": "that waiting and answering should take together",
    "max_ongoing": "requests that Ray gives to a replica at a time; batches are made of them",
    "timeout_s": "of a request",
    "route": "prefix of its addresses, instead of /NAME",
    "host": "that Ray's proxies listen on, where they aren't there yet",
    "port": "that Ray's proxies listen on",
    "env_manager": "what builds the model's own environment in a replica; local: the cluster's own is it",
    "allow_pickle": "let a model run the code that it brings, trusted there or not",
}


class DeployFailed(CallerError):
    """Ray gave up; the message holds what its replicas said."""


class RayDeploymentClient(BaseDeploymentClient):
    """target_uri: ray for the cluster that runs here or that RAY_ADDRESS names, ray:/ADDRESS for another. Uses a
    connection to Ray that this process has."""

    def __init__(self, target_uri: str = "ray") -> None:
        super().__init__(target_uri)
        self._address = target_uri.partition(":/")[2] or None

    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,  # noqa: ARG002 — MLflow's interface, here and below
    ) -> dict[str, Any]:
        check_flavor(flavor)
        chosen = decoded(RayConfig, config, "ray")
        serve = self._serve()
        if name in serve.status().applications:
            raise AlreadyExists("deployment", name, hint="Update or delete it.")
        return self._run(serve, name, model_uri, dict(config or {}), chosen)

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Where the other version can't start, the one before is started again."""
        check_flavor(flavor)
        serve = self._serve()
        known = self._about(serve, name)
        given = {**known["config"], **(config or {})}
        try:
            return self._run(serve, name, model_uri or known["model_uri"], given, decoded(RayConfig, given, "ray"))
        except DeployFailed:
            before = known["config"]
            self._run(serve, name, known["model_uri"], before, decoded(RayConfig, before, "ray"))
            raise

    def delete_deployment(
        self,
        name: str,
        config: Mapping[str, Any] | None = None,  # noqa: ARG002
        endpoint: str | None = None,  # noqa: ARG002
    ) -> None:
        serve = self._serve()
        if name in serve.status().applications:
            serve.delete(name)

    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
        serve = self._serve()
        return [self._shown(serve, name) for name in sorted(serve.status().applications)]

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:  # noqa: ARG002
        return self._shown(self._serve(), name)

    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> Any:
        return predictions.ask(self._url(deployment_name or endpoint), inputs)

    def predict_stream(
        self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None
    ) -> Iterator[dict[str, Any]]:
        return predictions.ask_for_stream(self._url(deployment_name or endpoint), inputs)

    def _url(self, name: str | None) -> str:
        if name is None:
            raise MissingValue("deployment_name")
        return str(self._about(self._serve(), name)["url"])

    def _serve(self) -> Any:
        try:
            ray, serve = optional_import("ray"), optional_import("ray.serve")
        except ImportError as error:
            raise MissingPackage(
                "The target 'ray' needs Ray Serve; install it with: pip install 'ray[serve]'"
            ) from error
        logging.getLogger("ray.serve").setLevel(logging.WARNING)  # what it does is told by what is returned
        if not ray.is_initialized():
            try:
                ray.init(address=self._address or "auto", namespace="serve", log_to_driver=False, logging_level="ERROR")
            except ConnectionError as error:
                raise ServiceError(
                    f"No Ray cluster answers{f' at {self._address}' if self._address else ''}. Start one: "
                    "ray start --head; or let `headrace deploy run-local -t ray` start it."
                ) from error
        return serve

    def _run(self, serve: Any, name: str, model_uri: str, given: dict[str, Any], chosen: RayConfig) -> dict[str, Any]:
        from headrace.deployments.ray_replica import ModelApp, Plan, Replica

        route = chosen.route or f"/{name}"
        if not route.startswith("/"):
            raise InvalidValue("route", route, "it begins with a slash.")
        plan = Plan(
            name=name,
            model_uri=lasting(model_uri),
            url=f"http://{chosen.host}:{chosen.port}{route.rstrip('/')}",
            config=given,
            workers=chosen.workers,
            max_batch=chosen.max_batch,
            latency_target_s=chosen.latency_target_ms and chosen.latency_target_ms / 1000,
            timeout_s=chosen.timeout_s,
            env_manager=chosen.env_manager,
            allow_pickle=chosen.allow_pickle,
        )
        serve.start(http_options={"host": chosen.host, "port": chosen.port})
        scaling: dict[str, Any] = {"num_replicas": chosen.replicas}
        if chosen.max_replicas is not None:
            scaling = {"autoscaling_config": {"min_replicas": chosen.replicas, "max_replicas": chosen.max_replicas}}
        deployment = serve.deployment(
            serve.ingress(ModelApp())(Replica),
            name=name,
            max_ongoing_requests=chosen.max_ongoing,
            ray_actor_options={
                "num_cpus": chosen.cpus,
                "num_gpus": chosen.gpus,
                "runtime_env": {"env_vars": _variables()},
            },
            **scaling,
        )
        try:
            serve.run(deployment.bind(plan), name=name, route_prefix=route)
        except RuntimeError as error:
            said = _why(serve, name) or str(error)
            with contextlib.suppress(Exception):
                serve.delete(name)
            raise DeployFailed(f"The deployment {name!r} can't start on Ray: {said}") from error
        return self._shown(serve, name)

    def _about(self, serve: Any, name: str) -> dict[str, Any]:
        there = serve.status().applications
        if name not in there:
            raise NotFound(
                "deployment", name, by="name", hint=f"On Ray there are: {', '.join(sorted(there)) or 'none'}."
            )
        found: dict[str, Any] = serve.get_app_handle(name).about.remote().result(timeout_s=_ANSWER_S)
        return found

    def _shown(self, serve: Any, name: str) -> dict[str, Any]:
        application = serve.status().applications.get(name)
        if application is None:
            self._about(serve, name)
        status = str(application.status.value).lower()
        shown: dict[str, Any] = {"name": name, "status": status}
        if status == "running":
            about = self._about(serve, name)
            shown |= {key: about[key] for key in ("model_uri", "url", "config")}
            (deployment,) = application.deployments.values()
            shown["replicas"] = dict(deployment.replica_states)
        elif application.message:
            shown["message"] = application.message
        return shown


def run_local(
    name: str, model_uri: str, flavor: str | None = None, config: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """On the Ray that runs here; one is started if there is none, and stays until `ray stop`."""
    client = RayDeploymentClient()
    try:
        client.list_deployments()
    except ServiceError:
        beside = Path(sys.executable).with_name("ray")
        program = str(beside) if beside.is_file() else shutil.which("ray") or "ray"
        Tool(name=program, hint="pip install 'ray[serve]'").ask(*_START)
    return client.create_deployment(name, model_uri, flavor, config)


def target_help() -> str:
    return (
        "ray[:/ADDRESS]: an application of Ray Serve below /NAME, on the cluster that runs here, that RAY_ADDRESS\n"
        "names, or at ADDRESS (ray:/ray://HOST:10001 for Ray's client). Headrace and what the model needs must be\n"
        "installed on its nodes. run-local starts a Ray on this machine where none runs.\n\n"
        f"{described(RayConfig, _TEXTS)}"
    )


def _variables() -> dict[str, str]:
    """Where replicas look for the model. Tokens aren't put there, where others could read them."""
    return {settings.TRACKING_URI.names[0]: get_tracking_uri(), settings.REGISTRY_URI.names[0]: get_registry_uri()}


def _why(serve: Any, name: str) -> str:
    """What the replicas said; of a traceback, its end."""
    application = serve.status().applications.get(name)
    if application is None:
        return ""
    texts = [application.message, *(each.message for each in application.deployments.values())]
    lines = [line for text in texts for line in (text or "").strip().splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line or "headrace.errors" in line or "Untrusted" in line]
    return (errors or lines or [""])[-1].strip()
