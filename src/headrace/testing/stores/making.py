"""Data for the suites, and the refusals they expect."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from headrace import clock
from headrace.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from headrace.errors import HeadraceError
from headrace.stores.base import TrackingStore

LARGEST = 1.7976931348623157e308
INT64_MAX = (1 << 63) - 1
INT64_MIN = -(1 << 63)
NAN, INF = float("nan"), float("inf")

ODD_TEXTS = [
    "",
    " leading and trailing ",
    "two\nlines\r\n",
    "tab\tand \x01 control",
    'it\'s "quoted" `here`',
    "%_\\ / ? # ; &",
    "ключ 指标 🜁 e\u0301",
    "\ufffd\ufeff",
    '{"json": [1, null]}',
]
UNSTORABLE_TEXTS = ["a\x00b", "lone \ud800 surrogate"]

KEYS_ALLOWED = [
    "a",
    "1",
    "a/b",
    "a.b",
    "a b",
    "a-b",
    "a_b",
    "a:b",
    "a/b/c.d",
    ".hidden",
    "x" * 250,
    "ключ",
    "指标",
]
KEYS_REFUSED = [
    "",
    "a//b",
    "a/./b",
    "../x",
    "/x",
    ".",
    "..",
    "a/../b",
    "a/",
    "a?",
    "a#b",
    "a\\b",
    "a%",
    "x" * 251,
    "a\nb",
    "a\n",
]


def unique(stem: str = "suite") -> str:
    return f"{stem}-{clock.hex_id()}"


def new_experiment(store: TrackingStore, **fields: Any) -> str:
    return store.create_experiment(fields.pop("name", None) or unique(), **fields)


def new_run(store: TrackingStore, experiment_id: str | None = None, **fields: Any) -> str:
    """The id of a run, by default in an experiment of its own."""
    return store.create_run(experiment_id or new_experiment(store), **fields).info.run_id


def point(key: str, value: float, timestamp: int = 1, step: int = 0, **fields: Any) -> Metric:
    return Metric(key, value, timestamp, step, **fields)


def params(**values: str) -> list[Param]:
    return [Param(key, value) for key, value in values.items()]


def tags(**values: str) -> list[RunTag]:
    return [RunTag(key, value) for key, value in values.items()]


def dataset(name: str, digest: str = "1", context: str | None = None, **fields: Any) -> DatasetInput:
    made = Dataset(name=name, digest=digest, source_type="local", source='{"uri": "/data"}', **fields)
    return DatasetInput(made, [InputTag("mlflow.data.context", context)] if context else [])


def plain(points: Sequence[Metric]) -> list[tuple[float | str, int, int]]:
    """(value, timestamp, step) with NaN as a word, so that lists compare."""
    return [(comparable(each.value), each.timestamp, each.step) for each in points]


def comparable(value: float) -> float | str:
    return "NaN" if math.isnan(value) else value


@contextmanager
def refused(code: str, *naming: str) -> Iterator[None]:
    """The block raises a HeadraceError of that wire code whose text names each piece."""
    with pytest.raises(HeadraceError) as caught:
        yield
    assert caught.value.error_code == code, caught.value
    for piece in naming:
        assert piece in caught.value.message


def invalid(*naming: str) -> Any:
    return refused("INVALID_PARAMETER_VALUE", *naming)


def missing(*naming: str) -> Any:
    return refused("RESOURCE_DOES_NOT_EXIST", *naming)


def taken(*naming: str) -> Any:
    return refused("RESOURCE_ALREADY_EXISTS", *naming)


def violated(*naming: str) -> Any:
    return refused("BAD_REQUEST", *naming)
