"""JSON has no NaN and no infinities: they travel as text."""

from __future__ import annotations

from math import inf, isfinite, isnan, nan

from headrace.wire.messages.fields import Double

NON_FINITE = {"NaN": nan, "Infinity": inf, "-Infinity": -inf}


def double_out(value: float) -> Double:
    if isfinite(value):
        return value
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


def double_in(value: Double) -> float:
    if isinstance(value, str):
        return NON_FINITE[value] if value in NON_FINITE else float(value)
    return value


def doubles_out(values: list[float]) -> list[Double]:
    return list(values) if all(map(isfinite, values)) else [double_out(value) for value in values]


def doubles_in(values: list[Double]) -> list[float]:
    return [double_in(value) for value in values]
