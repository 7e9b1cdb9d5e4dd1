"""The text of a Dockerfile.

Layers stand in the order in which they change: system, the model's requirements, Headrace, the model. uv and what it
keeps stay outside of the image: they are mounted while a step runs, which BuildKit, podman and buildah do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from headrace.errors import InvalidValue
from headrace.serving.image.contents import Contents

MODEL = "/opt/ml/model"  # SageMaker's place
VENV = "/opt/venv"
PORT = 8080
USER = 10001  # of no name: a cluster that forbids root wants a number

REQUIREMENTS, CONSTRAINTS, LOCK = "requirements.txt", "constraints.txt", "requirements.lock"
OWN, PINS = "headrace.txt", "pins.txt"
BUILD = "/build"
KEPT = "/opt/headrace"
_IMAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*")

_HEALTH = (
    "import os, urllib.request as r; "
    f"r.urlopen('http://127.0.0.1:%s/ping' % os.environ.get('SAGEMAKER_BIND_TO_PORT', '{PORT}'), timeout=4)"
)


def text(contents: Contents, wheels: Sequence[str] = ()) -> str:
    """wheels: files of the context that hold Headrace itself; none where it comes from an index."""
    if not _IMAGE_NAME.fullmatch(contents.base):
        raise InvalidValue("base_image", contents.base, "the name of an image, such as python:3.12-slim.")
    return (
        "\n\n".join(
            "\n".join(lines)
            for lines in (
                _head(contents),
                _system(contents),
                _requirements(contents),
                _own(contents, wheels),
                list(_model(contents)),
                _start(contents),
            )
            if lines
        )
        + "\n"
    )


def _head(contents: Contents) -> list[str]:
    return [
        "# Made by `headrace models generate-dockerfile`. Build arguments: BASE, another base image with Python; and",
        "# pip's and uv's own variables, for packages from elsewhere: --build-arg PIP_INDEX_URL=… UV_DEFAULT_INDEX=…",
        f"ARG BASE={contents.base}",
        "",
        "FROM ${BASE} AS uv",
        "ARG PIP_INDEX_URL",
        "RUN python -m pip install --quiet --no-cache-dir --target /uv uv",
        "",
        "FROM ${BASE}",
        "ARG UV_DEFAULT_INDEX",
        *([_torch()] if contents.spec.names("torch") and contents.spec.lock is None else []),
        f'ENV PATH="{VENV}/bin:${{PATH}}" \\',
        f'    VIRTUAL_ENV="{VENV}" \\',
        '    HOME="/tmp" \\',
        '    HEADRACE_HOME="/tmp/headrace" \\',
        '    HEADRACE_SERVE_ALLOWED_HOSTS="*" \\',  # whoever publishes the port chooses its names
        '    PYTHONUNBUFFERED="1" \\',
        '    PYTHONDONTWRITEBYTECODE="1"',
    ]


def _torch() -> str:
    # The general index has builds for NVIDIA's cards alone, of some GB. auto, cu128 … for a machine that has one.
    return "ARG UV_TORCH_BACKEND=cpu"


def _system(contents: Contents) -> list[str]:
    made = [f"RUN python -m venv --without-pip {VENV}"]
    if contents.system_packages:
        names = " ".join(contents.system_packages)
        made.insert(
            0,
            "RUN apt-get update \\\n"
            f" && apt-get install --yes --no-install-recommends {names} \\\n"
            " && rm -rf /var/lib/apt/lists/*",
        )
    return made


def _requirements(contents: Contents) -> list[str]:
    spec = contents.spec
    if spec.lock is not None:
        return [_install([("-r", LOCK)], options=" --require-hashes --no-deps")]
    if not spec.lines:
        return []
    return [_install(_lines(contents), within="model" if contents.needs_model_to_install else None)]


def _own(contents: Contents, wheels: Sequence[str]) -> list[str]:
    """All together, so that what Headrace needs can't change what the model asked for. An image without a model keeps
    the wheel, which the environments that it builds get, too."""
    if contents.model is None:
        return [*(f"COPY {wheel} {KEPT}/" for wheel in wheels), _install([("-r", OWN)])]
    if contents.spec.lock is not None:
        return [_install([("-c", PINS), ("-r", OWN)], wheels)]
    within = "model" if contents.needs_model_to_install else None
    return [_install([*_lines(contents), ("-r", OWN)], wheels, within=within)]


def _lines(contents: Contents) -> list[tuple[str, str]]:
    found = [("-r", REQUIREMENTS)] if contents.spec.lines else []
    return [*found, ("-c", CONSTRAINTS)] if contents.spec.constraints else found


def _install(
    files: Sequence[tuple[str, str]], wheels: Sequence[str] = (), *, options: str = "", within: str | None = None
) -> str:
    """files: with their option. within: a folder of the context that paths in them begin at."""
    mounts = ["type=bind,from=uv,source=/uv,target=/uv", "type=cache,target=/tmp/uv-cache"]
    names = [*(name for _, name in files), *wheels, *([within] if within else [])]
    mounts += [f"type=bind,source={name},target={BUILD}/{name}" for name in names]
    lines = [f"    --mount={mount} \\" for mount in mounts]
    lines[0] = f"RUN {lines[0].lstrip()}"
    move = f"cd {BUILD}/{within} && " if within else ""
    arguments = options + "".join(f" {option} {BUILD}/{name}" for option, name in files)
    uv = "UV_CACHE_DIR=/tmp/uv-cache UV_LINK_MODE=copy /uv/bin/uv"
    return "\n".join(
        [*lines, f"    {move}{uv} pip install --quiet --compile-bytecode --python {VENV}/bin/python{arguments}"]
    )


def _model(contents: Contents) -> Iterator[str]:
    if contents.model is None:
        return
    yield f"COPY model {MODEL}"
    if contents.runs_code:
        yield "# Who built this image trusts the code that the model brings."
        yield 'ENV HEADRACE_ALLOW_PICKLE="1"'
    if contents.name:
        yield f"ENV HEADRACE_IMAGE_MODEL_NAME={_quoted(contents.name)}"
    if contents.labels:
        pairs = [f"{key}={_quoted(value)}" for key, value in contents.labels.items()]
        yield "LABEL " + " \\\n      ".join(pairs)


def _start(contents: Contents) -> list[str]:
    manager = "local" if contents.model is not None else "uv"
    return [
        f'ENV HEADRACE_IMAGE_ENV_MANAGER="{manager}"',
        f"USER {USER}:{USER}",
        "WORKDIR /tmp",
        f"EXPOSE {PORT}",
        f"HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD {json.dumps(['python', '-c', _HEALTH])}",
        'ENTRYPOINT ["python", "-m", "headrace.serving.image"]',
        'CMD ["serve"]',
    ]


def _quoted(value: str) -> str:
    """As a Dockerfile's shell-like words have it."""
    return '"' + re.sub(r'(["\\$])', r"\\\1", value.replace("\n", " ")) + '"'
