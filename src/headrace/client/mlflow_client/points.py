from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headrace import clock
from headrace.client.async_log import RunOperations
from headrace.client.log import written
from headrace.client.mlflow_client.target import Target
from headrace.client.sink import DirectSink
from headrace.client.values import as_integer, as_key, as_number, as_text
from headrace.entities import (
    DatasetInput,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
)

_HISTORY_PAGE = 25_000


class PointCalls(Target):
    """What is written to runs while they live."""

    def log_metric(
        self,
        run_id: str,
        key: str,
        value: Any,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> RunOperations | None:
        point = Metric(
            as_key("metric name", key),
            as_number(key, value),
            clock.now_ms() if timestamp is None else as_integer("timestamp", timestamp),
            0 if step is None else as_integer("step", step),
            model_id,
            dataset_name,
            dataset_digest,
        )
        return self._written(run_id, synchronous, lambda: self._store.log_metric(run_id, point))

    def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """The value itself, or a RunOperations."""
        param = Param(as_key("param name", key), as_text(value))
        operations = self._written(run_id, synchronous, lambda: self._store.log_param(run_id, param))
        return value if operations is None else operations

    def set_tag(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
        tag = RunTag(as_key("tag name", key), as_text(value))
        return self._written(run_id, synchronous, lambda: self._store.set_tag(run_id, tag))

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> RunOperations | None:
        """Of any size: sent in pieces that the store takes, each of them all or nothing."""
        sink = DirectSink(self._store)
        points = [_as_float(point) for point in metrics]
        return self._written(run_id, synchronous, lambda: sink.log_batch(run_id, points, params, tags))

    def delete_tag(self, run_id: str, key: str) -> None:
        self._store.delete_tag(run_id, key)

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        """Every point, by timestamp, step, value."""
        points, token = list[Metric](), None
        while True:
            page = self._store.get_metric_history(run_id, key, _HISTORY_PAGE, token)
            points += page
            token = page.token
            if token is None:
                return points

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[DatasetInput] | None = None,
        models: Sequence[LoggedModelInput] | None = None,
    ) -> None:
        self._store.log_inputs(run_id, list(datasets or ()), list(models or ()))

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        self._store.log_outputs(run_id, list(models))

    def _written(self, run_id: str, synchronous: bool | None, write: Callable[[], None]) -> RunOperations | None:
        return written(run_id, synchronous, write)


def _as_float(point: Metric) -> Metric:
    """Records may be made with numbers of any array library."""
    if type(point.value) is float and type(point.step) is int and type(point.timestamp) is int:
        return point
    return Metric(
        point.key,
        as_number(point.key, point.value),
        as_integer("timestamp", point.timestamp),
        as_integer("step", point.step),
        point.model_id,
        point.dataset_name,
        point.dataset_digest,
    )
