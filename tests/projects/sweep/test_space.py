from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.errors import InvalidValue
from headrace.projects.sweeps.space import Choices, Range, parse, space_of, text_of, values_of, varied


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1,0.01", ["0.1", "0.01"]),
        ("adam", ["adam"]),
        ("64\\,32,128", ["64,32", "128"]),
        ("", [""]),
        ("a,", ["a", ""]),
        ("float:0..1/0.25", ["0.0", "0.25", "0.5", "0.75", "1.0"]),
        ("float:0..0.3/0.1", ["0.0", "0.1", "0.2", "0.3"]),
        ("float:0..0.35/0.1", ["0.0", "0.1", "0.2", "0.3"]),
        ("log:1e-4..1e-1/10", ["0.0001", "0.001", "0.01", "0.1"]),
        ("int:2..8/2", ["2", "4", "6", "8"]),
        ("int:-1..1/1", ["-1", "0", "1"]),
        ("logint:16..128/2", ["16", "32", "64", "128"]),
        ("\\int:2..8", ["int:2..8"]),
        ("\\a", ["\\a"]),
        ("integer:2..8", ["integer:2..8"]),
    ],
)
def test_values_are_read(text: str, values: list[str]) -> None:
    found = parse("x", text)
    assert isinstance(found, Choices)
    assert list(found.values) == values


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("float:0..1", 0, 1),
        ("float:.5..1.5", 0.5, 1.5),
        ("float:-1e3..-1", -1000, -1),
        ("log:1e-4..1e-1", 1e-4, 1e-1),
        ("int:2..8", 2, 8),
        ("logint:16..1024", 16, 1024),
    ],
)
def test_ranges_are_read_and_drawn_from_within(text: str, low: float, high: float) -> None:
    found = parse("x", text)
    assert isinstance(found, Range)
    assert (found.low, found.high) == (low, high)
    random = Random(0)
    drawn = [float(found.draw(random)) for _ in range(500)]
    assert low <= min(drawn) < max(drawn) <= high
    if found.whole:
        assert {low, high} <= set(drawn) or high > 100


def test_a_logarithmic_range_gives_each_decade_the_same_share() -> None:
    found = parse("lr", "log:1e-4..1e-1")
    random = Random(0)
    drawn = [float(found.draw(random)) for _ in range(3000)]
    share = sum(1e-3 <= value < 1e-2 for value in drawn) / len(drawn)
    assert abs(share - 1 / 3) < 0.05


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("int:a..b", "'a' is no number"),
        ("int:1", "KIND:LOW..HIGH"),
        ("int:", "KIND:LOW..HIGH"),
        ("log:0..1", "above 0; its low end is 0"),
        ("int:5..1", "low end 5 is above its high end 1"),
        ("1,2,1", "'1' stands there twice"),
        ("float:0..1/0", "a step is above 0"),
        ("log:1..10/1", "above 1; it is 1"),
        ("int:1..2.5", "'2.5' is no whole number"),
        ("int:1..9/0.5", "'0.5' is no whole number"),
        ("float:1..inf", "no finite number"),
        ("float:1..nan", "no finite number"),
        ("float:0..1e9/1e-9", "at most 100,000"),
    ],
)
def test_what_is_wrong_is_named_with_parameter_and_text(text: str, said: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse("depth", text)
    assert "-P depth" in caught.value.message
    assert repr(text) in caught.value.message
    assert said in caught.value.message


def test_a_sweep_without_anything_to_vary_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"lr=0\.1.*-P lr=0\.1,0\.01"):
        space_of({"lr": "0.1", "mode": "\\int:1..2"})
    assert varied(space_of({"lr": "0.1", "depth": "int:1..2"})) == ["depth"]


@given(st.lists(st.text() | st.text("\\,int:1..2"), min_size=1, unique=True))
@example(["int:1..2"])
@example(["\\int:1..2", "b"])
@example(["log:1..2,3"])
def test_lists_from_python_come_through_as_they_are(values: list[str]) -> None:
    if any(value.endswith("\\") for value in values[:-1]):
        with pytest.raises(InvalidValue, match="backslash"):
            text_of("x", values)
        return
    found = parse("x", text_of("x", values))
    assert isinstance(found, Choices)
    assert list(found.values) == values


def test_numbers_and_ranges_from_python() -> None:
    assert text_of("x", 3) == "3"
    assert text_of("x", "int:1..3") == "int:1..3"
    assert text_of("x", [0.1, 1e-05]) == "0.1,1e-05"
    assert list(values_of(parse("x", "int:1..3"))) == ["1", "2", "3"]
    with pytest.raises(InvalidValue, match="at least one value"):
        text_of("x", [])
