"""Projects as jobs of a Ray cluster, over the HTTP API of its dashboard (Ray Jobs): no Ray is needed here.

The project's files go along as the job's working directory; what its environment asks for is installed by Ray on its
nodes, into the cluster's own Python. API: docs.ray.io, Ray Jobs REST API.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import msgspec

from headrace import clock, settings
from headrace.client.json_service import JsonService, Refused
from headrace.errors import InvalidValue, ServiceError, StoreUnavailable, TooLarge, Unauthenticated
from headrace.projects.backends import payload, ray_requirements
from headrace.projects.backends.config import FIELD, Config, decoded
from headrace.projects.backends.docker_command import LOOPBACK
from headrace.projects.backends.followed import OVER, FollowedRun, State
from headrace.projects.launch import Launch
from headrace.projects.submitted import SubmittedRun

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
MAX_PACKAGE_BYTES = 512 << 20  # Ray's largest message, GRPC_CPP_MAX_MESSAGE_SIZE
_LOG_CHARS_PER_S = 1e6  # that a follower may cost the cluster
PENDING_STOP_S = 10.0  # Ray ends no job that waits for resources; it does when that job begins
STOP_S = 60.0  # Ray itself kills a job 3 s after it was asked to end

_INSTALLERS = frozenset({"conda", "pip", "uv"})
_STATES: dict[str, State] = {
    "PENDING": "SCHEDULED",
    "RUNNING": "RUNNING",
    "SUCCEEDED": "FINISHED",
    "FAILED": "FAILED",
    "STOPPED": "KILLED",
}


class RayConfig(Config, frozen=True, kw_only=True):
    """address: of the dashboard. headers: sent with each request, for a gateway before it. entrypoint_…: what the
    command itself is given of the cluster; tasks and actors that it starts ask for their own. runtime_env: of Ray's
    keys, on top of ours. installer: how Ray installs the project's requirements."""

    address: str | None = None
    headers: dict[str, str] = {}  # noqa: RUF012 — msgspec copies it, here and below
    entrypoint_num_cpus: float | None = None
    entrypoint_num_gpus: float | None = None
    entrypoint_memory: int | None = None
    entrypoint_resources: dict[str, float] | None = None
    entrypoint_label_selector: dict[str, str] | None = None
    runtime_env: dict[str, Any] = {}  # noqa: RUF012
    metadata: dict[str, str] = {}  # noqa: RUF012
    installer: Literal["pip", "uv"] = "pip"


class RayBackend:
    def submit(self, launch: Launch, /) -> SubmittedRun:
        config = decoded(RayConfig, launch.backend_config, "ray")
        service = _service(config)
        _refuse_local_store(launch, service)
        requirements = ray_requirements.runtime_env(launch, config.installer)
        with told(service):
            working_dir = _uploaded(service, launch)
            answer = service.post("/api/jobs/", _request(config, launch, {"working_dir": working_dir, **requirements}))
        number = str(answer["submission_id"])
        launch.progress(f"Ray job {number} was submitted to {service.base}")
        return FollowedRun(launch, RayJob(service, number))


class RayJob:
    longest_pause_s = 3.0
    why = ""
    exit_code: int | None = None

    def __init__(self, service: JsonService, number: str) -> None:
        self._service, self.number = service, number
        self._path = f"/api/jobs/{quote(number, safe='')}"
        self._read_chars = 0

    def state(self) -> State:
        try:
            found = self._service.get(self._path)
        except Refused as error:
            if error.status == 404:
                self.why = f"Ray knows nothing of job {self.number} any more"
                return "KILLED"
            raise ServiceError(error.message) from error  # also what its head answers while it looks for the job's node
        self.exit_code = found.get("driver_exit_code")
        state = _STATES.get(found["status"], "RUNNING")
        if state == "FAILED":
            self.why = f"Ray job {self.number} failed: {_reason(found)}"
        return state

    def more(self, *, last: bool) -> bytes:  # noqa: ARG002 — Ray has all of it, always
        """Ray sends the whole log, so the pauses between questions grow with it."""
        try:
            log = str(self._service.get(f"{self._path}/logs").get("logs") or "")
        except Refused as error:
            raise ServiceError(error.message) from error
        found, self._read_chars = log[self._read_chars :], len(log)
        self.longest_pause_s = max(RayJob.longest_pause_s, len(log) / _LOG_CHARS_PER_S)
        return found.encode()

    def stop(self) -> None:
        with told(self._service):
            self._service.post(f"{self._path}/stop")
        asked_s = clock.monotonic_s()
        while (state := self.state()) not in OVER:
            waited_s = clock.monotonic_s() - asked_s
            if state == "SCHEDULED" and waited_s > PENDING_STOP_S:
                self.why = f"Ray job {self.number} hasn't begun; Ray keeps it waiting, and ends it when it would begin"
                return
            if waited_s > STOP_S:
                raise ServiceError(f"Ray job {self.number} still runs {STOP_S:g} s after it was asked to stop.")
            clock.sleep_s(0.2)

    def close(self) -> None:
        self._service.close()


@contextmanager
def told(service: JsonService) -> Iterator[None]:
    """For the first words with a cluster: who isn't there is named."""
    try:
        yield
    except StoreUnavailable as error:
        raise ServiceError(
            f"No Ray cluster answers at {service.base}: {error.message} Start one (ray start --head), or give its "
            'dashboard\'s address: --backend-config \'{"address": "http://HOST:8265"}\'.'
        ) from error
    except Refused as error:
        if error.status not in (401, 403):
            raise
        names = f"{settings.RAY_AUTH_TOKEN.names[0]} or {settings.RAY_AUTH_TOKEN_PATH.names[0]}"
        raise Unauthenticated(f"{error.message}. Set {names} to the cluster's token.") from error


def _service(config: RayConfig) -> JsonService:
    address = config.address or settings.RAY_ADDRESS.get() or DEFAULT_ADDRESS
    if not address.startswith(("http://", "https://")):
        raise InvalidValue(
            FIELD, address, "'address' of backend 'ray' is that of Ray's dashboard: http://HOST:8265, not of its GCS."
        )
    token = _token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return JsonService("Ray", address, {**headers, **config.headers})


def _token() -> str | None:
    """Ray's, from where its own client takes it; newer versions ask for one unless they are told not to."""
    given = settings.RAY_AUTH_TOKEN.get()
    if given:
        return given
    path = Path(settings.RAY_AUTH_TOKEN_PATH.get() or Path.home() / ".ray" / "auth_token").expanduser()
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _refuse_local_store(launch: Launch, service: JsonService) -> None:
    """A store of this machine is served on its loopback: a cluster on this machine reaches that, no other does."""
    here = urlsplit(next(launch.variables[name] for name in settings.TRACKING_URI.names if name in launch.variables))
    if here.hostname in LOOPBACK and urlsplit(service.base).hostname not in LOOPBACK:
        raise InvalidValue(
            "tracking URI",
            launch.tracking_uri,
            f"the cluster at {service.base} doesn't reach it; start `headrace server` where it does and set "
            f"{settings.TRACKING_URI.names[0]} to its address.",
        )


def _uploaded(service: JsonService, launch: Launch) -> str:
    """URI of the project's files on the cluster; sent only if it hasn't got them yet."""
    content = payload.zipped(launch.folder)
    if len(content) >= MAX_PACKAGE_BYTES:
        raise TooLarge(
            f"The project in {str(launch.folder)!r}, zipped for Ray (what .gitignore names stays here),",
            len(content),
            MAX_PACKAGE_BYTES,
        )
    name = f"_ray_pkg_{payload.digest(content)[:32]}.zip"
    if not service.exists(f"/api/packages/gcs/{name}"):
        launch.progress(f"Sending the project to Ray, {len(content) / 1e6:.1f} MB")
        service.put_bytes(f"/api/packages/gcs/{name}", content)
    return f"gcs://{name}"


def _request(config: RayConfig, launch: Launch, runtime_env: dict[str, Any]) -> dict[str, Any]:
    own = dict(config.runtime_env)
    if _INSTALLERS & own.keys():  # only one of them may be
        runtime_env = {key: value for key, value in runtime_env.items() if key not in _INSTALLERS}
    variables = {**own.pop("env_vars", {}), **launch.variables}
    asked = {
        field.name: getattr(config, field.name)
        for field in msgspec.structs.fields(RayConfig)
        if field.name.startswith("entrypoint_") and getattr(config, field.name) is not None
    }
    return {
        "entrypoint": f"bash -c {shlex.quote(launch.command)}",
        "submission_id": f"headrace-{launch.run_id}-{clock.hex_id()[:6]}",
        "runtime_env": {**runtime_env, **own, "env_vars": variables},
        "metadata": {**config.metadata, "run_id": launch.run_id, "entry_point": launch.entry_point},
        **asked,
    }


def _reason(job: dict[str, Any]) -> str:
    """The message is the end of the log, or a traceback of Ray's."""
    if job.get("driver_exit_code") is not None:
        return f"its command ended with status {job['driver_exit_code']}"
    lines = str(job.get("message") or "").strip().splitlines()
    return ": ".join(filter(None, [job.get("error_type"), lines[-1] if lines else ""]))
