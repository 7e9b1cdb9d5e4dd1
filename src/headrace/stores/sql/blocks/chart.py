"""Series drawn in buckets: what no bucket's edge cuts is drawn from summaries, the rest from its points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from headrace.entities import ChartSeries, XAxis
from headrace.stores.sampling import bucket_width
from headrace.stores.sql.blocks.codec import BLOCKS_AT_ONCE
from headrace.stores.sql.blocks.load import EVERYTHING, Loaded, Range, Series, load, read, read_in_order
from headrace.stores.sql.blocks.points import Bools, Floats, Ints, Points, by_time, distinct, joined
from headrace.stores.sql.blocks.summary import Records, floats, ints, last_key
from headrace.stores.sql.connection import Database

_INT64 = np.iinfo(np.int64)
_MODULO = 1 << 64


@dataclass(frozen=True, slots=True)
class Scale:
    """The range of x, and buckets of `width` from `low` on."""

    x_axis: XAxis
    low: int
    high: int
    buckets: int
    width: int

    def bucket(self, x: Ints) -> Ints:
        """Of each x in [low, high]."""
        if self.buckets == 1:  # whose width may be 2**64
            return np.zeros(len(x), np.int64)
        return ((x.view(np.uint64) - np.uint64(self.low % _MODULO)) // np.uint64(self.width)).view(np.int64)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Parts of buckets, a row each. x: where the last point stands. other: where it stands on the other axis, or
    whatever else orders points of equal x."""

    bucket: Ints
    count: Ints
    x: Ints
    other: Ints
    last: Floats
    low: Floats
    low_x: Ints
    high: Floats
    high_x: Ints

    def at(self, order: NDArray[np.intp]) -> Pieces:
        return Pieces(*(getattr(self, field.name)[order] for field in fields(self)))


def draw(
    db: Database, found: Sequence[Series], x_axis: XAxis, start: int | None, end: int | None, buckets: int
) -> dict[int, ChartSeries]:
    """By series id, only those with points in [start, end]; `key` is left empty."""
    within = _range(x_axis, start, end)
    loaded = {one.series_id: load(db, one, within, whole=False) for one in found}
    spans = [_span(each, x_axis) for each in loaded.values() if len(each)]
    if not spans:
        return {}
    low = min(span[0] for span in spans) if start is None else start
    high = max(span[1] for span in spans) if end is None else end
    scale = Scale(x_axis, low, high, buckets, bucket_width(low, high, buckets))
    drawn: dict[int, ChartSeries] = {}
    for one in found:
        pieces = _drawn(db, loaded.pop(one.series_id), scale)
        if pieces is not None:
            drawn[one.series_id] = _chart_series(one.run_id, pieces)
    return drawn


def draw_ends(
    db: Database,
    found: Sequence[tuple[Series, int]],
    x_axis: XAxis,
    start: int | None,
    end: int | None,
    buckets: int,
) -> dict[int, ChartSeries]:
    """As `draw`, but each series' buckets cut what it has from its own x on to its last one."""
    within = _range(x_axis, start, end)
    drawn: dict[int, ChartSeries] = {}
    for one, since in found:
        loaded = load(db, one, within, whole=False)
        total = _count(db, loaded, within)
        if not total:
            continue
        loaded = _from(loaded, x_axis, since)
        pieces = None
        if len(loaded):
            high = _span(loaded, x_axis)[1] if end is None else end
            pieces = _drawn(db, loaded, Scale(x_axis, since, high, buckets, bucket_width(since, high, buckets)))
        series = ChartSeries(one.run_id, "", 0, [], [], [], [], [], [], [])
        if pieces is not None:
            series = _chart_series(one.run_id, pieces)
        drawn[one.series_id] = replace(series, total=total)
    return drawn


def _range(x_axis: XAxis, start: int | None, end: int | None) -> Range:
    first, last = _INT64.min if start is None else start, _INT64.max if end is None else end
    return Range(first, last) if x_axis == "step" else Range(first_time=first, last_time=last)


def _from(loaded: Loaded, x_axis: XAxis, since: int) -> Loaded:
    """Without blocks and points that lie before."""
    points = loaded.points
    records = loaded.records[_ends(loaded.records, x_axis)[1] >= since]
    return Loaded(records, points.where((points.steps if x_axis == "step" else points.times) >= since))


def _count(db: Database, loaded: Loaded, within: Range) -> int:
    """Points of the range: only blocks that its ends cut have to be opened."""
    if within == EVERYTHING:
        return len(loaded)
    inside = within.holds(loaded.records)
    counted = len(Loaded(loaded.records[inside], loaded.points))
    return counted if inside.all() else counted + len(within.cut(read(db, loaded.records[~inside])))


def _span(loaded: Loaded, x_axis: XAxis) -> tuple[int, int]:
    """The least and the greatest x."""
    firsts, lasts = _ends(loaded.records, x_axis)
    points = loaded.points.steps if x_axis == "step" else loaded.points.times
    return (
        min(int(each.min()) for each in (firsts, points) if len(each)),
        max(int(each.max()) for each in (lasts, points) if len(each)),
    )


def _ends(records: Records, x_axis: XAxis) -> tuple[Ints, Ints]:
    if x_axis == "step":
        return ints(records, "first_step"), ints(records, "last_step")
    return ints(records, "min_time"), ints(records, "max_time")


def _drawn(db: Database, loaded: Loaded, scale: Scale) -> Pieces | None:
    """None where no point is in range."""
    records, points = loaded.records, loaded.points
    firsts, lasts = _ends(records, scale.x_axis)
    whole = (firsts >= scale.low) & (lasts <= scale.high)
    whole[whole] = scale.bucket(firsts[whole]) == scale.bucket(lasts[whole])
    ordinals = np.arange(len(records), dtype=np.int64)
    # Usually no times are needed by step: all points stand in the order of the blocks, the loose ones after them.
    in_order = scale.x_axis == "step" and (not len(points) or not len(records) or points.key(0) > last_key(records))
    if in_order:
        points = Points(points.steps, np.full(len(points), len(records)), points.values)
    parts = [_of_blocks(records[whole], scale, ordinals[whole] if in_order else None)] if whole.any() else []
    cut = np.flatnonzero(~whole)
    for start in range(0, max(len(cut), 1), BLOCKS_AT_ONCE):
        some = cut[start : start + BLOCKS_AT_ONCE]
        opened = read_in_order(db, records[some], ordinals[some]) if in_order else read(db, records[some])
        part = _of_points(joined((opened, points)) if start == 0 else opened, scale, in_order=in_order)
        if part is not None:
            parts.append(part)
    return _united(parts) if parts else None


def _of_blocks(records: Records, scale: Scale, ordinals: Ints | None) -> Pieces:
    firsts, lasts = _ends(records, scale.x_axis)
    step = scale.x_axis == "step"
    other = ints(records, "last_time" if step else "late_step") if ordinals is None else ordinals
    return Pieces(
        bucket=scale.bucket(firsts),
        count=ints(records, "n"),
        x=lasts,
        other=other,
        last=floats(records, "last_value" if step else "late_value"),
        low=floats(records, "low_value"),
        low_x=ints(records, "low_step" if step else "low_time"),
        high=floats(records, "high_value"),
        high_x=ints(records, "high_step" if step else "high_time"),
    )


def _of_points(points: Points, scale: Scale, *, in_order: bool) -> Pieces | None:
    """A row per bucket. points: no repeats; in any order unless in_order."""
    if scale.x_axis == "step":
        points = _between(points if in_order else distinct(points), "steps", scale)
        x, other = points.steps, points.times
    else:
        points = _between(by_time(points), "times", scale)
        x, other = points.times, points.steps
    if not len(points):
        return None
    bucket = scale.bucket(x)
    starts, ends = _runs(bucket)
    low, low_x = _extremes(np.fmin.reduceat(points.values, starts), points.values, x, starts, ends)
    high, high_x = _extremes(np.fmax.reduceat(points.values, starts), points.values, x, starts, ends)
    last = ends - 1
    return Pieces(bucket[starts], ends - starts, x[last], other[last], points.values[last], low, low_x, high, high_x)


def _between(points: Points, axis: str, scale: Scale) -> Points:
    """points: sorted by that axis."""
    x = getattr(points, axis)
    return points.part(int(np.searchsorted(x, scale.low)), int(np.searchsorted(x, scale.high, side="right")))


def _runs(bucket: Ints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where runs of equal numbers start, and where they end."""
    starts = np.concatenate(([0], np.flatnonzero(bucket[1:] != bucket[:-1]) + 1))
    return starts, np.append(starts[1:], len(bucket))


def _extremes(
    extremes: Floats, values: Floats, x: Ints, starts: NDArray[np.intp], ends: NDArray[np.intp]
) -> tuple[Floats, Ints]:
    """The extremes and the least x of each; x is sorted. NaN stands at its run's last x."""
    standing = np.flatnonzero(values == np.repeat(extremes, ends - starts))
    places = ends - 1
    numbers = ~np.isnan(extremes)
    places[numbers] = standing[np.searchsorted(standing, starts[numbers])]
    return extremes, x[places]


def _united(parts: Sequence[Pieces]) -> Pieces:
    """One row per bucket."""
    rows = Pieces(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Pieces)))
    rows = rows.at(np.lexsort((rows.last, rows.other, rows.x, rows.bucket)))
    starts, ends = _runs(rows.bucket)
    last = ends - 1
    low, high = np.fmin.reduceat(rows.low, starts), np.fmax.reduceat(rows.high, starts)
    return Pieces(
        bucket=rows.bucket[starts],
        count=np.add.reduceat(rows.count, starts),
        x=rows.x[last],
        other=rows.other[last],
        last=rows.last[last],
        low=low,
        low_x=_least(low, rows.low, rows.low_x, rows.x[last], starts, ends),
        high=high,
        high_x=_least(high, rows.high, rows.high_x, rows.x[last], starts, ends),
    )


def _least(
    extremes: Floats,
    values: Floats,
    x: Ints,
    last_x: Ints,
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
) -> Ints:
    """The least x at which each extreme stands; the last x where it is NaN."""
    standing: Bools = values == np.repeat(extremes, ends - starts)
    found: Ints = np.minimum.reduceat(np.where(standing, x, _INT64.max), starts)
    return np.where(np.isnan(extremes), last_x, found)


def _chart_series(run_id: str, pieces: Pieces) -> ChartSeries:
    return ChartSeries(
        run_id=run_id,
        key="",
        total=int(pieces.count.sum()),
        x=pieces.x.tolist(),
        last=pieces.last.tolist(),
        minimum=pieces.low.tolist(),
        minimum_x=pieces.low_x.tolist(),
        maximum=pieces.high.tolist(),
        maximum_x=pieces.high_x.tolist(),
        count=pieces.count.tolist(),
    )
