from __future__ import annotations

from collections.abc import Sequence

from headrace.client.rest_store.session import Session
from headrace.entities import ChartSeries, Metric, Page, XAxis
from headrace.errors import NotSupported
from headrace.stores.base import MetricStore
from headrace.wire.convert.charts import chart_series
from headrace.wire.convert.metrics import metrics
from headrace.wire.messages import metrics as m
from headrace.wire.messages.charts import Chart
from headrace.wire.table import metrics as t


class RestMetrics(MetricStore):
    _session: Session

    def get_metric_history(
        self, run_id: str, key: str, max_results: int | None = None, page_token: str | None = None
    ) -> Page[Metric]:
        request = m.MetricHistory(run_id=run_id, metric_key=key, max_results=max_results, page_token=page_token)
        answer = self._session.call(t.METRIC_HISTORY, request)
        return Page(metrics(answer.metrics), answer.next_page_token)

    def get_metric_history_bulk(self, run_ids: Sequence[str], key: str, max_results: int) -> list[Metric]:
        request = m.MetricHistoryBulk(run_id=list(run_ids), metric_key=key, max_results=max_results)
        return metrics(self._session.call(t.METRIC_HISTORY_BULK, request).metrics)

    def get_metric_history_interval(
        self,
        run_ids: Sequence[str],
        key: str,
        max_results: int,
        start_step: int | None = None,
        end_step: int | None = None,
    ) -> list[Metric]:
        request = m.MetricHistoryInterval(
            run_ids=list(run_ids), metric_key=key, start_step=start_step, end_step=end_step, max_results=max_results
        )
        return metrics(self._session.call(t.METRIC_HISTORY_INTERVAL, request).metrics)

    def chart(
        self,
        run_ids: Sequence[str],
        keys: Sequence[str],
        x_axis: XAxis = "step",
        start: int | None = None,
        end: int | None = None,
        buckets: int = 1000,
        since: Sequence[int] | None = None,
    ) -> list[ChartSeries]:
        request = Chart(
            run_ids=list(run_ids),
            keys=list(keys),
            x_axis=x_axis,
            start=start,
            end=end,
            buckets=buckets,
            since=None if since is None else list(since),
        )
        answer = self._session.call_own(t.CHART, request)
        if answer is None:
            raise NotSupported(f"The server at {self._session.base} isn't Headrace's: it has no charts by bucket.")
        return chart_series(answer)
