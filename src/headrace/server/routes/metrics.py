from __future__ import annotations

from starlette.responses import Response

from headrace.entities.limits import MAX_HISTORY_BULK_ROWS, MAX_HISTORY_INTERVAL_ROWS, MAX_HISTORY_RUNS
from headrace.errors import InvalidValue, MissingValue
from headrace.server.exchange import Exchange, Routes
from headrace.wire.convert.charts import chart_answer, pack_chart
from headrace.wire.convert.metrics import metric_messages
from headrace.wire.endpoint import CHART
from headrace.wire.messages import metrics as m
from headrace.wire.messages.charts import MAX_CHART_SERIES, Chart, ChartAnswer
from headrace.wire.table import metrics as table

routes = Routes()


@routes.serves(table.METRIC_HISTORY)
async def metric_history(exchange: Exchange[m.MetricHistory]) -> m.MetricHistoryAnswer:
    backend, request = exchange.backend, exchange.message
    if request.max_results is not None and request.max_results < 1:
        raise InvalidValue("max_results", request.max_results, "a positive number is needed.")
    page = await backend.call(
        backend.store.get_metric_history,
        request.run,
        request.metric_key,
        request.max_results,
        request.page_token or None,
    )
    return m.MetricHistoryAnswer(metrics=metric_messages(page), next_page_token=page.token)


def _check_runs(field: str, run_ids: list[str]) -> None:
    if not run_ids:
        raise MissingValue(field)
    if len(run_ids) > MAX_HISTORY_RUNS:
        raise InvalidValue(field, f"{len(run_ids)} runs", f"at most {MAX_HISTORY_RUNS} are allowed in one call.")


@routes.serves(table.METRIC_HISTORY_BULK)
async def metric_history_bulk(exchange: Exchange[m.MetricHistoryBulk]) -> m.MetricsAnswer:
    backend, request = exchange.backend, exchange.message
    _check_runs("run_id", request.run_id)
    most = MAX_HISTORY_BULK_ROWS if request.max_results is None else request.max_results
    if most < 1:
        raise InvalidValue("max_results", most, f"allowed are 1 to {MAX_HISTORY_BULK_ROWS}.")
    points = await backend.call(
        backend.store.get_metric_history_bulk, request.run_id, request.metric_key, min(most, MAX_HISTORY_BULK_ROWS)
    )
    return m.MetricsAnswer(metrics=metric_messages(points))


@routes.serves(table.METRIC_HISTORY_INTERVAL)
async def metric_history_interval(exchange: Exchange[m.MetricHistoryInterval]) -> m.MetricsAnswer:
    backend, request = exchange.backend, exchange.message
    _check_runs("run_ids", request.run_ids)
    most = MAX_HISTORY_INTERVAL_ROWS if request.max_results is None else request.max_results
    if not 1 <= most <= MAX_HISTORY_INTERVAL_ROWS:
        raise InvalidValue("max_results", most, f"allowed are 1 to {MAX_HISTORY_INTERVAL_ROWS}.")
    start, end = request.start_step, request.end_step
    if (start is None) != (end is None):
        raise InvalidValue(message="Give both start_step and end_step, or neither.")
    if start is not None and end is not None and start > end:
        raise InvalidValue("end_step", end, f"it must not be less than start_step, {start}.")
    points = await backend.call(
        backend.store.get_metric_history_interval, request.run_ids, request.metric_key, most, start, end
    )
    return m.MetricsAnswer(metrics=metric_messages(points))


@routes.serves(table.CHART)
async def chart(exchange: Exchange[Chart]) -> ChartAnswer | Response:
    backend, request = exchange.backend, exchange.message
    asked = len(request.run_ids) * len(request.keys)
    if asked > MAX_CHART_SERIES:
        raise InvalidValue(
            "keys",
            f"{len(request.run_ids)} runs × {len(request.keys)} keys",
            f"at most {MAX_CHART_SERIES} in one call.",
        )
    series = await backend.call(
        backend.store.chart,
        request.run_ids,
        request.keys,
        request.x_axis,
        request.start,
        request.end,
        request.buckets,
        request.since,
    )
    if CHART in (exchange.header("accept") or ""):
        return Response(pack_chart(series), media_type=CHART, headers={"Vary": "Accept"})
    return chart_answer(series)
