"""Figures that tell two columns apart, from their profiles. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from headrace.lazy import optional_import
from headrace.packaging.profile import Categories, Quantiles
from headrace.packaging.profile.quantiles import Floats

BINS = 10  # of the reference's values, equally full
LEAST_EXPECTED = 5.0  # of a category in χ²; rarer ones count together, as the test needs
OTHERS = "(others)"


class Difference(NamedTuple):
    """name: ks or chi2. statistic: the largest gap between the two distribution functions, or χ². p_value: how likely
    so large a one is where both columns come from one distribution."""

    name: str
    statistic: float
    p_value: float


def psi(expected: Floats, actual: Floats) -> float:
    """Population stability index of counts in the same bins, in nats: 0 for equal shares; above 0.1 is often called a
    small shift and above 0.25 a large one. An empty bin gets half a count. 0 where a side has no counts."""
    if not expected.sum() or not actual.sum():
        return 0.0
    p, q = (np.maximum(counts, 0.5) / np.maximum(counts, 0.5).sum() for counts in (expected, actual))
    return float(((q - p) * np.log(q / p)).sum())


def in_bins(reference: Quantiles, served: Quantiles) -> tuple[Floats, Floats]:
    """Counts of both in bins between the reference's quantiles; fewer than BINS where values come often."""
    edges = np.unique(reference.at(np.arange(1, BINS) / BINS))
    found = []
    for side in (reference, served):
        upto = np.concatenate([[0.0], side.share_up_to(edges), [1.0]])
        found.append(np.diff(upto) * side.count)
    return found[0], found[1]


def in_categories(reference: Categories, served: Categories) -> tuple[list[str], Floats, Floats]:
    """Names of the reference's categories, and the counts of both. What only the other knows, or isn't kept, counts as
    OTHERS, the last."""
    names = list(reference.counts)
    known = [float(served.counts.get(name, 0)) for name in names]
    expected = np.array([*map(float, reference.counts.values()), float(reference.other)])
    return [*names, OTHERS], expected, np.array([*known, served.total - sum(known)])


def ks(reference: Quantiles, served: Quantiles) -> Difference:
    """Kolmogorov and Smirnov's test for two samples. For p, that of SciPy's `ks_2samp(method="asymp")`, the gap is
    taken as small as the profiles' errors allow, so that no error of theirs is taken for drift."""
    stats = optional_import("scipy.stats", extra="monitor", why="to compare columns")
    at = np.union1d(reference.points()[0], served.points()[0])
    gap = float(np.abs(reference.share_up_to(at) - served.share_up_to(at)).max())
    sure = max(0.0, gap - reference.rank_error - served.rank_error)
    rows = reference.count * served.count / (reference.count + served.count)
    return Difference("ks", gap, float(np.clip(stats.kstwo.sf(sure, np.round(max(rows, 1.0))), 0.0, 1.0)))


def chi2(expected: Floats, actual: Floats) -> Difference:
    """Pearson's test of homogeneity, of counts of the same categories."""
    stats = optional_import("scipy.stats", extra="monitor", why="to compare columns")
    table = _pooled(np.array([expected, actual]))
    if table.shape[1] < 2:
        return Difference("chi2", 0.0, 1.0)
    found: Any = stats.chi2_contingency(table, correction=False)
    return Difference("chi2", float(found.statistic), float(found.pvalue))


def _pooled(table: Floats) -> Floats:
    """Columns of which one side would expect fewer than LEAST_EXPECTED become one."""
    table = table[:, table.sum(axis=0) > 0]
    if not table.size or not table.sum(axis=1).all():
        return np.zeros((2, 0))
    least = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = table[:, least < LEAST_EXPECTED].sum(axis=1, keepdims=True)
    kept = table[:, least >= LEAST_EXPECTED]
    return np.hstack([kept, rare]) if rare.any() else kept


def shares_differ(reference: tuple[int, int], served: tuple[int, int]) -> float:
    """p of Fisher's exact test, of (how many have it, of how many)."""
    stats = optional_import("scipy.stats", extra="monitor", why="to compare columns")
    table = [[having, of - having] for having, of in (reference, served)]
    return float(stats.fisher_exact(table).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted for being many (Holm 1979): where none has drifted, the smallest is under α with chance α at most."""
    order = np.argsort(p_values)
    adjusted, reached = [1.0] * len(p_values), 0.0
    for place, at in enumerate(order.tolist()):
        reached = max(reached, min(1.0, p_values[at] * (len(p_values) - place)))
        adjusted[at] = reached
    return adjusted
