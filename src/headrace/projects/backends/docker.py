"""Projects in containers of this machine's Docker engine, by the docker command.

`docker run` stays attached for as long as the container lives; its exit status is the command's. The container has a
name, by which it is stopped: docker's own process may die without it.
"""

from __future__ import annotations

import os

from headrace import clock
from headrace.client.open import tracking_store
from headrace.client.tags import MLFLOW_DOCKER_IMAGE_ID, MLFLOW_DOCKER_IMAGE_URI
from headrace.entities import RunTag
from headrace.environments.tool import Tool, ToolFailed
from headrace.errors import InvalidValue
from headrace.projects.backends import docker_command, docker_image
from headrace.projects.launch import Launch
from headrace.projects.local import CommandRun
from headrace.projects.submitted import SubmittedRun

STOP_S = 10  # between SIGTERM and SIGKILL, Docker's own measure
_SUFFIX_CHARS = 6


class DockerBackend:
    """For projects with a docker_env, whatever backend config there is: it has none."""

    def submit(self, launch: Launch, /) -> SubmittedRun:
        if launch.environment.docker is None:
            raise InvalidValue("backend", "docker", "the project has no docker_env.")
        store = tracking_store(launch.tracking_uri)
        artifact_uri = store.get_run(launch.run_id).info.artifact_uri
        container = f"headrace-{launch.run_id[:12]}-{clock.hex_id()[:_SUFFIX_CHARS]}"
        inside = docker_command.inside(launch, artifact_uri)  # first: what is missing costs no build
        with docker_image.engine(launch) as docker:
            image, image_id = docker_image.image(docker, launch)
        store.set_tag(launch.run_id, RunTag(MLFLOW_DOCKER_IMAGE_URI, image))
        store.set_tag(launch.run_id, RunTag(MLFLOW_DOCKER_IMAGE_ID, image_id))
        words, secrets = docker_command.words(launch, inside, image, container)
        return DockerRun(launch, docker_image.DOCKER, words, secrets, str(launch.docker_args.get("name", container)))


class DockerRun(CommandRun):
    def __init__(self, launch: Launch, docker: Tool, words: list[str], secrets: dict[str, str], container: str) -> None:
        self._docker, self._container = docker, container
        super().__init__(launch, docker.words(*words), {**os.environ, **secrets})

    def interrupt(self, number: int) -> None:
        if self._process.poll() is not None:
            return
        self._cancelled = True
        self._ask("stop", "-t", str(STOP_S), self._container)
        super().interrupt(number)
        # Where docker's process was ended before its container was there, whatever came of it goes.
        self._ask("rm", "-f", self._container)

    def _ask(self, *words: str) -> None:
        try:
            self._docker.ask(*words)
        except ToolFailed as error:
            if not _is_gone(error):
                self._launch.progress(error.message)


def _is_gone(error: ToolFailed) -> bool:
    return "No such container" in error.said
