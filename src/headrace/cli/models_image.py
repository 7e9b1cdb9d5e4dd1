"""`headrace models generate-dockerfile` and `build-docker`: a model as a container image, by MLflow's options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from headrace.cli.group import Command
from headrace.cli.output import done, say
from headrace.cli.pairs import pairs_of


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Those that both have. The last four are there for MLflow's callers: an image is its model's environment, with
    Headrace as it is installed here."""
    for option in (
        click.option("--install-mlflow", is_flag=True, hidden=True),
        click.option("--install-java", type=bool, hidden=True),
        click.option("--mlflow-home", hidden=True),
        click.option("--env-manager", hidden=True),
        click.option(
            "--allow-pickle/--forbid-pickle", default=None, help="Put a model in that runs code, trusted here or not."
        ),
        click.option("--base-image", metavar="IMAGE", help="With a Python; by default the model's own, slim."),
        click.option(
            "--model-uri",
            "-m",
            metavar="URI",
            help="Without it, the image serves the model that is mounted at /opt/ml/model.",
        ),
    ):
        command = option(command)
    return command


@click.command(
    "generate-dockerfile",
    cls=Command,
    examples=[
        "headrace models generate-dockerfile -m models:/wine@champion -d wine-image",
        "headrace models generate-dockerfile -d serve-anything",
    ],
)
@_options
@click.option(
    "--output-directory", "-d", metavar="DIR", default="mlflow-dockerfile", show_default=True, help="To fill."
)
def generate_dockerfile(
    model_uri: str | None,
    base_image: str | None,
    allow_pickle: bool | None,
    output_directory: str,
    **_mlflows: object,
) -> None:
    """Write all that an image of a model is built from: Dockerfile, requirements, Headrace and the model.

    The image is small, runs as nobody in particular on a read-only root, listens on 8080 and answers SageMaker, too.
    """
    from headrace.deployments import images

    folder = images.generate_dockerfile(
        model_uri, output_directory, base_image=base_image, allow_pickle=allow_pickle, progress=say
    )
    done(f"The image can be built from {folder}: docker build {folder}", {"folder": str(folder)})


@click.command(
    "build-docker",
    cls=Command,
    examples=[
        "headrace models build-docker -m models:/wine/3 -n wine:3",
        "headrace models build-docker -n serve-anything --engine podman",
    ],
)
@_options
@click.option("--name", "-n", metavar="NAME", default="mlflow-pyfunc-servable", show_default=True, help="Of the image.")
@click.option(
    "--engine",
    type=click.Choice(["docker", "podman", "buildah"]),
    default="docker",
    show_default=True,
    help="Builds it.",
)
@click.option("--build-arg", metavar="K=V", multiple=True, help="Of the Dockerfile; may be repeated.")
def build_docker(
    model_uri: str | None,
    base_image: str | None,
    allow_pickle: bool | None,
    name: str,
    engine: str,
    build_arg: tuple[str, ...],
    **_mlflows: object,
) -> None:
    """Build an image that serves a model at port 8080.

    `docker run -p 5001:8080 NAME` serves it; further words are options of `headrace models serve`.
    """
    from headrace.deployments import images

    images.build_docker(
        model_uri,
        name,
        base_image=base_image,
        engine=engine,
        build_arguments=pairs_of("--build-arg", build_arg),
        allow_pickle=allow_pickle,
        progress=say,
    )
    done(f"Image {name} is built.", {"name": name})
