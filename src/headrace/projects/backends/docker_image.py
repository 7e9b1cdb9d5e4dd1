"""The image that a project runs in: the one that it names, as it is, or one built on that with the project's code."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace.environments.tool import Tool, ToolFailed
from headrace.projects.backends import payload
from headrace.projects.backends.docker_login import logged_in
from headrace.projects.launch import Launch

CODE = "/mlflow/projects/code/"  # MLflow's place for the project, and its working directory

DOCKER = Tool(
    name="docker", hint="install Docker, or Podman with its docker command: https://docs.docker.com/get-docker"
)

_COMMIT_CHARS = 7
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._/:-]+[a-z0-9]+)*")


@contextmanager
def engine(launch: Launch) -> Iterator[Tool]:
    """The docker command, once an engine has answered it; signed in for as long, if the launch says how."""
    try:
        DOCKER.ask("version", "--format", "{{.Server.Version}}")
    except ToolFailed as error:
        raise ToolFailed(
            f"No Docker engine answers: {error.said or 'it says nothing'}\n"
            "Start it, or name another with DOCKER_HOST or DOCKER_CONTEXT.",
            error.status,
            error.said,
        ) from error
    with logged_in(DOCKER, launch.docker_auth) as docker:
        yield docker


def image(docker: Tool, launch: Launch, repository: str | None = None) -> tuple[str, str]:
    """Name and id of the image to run, pulled or built. repository: instead of the project's name."""
    assert launch.environment.docker is not None
    base = launch.environment.docker.image
    if not launch.build_image:
        return base, _pulled(docker, launch, base)
    name = image_name(repository or launch.project_name, launch.source.commit)
    launch.progress(f"Building the image {name} on {base}")
    _build(docker, launch, base, name)
    return name, image_id(docker, name)


def image_name(repository: str | None, commit: str | None) -> str:
    """As MLflow names it: `project:1a2b3c4`. Docker's repositories have lower case and no blanks."""
    plain = repository or "docker-project"
    if not _REPOSITORY.fullmatch(plain):
        plain = re.sub(r"[^a-z0-9._/-]+", "-", plain.lower()).strip("-._/") or "docker-project"
    return f"{plain}:{commit[:_COMMIT_CHARS]}" if commit else plain


def image_id(docker: Tool, name: str) -> str:
    return docker.ask("image", "inspect", "--format", "{{.Id}}", name).strip()


def pushed(docker: Tool, launch: Launch, name: str) -> str:
    """The name with the digest that the registry gave it: what a cluster pulls is then exactly what was built."""
    launch.progress(f"Pushing the image {name}")
    docker.show("push", name, tell=launch.progress)
    digests = docker.ask("image", "inspect", "--format", "{{range .RepoDigests}}{{println .}}{{end}}", name).split()
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    return next((found for found in digests if found.partition("@")[0] == repository), name)


def _pulled(docker: Tool, launch: Launch, base: str) -> str:
    try:
        return image_id(docker, base)
    except ToolFailed:
        launch.progress(f"Pulling the image {base}")
        docker.show("pull", base, tell=launch.progress)
        return image_id(docker, base)


def _build(docker: Tool, launch: Launch, base: str, name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="headrace-image-") as context:
        payload.copy(launch.folder, Path(context))
        # The Dockerfile comes on stdin, so that it can't hide one of the project's.
        text = f"FROM {base}\nCOPY . {CODE}\nWORKDIR {CODE}\n"
        docker.show("build", "--tag", name, "--file", "-", context, tell=launch.progress, input=text)
