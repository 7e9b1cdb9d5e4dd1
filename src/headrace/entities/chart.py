from __future__ import annotations

from typing import Literal

import msgspec

XAxis = Literal["step", "time"]


class ChartSeries(msgspec.Struct, frozen=True):
    """A series cut into buckets of equal x width; one entry per bucket that holds a point, x ascending.

    x: step, or timestamp in ms, of the bucket's last point (by (x, timestamp or step, value)); last: its value.
    minimum, maximum: exact extremes of the bucket, NaN left out (NaN where the bucket holds only NaN);
    minimum_x, maximum_x: where they stand. count: points in the bucket. total: points in the asked range.
    """

    run_id: str
    key: str
    total: int
    x: list[int]
    last: list[float]
    minimum: list[float]
    minimum_x: list[int]
    maximum: list[float]
    maximum_x: list[int]
    count: list[int]
