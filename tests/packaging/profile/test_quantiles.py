from __future__ import annotations

from functools import reduce

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headrace.packaging.profile import Quantiles
from headrace.packaging.profile.quantiles import SIZE, Floats

finite = st.floats(allow_nan=False, allow_infinity=False)
chunks = st.lists(arrays(np.float64, st.integers(0, 3 * SIZE), elements=finite, fill=finite), min_size=1, max_size=6)


def worst_rank_error(made: Quantiles, values: Floats) -> float:
    """In values, over every place where the share can change."""
    ordered = np.sort(values)
    with np.errstate(over="ignore"):
        at = np.unique(np.concatenate([ordered, np.nextafter(ordered, -np.inf)]))
    true = np.searchsorted(ordered, at, side="right")
    return float(np.abs(np.rint(made.share_up_to(at) * len(values)) - true).max())


@settings(max_examples=30)
@given(chunks)
def test_merged_in_any_order_no_rank_is_off_by_more_than_stated(parts: list[Floats]) -> None:
    values = np.concatenate(parts)
    sketches = [Quantiles.of(part) for part in parts]
    left = reduce(Quantiles.merge, sketches)
    right = reduce(lambda a, b: b.merge(a), reversed(sketches))
    for made in (left, right, Quantiles.of(values)):
        assert made.count == len(values)
        assert sum(len(level) << height for height, level in enumerate(made.levels)) == len(values)
        assert all(len(level) <= SIZE for level in made.levels)
        if len(values):
            assert worst_rank_error(made, values) <= made.error


@given(arrays(np.float64, st.integers(1, SIZE), elements=finite))
def test_few_values_are_kept_as_they_are(values: Floats) -> None:
    made = Quantiles.of(values)
    assert made.error == 0
    assert made.points()[0].tolist() == np.sort(values).tolist()


@pytest.mark.parametrize("count", [SIZE + 1, 10 * SIZE - 1, 200_000])
def test_one_pass_is_off_by_two_thousandths_of_the_ranks(count: int) -> None:
    values = np.random.default_rng(0).lognormal(size=count)
    made = Quantiles.of(values)
    assert worst_rank_error(made, values) / count <= made.rank_error <= 0.002


def test_a_thousand_merges_stay_near_the_truth() -> None:
    values = np.random.default_rng(1).normal(size=200_000)
    made = reduce(Quantiles.merge, (Quantiles.of(part) for part in np.split(values, 1000)))
    assert worst_rank_error(made, values) / len(values) <= made.rank_error <= 0.03
    assert worst_rank_error(made, values) / len(values) <= 0.005
    assert np.abs(made.at([0.1, 0.5, 0.9]) - np.quantile(values, [0.1, 0.5, 0.9])).max() < 0.02


def test_file_form_keeps_every_value() -> None:
    made = Quantiles.of(np.random.default_rng(2).normal(size=5000) * 1e18)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Quantiles) == made


def test_nothing_has_no_quantiles() -> None:
    made = Quantiles.of(np.array([]))
    assert np.isnan(made.at([0.5])).all()
    assert np.isnan(made.share_up_to(np.array([0.0]))).all()
    assert made.merge(Quantiles.of(np.array([1.0]))).at([0.5]).tolist() == [1.0]
