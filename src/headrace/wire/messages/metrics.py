from __future__ import annotations

from headrace.entities import Metric
from headrace.wire.messages.fields import Answer, Double, Int64, Millis, Request, RunAddress, Text


class MetricMessage(Answer, kw_only=True, gc=False):
    """A point as it leaves: in answers, and in what our client sends."""

    key: str
    value: Double
    timestamp: int
    step: int | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


class MetricIn(Metric, frozen=True, gc=False, forbid_unknown_fields=True):
    """A point as it arrives: the fast decoder makes it a `Metric` at once."""

    key: Text
    value: float
    timestamp: Millis
    step: Int64 = 0


class LogMetric(RunAddress, kw_only=True):
    key: Text
    value: float
    timestamp: Millis
    step: Int64 = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogMetricOut(RunAddress, kw_only=True):
    """`LogMetric` with a value that may be NaN or infinite."""

    key: str
    value: Double
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class MetricHistory(RunAddress, kw_only=True):
    metric_key: Text
    max_results: Int64 | None = None
    page_token: str | None = None


class MetricHistoryAnswer(Answer, kw_only=True):
    metrics: list[MetricMessage] = []
    next_page_token: str | None = None


class MetricHistoryBulk(Request, kw_only=True):
    run_id: list[str] = []
    metric_key: Text
    max_results: Int64 | None = None


class MetricHistoryInterval(Request, kw_only=True):
    run_ids: list[str] = []
    metric_key: Text
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 | None = None


class MetricsAnswer(Answer, kw_only=True):
    metrics: list[MetricMessage] = []
