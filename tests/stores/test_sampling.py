from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from headrace.entities import Metric
from headrace.entities.limits import INT64_MAX, INT64_MIN
from headrace.stores.sampling import bucket_width, by_step, by_time, evenly

INT64 = st.integers(INT64_MIN, INT64_MAX)


@given(st.tuples(INT64, INT64).map(sorted), st.integers(1, 5000))
def test_bucket_width_is_the_least_that_covers_the_range(ends: list[int], buckets: int) -> None:
    low, high = ends
    width = bucket_width(low, high, buckets)
    assert (high - low) // width < buckets
    assert width == 1 or (high - low) // (width - 1) >= buckets


@given(st.integers(0, 500), st.integers(1, 200))
def test_even_sampling_keeps_ends_order_and_distance(count: int, most: int) -> None:
    kept = evenly(range(count), most)
    assert len(kept) == min(count, most)
    if count and most > 1:
        assert (kept[0], kept[-1]) == (0, count - 1)
    gaps = {after - before for before, after in pairwise(kept)}
    assert gaps == set() or max(gaps) - min(gaps) <= 1
    assert 0 not in gaps


def test_nan_stands_after_all_numbers_and_equals_itself() -> None:
    nan, infinity = Metric("m", float("nan"), 1, 1), Metric("m", float("inf"), 1, 1)
    assert by_step(nan) > by_step(infinity)
    assert by_time(nan) == by_time(Metric("m", -float("nan"), 1, 1))
    assert by_step(Metric("m", 0.0, 1, 2)) > by_step(nan)
