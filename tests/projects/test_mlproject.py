from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import InvalidValue, NotSupported
from headrace.projects import mlproject
from headrace.projects.launch import Docker
from headrace.projects.mlproject import Parameter
from tests.projects.writing import write

WHOLE = """
    name: whole
    python_env: env.yaml
    unknown_key: is passed over
    entry_points:
      main:
        parameters:
          short: float
          long: {type: path, default: data}
          plain: {default: 3}
          odd: {type: tensor}
          old: {type: integer, default: 1}
          bare:
        command: "run {short}"
      other: {command: "true", parameters: }
"""


def test_whole_file(folder: Path) -> None:
    found = mlproject.read(write(folder, WHOLE, env__yaml="dependencies: []"))
    assert (found.name, found.kind, found.environment) == ("whole", "python", folder / "env.yaml")
    assert list(found.entry_points) == ["main", "other"]
    assert list(found.entry_points["main"].parameters.values()) == [
        Parameter(name="short", type="float"),
        Parameter(name="long", type="path", default="data"),
        Parameter(name="plain", default=3),
        Parameter(name="odd", type="string"),
        Parameter(name="old", type="int", default=1),
        Parameter(name="bare"),
    ]


@pytest.mark.parametrize("name", ["MLproject", "mlproject", "MLPROJECT", "MlProject"])
def test_file_has_any_case(name: str, folder: Path) -> None:
    (folder / name).write_text("name: found")
    assert mlproject.read(folder).name == "found"


@pytest.mark.parametrize(
    ("files", "kind", "environment"),
    [
        ({"python_env__yaml": "", "conda__yaml": "", "pyproject__toml": "[project]"}, "python", "python_env.yaml"),
        ({"conda__yaml": "", "pyproject__toml": "[project]"}, "conda", "conda.yaml"),
        ({"pyproject__toml": "[project]"}, "uv", "pyproject.toml"),
        ({"pyproject__toml": "[tool.ruff]\nline-length = 1"}, "none", None),
        ({}, "none", None),
    ],
    ids=["python_env first", "then conda", "then pyproject", "no project in it", "nothing"],
)  # fmt: skip
@pytest.mark.parametrize("text", ["", "entry_points: {}\n"], ids=["no MLproject", "MLproject"])
def test_environment_that_nobody_names_is_found(
    text: str, files: dict[str, str], kind: str, environment: str | None, folder: Path
) -> None:
    found = mlproject.read(write(folder, text, **files))
    assert (found.kind, found.environment) == (kind, environment and folder / environment)


def test_docker_environment(folder: Path) -> None:
    text = """
        docker_env:
          image: python:3.12
          volumes: ["/a:/b"]
          environment: [["NAME", "value"], "HOME"]
    """
    found = mlproject.read(write(folder, text))
    assert found.docker == Docker(image="python:3.12", volumes=("/a:/b",), environment=(("NAME", "value"), "HOME"))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: a\nentry_points:\n  main: [x\n", 4, "isn't valid YAML"),
        ("name: a\nentry_points:\n  main: run\n", 3, "entry point 'main' must be a mapping"),
        ("name: a\nentry_points: [main]\n", 2, "entry_points must be a mapping"),
        ("entry_points:\n  main:\n    parameters: {}\n", 3, "entry point 'main' has no command"),
        ("entry_points:\n  main:\n    command: [python, x]\n", 3, "the command of 'main' must be text"),
        ("entry_points:\n  main:\n    command: x\n    parameters: [a]\n", 4, "parameters of 'main' must be a mapping"),
        (
            "entry_points:\n  main:\n    command: x\n    parameters:\n      a: [1]\n",
            5,
            "parameter 'a' must be a mapping",
        ),
        ("entry_points:\n  main:\n    command: x\n    parameters:\n      a: {default: [1]}\n", 5, "must be one value"),
        ("- a\n", 1, "the file must be a mapping"),
        ("name: [a]\n", 1, "name must be text"),
        ("name: a\npython_env: nowhere.yaml\n", 2, "there is no such file"),
        ("python_env: a\nconda_env: b\n", 2, "one environment is allowed, and python_env and conda_env are there"),
        ("docker_env:\n  volumes: []\n", 2, "docker_env needs an image"),
        ("docker_env:\n  image: a\n  volumes: /a:/b\n", 3, "volumes must be a list"),
        ("docker_env:\n  image: a\n  environment: [[A]]\n", 3, "a variable is a name"),
    ],
)
def test_fault_names_its_line(text: str, line: int, said: str, folder: Path) -> None:
    (folder / "MLproject").write_text(text)
    with pytest.raises(InvalidValue) as caught:
        mlproject.read(folder)
    assert f"MLproject:{line}: " in caught.value.message
    assert said in caught.value.message


def test_spark_jobs_of_databricks_are_refused(folder: Path) -> None:
    with pytest.raises(NotSupported, match="MLproject:3: databricks_spark_job"):
        mlproject.read(write(folder, "\nname: a\ndatabricks_spark_job: {python_file: a.py}\n"))


def test_anchors_are_merged(folder: Path) -> None:
    text = """
        base: &base {command: "true", parameters: {a: float}}
        entry_points:
          main: {<<: *base, command: "false"}
    """
    main = mlproject.read(write(folder, text)).entry_points["main"]
    assert (main.command, list(main.parameters)) == ("false", ["a"])


def test_unknown_entry_point_names_those_there_are(folder: Path) -> None:
    project = mlproject.read(write(folder, "entry_points:\n  train: {command: 'true'}\n  test: {command: 'true'}\n"))
    with pytest.raises(InvalidValue, match=r"'trian'.*declares train, test;.*Did you mean train\?"):
        project.entry_point("trian")
    with pytest.raises(InvalidValue, match=r"no such file"):
        project.entry_point("missing.py")


def test_scripts_are_entry_points(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/zsh")
    project = mlproject.read(write(folder, **{"a b{}__py": "", "run__sh": "", "model__R": ""}))
    assert project.entry_point("a b{}.py").command == "python 'a b{{}}.py'"
    assert project.entry_point("run.sh").command == "/bin/zsh run.sh"
    assert project.entry_point("model.R").command == "Rscript -e 'mlflow::mlflow_source(\"model.R\")' --args"
