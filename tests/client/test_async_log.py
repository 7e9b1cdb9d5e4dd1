from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

import headrace as mlflow
from headrace.client.async_log import AsyncLog, RunOperations
from headrace.errors import InvalidValue

pytestmark = pytest.mark.usefixtures("place")


def test_asynchronous_calls_return_operations_that_can_be_waited_for() -> None:
    with mlflow.start_run() as run:
        operations = [
            mlflow.log_metric("m", 1, synchronous=False),
            mlflow.log_metrics({"n": 1}, synchronous=False),
            mlflow.log_param("p", 1, synchronous=False),
            mlflow.log_params({"q": 1}, synchronous=False),
            mlflow.set_tag("t", 1, synchronous=False),
            mlflow.set_tags({"u": 1}, synchronous=False),
        ]
        assert all(isinstance(one, RunOperations) for one in operations)
        for one in operations:
            one.wait()
        data = mlflow.get_run(run.info.run_id).data
    assert set(data.metrics) == {"m", "n"}
    assert set(data.params) == {"p", "q"}
    assert {"t", "u"} <= set(data.tags)


def test_end_of_the_run_waits_for_what_is_on_its_way() -> None:
    with mlflow.start_run() as run:
        for step in range(500):
            mlflow.log_metric("m", step, step=step, synchronous=False)
    assert [point.step for point in mlflow.MlflowClient().get_metric_history(run.info.run_id, "m")] == list(range(500))


def test_flush_waits_for_all() -> None:
    run_id = mlflow.MlflowClient().create_run("0").info.run_id
    for step in range(200):
        mlflow.MlflowClient().log_metric(run_id, "m", step, step=step, synchronous=False)
    mlflow.flush_async_logging()
    assert len(mlflow.MlflowClient().get_metric_history(run_id, "m")) == 200


def test_async_can_be_switched_on_by_environment_and_by_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with mlflow.start_run():
        monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_LOGGING", "true")
        assert isinstance(mlflow.log_metric("m", 1), RunOperations)
        assert mlflow.log_metric("m", 1, synchronous=True) is None
        mlflow.config.enable_async_logging(False)
        assert mlflow.log_metric("m", 1) is None


def test_wrong_value_raises_from_the_call_itself() -> None:
    with mlflow.start_run():
        with pytest.raises(InvalidValue):
            mlflow.log_metric("m", "abc", synchronous=False)
        with pytest.raises(InvalidValue):
            mlflow.log_param("a//b", 1, synchronous=False)


def test_failure_is_raised_by_wait_and_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with mlflow.start_run() as run:
        mlflow.MlflowClient().log_param(run.info.run_id, "p", 1)  # not by the calls that would know the value
        operations = mlflow.log_param("p", 2, synchronous=False)
        with pytest.raises(InvalidValue, match="'p'"):
            operations.wait()
    assert "'p' of run" in caplog.text


def test_writes_of_one_run_keep_their_order_and_other_runs_dont_wait() -> None:
    log = AsyncLog()
    gate, first_ran = threading.Event(), threading.Event()
    order: list[str] = []

    def held() -> None:
        first_ran.set()
        gate.wait(30)
        order.append("a1")

    log.submit("a", held)
    second = log.submit("a", lambda: order.append("a2"))
    first_ran.wait(30)
    log.submit("b", lambda: order.append("b")).wait(30)
    assert order == ["b"]
    gate.set()
    second.wait(30)
    assert order == ["b", "a1", "a2"]


def test_flush_of_one_run_doesnt_wait_for_another() -> None:
    log = AsyncLog()
    gate = threading.Event()
    log.submit("slow", lambda: gate.wait(30) and None)  # type: ignore[func-returns-value]
    log.submit("quick", lambda: None)
    log.flush("quick")
    gate.set()
    log.flush()


def test_flush_without_anything_returns() -> None:
    AsyncLog().flush()
    AsyncLog().flush("nobody")


def test_wait_has_a_time_limit() -> None:
    with pytest.raises(TimeoutError):
        RunOperations([Future()]).wait(0.01)
