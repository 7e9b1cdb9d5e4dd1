from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from headrace.monitoring.compare import compare
from headrace.monitoring.report import Finding, Limits
from headrace.packaging.profile import Profile, profile_of

ROWS = 2000
random = np.random.default_rng(5)


def data(rows: int = ROWS, **changed: Callable[[int], Any]) -> Profile:
    made: dict[str, Callable[[int], Any]] = {
        "age": lambda n: random.normal(40, 10, n),
        "town": lambda n: random.choice(["Ulm", "Bonn", "Kiel"], n, p=[0.5, 0.3, 0.2]),
        "flag": lambda n: random.random(n) < 0.3,
        "note": lambda n: [f"Customer {number} wrote {'x' * int(random.integers(1, 40))}" for number in range(n)],
        "image": lambda n: [[1.0, 2.0]] * n,
        **changed,
    }
    return profile_of({name: list(make(rows)) for name, make in made.items()})


def judged(reference: Profile, served: Profile, **limits: Any) -> dict[str, Finding]:
    return {finding.column: finding for finding in compare(reference, served, Limits(**limits))}


def test_rows_of_one_distribution_have_not_drifted() -> None:
    found = judged(data(), data())
    assert {name: one.verdict for name, one in found.items()} == {
        "age": "ok", "town": "ok", "flag": "ok", "note": "ok", "image": "not comparable",
    }  # fmt: skip
    assert {name: one.test for name, one in found.items()} == {
        "age": "ks", "town": "chi2", "flag": "chi2", "note": "ks", "image": None,
    }  # fmt: skip
    assert found["note"].measure == "lengths"


@pytest.mark.parametrize(
    ("column", "make", "why"),
    [
        ("age", lambda n: random.normal(60, 10, n), "values moved"),
        ("town", lambda n: random.choice(["Ulm", "Bonn", "Kiel"], n, p=[0.1, 0.3, 0.6]), "values moved"),
        ("town", lambda n: random.choice(["Ulm", "Bonn", "Rom"], n, p=[0.5, 0.3, 0.2]), "values moved"),
        ("flag", lambda n: random.random(n) < 0.8, "values moved"),
        ("note", lambda n: ["short"] * n, "lengths moved"),
        ("age", lambda n: [None if random.random() < 0.2 else random.normal(40, 10) for _ in range(n)], "20%|1.%|2.%"),
        ("age", lambda n: [str(random.normal(40, 10)) for _ in range(n)], "it was number, and is text now"),
    ],
)
def test_each_kind_of_drift_is_found_and_nothing_else(column: str, make: Callable[[int], Any], why: str) -> None:
    found = judged(data(), data(**{column: make}))
    assert [name for name, one in found.items() if one.verdict == "drift"] == [column]
    assert re.search(why, found[column].why)


def test_categories_that_were_never_seen_are_counted() -> None:
    found = judged(data(), data(town=lambda n: ["Rom"] * 10 + ["Ulm"] * (n - 10)))
    assert found["town"].unseen == 10


def test_few_rows_are_not_judged() -> None:
    found = judged(data(), data(50, age=lambda n: np.full(n, 1e6)))
    assert {one.verdict for one in found.values()} == {"too few"}
    assert found["age"].psi is None


def test_sure_but_small_is_no_drift_and_limits_are_by_column() -> None:
    reference, served = data(50_000), data(50_000, age=lambda n: random.normal(41, 10, n))
    found = judged(reference, served)["age"]
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert found.verdict == "ok"
    assert judged(reference, served, columns={"age": 0.005})["age"].verdict == "drift"
    assert "age" not in judged(reference, served, ignored=("age",))


def test_large_but_by_chance_is_no_drift() -> None:
    reference = profile_of({"x": random.normal(size=100)})
    served = profile_of({"x": random.normal(0.2, size=100)})
    assert judged(reference, served, psi=0.0001)["x"].verdict == "ok"


def test_many_columns_of_chance_stay_quiet() -> None:
    alarms = 0
    for _ in range(20):
        reference = profile_of(random.normal(size=(300, 50)))
        served = profile_of(random.normal(size=(300, 50)))
        alarms += any(one.verdict == "drift" for one in judged(reference, served, psi=0.0).values())
    assert alarms <= 3  # with α 0.01 about 0.2 are expected; without a correction nearly all 20 would have some


def test_columns_of_one_side_alone_are_told() -> None:
    found = judged(profile_of({"a": [1.0] * 200, "b": [1.0] * 200}), profile_of({"b": [1.0] * 200, "c": [1.0] * 200}))
    assert {name: one.verdict for name, one in found.items()} == {"a": "too few", "b": "ok", "c": "no reference"}


def test_outputs_are_judged_like_inputs() -> None:
    reference = profile_of({"a": [1.0] * 500}, random.normal(size=500))
    served = profile_of({"a": [1.0] * 500}, random.normal(3, size=500))
    found = judged(reference, served)
    assert (found["value"].side, found["value"].verdict) == ("output", "drift")


def test_times_move_on_and_are_judged_by_missing_ones_only() -> None:
    days = np.datetime64("2020-01-01") + np.arange(500)
    later = (days + 3000).astype("datetime64[ns]")
    found = judged(profile_of({"day": days.astype("datetime64[ns]")}), profile_of({"day": later}))
    assert found["day"].verdict == "not comparable"
    later[::2] = np.datetime64("NaT")
    found = judged(profile_of({"day": days.astype("datetime64[ns]")}), profile_of({"day": later}))
    assert found["day"].verdict == "drift"
    assert found["day"].why == "missing: 50% instead of 0%"
