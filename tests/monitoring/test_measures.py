from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from headrace.monitoring import measures
from headrace.packaging.profile import Categories, Quantiles

some = st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 2)), min_size=5, max_size=200)
counts = st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(lambda found: sum(found) > 10)


@given(some, some)
def test_ks_of_few_values_is_scipys(a: list[float], b: list[float]) -> None:
    found = measures.ks(Quantiles.of(np.array(a)), Quantiles.of(np.array(b)))
    expected = stats.ks_2samp(a, b, method="asymp")
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-9)


def test_ks_of_many_values_is_near_scipys_and_never_surer() -> None:
    random = np.random.default_rng(0)
    for shift in (0.0, 0.02, 0.1, 1.0):
        a, b = random.normal(size=20_000), random.normal(shift, size=30_000)
        found = measures.ks(Quantiles.of(a), Quantiles.of(b))
        expected = stats.ks_2samp(a, b, method="asymp")
        assert found.statistic == pytest.approx(expected.statistic, abs=0.004)
        assert found.p_value >= expected.pvalue - 1e-9


@given(counts, counts)
def test_chi2_is_scipys_where_no_category_is_rare(a: list[int], b: list[int]) -> None:
    width = min(len(a), len(b))
    table = np.array([a[:width], b[:width]], dtype=float) * 20 + 100
    found = measures.chi2(*table)
    expected = stats.chi2_contingency(table, correction=False)
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue))


def test_rare_categories_count_together() -> None:
    common = measures.chi2(np.array([500.0, 3, 2, 4]), np.array([500.0, 4, 3, 2]))
    assert common == measures.chi2(np.array([500.0, 9]), np.array([500.0, 9]))
    assert measures.chi2(np.array([1000.0]), np.array([900.0])).p_value == 1.0
    assert measures.chi2(np.array([0.0, 0.0]), np.array([5.0, 9.0])).p_value == 1.0


def test_psi_by_hand() -> None:
    shares = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2])
    expected = (0.4 - 0.5) * math.log(0.4 / 0.5) + (0.4 - 0.3) * math.log(0.4 / 0.3)
    assert measures.psi(shares[0] * 1000, shares[1] * 1000) == pytest.approx(expected)
    assert measures.psi(np.array([10.0, 10.0]), np.array([10.0, 10.0])) == 0.0
    assert measures.psi(np.array([100.0, 0.0]), np.array([0.0, 100.0])) == pytest.approx(
        2 * 99 / 100.5 * 5.293, rel=0.05
    )


@given(some, some)
def test_bins_hold_every_value_once(a: list[float], b: list[float]) -> None:
    expected, actual = measures.in_bins(Quantiles.of(np.array(a)), Quantiles.of(np.array(b)))
    assert (expected.sum(), actual.sum()) == pytest.approx((len(a), len(b)))
    assert 1 <= len(expected) <= measures.BINS
    assert (expected >= 0).all()
    edges = np.unique(np.quantile(a, np.arange(1, 10) / 10, method="inverted_cdf"))
    assert actual.tolist() == pytest.approx(
        np.histogram(b, [-np.inf, *np.nextafter(edges, np.inf), np.inf])[0].tolist()
    )


def test_same_values_have_no_size_however_they_are_tied() -> None:
    ties = Quantiles.of(np.repeat([0.0, 1.0, 2.0], 100))
    assert measures.psi(*measures.in_bins(ties, ties)) == 0.0
    assert measures.ks(ties, ties).p_value == 1.0


def test_unknown_categories_count_as_others() -> None:
    names, expected, actual = measures.in_categories(
        Categories(counts={"a": 5, "b": 3}, other=2), Categories(counts={"b": 4, "new": 7}, other=1)
    )
    assert (names, expected.tolist(), actual.tolist()) == (["a", "b", measures.OTHERS], [5, 3, 2], [0, 4, 8])


def test_holm_by_hand() -> None:
    assert measures.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert measures.holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])
    assert measures.holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_keeps_order_and_never_lowers(p_values: list[float]) -> None:
    adjusted = measures.holm(p_values)
    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    assert np.argsort(p_values, kind="stable").tolist() == sorted(
        range(len(p_values)), key=lambda at: (adjusted[at], p_values[at], at)
    )


def test_shares_are_compared_by_fishers_exact_test() -> None:
    expected = stats.fisher_exact([[5, 95], [20, 80]]).pvalue
    assert measures.shares_differ((5, 100), (20, 100)) == pytest.approx(expected)
