from __future__ import annotations

import ast
import asyncio
import warnings
from pathlib import Path

import pytest

import headrace
import headrace as mlflow
from headrace.client import mlflow_names
from headrace.client.absent import NotThereYet
from headrace.compat import module_for


def test_absent_call_warns_once_by_name_and_goes_on() -> None:
    with pytest.warns(NotThereYet, match=r"no mlflow\.autolog yet"):
        assert not mlflow.autolog()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlflow.autolog()


def test_warning_points_at_the_callers_line() -> None:
    with pytest.warns(NotThereYet) as caught:
        mlflow.evaluate("model", [1])
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", sorted(mlflow_names.TOP))
def test_every_public_name_of_mlflow_is_there(name: str) -> None:
    assert getattr(mlflow, name) is not None


@pytest.mark.parametrize("name", sorted(set(mlflow_names.MODULES) - {""}))
def test_every_public_module_of_mlflow_is_there_with_its_names(name: str) -> None:
    module = module_for(name)
    assert module is not None
    for attribute in mlflow_names.MODULES[name]:
        assert getattr(module, attribute) is not None


@pytest.mark.parametrize("name", sorted(mlflow_names.PLACES))
def test_every_module_that_has_another_place_is_there(name: str) -> None:
    assert module_for(name) is not None


@pytest.mark.parametrize("name", ["made_up", "log_metirc", "__wrapped__", "_private"])
def test_made_up_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(mlflow, name)
    with pytest.raises(AttributeError, match=name):
        getattr(mlflow.sklearn, name)
    with pytest.raises(AttributeError, match=name):
        getattr(mlflow.MlflowClient(), name)
    with pytest.raises(AttributeError, match=name):
        getattr(mlflow.tracking, name)


def test_every_method_of_mlflows_client_is_there() -> None:
    client = mlflow.MlflowClient()
    for name in mlflow_names.CLIENT_METHODS:
        assert callable(getattr(client, name))


def test_absent_method_warns() -> None:
    with pytest.warns(NotThereYet, match=r"MlflowClient\.create_workspace"):
        mlflow.MlflowClient().create_workspace("n", "https://x", [])


def test_decorators_leave_functions_as_they_are() -> None:
    def function() -> int:
        return 1

    with pytest.warns(NotThereYet, match=r"mlflow\.trace"):
        plain = mlflow.trace(function)

    @mlflow.trace(name="x", span_type="LLM")
    async def later() -> int:
        return 2

    assert plain is function
    assert asyncio.run(later()) == 2


def test_context_managers_yield_something_that_takes_every_call() -> None:
    with pytest.warns(NotThereYet):
        context = mlflow.start_span("s")
    with context as span:
        span.set_inputs({"a": 1})
        span.attributes["k"] = "v"
        assert list(span.events) == []


def test_classes_can_be_subclassed_tested_and_annotated() -> None:
    with pytest.warns(NotThereYet, match="EvaluationMetric"):

        class Metric(mlflow.models.EvaluationMetric):  # type: ignore[misc,name-defined]
            def score(self, data: list[int]) -> list[int]:
                return data

    assert Metric().score([1]) == [1]
    assert not isinstance(Metric(), mlflow.models.EvaluationMetric)
    assert not issubclass(Metric, mlflow.models.EvaluationMetric)
    assert mlflow.models.EvaluationMetric | None is not None


def test_door_shows_checkers_what_it_has() -> None:
    """The names under TYPE_CHECKING are the names of the table, for each door."""
    for module in ("__init__", "exceptions", "tracking/__init__", "config", "compat"):
        path = Path(headrace.__file__).parent / f"{module}.py"
        tree = ast.parse(path.read_text())
        (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
        seen = {alias.asname or alias.name for node in guarded.body for alias in node.names}  # type: ignore[attr-defined]
        (table,) = [node for node in ast.walk(guarded) if isinstance(node, ast.Dict)]
        assert {ast.literal_eval(key) for key in table.keys if key is not None} == seen, module


def test_dir_shows_what_is_there() -> None:
    assert {"start_run", "log_metric", "MlflowClient"} <= set(dir(mlflow))
