from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from headrace.wire.messages.fields import Answer, Double, Int64, Request

MAX_CHART_SERIES = 1000  # runs × keys of one request: 1,000 buckets each are 64 MB of numbers already
MAX_BUCKETS = 10_000


class Chart(Request, kw_only=True):
    """Every (run, key). x from start to end, both included, in steps or ms; unset = open. since: of each key of the
    first run, then of the next: only what lies from there on is cut into buckets, each series' by itself; `total` still
    counts the whole range."""

    run_ids: list[str]
    keys: list[str]
    x_axis: Literal["step", "time"] = "step"
    start: Int64 | None = None
    end: Int64 | None = None
    since: list[Int64] | None = None
    buckets: Annotated[int, Meta(ge=1, le=MAX_BUCKETS)] = 1000


class ChartSeriesMessage(Answer, kw_only=True):
    """The fields of `entities.ChartSeries`; NaN and infinities as text."""

    run_id: str
    key: str
    total: int
    x: list[int] = []
    last: list[Double] = []
    minimum: list[Double] = []
    minimum_x: list[int] = []
    maximum: list[Double] = []
    maximum_x: list[int] = []
    count: list[int] = []


class ChartAnswer(Answer, kw_only=True):
    series: list[ChartSeriesMessage] = []
