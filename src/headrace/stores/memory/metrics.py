from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from headrace.entities import ChartSeries, Metric, Page, XAxis
from headrace.errors import InvalidValue
from headrace.stores import sampling, tokens
from headrace.stores.base import MetricStore
from headrace.stores.memory.paging import page
from headrace.stores.memory.state import Series, State


class MemoryMetrics(State, MetricStore):
    def _series(self, run_id: str, key: str) -> Series:
        row = self.runs.get(run_id)
        return row.series.get(key, Series()) if row else Series()

    def get_metric_history(
        self, run_id: str, key: str, max_results: int | None = None, page_token: str | None = None
    ) -> Page[Metric]:
        if max_results is not None and max_results < 1:
            raise InvalidValue("max_results", max_results, "it must be 1 or more.")
        with self.lock:
            points = self._series(run_id, key).by_time()
        return page(points, max_results or len(points) + 1, page_token, tokens.search_digest("history", run_id, key))

    def get_metric_history_bulk(self, run_ids: Sequence[str], key: str, max_results: int) -> list[Metric]:
        most = sampling.bulk_rows(run_ids, max_results)
        with self.lock:
            found = [
                msgspec.structs.replace(point, run_id=run_id)
                for run_id in sorted(set(run_ids))
                for point in self._series(run_id, key).by_time()
            ]
        return found[:most]

    def get_metric_history_interval(
        self,
        run_ids: Sequence[str],
        key: str,
        max_results: int,
        start_step: int | None = None,
        end_step: int | None = None,
    ) -> list[Metric]:
        sampling.check_interval(run_ids, max_results, start_step, end_step)
        found: list[Metric] = []
        with self.lock:
            for run_id in dict.fromkeys(run_ids):
                points = self._series(run_id, key).by_step()
                if start_step is not None and end_step is not None:
                    points = [point for point in points if start_step <= point.step <= end_step]
                found += [
                    msgspec.structs.replace(point, run_id=run_id) for point in sampling.evenly(points, max_results)
                ]
        return found

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
        sampling.check_chart(run_ids, keys, x_axis, start, end, buckets, since)
        drawn: dict[tuple[str, str], list[_Point]] = {}
        with self.lock:
            for run_id in dict.fromkeys(run_ids):
                for key in dict.fromkeys(keys):
                    series = self._series(run_id, key)
                    points = [
                        (point.step if x_axis == "step" else point.timestamp, point.value)
                        for point in (series.by_step() if x_axis == "step" else series.by_time())
                    ]
                    within = [
                        (x, value) for x, value in points if (start is None or x >= start) and (end is None or x <= end)
                    ]
                    if within:
                        drawn[run_id, key] = within
        if not drawn:
            return []
        since_of = sampling.since_of(run_ids, keys, since)
        if since_of is not None:
            return [_late(*name, points, since_of[name], end, buckets) for name, points in drawn.items()]
        low = min(points[0][0] for points in drawn.values()) if start is None else start
        high = max(points[-1][0] for points in drawn.values()) if end is None else end
        width = sampling.bucket_width(low, high, buckets)
        return [_bucketed(run_id, key, points, low, width) for (run_id, key), points in drawn.items()]


_Point = tuple[int, float]


def _late(run_id: str, key: str, points: Sequence[_Point], since: int, end: int | None, buckets: int) -> ChartSeries:
    late = [point for point in points if point[0] >= since]
    high = end if end is not None else late[-1][0] if late else since
    width = sampling.bucket_width(since, high, buckets)
    return msgspec.structs.replace(_bucketed(run_id, key, late, since, width), total=len(points))


def _bucketed(run_id: str, key: str, points: Sequence[_Point], low: int, width: int) -> ChartSeries:
    cut: dict[int, list[_Point]] = {}
    for x, value in points:
        cut.setdefault((x - low) // width, []).append((x, value))
    series = ChartSeries(run_id, key, len(points), [], [], [], [], [], [], [])
    for bucket in cut.values():
        last_x, last = bucket[-1]
        numbers = [point for point in bucket if not math.isnan(point[1])] or [(last_x, math.nan)]
        minimum_x, minimum = min(numbers, key=lambda point: point[1])
        maximum_x, maximum = max(numbers, key=lambda point: point[1])
        series.x.append(last_x)
        series.last.append(last)
        series.minimum.append(minimum)
        series.minimum_x.append(minimum_x)
        series.maximum.append(maximum)
        series.maximum_x.append(maximum_x)
        series.count.append(len(bucket))
    return series
