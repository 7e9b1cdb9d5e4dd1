"""Samples of one model as profiles: of all of them, and of the stretches of time in which they came."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from headrace.monitoring.read import Reader, Reading
from headrace.monitoring.report import Spread, Traffic
from headrace.packaging.mlmodel import Model
from headrace.packaging.profile import Profile, Quantiles, profile_by, profile_of, with_outputs
from headrace.serving.hosts.joining import joined, mould_of
from headrace.serving.samples import Sample

MOST = 50_000  # samples whose bodies are read; of more, every second, third … one
WINDOWS = 12  # at most; fewer where each would have fewer rows than can be judged
REFUSED = (400, 415, 422)  # statuses of requests that the model's schema or code doesn't take
_AT_ONCE = 5_000  # rows that become a profile together
_UNFIT = "can't be read by this model's signature: {}"
_FIGURES = ("duration_s", "first_part_s", "prompt_tokens", "completion_tokens")

Read = Callable[[], Iterator[Sample]]
NOTHING = Profile(rows=0, inputs={})


@dataclass(frozen=True, kw_only=True)
class Window:
    start_ms: int
    end_ms: int
    profile: Profile


@dataclass(frozen=True, kw_only=True)
class Gathered:
    traffic: Traffic
    windows: list[Window]

    @property
    def profile(self) -> Profile:
        return reduce(Profile.merge, (window.profile for window in self.windows), NOTHING)


def gather(read: Read, model: Model, least_rows: int) -> Gathered:
    """read: the samples, as often as it is called; twice here. least_rows: of a window. Of requests that the model
    refused, and of those whose bodies weren't kept whole, only the figures count."""
    counted = _Counted()
    for sample in read():
        counted.add(sample)
    if not counted.requests:
        return Gathered(traffic=counted.traffic({}), windows=[])
    # As many requests in each as in the others: at night, or after a pause, an hour says little.
    windows = min(max(counted.rows // least_rows, 1), WINDOWS)
    edges = np.unique(np.quantile(counted.times_ms, np.arange(windows) / windows).astype(np.int64))
    every = -(-counted.requests // MOST)
    unread: Counter[str] = Counter()
    profiled = [_Profiled(model, unread) for _ in edges]
    reader = Reader(model)
    for number, sample in enumerate(read()):
        if number % every or sample.status >= 400:
            continue
        if not sample.whole:
            unread["longer than what is kept of a body"] += 1
            continue
        try:
            reading = reader.read(sample)
        except Exception as error:  # noqa: BLE001 — strangers wrote it, and one sample is only a sample
            unread[_UNFIT.format(type(error).__name__)] += 1
            continue
        place = int(np.searchsorted(edges, sample.at_ms, side="right")) - 1
        profiled[max(place, 0)].add(reading)
    ends = [*edges[1:].tolist(), counted.last_ms + 1]
    made = [
        Window(start_ms=start_ms, end_ms=end_ms, profile=each.profile())
        for start_ms, end_ms, each in zip(edges.tolist(), ends, profiled, strict=True)
    ]
    return Gathered(traffic=counted.traffic(dict(unread)), windows=made)


class _Profiled:
    """Data that become a profile, many at once."""

    def __init__(self, model: Model, unread: Counter[str]) -> None:
        self._unread = unread
        self._schema = model.signature.inputs if model.signature else None
        self._made = NOTHING
        self._parts: dict[tuple[bool, Hashable], list[Any]] = {}
        self._rows: list[Any] = []
        self._told: dict[str, list[Any]] = {}
        self._waiting = 0

    def add(self, reading: Reading) -> None:
        mould = mould_of(reading.data)
        if mould.kind is None:
            self._merge(reading.described, [reading.data])
        else:
            self._parts.setdefault((reading.described, mould.kind), []).append(reading.data)
            self._waiting += mould.rows
        if reading.described:
            for name, value in itertools.chain.from_iterable(row.items() for row in reading.rows or ()):
                if value is not None:  # of a streamed answer little is known, which is no missing value of the model's
                    self._told.setdefault(name, []).append(value)
        else:
            self._rows += reading.rows or []
        if self._waiting + len(self._rows) >= _AT_ONCE:
            self.profile()

    def profile(self) -> Profile:
        for (described, _), parts in self._parts.items():
            self._merge(described, parts)
        if self._rows:
            self._made = self._made.merge(with_outputs(NOTHING, self._rows))
        if self._told:
            self._made = self._made.merge(profile_of({}, self._told))
        self._parts, self._rows, self._told, self._waiting = {}, [], {}, 0
        return self._made

    def _merge(self, described: bool, parts: list[Any]) -> None:
        schema = None if described else self._schema
        try:
            self._made = self._made.merge(profile_by(schema, joined(parts)))
        except Exception as error:  # noqa: BLE001 — as above
            if len(parts) == 1:
                self._unread[_UNFIT.format(type(error).__name__)] += 1
            else:
                for part in parts:
                    self._merge(described, [part])


@dataclass(kw_only=True)
class _Counted:
    times_ms: list[int] = field(default_factory=list)
    rows: int = 0
    refused: int = 0
    sampled: float = 1.0
    statuses: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    figures: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in _FIGURES})

    @property
    def requests(self) -> int:
        return len(self.times_ms)

    @property
    def last_ms(self) -> int:
        return max(self.times_ms, default=0)

    def add(self, sample: Sample) -> None:
        self.times_ms.append(sample.at_ms)
        self.rows += max(sample.rows, 1) if sample.status < 400 else 0
        self.statuses[str(sample.status)] += 1
        self.sampled = min(self.sampled, sample.rate)
        if sample.status in REFUSED:
            self.refused += 1
            if sample.field:
                self.fields[sample.field] += 1
        for name, values in self.figures.items():
            value = getattr(sample, name)
            if value is not None:
                values.append(value)

    def traffic(self, unread: dict[str, int]) -> Traffic:
        return Traffic(
            requests=self.requests,
            first_ms=min(self.times_ms, default=0),
            last_ms=self.last_ms,
            statuses=dict(sorted(self.statuses.items())),
            refused=self.refused,
            refused_fields=dict(self.fields.most_common(10)),
            unread=unread,
            spreads={name: _spread(values) for name, values in self.figures.items() if values},
            sampled=self.sampled,
        )


def _spread(values: Iterable[float]) -> Spread:
    made = Quantiles.of(np.fromiter(values, dtype=np.float64))
    p50, p95, p99 = made.at([0.5, 0.95, 0.99]).tolist()
    return Spread(count=made.count, p50=p50, p95=p95, p99=p99)
