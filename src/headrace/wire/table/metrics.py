from __future__ import annotations

from headrace.wire.endpoint import CHART as CHART_MEDIA
from headrace.wire.endpoint import JSON, Endpoint
from headrace.wire.messages import metrics as m
from headrace.wire.messages.charts import Chart, ChartAnswer

_BASE = "/api/2.0/mlflow/metrics"

METRIC_HISTORY = Endpoint(
    name="metrics.history",
    methods=("GET",),
    path=f"{_BASE}/get-history",
    request=m.MetricHistory,
    answer=m.MetricHistoryAnswer,
    permission="read",
    doc="Every point of a series, by timestamp, step, value. An unknown run has none.",
)
METRIC_HISTORY_BULK = Endpoint(
    name="metrics.history-bulk",
    methods=("GET",),
    path="/ajax-api/2.0/mlflow/metrics/get-history-bulk",
    request=m.MetricHistoryBulk,
    answer=m.MetricsAnswer,
    permission="read",
    doc="One metric's points of up to 100 runs.",
)
METRIC_HISTORY_INTERVAL = Endpoint(
    name="metrics.history-interval",
    methods=("GET",),
    path=f"{_BASE}/get-history-bulk-interval",
    request=m.MetricHistoryInterval,
    answer=m.MetricsAnswer,
    permission="read",
    doc="One metric's points of up to 100 runs, evenly sampled, within a range of steps.",
)
CHART = Endpoint(
    name="metrics.chart",
    methods=(
        "POST",
        "GET",
    ),
    path="/api/1.0/headrace/metrics/chart",
    request=Chart,
    answer=ChartAnswer,
    permission="read",
    media=(JSON, CHART_MEDIA),
    doc="Series cut into buckets with last, minimum and maximum of each: exact extremes at any zoom.",
)

ENDPOINTS = (
    METRIC_HISTORY,
    METRIC_HISTORY_BULK,
    METRIC_HISTORY_INTERVAL,
    CHART,
)
