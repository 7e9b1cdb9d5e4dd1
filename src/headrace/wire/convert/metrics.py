from __future__ import annotations

from collections.abc import Iterable

from headrace.entities import Metric
from headrace.wire.convert.numbers import double_in, double_out
from headrace.wire.messages.metrics import LogMetric, LogMetricOut, MetricMessage


def metric_message(metric: Metric) -> MetricMessage:
    return MetricMessage(
        key=metric.key,
        value=double_out(metric.value),
        timestamp=metric.timestamp,
        step=metric.step,
        model_id=metric.model_id,
        dataset_name=metric.dataset_name,
        dataset_digest=metric.dataset_digest,
        run_id=metric.run_id,
    )


def metric(message: MetricMessage) -> Metric:
    return Metric(
        message.key,
        double_in(message.value),
        message.timestamp,
        message.step or 0,
        message.model_id,
        message.dataset_name,
        message.dataset_digest,
        message.run_id,
    )


def metric_messages(metrics: Iterable[Metric]) -> list[MetricMessage]:
    return [metric_message(metric) for metric in metrics]


def metrics(messages: Iterable[MetricMessage]) -> list[Metric]:
    return [metric(message) for message in messages]


def metric_of_request(request: LogMetric) -> Metric:
    return Metric(
        request.key,
        request.value,
        request.timestamp,
        request.step,
        request.model_id or None,
        request.dataset_name or None,
        request.dataset_digest or None,
    )


def metric_request(run_id: str, metric: Metric) -> LogMetricOut:
    return LogMetricOut(
        run_id=run_id,
        key=metric.key,
        value=double_out(metric.value),
        timestamp=metric.timestamp,
        step=metric.step,
        model_id=metric.model_id,
        dataset_name=metric.dataset_name,
        dataset_digest=metric.dataset_digest,
    )
