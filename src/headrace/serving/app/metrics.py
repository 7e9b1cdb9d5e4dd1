"""Counters, gauges and histograms in Prometheus' text format."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Values = tuple[str, ...]
Sample = tuple[Values, float]


class Family(Protocol):
    """A metric of one name, with as many series as there are values of its labels."""

    def lines(self) -> Iterator[str]: ...


class Counter:
    def __init__(self, name: str, help: str, labels: Sequence[str] = ()) -> None:
        self._name, self._help, self._labels = name, help, tuple(labels)
        self._series: dict[Values, float] = {}

    def add(self, values: Values, amount: float = 1) -> None:
        self._series[values] = self._series.get(values, 0) + amount

    def known(self, values: Values) -> bool:
        return values in self._series

    def lines(self) -> Iterator[str]:
        return _simple("counter", self._name, self._help, self._labels, self._series.items())


class Histogram:
    """bounds: upper ends of the buckets, ascending; all above counts as +Inf."""

    def __init__(self, name: str, help: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._name, self._help, self._labels, self._bounds = name, help, tuple(labels), list(bounds)
        self._ends = [*(_number(bound) for bound in bounds), "+Inf"]
        self._series: dict[Values, list[float]] = {}

    def observe(self, values: Values, value: float, weight: float = 1) -> None:
        """weight: as many observations of the value at once."""
        series = self._series.get(values)
        if series is None:
            series = self._series[values] = [0.0] * (len(self._bounds) + 2)
        series[bisect_left(self._bounds, value)] += weight
        series[-1] += value * weight

    def lines(self) -> Iterator[str]:
        yield from _head("histogram", self._name, self._help)
        for values, series in list(self._series.items()):
            labels = _pairs(self._labels, values)
            total = 0.0
            for end, count in zip(self._ends, series, strict=False):
                total += count
                bucket = _braced([*labels, f'le="{end}"'])
                yield f"{self._name}_bucket{bucket} {_number(total)}"
            yield f"{self._name}_sum{_braced(labels)} {_number(series[-1])}"
            yield f"{self._name}_count{_braced(labels)} {_number(total)}"


def gauge(name: str, help: str, labels: Sequence[str], samples: Iterable[Sample]) -> Iterator[str]:
    return _simple("gauge", name, help, labels, samples)


def counted(name: str, help: str, labels: Sequence[str], samples: Iterable[Sample]) -> Iterator[str]:
    """Of a counter that is kept elsewhere."""
    return _simple("counter", name, help, labels, samples)


def _simple(kind: str, name: str, help: str, labels: Sequence[str], samples: Iterable[Sample]) -> Iterator[str]:
    yield from _head(kind, name, help)
    for values, value in list(samples):
        yield f"{name}{_braced(_pairs(labels, values))} {_number(value)}"


def _head(kind: str, name: str, help: str) -> Iterator[str]:
    escaped = help.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {name} {escaped}"
    yield f"# TYPE {name} {kind}"


def _pairs(labels: Sequence[str], values: Values) -> list[str]:
    return [f'{label}="{_escaped(value)}"' for label, value in zip(labels, values, strict=True)]


def _braced(pairs: Sequence[str]) -> str:
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    value = round(value, 9)  # shares of batches add up to whole ones
    return str(int(value)) if value == int(value) else repr(float(value))
