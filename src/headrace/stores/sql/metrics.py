"""Series of points: where the store's contract meets `blocks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from headrace.entities import ChartSeries, Metric, Page, XAxis, limits
from headrace.errors import InvalidValue
from headrace.stores import sampling, tokens
from headrace.stores.sql.connection import Database, Work

if TYPE_CHECKING:
    from headrace.stores.sql.blocks.history import Place
    from headrace.stores.sql.blocks.load import Series
    from headrace.stores.sql.blocks.points import Points

# `blocks` is imported where it reads: a script that only logs to its embedded store need not load numpy.


def history(run_id: str, key: str, max_results: int | None, page_token: str | None) -> Work[Page[Metric]]:
    if max_results is not None and max_results < 1:
        raise InvalidValue("max_results", max_results, "it must be 1 or more.")
    digest = tokens.search_digest("history", run_id, key)
    after = _place(page_token, digest) if page_token else None

    def work(db: Database) -> Page[Metric]:
        from headrace.stores.sql.blocks.history import history as read

        for one in _series(db, [run_id], [key]):
            points = read(db, one, after, None if max_results is None else max_results + 1)
            if max_results is None or len(points) <= max_results:
                return Page(_metrics(key, points))
            last = max_results - 1
            place = int(points.times[last]), int(points.steps[last]), float(points.values[last]).hex()
            return Page(_metrics(key, points.part(0, max_results)), tokens.encode(digest, place))
        return Page()

    return work


def _place(token: str, digest: str) -> Place:
    from headrace.stores.sql.blocks.history import Place

    match tokens.decode(token, digest):
        case [int(time), int(step), str(value)] if all(
            limits.INT64_MIN <= number <= limits.INT64_MAX for number in (time, step)
        ):
            try:
                return Place(time, step, float.fromhex(value))
            except (ValueError, OverflowError):
                pass
    raise tokens.refused(token)


def bulk(run_ids: Sequence[str], key: str, max_results: int) -> Work[list[Metric]]:
    most = sampling.bulk_rows(run_ids, max_results)

    def work(db: Database) -> list[Metric]:
        from headrace.stores.sql.blocks.history import history as read

        found: list[Metric] = []
        for one in sorted(_series(db, run_ids, [key]), key=lambda one: one.run_id):
            if len(found) < most:
                found += _metrics(key, read(db, one, None, most - len(found)), one.run_id)
        return found

    return work


def interval(
    run_ids: Sequence[str], key: str, max_results: int, start_step: int | None, end_step: int | None
) -> Work[list[Metric]]:
    sampling.check_interval(run_ids, max_results, start_step, end_step)
    first = limits.INT64_MIN if start_step is None else start_step
    last = limits.INT64_MAX if end_step is None else end_step

    def work(db: Database) -> list[Metric]:
        from headrace.stores.sql.blocks.interval import interval as sampled

        by_run = {one.run_id: one for one in _series(db, run_ids, [key])}
        return [
            point
            for run_id in dict.fromkeys(run_ids)
            if run_id in by_run
            for point in _metrics(key, sampled(db, by_run[run_id], first, last, max_results), run_id)
        ]

    return work


def chart(
    run_ids: Sequence[str],
    keys: Sequence[str],
    x_axis: XAxis,
    start: int | None,
    end: int | None,
    buckets: int,
    since: Sequence[int] | None,
) -> Work[list[ChartSeries]]:
    sampling.check_chart(run_ids, keys, x_axis, start, end, buckets, since)
    since_of = sampling.since_of(run_ids, keys, since)

    def work(db: Database) -> list[ChartSeries]:
        from headrace.stores.sql.blocks.chart import draw, draw_ends

        found = _series(db, run_ids, keys)
        names = db.names.texts(db, {one.key_ref for one in found})
        if since_of is None:
            drawn = draw(db, found, x_axis, start, end, buckets)
        else:
            ends = [(one, since_of[one.run_id, names[one.key_ref]]) for one in found]
            drawn = draw_ends(db, ends, x_axis, start, end, buckets)
        named = {(one.run_id, names[one.key_ref]): drawn[one.series_id] for one in found if one.series_id in drawn}
        return [
            msgspec.structs.replace(named[run_id, key], key=key)
            for run_id in dict.fromkeys(run_ids)
            for key in dict.fromkeys(keys)
            if (run_id, key) in named
        ]

    return work


def _series(db: Database, run_ids: Sequence[str], keys: Sequence[str]) -> list[Series]:
    from headrace.stores.sql.blocks.load import series

    refs = [ref for key in set(keys) if (ref := db.names.find(db, key)) is not None]
    return series(db, list(set(run_ids)), refs) if refs else []


def _metrics(key: str, points: Points, run_id: str | None = None) -> Iterator[Metric]:
    for step, time, value in zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True):
        yield Metric(key, value, time, step, run_id=run_id)
