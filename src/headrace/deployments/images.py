"""Container images of models: MLflow's `build_docker` and `generate_dockerfile`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from headrace.deployments.fetched import fetch
from headrace.deployments.progress import Progress, silent
from headrace.environments.tool import Tool, ToolFailed
from headrace.errors import InvalidValue
from headrace.serving.image import contents, context

ENGINES = ("docker", "podman", "buildah")


def generate_dockerfile(
    model_uri: str | None = None,
    output_directory: str | Path = "mlflow-dockerfile",
    *,
    base_image: str | None = None,
    allow_pickle: bool | None = None,
    progress: Progress | None = None,
) -> Path:
    """The folder to build from. Without a model, of an image that serves the one mounted at /opt/ml/model.

    base_image: with a Python that has venv and pip; by default the slim image of the model's Python. UntrustedModel for
    a model that runs code and isn't trusted here.
    """
    tell = progress or silent
    if model_uri is None:
        return context.write(contents.without_model(base=base_image), Path(output_directory), tell)
    model = fetch(model_uri)
    held = contents.of_model(
        model.path,
        model.origin,
        name=model.name,
        version=model.version,
        base=base_image,
        allow_pickle=allow_pickle,
    )
    return context.write(held, Path(output_directory), tell)


def build_docker(
    model_uri: str | None = None,
    name: str = "mlflow-pyfunc",
    env_manager: str | None = None,  # noqa: ARG001 — MLflow's argument: an image is its model's environment
    mlflow_home: str | None = None,  # noqa: ARG001 — MLflow's argument: Headrace is put in as it is installed here
    install_java: bool = False,  # noqa: ARG001 — MLflow's argument: models of Spark get it
    install_mlflow: bool = False,  # noqa: ARG001 — MLflow's argument: Headrace is always in it
    base_image: str | None = None,
    *,
    engine: str = "docker",
    build_arguments: Mapping[str, str] | None = None,
    allow_pickle: bool | None = None,
    progress: Progress | None = None,
) -> None:
    """Builds the image `name` by an engine's client: docker, podman or buildah. build_arguments: of the Dockerfile.

    MissingPackage where the client isn't there, ToolFailed where no engine answers it or a step fails.
    """
    if engine not in ENGINES:
        raise InvalidValue("engine", engine, f"allowed are {', '.join(ENGINES)}.")
    client = Tool(name=engine, hint="install it, or write the build's folder with generate-dockerfile.")
    _check_answers(client)
    with tempfile.TemporaryDirectory(prefix="headrace-image-") as scratch:
        folder = generate_dockerfile(
            model_uri, Path(scratch, "context"), base_image=base_image, allow_pickle=allow_pickle, progress=progress
        )
        client.show(*_words(name, build_arguments or {}), str(folder), tell=progress or silent, env=_BUILDKIT)


_BUILDKIT = {"DOCKER_BUILDKIT": "1"}  # the Dockerfile's mounts need it; podman and buildah don't ask


def _words(name: str, arguments: Mapping[str, str]) -> Sequence[str]:
    return ["build", "--tag", name, *(f"--build-arg={key}={value}" for key, value in arguments.items())]


def _check_answers(client: Tool) -> None:
    try:
        client.ask("version" if client.name != "buildah" else "info")
    except ToolFailed as error:
        raise ToolFailed(
            f"No engine answers {client.name}: {error.said or 'it says nothing'}\n"
            "Start it; or use --engine podman or buildah, which need none; or write the folder with "
            "`headrace models generate-dockerfile` and build it where an engine is.",
            error.status,
            error.said,
        ) from error
