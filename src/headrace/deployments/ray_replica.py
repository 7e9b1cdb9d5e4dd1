"""In a replica of Ray Serve: the app of `headrace models serve` in front of the model's own process, so that a request
gets the same answer as anywhere else, batches and streams included. Ray's proxy is the server.
"""

from __future__ import annotations

import dataclasses
from collections.abc import MutableMapping
from typing import Any

from headrace.deployments.fetched import fetch
from headrace.errors import StoreUnavailable
from headrace.serving.app.app import App
from headrace.serving.app.options import Options
from headrace.serving.deployment import Deployment, Deployments
from headrace.serving.prepared import pool_of
from headrace.serving.source import FixedSource, Revision
from headrace.serving.spec import ModelSpec
from headrace.serving.workers import PoolOptions

_STOP_S = 30.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a replica is told. url: of the application, for whoever asks what runs."""

    name: str
    model_uri: str
    url: str
    config: dict[str, Any]
    workers: int = 1
    max_batch: int = 64
    latency_target_s: float | None = None
    timeout_s: float = 60.0
    env_manager: str = "local"
    allow_pickle: bool | None = None


class _Served:
    """A replica has a process of its own, and this in it."""

    app: App | None = None
    deployments: Deployments | None = None


class ModelApp:
    """The ASGI app that Ray is given. It is pickled, so it holds nothing: the replica fills `_Served`."""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        assert _Served.app is not None
        await _Served.app(_below(scope), receive, send)


class Replica:
    """The deployment's class, which `serve.ingress(ModelApp())` wraps."""

    async def __init__(self, plan: Plan) -> None:  # type: ignore[misc]  # Ray awaits it
        self._plan = plan
        deployments = Deployments([_deployment(plan)])
        await deployments.start()
        app = App(deployments, Options(allowed_hosts=("*",), timeout_s=plan.timeout_s))
        app.ready()
        _Served.app, _Served.deployments = app, deployments

    def about(self) -> dict[str, Any]:
        """What this deployment was made of."""
        return dataclasses.asdict(self._plan)

    def check_health(self) -> None:
        """Ray replaces a replica where this raises."""
        deployments = _Served.deployments
        if deployments is None or not deployments.find().main.served.alive:
            raise StoreUnavailable("No process of the model is alive.")


def _deployment(plan: Plan) -> Deployment:
    model = fetch(plan.model_uri)
    label = model.version or model.model.model_id or "1"
    revision = Revision(label=label, uri=plan.model_uri, path=model.path, origin=model.origin)
    options = PoolOptions(
        workers=plan.workers, request_timeout_s=plan.timeout_s, latency_target_s=plan.latency_target_s
    )

    def make(revision: Revision) -> Any:
        origin = revision.origin
        spec = ModelSpec(
            path=str(revision.path),
            name=plan.name,
            root=str(origin.root) if origin.root else None,
            creator=origin.creator,
            caller=origin.caller,
            allow_pickle=plan.allow_pickle,
            max_batch=plan.max_batch,
        )
        return pool_of(spec, options, plan.env_manager, print)

    return Deployment(plan.name, FixedSource(revision), [], make)


def _below(scope: MutableMapping[str, Any]) -> dict[str, Any]:
    """Paths as the app knows them: without the application's prefix, which Ray leaves in them."""
    prefix, path = scope.get("root_path", "").rstrip("/"), scope["path"]
    return {**scope, "path": path.removeprefix(prefix) or "/"} if prefix and path.startswith(prefix) else dict(scope)


async def _live(receive: Any, send: Any) -> None:
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            if _Served.deployments is not None:
                await _Served.deployments.stop(_STOP_S)
            await send({"type": "lifespan.shutdown.complete"})
            return
