"""Projects as Jobs of a Kubernetes cluster, by kubectl: it knows every way to sign in to one, and is small.

The project's image runs as it is, or is built with the project's code and pushed (`--build-image`) to `repository-uri`,
from where the cluster pulls it by its digest. A token or password isn't put into the Job, where everybody who may read
Jobs would see it: the template names a Secret for that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headrace import clock, settings
from headrace.client.open import tracking_store
from headrace.client.tags import MLFLOW_DOCKER_IMAGE_ID, MLFLOW_DOCKER_IMAGE_URI
from headrace.entities import RunTag
from headrace.environments.tool import Tool, ToolFailed
from headrace.errors import InvalidValue, ServiceError
from headrace.projects.backends import docker_command, docker_image, kubernetes_manifest
from headrace.projects.backends.config import FIELD, Config, decoded
from headrace.projects.backends.followed import FollowedRun, State
from headrace.projects.backends.kubernetes_logs import PodLog, exit_code, has_begun, waiting
from headrace.projects.launch import Launch
from headrace.projects.submitted import SubmittedRun

KUBECTL = Tool(name="kubectl", hint="install it: https://kubernetes.io/docs/tasks/tools")
_SUFFIX_CHARS = 12  # of a Job's name: random, so that the same run can be sent again
_ENDS: dict[str, State] = {"Complete": "FINISHED", "Failed": "FAILED"}
_DELETE_TIMEOUT_S = 120.0  # a pod has 30 s to end unless its template says otherwise


class KubernetesConfig(Config, frozen=True, kw_only=True):
    """Keys of MLflow's backend config. kube_context: of kubectl's configuration; by default its current one.
    repository_uri: where built images are pushed. kube_job_template_path: a Job in YAML; by default a plain one.
    namespace: instead of the template's."""

    kube_context: str | None = None
    repository_uri: str | None = None
    kube_job_template_path: str | None = None
    namespace: str | None = None


class KubernetesBackend:
    def submit(self, launch: Launch, /) -> SubmittedRun:
        config = decoded(KubernetesConfig, launch.backend_config, "kubernetes")
        if launch.environment.docker is None:
            raise InvalidValue(
                "backend", "kubernetes", "the project has no docker_env; a Job needs an image to run in."
            )
        if launch.build_image and not config.repository_uri:
            raise InvalidValue(FIELD, "repository-uri", "--build-image needs it: where the cluster pulls images from.")
        template = kubernetes_manifest.template(config.kube_job_template_path)
        kubectl = _kubectl(config)
        image = launch.environment.docker.image
        manifest = _manifest(launch, config, template, image)  # first: what is wrong with it costs no build
        if launch.build_image:
            image = _built(launch, config)
            manifest["spec"]["template"]["spec"]["containers"][0]["image"] = image
        _tag(launch, image)
        answer = json.loads(kubectl.ask("create", "--filename", "-", "--output", "json", input=json.dumps(manifest)))
        job = KubernetesJob(kubectl, launch, answer["metadata"]["name"], answer["metadata"].get("namespace", "default"))
        launch.progress(f"Job {job.name} was created in namespace {job.namespace}")
        return FollowedRun(launch, job)


class KubernetesJob:
    longest_pause_s = 5.0
    why = ""
    exit_code: int | None = None

    def __init__(self, kubectl: Tool, launch: Launch, name: str, namespace: str) -> None:
        self.kubectl, self.launch, self.name, self.namespace = kubectl, launch, name, namespace
        self._place = ("--namespace", namespace)
        self._logs: dict[str, PodLog] = {}
        self._told: str | None = None

    def state(self) -> State:
        try:
            found = json.loads(self.kubectl.ask("get", "job", self.name, *self._place, "--output", "json"))
        except ToolFailed as error:
            if _is_gone(error):
                self.why = f"Job {self.name} isn't there any more; somebody else deleted it"
                return "KILLED"
            raise ServiceError(error.message) from error
        status = found.get("status") or {}
        for condition in status.get("conditions") or []:
            if condition.get("status") == "True" and condition.get("type") in _ENDS:
                if condition["type"] == "Failed" and condition.get("message"):
                    self.why = f"Job {self.name} failed: {condition['message']}"
                return _ENDS[condition["type"]]
        return "RUNNING" if status.get("active") else "SCHEDULED"

    def more(self, *, last: bool) -> bytes:
        pods = self._pods()
        for pod in pods:
            name = pod["metadata"]["name"]
            if name not in self._logs and has_begun(pod):
                self._logs[name] = PodLog(self.kubectl, name, *self._place)
        self._tell_of_waiting(pods)
        if last and pods:
            self.exit_code = exit_code(pods[-1])
        return b"".join(log.more(last=last) for log in self._logs.values())

    def stop(self) -> None:
        self.kubectl.ask(
            "delete",
            "job",
            self.name,
            *self._place,
            "--ignore-not-found",
            "--cascade=foreground",  # the pods first, and kubectl returns when all are gone
            "--wait",
            timeout_s=_DELETE_TIMEOUT_S,
        )

    def close(self) -> None:
        for log in self._logs.values():
            log.close()

    def _pods(self) -> list[Mapping[str, Any]]:
        """In the order in which they were made: a Job with tries makes one after the other."""
        try:
            answer = self.kubectl.ask(
                "get", "pods", *self._place, "--selector", f"job-name={self.name}", "--output", "json"
            )
        except ToolFailed as error:
            raise ServiceError(error.message) from error
        return sorted(json.loads(answer)["items"], key=lambda pod: str(pod["metadata"].get("creationTimestamp")))

    def _tell_of_waiting(self, pods: list[Mapping[str, Any]]) -> None:
        """Why nothing happens: an image that can't be pulled keeps a Job waiting for ever, and Kubernetes says it only
        to who asks for the pod."""
        reason = next((reason for pod in pods for reason in waiting(pod)), None)
        if reason and reason != self._told:
            self.launch.progress(f"Job {self.name} waits: {reason}")
        self._told = reason


def _kubectl(config: KubernetesConfig) -> Tool:
    return replace(KUBECTL, first=("--context", config.kube_context)) if config.kube_context else KUBECTL


def _manifest(launch: Launch, config: KubernetesConfig, template: Mapping[str, Any], image: str) -> dict[str, Any]:
    if config.namespace:
        template = {**template, "metadata": {**(template.get("metadata") or {}), "namespace": config.namespace}}
    return kubernetes_manifest.filled(
        template,
        name=kubernetes_manifest.job_name(launch.project_name, clock.hex_id()[:_SUFFIX_CHARS]),
        container=kubernetes_manifest.slug(launch.project_name),
        image=image,
        command=docker_command.command(launch.command),
        env=_variables(launch),
    )


def _variables(launch: Launch) -> dict[str, str]:
    """The run's, with the address by which pods reach the server."""
    found = {name: value for name, value in launch.variables.items() if not docker_command.is_secret(name)}
    uri = settings.KUBE_TRACKING_URI.get() or launch.tracking_uri
    if not settings.KUBE_TRACKING_URI.is_set() and docker_command.is_of_this_machine(uri):
        raise InvalidValue(
            "tracking URI",
            uri,
            "pods don't reach it; start `headrace server` where they do and set "
            f"{settings.TRACKING_URI.names[0]} to its address, or {settings.KUBE_TRACKING_URI.names[0]} to the one "
            "that this server has for pods.",
        )
    found |= dict.fromkeys(settings.TRACKING_URI.names, uri)
    for setting in (settings.TOKEN, settings.PASSWORD):
        if setting.is_set():
            launch.progress(
                f"{setting.names[0]} isn't put into the Job, where others could read it; name a Secret in its template"
            )
    return found | dict(docker_command.of_project(launch.environment.docker))


def _built(launch: Launch, config: KubernetesConfig) -> str:
    with docker_image.engine(launch) as docker:
        name, _ = docker_image.image(docker, launch, config.repository_uri)
        return docker_image.pushed(docker, launch, name)


def _tag(launch: Launch, image: str) -> None:
    store = tracking_store(launch.tracking_uri)
    store.set_tag(launch.run_id, RunTag(MLFLOW_DOCKER_IMAGE_URI, image))
    if "@" in image:
        store.set_tag(launch.run_id, RunTag(MLFLOW_DOCKER_IMAGE_ID, image.partition("@")[2]))


def _is_gone(error: ToolFailed) -> bool:
    return "(NotFound)" in error.said
