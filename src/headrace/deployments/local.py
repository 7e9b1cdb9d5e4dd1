"""Models served by processes of this machine that outlive the command that started them.

A deployment is a process group of `headrace models serve`, a log and a record, NAME.json, which a lock guards. The
record says which process it is by its number and the time of its start, since numbers come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace import clock, settings
from headrace.deployments import predictions
from headrace.deployments.base import BaseDeploymentClient, check_flavor
from headrace.deployments.config import Config, decoded, described
from headrace.deployments.fetched import lasting
from headrace.deployments.local_process import serve, stop
from headrace.deployments.local_records import Record, Records
from headrace.errors import AlreadyExists, HeadraceError, InvalidState, InvalidValue

START_TIMEOUT_S = 300.0  # a first start may build an environment
STOP_GRACE_S = 30.0


class LocalConfig(Config, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: int = 0
    workers: int | None = None
    env_manager: str = "local"
    timeout_s: float = START_TIMEOUT_S
    options: str = ""


_TEXTS = {
    "host": "that it listens on",
    "port": "0 takes a free one, anew at each update; another stays",
    "workers": "processes of the model",
    "env_manager": "what builds the model's own environment: local (none), uv, virtualenv or conda",
    "timeout_s": "how long it may take until it answers",
    "options": "further options of `headrace models serve`, as on a command line",
}


class LocalDeploymentClient(BaseDeploymentClient):
    def __init__(self, target_uri: str = "local") -> None:
        super().__init__(target_uri)
        if target_uri not in ("local", "local:"):
            raise InvalidValue("target", target_uri, "this machine is simply `local`.")
        self._records = Records()

    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,  # noqa: ARG002 — MLflow's interface, here and below
    ) -> dict[str, Any]:
        check_flavor(flavor)
        chosen = decoded(LocalConfig, config, "local")
        with self._records.locked(name):
            known = self._records.find(name)
            if known is not None and known.alive:
                raise AlreadyExists("deployment", name, hint=f"It serves {known.model_uri}; update or delete it.")
            record = self._started(name, model_uri, dict(config or {}), chosen)
        return record.shown()

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """The other version is started first, and takes over when it answers. On a port that was chosen there can be
        only one: it is stopped first, and started again if the other one can't start."""
        check_flavor(flavor)
        with self._records.locked(name):
            known = self._records.get(name)
            given = {**known.config, **(config or {})}
            chosen = decoded(LocalConfig, given, "local")
            uri = model_uri or known.model_uri
            if not chosen.port or chosen.port != known.port:
                record = self._started(name, uri, given, chosen)
                stop(known, STOP_GRACE_S)
                return record.shown()
            stop(known, STOP_GRACE_S)
            try:
                return self._started(name, uri, given, chosen).shown()
            except HeadraceError:
                self._started(name, known.model_uri, known.config, decoded(LocalConfig, known.config, "local"))
                raise

    def delete_deployment(
        self,
        name: str,
        config: Mapping[str, Any] | None = None,  # noqa: ARG002
        endpoint: str | None = None,  # noqa: ARG002
    ) -> None:
        with self._records.locked(name):
            known = self._records.find(name)
            if known is not None:
                stop(known, STOP_GRACE_S)
                self._records.remove(name)

    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
        return [record.shown() for record in self._records.all()]

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:  # noqa: ARG002
        return self._records.get(name).shown()

    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> Any:
        return predictions.ask(self._alive(deployment_name or endpoint).url, inputs, _key())

    def predict_stream(
        self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None
    ) -> Iterator[dict[str, Any]]:
        return predictions.ask_for_stream(self._alive(deployment_name or endpoint).url, inputs, _key())

    def log_of(self, name: str) -> Path:
        """What its processes print; it grows as long as it lives."""
        return self._records.get(name).log

    def _alive(self, name: str | None) -> Record:
        if name is None:
            running = [record for record in self._records.all() if record.alive]
            if len(running) != 1:
                raise InvalidValue("deployment_name", None, f"{len(running)} deployments run here; name one.")
            return running[0]
        record = self._records.get(name)
        if not record.alive:
            raise InvalidState(
                message=f"The deployment {name!r} has ended; its log is {record.log}. Start it again: "
                f"headrace deploy create -t local --name {name} -m {record.model_uri}"
            )
        return record

    def _started(self, name: str, model_uri: str, config: dict[str, Any], chosen: LocalConfig) -> Record:
        record = serve(
            Record(
                name=name,
                model_uri=lasting(model_uri),
                host=chosen.host,
                port=chosen.port,
                config=config,
                log=self._records.new_log(name),
                started_ms=clock.now_ms(),
            ),
            workers=chosen.workers,
            env_manager=chosen.env_manager,
            options=chosen.options,
            timeout_s=chosen.timeout_s,
        )
        self._records.write(record)
        return record


def run_local(
    name: str, model_uri: str, flavor: str | None = None, config: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return LocalDeploymentClient().create_deployment(name, model_uri, flavor, config)


def target_help() -> str:
    return (
        "local: a process of this machine that serves the model over HTTP and outlives the command.\n"
        "It logs into a file, which `headrace deploy logs` shows; an update starts the other version before it stops\n"
        "the one that runs.\n\n"
        f"{described(LocalConfig, _TEXTS)}"
    )


def _key() -> dict[str, str]:
    """Servers that were started with these keys ask for one of them."""
    keys = [key.strip() for key in (settings.SERVE_API_KEYS.get() or "").split(",") if key.strip()]
    return {"Authorization": f"Bearer {keys[0]}"} if keys else {}
