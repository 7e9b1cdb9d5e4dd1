from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.environments import Spec, of_conda, of_model, of_python_env
from headrace.environments.requirement import parse
from headrace.environments.spec import own_requirement, with_own
from headrace.errors import InvalidValue
from headrace.packaging import requirements

Project = Callable[..., Spec]


def test_a_python_env_file_is_read_with_the_files_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six==1.17.0\n-c limits.txt\n")
    (tmp_path / "limits.txt").write_text("numpy<3\n")
    (tmp_path / "python_env.yaml").write_text(
        "python: 3.10\nbuild_dependencies:\n- pip==26.3\ndependencies:\n- -r requirements.txt\n- attrs\n"
    )
    spec = of_python_env(tmp_path / "python_env.yaml")
    assert spec.python == "3.10"  # which YAML reads as the number 3.1
    assert spec.build == ("pip==26.3",)
    assert spec.lines == ("six==1.17.0", "attrs")
    assert spec.constraints == ("numpy<3",)


def test_a_conda_file_gives_its_python_and_its_pip_part(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").write_text(
        "dependencies:\n- python=3.11\n- conda-forge::scipy>=1\n- pip<=26.3\n- pip:\n  - six\n  - mlflow\n"
    )
    spec = of_conda(tmp_path / "conda.yaml")
    assert (spec.python, spec.build, spec.lines) == ("3.11", ("pip<=26.3",), ("six", "mlflow"))


def test_a_models_environment_has_headrace_in_the_place_of_mlflow(tmp_path: Path) -> None:
    requirements.write(tmp_path, requirements.resolve(pip_requirements=["six==1.17.0"]))
    spec = of_model(tmp_path)
    assert spec.lines == ("six==1.17.0",)
    assert len(spec.own) == 1
    assert "headrace" in spec.own[0] or Path(spec.own[0].removeprefix("-e "), "pyproject.toml").is_file()
    assert not any("mlflow" in line for line in spec.all_lines)


def test_a_model_of_mlflow_1_says_all_in_its_conda_file(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").write_text("dependencies:\n- python=3.6.8\n- pip:\n  - mlflow==1.2\n  - six==1.10.0\n")
    spec = of_model(tmp_path)
    assert spec.lines == ("six==1.10.0",)
    # Headrace, which runs the model, doesn't run on that Python.
    assert spec.python is None
    assert "3.6.8" in spec.notes[0]


def test_a_model_names_no_files_outside_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("six\n")
    model = tmp_path / "model"
    model.mkdir()
    (model / "requirements.txt").write_text("-r ../secret.txt\n")
    with pytest.raises(InvalidValue, match="lies outside of"):
        of_model(model)


def test_the_digest_is_that_of_what_is_asked_for(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = project("six==1.17.0")
    assert spec.digest() == replace(spec, folder=tmp_path / "elsewhere").digest()
    different = [
        project("six==1.16.0"),
        project("six==1.17.0", python="3.12"),
        replace(spec, constraints=("numpy<3",)),
        replace(spec, lock="six==1.17.0"),
        replace(spec, own=("headrace==0.1.0",)),
    ]
    digests = {each.digest() for each in different}
    assert len(digests) == len(different)
    assert spec.digest() not in digests
    monkeypatch.setenv("HEADRACE_ENV_INSTALLER", "pip")
    assert spec.digest() not in digests | {replace(spec, conda={}).digest(conda=True)}


def test_a_wheel_that_was_built_anew_gives_another_digest(project: Project) -> None:
    spec = project("./mine-1.0-py3-none-any.whl")
    wheel = spec.folder / "mine-1.0-py3-none-any.whl"
    wheel.write_bytes(b"1")
    first = spec.digest()
    assert spec.digest() == first
    wheel.unlink()
    wheel.write_bytes(b"2")
    assert spec.digest() != first


def test_further_requirements_replace_those_of_the_same_name(project: Project) -> None:
    spec = replace(project("six==1.16.0", "attrs"), lock="six==1.16.0")
    assert spec.with_lines(["Six==1.17.0", "numpy"]).lines == ("attrs", "Six==1.17.0", "numpy")
    assert spec.with_lines(["numpy"]).lock is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("python: three\n", "python"),
        ("python: '3.11; rm -rf /'\n", "python"),
        ("dependencies: six\n", "dependencies"),
        ("dependencies:\n- 3\n", "dependencies"),
        ("dependencies:\n- what is this\n", "what is this"),
        ("- six\n", "expected a mapping"),
        ("a: [\n", "no YAML"),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "python_env.yaml").write_text(text)
    with pytest.raises(InvalidValue, match=why):
        of_python_env(tmp_path / "python_env.yaml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="nothing"):
        of_python_env(tmp_path / "nothing.yaml")
    with pytest.raises(InvalidValue, match="nothing"):
        of_conda(tmp_path / "nothing.yaml")


def test_a_project_that_asks_for_headrace_gets_the_one_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "python_env.yaml"
    path.write_text("dependencies: ['headrace[sklearn,pandas]', 'headrace==0.0.1', 'six<2']\n")
    spec = with_own(of_python_env(path))
    own, pinned, six = spec.lines
    assert own == own_requirement(["pandas", "sklearn"])
    assert own.replace("[pandas,sklearn]", "") == own_requirement()
    parse(own)  # a line that pip takes
    assert (pinned, six) == ("headrace==0.0.1", "six<2")
