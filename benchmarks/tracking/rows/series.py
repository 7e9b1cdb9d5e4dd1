"""One long series: appended to while its merges run, and drawn."""

import statistics
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from benchmarks.tracking.measure import Bench, Figure, median
from benchmarks.tracking.peer_tables import fill_mlflow_series
from benchmarks.tracking.rest import LOG_BATCH, PREFIX, START_MS, Rest
from benchmarks.tracking.rows.read import latency
from benchmarks.tracking.systems import Running, System

KEY = "loss"
BUCKETS = 1000
CHART = "/api/1.0/headrace/metrics/chart"
APPENDED = 100  # points an append
APPENDS = 5000
BATCH = 1000
SPIKE, SPIKE_AT = 1e6, 0.437371  # a lone extreme, at this part of the series, at no bucket's edge


def points(count: int) -> Iterator[tuple[int, float]]:
    """(step, value), values in [0, 1) but for one spike."""
    spike = int(count * SPIKE_AT)
    for step in range(count):
        yield step, SPIKE if step == spike else (step * 7919 % 1_000_003) / 1_000_003


def append(bench: Bench) -> tuple[list[float], int]:
    """Milliseconds of each append of 100 points to the series, in this process, right after it was filled,
    so that merges of the filling and of the appends themselves run beside."""
    from headrace.entities import Metric
    from headrace.stores.sql import open_sql_store

    folder = bench.folder / "store"
    folder.mkdir(exist_ok=True)
    store = open_sql_store(f"sqlite:///{folder}/tracking.db", str(folder / "artifacts"))
    try:
        run_id = store.create_run(store.create_experiment("series")).info.run_id
        count = bench.size.series_points
        series = points(count + APPENDS * APPENDED)
        for _ in range(count // BATCH):
            store.log_batch(run_id, metrics=[Metric(KEY, v, START_MS + s, s) for s, v in islice(series, BATCH)])
        took = []
        for _ in range(APPENDS):
            batch = [Metric(KEY, v, START_MS + s, s) for s, v in islice(series, APPENDED)]
            start = time.perf_counter()
            store.log_batch(run_id, metrics=batch)
            took.append((time.perf_counter() - start) * 1e3)
    finally:
        store.close()
    return took, count


def append_p99(_: System, bench: Bench) -> Figure:
    took, count = append(bench)
    tail = statistics.quantiles(took, n=100)
    return median([tail[98]], p50_ms=round(tail[49], 3), max_ms=round(max(took), 2), points=count)


def fill(running: Running, bench: Bench) -> str:
    """The run that has the series."""
    rest = Rest(running.url)
    run_id = rest.run(rest.experiment("chart"))
    series = points(bench.size.chart_points)
    if running.system.name == "mlflow":
        fill_mlflow_series(running.database, run_id, KEY, series)
        return run_id
    while batch := list(islice(series, BATCH)):
        metrics = [{"key": KEY, "value": v, "timestamp": START_MS + s, "step": s} for s, v in batch]
        rest.post(LOG_BATCH, {"run_id": run_id, "metrics": metrics})
    return run_id


def chart(running: Running, bench: Bench) -> Figure:
    """ms of a chart of the whole series: ours over the chart endpoint, MLflow's over what its own UI asks."""
    run_id = fill(running, bench)
    if running.system.name == "mlflow":
        path = f"{PREFIX}/metrics/get-history-bulk-interval"
        query = {"run_ids": run_id, "metric_key": KEY, "max_results": str(BUCKETS)}
        drawn = [float(point["value"]) for point in Rest(running.url).get(path, **query)["metrics"]]
        figure = latency(running, bench, "GET", path + "?" + "&".join(f"{k}={v}" for k, v in query.items()))
        return with_note(figure, drawn)
    body: dict[str, Any] = {"run_ids": [run_id], "keys": [KEY], "buckets": BUCKETS}
    [series] = Rest(running.url).post(CHART, body)["series"]
    check_exact(series, bench.size.chart_points)
    return latency(running, bench, "POST", CHART, body)


def with_note(figure: Figure, drawn: list[float]) -> Figure:
    note = "" if SPIKE in drawn else "drops the spike"
    return Figure(value=figure.value, samples=figure.samples, note=note, extra=figure.extra)


def check_exact(series: dict[str, Any], count: int) -> None:
    """Buckets cover the series without a gap, and the extremes of each are those of its points."""
    assert series["total"] == sum(series["count"]) == count, series["total"]
    values, start = [value for _, value in points(count)], 0
    for bucket, held in enumerate(series["count"]):
        part = values[start : start + held]
        assert series["minimum"][bucket] == min(part), bucket
        assert series["maximum"][bucket] == max(part), bucket
        start += held
