"""What a model's image is built from, read from the files; test_built.py carries them out."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.deployments.images import build_docker, generate_dockerfile
from headrace.environments.build import Progress
from headrace.errors import AlreadyExists, InvalidValue
from headrace.lazy import MissingPackage
from headrace.packaging.trust import UntrustedModel
from headrace.serving.image import __main__ as start
from headrace.serving.image import context
from tests.serving.image.engine import Instruction, parse

WHEEL = "headrace-0.1.0-py3-none-any.whl"


@pytest.fixture(autouse=True)
def quick_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Building the real one takes seconds; test_built.py does."""

    def write(folder: Path, tell: Progress) -> Path:
        tell("Building Headrace's wheel")
        (folder / WHEEL).write_bytes(b"")
        return folder / WHEEL

    monkeypatch.setattr(context, "_wheel", write)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "wine"
    mlflow.pyfunc.save_model(
        str(folder), python_model=lambda model_input: model_input, pip_requirements=["scikit-learn==1.5.0", "lightgbm"]
    )
    return folder


def instructions(folder: Path) -> list[Instruction]:
    return parse((folder / "Dockerfile").read_text(encoding="utf-8"))


def named(folder: Path, name: str) -> list[str]:
    return [each.words for each in instructions(folder) if each.name == name]


def test_layers_stand_in_the_order_in_which_they_change(model: Path) -> None:
    folder = generate_dockerfile(str(model), "image")
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    places = [text.index(each) for each in ("apt-get", "-m venv", "requirements.txt", WHEEL, "COPY model", "LABEL")]
    assert places == sorted(places)


def test_context_holds_all_that_the_dockerfile_takes_from_it(model: Path) -> None:
    folder = generate_dockerfile(str(model), "image")
    bound = [
        mount["source"]
        for each in instructions(folder)
        for mount in each.mounts
        if "from" not in mount and "source" in mount
    ]
    copied = [words.split()[0] for words in named(folder, "COPY")]
    assert {*bound, *copied} == {"requirements.txt", "headrace.txt", WHEEL, "model"}
    assert all((folder / name).exists() for name in [*bound, *copied])
    assert (folder / "requirements.txt").read_text().split() == ["scikit-learn==1.5.0", "lightgbm"]
    assert (folder / "headrace.txt").read_text().split()[0] == "headrace"
    ignored = (folder / ".dockerignore").read_text().split()
    assert ignored[0] == "*"


def test_container_is_nobody_and_says_how_it_is(model: Path) -> None:
    folder = generate_dockerfile(str(model), "image")
    assert named(folder, "USER") == ["10001:10001"]
    assert named(folder, "EXPOSE") == ["8080"]
    assert "/ping" in named(folder, "HEALTHCHECK")[0]
    assert json.loads(named(folder, "CMD")[0]) == ["serve"]
    assert named(folder, "ARG")[0] == f"BASE=python:{sys.version_info[0]}.{sys.version_info[1]}-slim"


def test_copy_of_the_model_can_be_read_by_everybody(model: Path) -> None:
    (model / "MLmodel").chmod(0o600)
    folder = generate_dockerfile(str(model), "image")
    assert stat.S_IMODE((folder / "model" / "MLmodel").stat().st_mode) == 0o644
    assert stat.S_IMODE((folder / "model").stat().st_mode) == 0o755


def test_system_packages_follow_the_requirements(model: Path) -> None:
    assert "libgomp1" in (generate_dockerfile(str(model), "image") / "Dockerfile").read_text()


def test_locked_requirements_are_installed_with_their_hashes(model: Path) -> None:
    (model / "requirements.lock").write_text("lightgbm==4.6.0 \\\n    --hash=sha256:00\n")
    folder = generate_dockerfile(str(model), "image", allow_pickle=True)
    text = (folder / "Dockerfile").read_text()
    assert "--require-hashes --no-deps -r /build/requirements.lock" in text
    assert (folder / "pins.txt").read_text() == "lightgbm==4.6.0\n"
    assert not (folder / "requirements.txt").exists()


def test_requirements_that_lie_in_the_model_are_found_there(model: Path) -> None:
    (model / "wheels").mkdir()
    (model / "wheels" / "own-1-py3-none-any.whl").write_bytes(b"")
    (model / "requirements.txt").write_text("wheels/own-1-py3-none-any.whl\n")
    text = (generate_dockerfile(str(model), "image", allow_pickle=True) / "Dockerfile").read_text()
    assert text.count("source=model,target=/build/model") == 2
    assert "cd /build/model && " in text


def test_registered_model_is_named_in_labels_and_to_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_TRACKING_URI", "sqlite:///store.db")
    mlflow.pyfunc.log_model(
        name="m", python_model=lambda model_input: model_input, pip_requirements=["numpy"], registered_model_name="wine"
    )
    folder = generate_dockerfile("models:/wine/1", "image", allow_pickle=True)
    (labels,) = named(folder, "LABEL")
    assert 'org.opencontainers.image.title="wine"' in labels
    assert 'org.opencontainers.image.version="1"' in labels
    assert "org.headrace.digest=" in labels
    assert 'HEADRACE_IMAGE_MODEL_NAME="wine"' in named(folder, "ENV")


def test_model_that_runs_code_needs_trust_and_takes_it_along(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE", "0")
    with pytest.raises(UntrustedModel):
        generate_dockerfile(str(model), "image")
    folder = generate_dockerfile(str(model), "image", allow_pickle=True)
    assert 'HEADRACE_ALLOW_PICKLE="1"' in named(folder, "ENV")


def test_image_without_a_model_builds_the_environment_when_it_starts() -> None:
    folder = generate_dockerfile(None, "image")
    assert 'HEADRACE_IMAGE_ENV_MANAGER="uv"' in named(folder, "ENV")
    assert named(folder, "COPY") == [f"{WHEEL} /opt/headrace/"]  # those environments get it, too
    assert not named(folder, "LABEL")
    assert (folder / "headrace.txt").read_text() == f"headrace[env] @ file:///opt/headrace/{WHEEL}\n"


def test_folder_of_somebody_else_is_left_alone(model: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(AlreadyExists):
        generate_dockerfile(str(model), tmp_path / "mine")


def test_folder_is_filled_again_without_what_is_no_longer_meant(model: Path) -> None:
    generate_dockerfile(str(model), "image")
    (model / "requirements.txt").write_text("lightgbm\n")
    again = generate_dockerfile(str(model), "image", allow_pickle=True)
    assert (again / "requirements.txt").read_text() == "lightgbm\n"


def test_base_image_is_a_name(model: Path) -> None:
    with pytest.raises(InvalidValue, match="base_image"):
        generate_dockerfile(str(model), "image", base_image="python\nRUN rm -rf /")


def test_entry_point_takes_what_sagemaker_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "9000")
    words = start.command(["serve"])
    assert words[1:5] == ["-m", "headrace", "models", "serve"]
    assert words[words.index("--port") + 1] == "9000"
    assert start.command([]) == words
    assert start.command(["--workers", "2"]) == [*words, "--workers", "2"]
    assert start.command(["serve", "--workers", "2"]) == [*words, "--workers", "2"]
    assert start.command(["python", "-V"]) == ["python", "-V"]


def test_engine_that_does_not_answer_is_named(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(docker.parent))
    with pytest.raises(
        mlflow.MlflowException, match=r"(?s)No engine answers docker: Cannot connect.*podman or buildah"
    ):
        build_docker(str(model), "wine")
    with pytest.raises(MissingPackage, match="'podman' is needed and isn't on the PATH"):
        build_docker(str(model), "wine", engine="podman")


def test_engine_gets_the_context_and_the_arguments(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(
        '#!/bin/sh\n[ "$1" = version ] && exit 0\n'
        'echo "$DOCKER_BUILDKIT $@"\nfor last; do :; done\ncat "$last/Dockerfile"\n'
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    told: list[str] = []
    build_docker(str(model), "wine:3", build_arguments={"UV_DEFAULT_INDEX": "https://x"}, progress=told.append)
    assert any(line.startswith("1 build --tag wine:3 --build-arg=UV_DEFAULT_INDEX=https://x /") for line in told)
    assert "COPY model /opt/ml/model" in told
