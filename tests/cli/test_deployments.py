from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import headrace as mlflow
from headrace.cli import main


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


@pytest.fixture
def model() -> str:
    mlflow.pyfunc.save_model("model", python_model=lambda model_input: model_input, pip_requirements=["numpy"])
    return "model"


def test_life_of_a_deployment_by_commands(model: str) -> None:
    create = ("deployments", "create", "-t", "kserve", "--name", "wine", "-m", model, "-C", "image=wine:1")
    assert run(*create).output == "Deployment 'wine' is created: deployments/kserve/wine\n"
    update = run("deploy", "update", "-t", "kserve", "--name", "wine", "-C", "image=wine:2", "--json")
    assert json.loads(update.output)["config"] == {"image": "wine:2"}
    assert json.loads(run("deploy", "get", "-t", "kserve", "--name", "wine").output)["status"] == "written"
    assert "wine" in run("deploy", "list", "-t", "kserve").output
    assert run("deploy", "delete", "-t", "kserve", "--name", "wine").exit_code == 0
    assert json.loads(run("deploy", "list", "-t", "kserve", "--json").output) == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("deploy", "list"), "No target is given"),
        (("deploy", "list", "-t", "moon"), "there are azureml, kserve, local, ray, sagemaker"),
        (("deploy", "create", "-t", "local", "--name", "a", "-m", "m", "-C", "port"), "write NAME=VALUE"),
        (("deploy", "create", "-t", "local", "--name", "a", "-m", "m", "-C", "port=1", "-C", "port=2"), "given twice"),
        (("deploy", "predict", "-t", "local", "--name", "a", "--endpoint", "b"), "not both"),
        (("deploy", "predict", "-t", "local", "--name", "a"), "it isn't JSON"),
        (("deploy", "logs", "--name", "a"), "No deployment with name 'a'"),
        (("models", "export", "--to", "onnx", "-d", "x"), "--model-uri"),
        (("models", "export", "--to", "onnx", "-m", "x"), "--output-directory"),
        (("models", "export", "wine"), "FILE_OR_FOLDER"),
        (("models", "export"), "NAME"),
        (("models", "build-docker", "--build-arg", "x"), "write NAME=VALUE"),
    ],
)
def test_mistake_is_named(arguments: tuple[str, ...], why: str) -> None:
    ended = run(*arguments, stdin="")
    assert ended.exit_code == 1
    assert why in ended.output


def test_help_of_a_target_lists_its_configuration() -> None:
    assert "-C storage_uri=" in run("deploy", "help", "-t", "kserve").output


def test_rows_of_a_csv_file_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        "headrace.deployments.local.LocalDeploymentClient.predict", lambda *given, **_: asked.append(given[2])
    )
    Path("rows.csv").write_text("a,b\n1,x\n")
    assert run("deploy", "predict", "-t", "local", "--name", "wine", "-I", "rows.csv", "-O", "out.json").exit_code == 0
    assert asked[0].to_dict("list") == {"a": [1], "b": ["x"]}
    assert Path("out.json").read_text() == "null\n"
