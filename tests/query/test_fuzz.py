from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.entities import ModelOrder
from headrace.errors import InvalidValue
from headrace.query import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Dialect,
    like,
    parse_filter,
    parse_model_order,
    parse_order,
)

DIALECTS = [RUNS, EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS, LOGGED_MODELS]
PIECES = st.sampled_from(
    "metrics. params. tags. attributes. dataset. start_time run_id name version_number experiment_id status x `x y` "
    "= !=  > >= < <= == LIKE ILIKE IN NOT IS NULL AND OR ( ) , ; ' \" ` 'a' \"b\" 1 -2.5 1e400 .5 . - é ASC DESC".split(
        " "
    )
)
NOISE = st.one_of(st.text(), st.lists(PIECES, max_size=12).map(" ".join), st.lists(PIECES, max_size=12).map("".join))


@given(st.sampled_from(DIALECTS), NOISE)
def test_any_text_is_a_filter_or_refused(dialect: Dialect, text: str) -> None:
    try:
        found = parse_filter(text, dialect)
    except InvalidValue as error:
        assert error.field == "filter"  # noqa: PT017
    else:
        for comparison in found.comparisons:
            assert comparison.key
            if comparison.op in ("IN", "NOT IN"):
                assert isinstance(comparison.value, tuple)


@given(st.sampled_from(DIALECTS), st.lists(NOISE, max_size=3))
def test_any_texts_are_an_order_or_refused(dialect: Dialect, texts: list[str]) -> None:
    try:
        order = parse_order(texts, dialect)
    except InvalidValue as error:
        assert error.field == "order_by"  # noqa: PT017
    else:
        assert dialect.ties[-1].key in [key.key for key in order]


@given(st.builds(ModelOrder, NOISE, st.booleans(), st.none() | NOISE, st.none() | NOISE))
def test_any_model_order_is_read_or_refused(element: ModelOrder) -> None:
    try:
        assert parse_model_order([element])
    except InvalidValue as error:
        assert error.field == "order_by"  # noqa: PT017


@given(st.text("ab%_", max_size=8), st.text("ab%_", max_size=6))
def test_like_agrees_with_its_definition(text: str, pattern: str) -> None:
    def matches(at: int, wanted: int) -> bool:
        if wanted == len(pattern):
            return at == len(text)
        if pattern[wanted] == "%":
            return any(matches(later, wanted + 1) for later in range(at, len(text) + 1))
        return at < len(text) and pattern[wanted] in ("_", text[at]) and matches(at + 1, wanted + 1)

    assert like(text, pattern) is matches(0, 0)


@pytest.mark.parametrize("quote", ["'", '"', "`"])
@given(st.text(st.characters(exclude_characters="`\x00", exclude_categories=["Cs"]), min_size=1))
def test_quoted_key_and_text_come_back(quote: str, text: str) -> None:
    if quote in text:
        return
    [found] = parse_filter(f"tags.{quote}{text}{quote} != 'v'", RUNS).comparisons
    assert found.key == text
    if quote != "`":
        [found] = parse_filter(f"tags.k = {quote}{text}{quote}", RUNS).comparisons
        assert found.value == text
