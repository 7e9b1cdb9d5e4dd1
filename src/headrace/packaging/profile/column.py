"""The profile of one column."""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from headrace.packaging.profile.categories import Categories
from headrace.packaging.profile.quantiles import Floats, Quantiles

Kind = Literal["number", "time", "flag", "text", "other", "empty"]
"""time: seconds since the epoch, UTC. other: arrays, objects and bytes, which are only counted. empty: nothing but
missing values, so that any kind may follow."""


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """count: rows. missing: None, NaN, NaT. infinite: numbers that are left out of the figures. quantiles: of numbers
    and times; of lengths in characters for text. low … spread: of the same; spread is the standard deviation.
    categories: of texts and flags ("true", "false")."""

    kind: Kind
    count: int
    missing: int = 0
    infinite: int = 0
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    spread: float | None = None
    quantiles: Quantiles | None = None
    categories: Categories | None = None

    @property
    def present(self) -> int:
        return self.count - self.missing

    @property
    def missing_share(self) -> float:
        return self.missing / self.count if self.count else 0.0

    def merge(self, other: Column) -> Column:
        """As if both had been one column. Columns of different kinds become one of kind `other`."""
        count, missing = self.count + other.count, self.missing + other.missing
        if "empty" in (self.kind, other.kind):
            known = other if self.kind == "empty" else self
            return msgspec.structs.replace(known, count=count, missing=missing)
        if self.kind != other.kind:
            return Column(kind="other", count=count, missing=missing)
        return Column(
            kind=self.kind,
            count=count,
            missing=missing,
            infinite=self.infinite + other.infinite,
            low=min((each for each in (self.low, other.low) if each is not None), default=None),
            high=max((each for each in (self.high, other.high) if each is not None), default=None),
            **_moments(self, other),
            quantiles=self.quantiles.merge(other.quantiles) if self.quantiles and other.quantiles else None,
            categories=self.categories.merge(other.categories) if self.categories and other.categories else None,
        )

    def discreet(self) -> Column:
        return msgspec.structs.replace(self, categories=self.categories.discreet()) if self.categories else self


def _moments(a: Column, b: Column) -> dict[str, float | None]:
    """Of two columns together (Chan, Golub and LeVeque 1983). None where they are too large for a float."""
    n, m = a.present - a.infinite, b.present - b.infinite
    if not n or not m:
        known = a if n else b
        return {"mean": known.mean, "spread": known.spread}
    if a.mean is None or b.mean is None or a.spread is None or b.spread is None:
        return {"mean": None, "spread": None}
    share, gap = m / (n + m), b.mean - a.mean
    spread = math.hypot(
        a.spread * math.sqrt(1 - share), b.spread * math.sqrt(share), gap * math.sqrt(share * (1 - share))
    )
    if not math.isfinite(gap) or not math.isfinite(spread):
        return {"mean": None, "spread": None}
    return {"mean": a.mean + gap * share, "spread": spread}


def column_of(values: Any) -> Column:
    """values: a pandas or polars series, a numpy array of one dimension, or a list."""
    plain = values.to_numpy() if hasattr(values, "to_numpy") and not isinstance(values, np.ndarray) else values
    if isinstance(plain, np.ndarray) and plain.ndim == 1:
        match plain.dtype.kind:
            case "i" | "u" | "f":
                return _numbers("number", plain.astype(np.float64, copy=False))
            case "b":
                return _texts("flag", Counter({"true": int(plain.sum()), "false": int((~plain).sum())}), len(plain), 0)
            case "M":
                return _numbers("time", _seconds(plain))
        plain = plain.tolist()
    return _objects(list(plain))


def _seconds(times: np.ndarray[Any, Any]) -> Floats:
    whole = times.astype("datetime64[us]")
    return np.where(np.isnat(whole), np.nan, whole.astype(np.int64) / 1e6)


def _objects(values: Sequence[Any]) -> Column:
    present = [value for value in values if not _is_missing(value)]
    missing = len(values) - len(present)
    kinds = set(map(type, present))
    if not present:
        return Column(kind="empty", count=len(values), missing=missing)
    if all(issubclass(kind, str) for kind in kinds):
        return _texts("text", Counter(present), len(values), missing)
    if kinds <= {bool, np.bool_}:
        return _texts("flag", Counter("true" if value else "false" for value in present), len(values), missing)
    if all(issubclass(kind, (int, float, np.number)) and kind is not bool for kind in kinds):
        return _numbers("number", _floats([*present, *[np.nan] * missing]))
    if all(issubclass(kind, dt.date) for kind in kinds):
        return _numbers("time", np.array([*map(_epoch_s, present), *[np.nan] * missing], dtype=np.float64))
    return Column(kind="other", count=len(values), missing=missing)


def _floats(values: Sequence[Any]) -> Floats:
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:  # an integer that no float holds
        return np.array([math.inf if abs(value) > sys.float_info.max else value for value in values], dtype=np.float64)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))


def _epoch_s(value: dt.date) -> float:
    moment = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def _texts(kind: Kind, counted: Counter[str], count: int, missing: int) -> Column:
    categories = Categories.of({text: n for text, n in counted.items() if n})
    if kind == "flag":
        return Column(kind=kind, count=count, missing=missing, categories=categories)
    sizes = np.fromiter(map(len, counted), dtype=np.float64, count=len(counted))
    figures = _figures(np.repeat(sizes, list(counted.values())))
    return Column(kind=kind, count=count, missing=missing, categories=categories, **figures)


def _numbers(kind: Kind, values: Floats) -> Column:
    finite = np.isfinite(values)
    kept = values if finite.all() else values[finite]
    missing = int(np.isnan(values).sum()) if len(kept) < len(values) else 0
    if missing == len(values):
        return Column(kind="empty", count=len(values), missing=missing)
    infinite = len(values) - len(kept) - missing
    return Column(kind=kind, count=len(values), missing=missing, infinite=infinite, **_figures(kept))


def _figures(values: Floats) -> dict[str, Any]:
    if not len(values):
        return {"quantiles": Quantiles()}
    with np.errstate(over="ignore", invalid="ignore"):  # of values near the largest float the mean may be none
        mean, spread = float(values.mean()), float(values.std())
    found = {"mean": mean, "spread": spread} if math.isfinite(mean) and math.isfinite(spread) else {}
    return {"low": float(values.min()), "high": float(values.max()), "quantiles": Quantiles.of(values), **found}
