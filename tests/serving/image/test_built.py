"""The Dockerfile's steps, carried out, and its container, started as another user on a read-only root."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import headrace as mlflow
from headrace.deployments.images import generate_dockerfile
from headrace.serving.image.dockerfile import VENV
from tests.serving.image import engine

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not engine.usable(), reason="needs root, and a kernel that lets it mount overlays"),
]
START_S = 120


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "twice"
    mlflow.pyfunc.save_model(
        str(folder),
        python_model=lambda model_input: 2 * model_input,
        input_example=np.array([[1.0, 2.0]]),
        pip_requirements=["numpy", "cloudpickle"],
    )
    return folder


@pytest.fixture(scope="module")
def image(model: Path, tmp_path_factory: pytest.TempPathFactory) -> engine.Image:
    context = generate_dockerfile(str(model), tmp_path_factory.mktemp("image") / "context")
    return engine.Image(context, tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def general_image(tmp_path_factory: pytest.TempPathFactory) -> engine.Image:
    return engine.Image(
        generate_dockerfile(None, tmp_path_factory.mktemp("general") / "context"), tmp_path_factory.mktemp("engine")
    )


def test_container_answers_and_ends_when_it_is_asked_to(image: engine.Image) -> None:
    answers_until_it_is_asked_to_end(image, {}, {})


def test_general_image_serves_the_model_that_is_mounted(general_image: engine.Image, model: Path) -> None:
    env = {"HEADRACE_ALLOW_PICKLE": "1", **engine.of_this_machine()}
    answers_until_it_is_asked_to_end(general_image, env, {model: "/opt/ml/model"})
    nothing = subprocess.run(general_image.command(general_image.entrypoint, {}), capture_output=True, text=True)
    assert nothing.returncode == 2
    assert "There is no model at /opt/ml/model" in nothing.stderr


def answers_until_it_is_asked_to_end(image: engine.Image, variables: dict[str, str], mounts: dict[Path, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    env = {**variables, "SAGEMAKER_BIND_TO_PORT": str(port)}
    command = image.command([*image.entrypoint, *image.cmd], env, mounts)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", process)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations",
            b'{"inputs": [[1, 2], [3, 4]]}',
            {"Content-Type": "application/json", "Host": "models.example.org"},
        )
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer) == {"predictions": [[2, 4], [6, 8]]}
        assert subprocess.run(image.command(image.health, env)).returncode == 0
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert subprocess.run(image.command(image.health, env), capture_output=True).returncode != 0


def test_container_is_another_user_and_writes_to_tmp_alone(image: engine.Image) -> None:
    code = "import os; print(os.getuid()); open('/tmp/x', 'w'); open('/opt/x', 'w')"
    done = subprocess.run(image.command(["python", "-c", code], {}), capture_output=True, text=True)
    assert done.stdout == "10001\n"
    assert "Read-only file system: '/opt/x'" in done.stderr


def test_image_has_headrace_and_no_installer(image: engine.Image) -> None:
    code = "import headrace, importlib.util as u; print(headrace.__file__, u.find_spec('pip'), u.find_spec('uv'))"
    done = subprocess.run(image.command(["python", "-c", code], {}), capture_output=True, text=True, check=True)
    place, *installers = done.stdout.split()
    assert place.startswith(f"{VENV}/lib/")
    assert installers == ["None", "None"]


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.1)
