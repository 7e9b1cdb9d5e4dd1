from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import InvalidValue
from headrace.projects.mlproject import EntryPoint, Parameter, ParameterType
from headrace.projects.parameters import check, located
from tests.projects.writing import write


def point(*parameters: Parameter) -> EntryPoint:
    return EntryPoint(name="main", command="x", parameters={each.name: each for each in parameters})


def test_declared_come_first_in_their_order_and_defaults_fill_in(folder: Path) -> None:
    values = check(point(Parameter(name="b", default=1), Parameter(name="a")), {"z": True, "a": 0.5}, folder)
    assert list(values.all.items()) == [("b", "1"), ("a", "0.5"), ("z", "True")]
    assert values.extra == {"z": "True"}


def test_missing_values_are_all_named_with_the_option_to_type(folder: Path) -> None:
    with pytest.raises(InvalidValue) as caught:
        check(point(Parameter(name="a"), Parameter(name="b"), Parameter(name="c", default=0)), {}, folder)
    assert caught.value.message == "No value for 'a', 'b', which entry point 'main' needs: -P a=… -P b=…"


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("float", "fast", "declared as float: a number"),
        ("int", "1.5", "declared as int: a whole number"),
        ("bool", "maybe", "declared as bool: true or false"),
        ("uri", "a/path", "declared as uri"),
        ("path", "nowhere", "declared as path, and nothing is there"),
        ("string", "a\0b", "NUL"),
    ],
)
@pytest.mark.parametrize("is_default", [False, True], ids=["given", "default"])
def test_mistyped_value_names_parameter_and_type(
    kind: ParameterType, value: str, said: str, is_default: bool, folder: Path
) -> None:
    parameter = Parameter(name="p", type=kind, default=value if is_default else None)
    with pytest.raises(InvalidValue, match=rf"(?s)parameters\.p.*{said}"):
        check(point(parameter), {} if is_default else {"p": value}, folder)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("float", "1e-3"), ("float", 2), ("float", "nan"), ("int", "-3"), ("bool", "False"), ("bool", "yes"),
     ("uri", "s3://bucket/key"), ("string", ""), ("path", "https://example.com/x.csv")],
)  # fmt: skip
def test_text_of_a_value_stays_as_it_was_written(kind: ParameterType, value: object, folder: Path) -> None:
    assert check(point(Parameter(name="p", type=kind)), {"p": value}, folder).declared == {"p": str(value)}


def test_values_are_logged_quoted_as_mlflow_does(folder: Path) -> None:
    values = check(point(Parameter(name="p")), {"p": "a b", "q r": "c"}, folder)
    assert values.logged() == {"p": "'a b'", "'q r'": "c"}


def test_path_of_the_caller_starts_in_their_folder_and_a_default_in_the_project(folder: Path) -> None:
    write(folder, data__csv="project's")
    Path("data.csv").write_text("caller's")
    parameters = point(Parameter(name="default", type="path", default="data.csv"), Parameter(name="given", type="path"))
    given = {"given": "data.csv"}
    values = located(parameters, check(parameters, given, folder), given, folder, folder)
    assert values.declared == {"default": str(folder / "data.csv"), "given": str(Path.cwd() / "data.csv")}


def test_artifact_of_a_run_is_downloaded_for_a_path(folder: Path, tmp_path: Path) -> None:
    import headrace

    with headrace.start_run() as run:
        headrace.log_text("rows", "data/rows.csv")
    parameters = point(Parameter(name="a", default="x"), Parameter(name="data", type="path"))
    given = {"data": f"runs:/{run.info.run_id}/data/rows.csv"}
    values = located(parameters, check(parameters, given, folder), given, folder, tmp_path / "downloads")
    assert values.declared["data"] == str(tmp_path / "downloads" / "param_1" / "rows.csv")
    assert Path(values.declared["data"]).read_text() == "rows"
